"""Passages' vectors in PostgreSQL by pgvector, for collections that outgrow a process's memory. S3 holds the index; this is made from it.

For each width of vectors a table of what passages say and one of how callers ask for them, each with a function that looks further along
its graph than pgvector does by itself. Of older indexes the one before stays, for processes that still answer by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from clients.postgres import Postgres

if TYPE_CHECKING:  # both load numpy, which a worker of calls can do without
    from models.answers.encoder import Vectors
    from models.answers.index import Index

_SCHEMA = """
CREATE EXTENSION IF NOT EXISTS vector;
CREATE TABLE IF NOT EXISTS {table} (
    digest text NOT NULL, passage integer NOT NULL, place integer NOT NULL, added timestamptz NOT NULL DEFAULT now(),
    vector halfvec({width}) NOT NULL, PRIMARY KEY (digest, passage, place)
);
CREATE INDEX IF NOT EXISTS {table}_near ON {table} USING hnsw (vector halfvec_cosine_ops);
CREATE OR REPLACE FUNCTION {table}_nearest(wanted text, question halfvec, looked integer, most integer)
RETURNS TABLE (passage integer, cosine double precision) LANGUAGE sql STABLE
SET hnsw.ef_search = 400 SET hnsw.iterative_scan = relaxed_order AS $$
    SELECT near.passage, max(near.cosine) AS cosine FROM (
        SELECT rows.passage, 1 - (rows.vector <=> question) AS cosine FROM {table} AS rows
        WHERE rows.digest = wanted ORDER BY rows.vector <=> question LIMIT looked
    ) AS near GROUP BY near.passage ORDER BY 2 DESC, 1 LIMIT most
$$;
"""
_ROWS_A_PASSAGE = 8  # so many rows are looked at for each passage that is wanted: a passage has one for itself and one for each sentence
_BATCH = 500


class PassageVectors:
    """The vectors of one database."""

    def __init__(self, database: Postgres) -> None:
        """Use this database; its user may create the extension, or somebody has."""
        self._database = database

    def keep(self, index: "Index", digest: str) -> None:
        """Write an index's vectors, unless they are there, and let those go that are older than the last two."""
        said, asked = _tables(index)
        self._keep(said, digest, index.kept.rows, index.starts)
        self._keep(asked, digest, index.kept.phrasings, index.asked_starts)
        latest = f"SELECT digest FROM {said} GROUP BY digest ORDER BY max(added) DESC LIMIT 2"
        newest = [row["digest"] for row in self._database.rows(latest)]
        for table in (said, asked):
            self._database.execute(f"DELETE FROM {table} WHERE digest <> $1 AND digest <> ALL($2::text[])", digest, newest)

    def of(self, index: "Index", digest: str) -> "NearestInPostgres":
        """Where an index's vectors are looked for."""
        said, asked = _tables(index)
        return NearestInPostgres(self._database, said, asked if len(index.kept.phrasings) else "", digest)

    def _keep(self, table: str, digest: str, vectors: "Vectors", starts: "Iterable[int]") -> None:
        self._database.execute(_SCHEMA.format(table=table, width=vectors.shape[1]))
        rows = [
            (digest, number, place, _written(vectors[start + place]))
            for number, (start, end) in enumerate(pairwise(starts))
            for place in range(end - start)
        ]
        write = f"INSERT INTO {table} (digest, passage, place, vector) VALUES ($1, $2, $3, $4::text::halfvec) ON CONFLICT DO NOTHING"
        for first in range(0, len(rows), _BATCH):
            self._database.execute_many(write, rows[first : first + _BATCH])


@dataclass(frozen=True)
class NearestInPostgres:
    """One index's vectors; a ``models.answers.nearest.Nearest``.

    ``asked_for`` is empty where it has no phrasings: one from before there were such has no table of them.
    """

    database: Postgres
    said: str
    asked_for: str
    digest: str

    def nearest(self, question: "Vectors", most: int) -> Sequence[tuple[int, float]]:
        """By pgvector's graph: nearly always the nearest ones."""
        return self._nearest(self.said, question, most)

    def sentences(self, question: "Vectors", number: int) -> Sequence[float]:
        """The cosine of each of a passage's sentences."""
        return self._of(self.said, question, number)[1:]

    def asked(self, question: "Vectors", most: int) -> Sequence[tuple[int, float]]:
        """By pgvector's graph, among how callers ask."""
        return self._nearest(self.asked_for, question, most) if self.asked_for else []

    def phrasings(self, question: "Vectors", number: int) -> Sequence[float]:
        """The cosine of each of a passage's phrasings."""
        return self._of(self.asked_for, question, number)

    def _nearest(self, table: str, question: "Vectors", most: int) -> list[tuple[int, float]]:
        found = self.database.rows(
            f"SELECT passage, cosine FROM {table}_nearest($1, $2::text::halfvec, $3, $4)",
            self.digest,
            _written(question),
            most * _ROWS_A_PASSAGE,
            most,
        )
        return [(row["passage"], float(row["cosine"])) for row in found]

    def _of(self, table: str, question: "Vectors", number: int) -> list[float]:
        found = self.database.rows(
            f"SELECT 1 - (vector <=> $3::text::halfvec) AS cosine FROM {table} WHERE digest = $1 AND passage = $2 ORDER BY place",
            self.digest,
            number,
            _written(question),
        )
        return [float(row["cosine"]) for row in found]


def _tables(index: "Index") -> tuple[str, str]:
    width = index.kept.rows.shape[1]
    return f"readback_passages_{width}", f"readback_phrasings_{width}"


def _written(vector: "Vectors") -> str:
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"
