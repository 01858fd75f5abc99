"""The list of the calls in PostgreSQL: what people search. The records in S3 are the truth, and the list can be made from them at any time.

A row is written where its record is newer than the one that is listed, so it does not matter who writes last. Of an erased call stays its
id, a hash, so that nobody who had read the record before lists it again. ``shape`` is what a row was made with: one of an earlier release
counts as not listed, so that ``index-calls`` makes it again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clients.postgres import Postgres
from models.call.listed import ListedCall, letters_to_find
from models.call.wanted import Wanted

# One after the other: two that make the same table at once fail on PostgreSQL's own lists, IF NOT EXISTS or not.
_SCHEMA = """
SELECT pg_advisory_xact_lock(7242001);
CREATE TABLE IF NOT EXISTS readback_calls (
    call_id text PRIMARY KEY, started_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, number integer, contact text NOT NULL,
    caller text NOT NULL, agent text NOT NULL, queue text NOT NULL, summary text NOT NULL, kind text NOT NULL, outcome text NOT NULL,
    confidence double precision, model text NOT NULL, seconds double precision NOT NULL, error text NOT NULL, emotion text NOT NULL,
    flags text[] NOT NULL, to_dos integer NOT NULL, verdict text NOT NULL, answer text NOT NULL, sought text NOT NULL,
    worth_a_look boolean NOT NULL, letters text[] NOT NULL
);
ALTER TABLE readback_calls ADD COLUMN IF NOT EXISTS products text[] NOT NULL DEFAULT '{}',
    ADD COLUMN IF NOT EXISTS grade text NOT NULL DEFAULT '', ADD COLUMN IF NOT EXISTS shape integer NOT NULL DEFAULT 1;
CREATE INDEX IF NOT EXISTS readback_calls_by_time ON readback_calls (started_at DESC, call_id DESC);
CREATE INDEX IF NOT EXISTS readback_calls_by_letters ON readback_calls USING gin (letters);
CREATE INDEX IF NOT EXISTS readback_calls_to_review ON readback_calls (started_at DESC, call_id DESC) WHERE verdict = '';
CREATE INDEX IF NOT EXISTS readback_calls_by_model ON readback_calls (model);
CREATE INDEX IF NOT EXISTS readback_calls_by_emotion ON readback_calls (emotion);
CREATE INDEX IF NOT EXISTS readback_calls_by_agent ON readback_calls (agent, started_at DESC);
CREATE INDEX IF NOT EXISTS readback_calls_by_queue ON readback_calls (queue, started_at DESC);
CREATE INDEX IF NOT EXISTS readback_calls_by_products ON readback_calls USING gin (products);
CREATE INDEX IF NOT EXISTS readback_calls_by_digits ON readback_calls (right(caller, 4), started_at DESC);
CREATE TABLE IF NOT EXISTS readback_erased (call_id text PRIMARY KEY);
"""
_FIELDS = tuple(name for name in ListedCall.model_fields if name != "words")
_COLUMNS = (*_FIELDS, "worth_a_look", "sought", "letters", "shape")
_SHAPE = 2
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_SHOWN = ", ".join(_FIELDS)
_WRITE = f"""
INSERT INTO readback_calls ({", ".join(_COLUMNS)})
SELECT {", ".join(f"${at + 1}" for at in range(len(_COLUMNS)))} WHERE NOT EXISTS (SELECT 1 FROM readback_erased WHERE call_id = $1)
ON CONFLICT (call_id) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
WHERE readback_calls.updated_at <= excluded.updated_at
"""


@dataclass
class _Where:
    """The conditions of a query and their values."""

    values: list[object] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)

    def add(self, condition: str, *values: object) -> None:
        """A condition whose {} are the values' places."""
        places = [f"${len(self.values) + at + 1}" for at in range(len(values))]
        self.values += values
        self.conditions.append(condition.format(*places))

    @property
    def sql(self) -> str:
        """All of them."""
        return " AND ".join(self.conditions) or "true"


