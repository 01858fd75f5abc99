"""Vectors in a real PostgreSQL with pgvector answer as those in memory do."""

import numpy as np
import pytest

from clients.postgres import Postgres
from models.answers.chunks import Chunk
from models.answers.encoder import of_length_one
from models.answers.index import Index, Kept, rows_of
from models.answers.told import Place
from stores.passage_vectors import PassageVectors

TABLES = ("readback_passages_16", "readback_phrasings_16")


def an_index(seed: int, passages: int = 40, phrased: bool = True) -> Index:
    place = Place(document="a", title="t", version="1")
    asked = [tuple(f"질문 {n} {at}" for at in range(n % 3)) if phrased else () for n in range(passages)]
    chunks = [Chunk(place, (f"문장 {n}.", f"다음 {n}."), asked=questions) for n, questions in enumerate(asked)]
    random = np.random.default_rng(seed)
    rows = of_length_one(random.normal(size=(sum(len(rows_of(chunk)) for chunk in chunks), 16)).astype(np.float32))
    rows = rows.astype(np.float16).astype(np.float32)
    phrasings = of_length_one(random.normal(size=(sum(map(len, asked)), 16)).astype(np.float32)).astype(np.float16).astype(np.float32)
    pieces, counts = np.zeros((0, 16), np.int8), np.zeros(len(rows), np.int64)
    kept = Kept(rows=rows, phrasings=phrasings, of_questions=np.zeros(16, np.float32), pieces=pieces, piece_counts=counts)
    return Index("e", [], chunks, [[] for _ in chunks], [[[] for _ in chunk.asked] for chunk in chunks], kept)


def test_the_nearest_passages_and_sentences_are_those_of_memory_and_older_indexes_go(postgres_url: str) -> None:
    database = Postgres(postgres_url, timeout_seconds=10)
    try:
        vectors = PassageVectors(database)
        indexes = {name: an_index(seed) for seed, name in enumerate(("first", "second", "third"))}
        for name, index in indexes.items():
            vectors.keep(index, name)
            vectors.keep(index, name)  # a repeated run writes nothing twice
        index = indexes["third"]
        near = vectors.of(index, "third")
        question = of_length_one(np.random.default_rng(9).normal(size=(1, 16)).astype(np.float32))[0]
        here = index.near.nearest(question, 5)
        there = near.nearest(question, 5)
        assert [number for number, _ in there] == [number for number, _ in here]
        assert [cosine for _, cosine in there] == pytest.approx([cosine for _, cosine in here], abs=2e-3)
        assert near.sentences(question, 3) == pytest.approx(index.near.sentences(question, 3), abs=2e-3)
        asked_here, asked_there = index.near.asked(question, 5), near.asked(question, 5)
        assert [number for number, _ in asked_there] == [number for number, _ in asked_here]
        assert near.phrasings(question, 5) == pytest.approx(index.near.phrasings(question, 5), abs=2e-3)
        assert (len(near.phrasings(question, 5)), near.phrasings(question, 3)) == (2, [])
        for table in TABLES:
            kept = database.rows(f"SELECT DISTINCT digest FROM {table} ORDER BY 1")
            assert [row["digest"] for row in kept] == ["second", "third"]
    finally:
        forget(database)


def test_an_index_without_phrasings_needs_no_table_of_them(postgres_url: str) -> None:
    database = Postgres(postgres_url, timeout_seconds=10)
    try:
        index = an_index(1, phrased=False)
        PassageVectors(database).keep(index, "plain")
        database.execute("DROP FUNCTION readback_phrasings_16_nearest; DROP TABLE readback_phrasings_16")
        near = PassageVectors(database).of(index, "plain")
        question = of_length_one(np.ones((1, 16), np.float32))[0]
        assert near.asked(question, 5) == index.near.asked(question, 5) == []
        assert len(near.nearest(question, 5)) == 5
    finally:
        forget(database)


def forget(database: Postgres) -> None:
    for table in TABLES:
        database.execute(f"DROP FUNCTION IF EXISTS {table}_nearest; DROP TABLE IF EXISTS {table}")
    database.close()
