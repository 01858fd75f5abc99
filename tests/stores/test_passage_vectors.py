"""Vectors in a real PostgreSQL with pgvector answer as those in memory do."""

import numpy as np
import pytest

from clients.postgres import Postgres
from models.answers.chunks import Chunk
from models.answers.encoder import of_length_one
from models.answers.index import Index, Kept, rows_of
from models.answers.told import Place
from stores.passage_vectors import PassageVectors


def an_index(seed: int, passages: int = 40) -> Index:
    chunks = [Chunk(Place(document="a", title="t", version="1"), (f"문장 {n}.", f"다음 {n}.")) for n in range(passages)]
    random = np.random.default_rng(seed)
    rows = of_length_one(random.normal(size=(sum(len(rows_of(chunk)) for chunk in chunks), 16)).astype(np.float32))
    rows = rows.astype(np.float16).astype(np.float32)
    pieces, counts = np.zeros((0, 16), np.int8), np.zeros(len(rows), np.int64)
    kept = Kept(rows=rows, of_questions=np.zeros(16), pieces=pieces, piece_counts=counts)
    return Index("e", [], chunks, [[] for _ in chunks], kept)


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
        kept = database.rows("SELECT DISTINCT digest FROM readback_passages_16 ORDER BY 1")
        assert [row["digest"] for row in kept] == ["second", "third"]
    finally:
        database.execute("DROP FUNCTION IF EXISTS readback_passages_16_nearest; DROP TABLE IF EXISTS readback_passages_16")
        database.close()