class CallIndex:
    """The list of one database."""

    def __init__(self, database: Postgres) -> None:
        """Use this database; the table is made when it is first needed."""
        self._database = database
        self._made = False

    def write(self, call: ListedCall) -> None:
        """List a call, or what has become of it."""
        self.write_all([call])

    def write_all(self, calls: Sequence[ListedCall]) -> None:
        """List many calls, in the order of their ids: two writers of the same rows would else wait for each other."""
        self._make()
        self._database.execute_many(_WRITE, [_values(call) for call in sorted(calls, key=lambda call: call.call_id)])

    def erase(self, call_id: str) -> int:
        """Take an erased call out for ever; returns how many rows there were."""
        self._make()
        self._database.execute("INSERT INTO readback_erased VALUES ($1) ON CONFLICT DO NOTHING", call_id)
        return self._database.execute("DELETE FROM readback_calls WHERE call_id = $1", call_id)

    def remove(self, call_ids: Sequence[str]) -> int:
        """Take calls out that have no record."""
        self._make()
        return self._database.execute("DELETE FROM readback_calls WHERE call_id = ANY($1)", list(call_ids))

    def listed(self, call_ids: Sequence[str] | None = None) -> dict[str, datetime]:
        """When the record of each listed call was last changed, of these calls or of all."""
        self._make()
        condition, values = ("WHERE call_id = ANY($1)", [list(call_ids)]) if call_ids is not None else ("", [])
        found = self._database.rows(f"SELECT call_id, updated_at, shape FROM readback_calls {condition}", *values)
        return {row["call_id"]: row["updated_at"] if row["shape"] == _SHAPE else _LONG_AGO for row in found}

    def size(self, wanted: Wanted, most_characters: int) -> tuple[int, int]:
        """How many calls are meant, and how many characters their words come to, where of each call no more than so many are read."""
        self._make()
        where = _where(wanted)
        statement = f"SELECT count(*) AS calls, coalesce(sum(least(length(sought), {int(most_characters)})), 0) AS characters"
        (row,) = self._database.rows(f"{statement} FROM readback_calls WHERE {where.sql}", *where.values)
        return row["calls"], row["characters"]

    def find(self, wanted: Wanted) -> list[ListedCall]:
        """A page of calls, the latest first: those that follow ``after``. A page costs the same however far down it is."""
        self._make()
        where = _where(wanted)
        statement = f"SELECT {_SHOWN} FROM readback_calls WHERE {where.sql} ORDER BY started_at DESC, call_id DESC LIMIT {int(wanted.most)}"
        return _calls(self._database.rows(statement, *where.values))

    def to_review(self, sampled: str, most: int = 50) -> list[ListedCall]:
        """Calls that nobody has judged and people should: those worth a look, and the random sample (ids below these two digits)."""
        self._make()
        statement = (
            f"SELECT {_SHOWN} FROM readback_calls WHERE verdict = '' AND outcome = 'read_back' AND (worth_a_look OR left(call_id, 2) < $1) "
            "ORDER BY cardinality(flags) > 0 DESC, started_at DESC, call_id DESC LIMIT $2"
        )
        return _calls(self._database.rows(statement, sampled, most))

    def judged_sample(self, sampled: str) -> list[tuple[str, datetime, str, int]]:
        """Of the random sample of sure calls: model version, Monday of the week in Korea, verdict (empty: none yet) and how many."""
        self._make()
        statement = (
            "SELECT model, date_trunc('week', started_at AT TIME ZONE 'Asia/Seoul') AS week, verdict, count(*) AS calls "
            "FROM readback_calls WHERE outcome = 'read_back' AND NOT worth_a_look AND left(call_id, 2) < $1 "
            "GROUP BY 1, 2, 3 ORDER BY 2 DESC, 1"
        )
        return [(row["model"], row["week"], row["verdict"], row["calls"]) for row in self._database.rows(statement, sampled)]

    def values_of(self, column: str) -> list[str]:
        """What stands in a column, for a choice of filters."""
        if column not in ("model", "emotion", "agent", "queue"):
            raise ValueError(f"no filter by {column}")
        self._make()
        # From one value to the next by the column's index: every row would be read for them otherwise.
        following = f"SELECT {column} FROM readback_calls WHERE {column} > %s ORDER BY {column} LIMIT 1"
        first, onward = following % "''", following % f"found.{column}"
        statement = (
            f"WITH RECURSIVE found AS (({first}) UNION ALL SELECT ({onward}) FROM found WHERE found.{column} IS NOT NULL) "
            f"SELECT {column} AS value FROM found WHERE {column} IS NOT NULL LIMIT 100"
        )
        return [row["value"] for row in self._database.rows(statement)]

    def _make(self) -> None:
        if not self._made:
            self._database.execute(_SCHEMA)
            self._made = True


def _values(call: ListedCall) -> list[object]:
    return [*(getattr(call, name) for name in _FIELDS), call.worth_a_look, call.sought, call.letters, _SHAPE]


def _calls(rows: Iterable[object]) -> list[ListedCall]:
    return [ListedCall.model_validate(dict(row)) for row in rows]  # type: ignore[call-overload]


def _where(wanted: Wanted) -> _Where:
    where = _Where()
    if wanted.since:
        where.add("started_at >= {}", wanted.since)
    if wanted.until:
        where.add("started_at < {}", wanted.until)
    if wanted.digits:
        where.add("right(caller, {}) = {}", len(wanted.digits), wanted.digits)
    for name in ("outcome", "kind", "grade", "model", "emotion", "agent", "queue"):
        if value := getattr(wanted, name):
            where.add(f"{name} = {{}}", value)
    if wanted.product:
        where.add("products @> {}", [wanted.product])
    if wanted.danger:
        where.add("flags @> {}", [wanted.danger])
    if wanted.flagged:
        where.add("cardinality(flags) > 0")
    if words := wanted.words.casefold().split():
        where.add("letters @> {}", sorted(letters_to_find(wanted.words)))
        for word in words:  # pairs of letters may stand in different words: what is left is looked at
            where.add("strpos(sought, {}) > 0", word)
    if wanted.after:
        where.add("(started_at, call_id) < ({}, {})", *wanted.after)
    return where
