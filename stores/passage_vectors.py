"""Passages' vectors in PostgreSQL by pgvector, for collections that outgrow a process's memory. S3 holds the index; this is made from it.

A table for each width of vectors, and a function that looks further along its graph than pgvector does by itself. Of older indexes the one
before stays, for processes that still answer by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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
        table = _table(index.kept.rows.shape[1])
        self._database.execute(_SCHEMA.format(table=table, width=index.kept.rows.shape[1]))
        rows = [
            (digest, number, place, _written(index.kept.rows[start + place]))
            for number, (start, end) in enumerate(zip(index.starts, index.starts[1:], strict=False))
            for place in range(end - start)
        ]
        write = f"INSERT INTO {table} (digest, passage, place, vector) VALUES ($1, $2, $3, $4::text::halfvec) ON CONFLICT DO NOTHING"
        for first in range(0, len(rows), _BATCH):
            self._database.execute_many(write, rows[first : first + _BATCH])
        newest = f"SELECT digest FROM {table} GROUP BY digest ORDER BY max(added) DESC LIMIT 2"
        self._database.execute(f"DELETE FROM {table} WHERE digest <> $1 AND digest NOT IN ({newest})", digest)

    def of(self, index: "Index", digest: str) -> "NearestInPostgres":
        """Where an index's vectors are looked for."""
        return NearestInPostgres(self._database, _table(index.kept.rows.shape[1]), digest)


@dataclass(frozen=True)
class NearestInPostgres:
    """One index's vectors; a ``models.answers.index.Nearest``."""

    database: Postgres
    table: str
    digest: str

    def nearest(self, question: "Vectors", most: int) -> Sequence[tuple[int, float]]:
        """By pgvector's graph: nearly always the nearest ones."""
        found = self.database.rows(
            f"SELECT passage, cosine FROM {self.table}_nearest($1, $2::text::halfvec, $3, $4)",
            self.digest,
            _written(question),
            most * _ROWS_A_PASSAGE,
            most,
        )
        return [(row["passage"], float(row["cosine"])) for row in found]

    def sentences(self, question: "Vectors", number: int) -> Sequence[float]:
        """The cosine of each of a passage's sentences."""
        found = self.database.rows(
            f"SELECT 1 - (vector <=> $3::text::halfvec) AS cosine FROM {self.table} WHERE digest = $1 AND passage = $2 AND place > 0 "
            "ORDER BY place",
            self.digest,
            number,
            _written(question),
        )
        return [float(row["cosine"]) for row in found]


def _table(width: int) -> str:
    return f"readback_passages_{width}"


def _written(vector: "Vectors") -> str:
    return "[" + ",".join(f"{value:.5g}" for value in vector.tolist()) + "]"
