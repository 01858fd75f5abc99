"""Which rows a model learns from, is watched on and is judged by: drawn once, disjoint, written down.

The requirements' numbers for 12,000 rows: test 1,200 (10 %), validation 1,080 taken out of training plus 120 from outside the
insurance domain, training 9,720. With fewer rows the shares stay (9 % of all rows, and a ninth of that from outside).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, Field

from models.errors import ConfigurationError
from models.training.data.pair import Pair, normalized

TEST_SHARE = 0.1
VALIDATION_SHARE = 0.09
LARGEST_VALIDATION = 1080
IN_DOMAIN_PER_OUTSIDER = 9


class SplitRecord(BaseModel):
    """Row ids of every part, as kept with a run. ``missing_outsiders``: how many rows fewer than wanted came from outside the domain."""

    seed: int
    train: list[str]
    validation: list[str]
    validation_out_of_domain: list[str]
    test: list[str]
    missing_outsiders: int = Field(ge=0)


@dataclass(frozen=True)
class Split:
    """The parts as pairs. ``validation`` ends with the rows from outside the domain."""

    train: list[Pair]
    validation: list[Pair]
    test: list[Pair]
    record: SplitRecord


def split_pairs(pairs: Sequence[Pair], out_of_domain: Sequence[Pair], seed: int) -> Split:
    """Divide at random, the same for the same seed and rows.

    Rows with the same normalized input, and those of one dialogue, always go to the same part, so no input stands in two, whatever the
    caller passes; outsiders that also stand in the data are left out. ConfigurationError with fewer than 10 such groups or unnamed rows.
    """
    rows = [pair.row for pair in (*pairs, *out_of_domain)]
    if "" in rows or len(set(rows)) != len(rows):
        raise ConfigurationError(
            "Rows must have distinct ids to be split", remedy="Read them with read_pairs, from files of different names"
        )
    groups = _joined(pairs)
    if len(groups) < 10:
        raise ConfigurationError(f"{len(groups)} distinct inputs are too few to split 90:10", remedy="Give at least 10")
    generator = random.Random(seed)
    generator.shuffle(groups)
    tests = max(1, round(TEST_SHARE * len(groups)))
    validations = max(1, min(LARGEST_VALIDATION, round(VALIDATION_SHARE * len(groups))))

    test, validation, train = (
        [pair for group in part for pair in group]
        for part in (groups[:tests], groups[tests : tests + validations], groups[tests + validations :])
    )
    wanted = round(len(validation) / IN_DOMAIN_PER_OUTSIDER)
    outsiders = _outsiders(out_of_domain, {normalized(pair.input) for pair in pairs}, wanted, generator)
    return Split(
        train=train,
        validation=validation + outsiders,
        test=test,
        record=SplitRecord(
            seed=seed,
            train=[pair.row for pair in train],
            validation=[pair.row for pair in validation],
            validation_out_of_domain=[pair.row for pair in outsiders],
            test=[pair.row for pair in test],
            missing_outsiders=wanted - len(outsiders),
        ),
    )


def with_more_to_learn(split: Split, more: Sequence[Pair]) -> Split:
    """The split with further rows to learn from: what is watched and judged stays as it is, and none of its inputs is learnt."""
    judged = {normalized(pair.input) for pair in (*split.validation, *split.test)}
    train = [*split.train, *(pair for pair in more if normalized(pair.input) not in judged)]
    return replace(split, train=train, record=split.record.model_copy(update={"train": [pair.row for pair in train]}))


def split_dialogues(pairs: Sequence[Pair], shares: tuple[float, float, float], seed: int) -> Split:
    """Divide labelled rows into train, validation and test, the same for the same seed and rows.

    Rows of one dialogue, and rows of the same words, go to the same part. Labels are divided evenly, by each dialogue's first one.
    ConfigurationError where a part would stay empty.
    """
    groups = _joined(pairs)
    by_label: dict[str, list[list[Pair]]] = {}
    for group in groups:
        by_label.setdefault(group[0].summary, []).append(group)
    generator = random.Random(seed)
    parts: tuple[list[Pair], list[Pair], list[Pair]] = ([], [], [])
    owed = [0.0, 0.0, 0.0]  # rows of a label do not divide evenly: what a part missed of one label it gets of the next
    for label in sorted(by_label):
        found = by_label[label]
        generator.shuffle(found)
        for group in found:
            owed = [debt + share for debt, share in zip(owed, shares, strict=True)]
            chosen = max(range(3), key=owed.__getitem__)
            owed[chosen] -= 1
            parts[chosen].extend(group)
    if not all(parts):
        raise ConfigurationError(
            f"{len(groups)} dialogues are too few to split {':'.join(f'{share:.0%}' for share in shares)}", remedy="Give more rows"
        )
    train, validation, test = parts
    record = SplitRecord(
        seed=seed,
        train=[pair.row for pair in train],
        validation=[pair.row for pair in validation],
        validation_out_of_domain=[],
        test=[pair.row for pair in test],
        missing_outsiders=0,
    )
    return Split(train, validation, test, record)


def _joined(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Rows in groups that must not be divided, in the order of their first rows."""
    leader: dict[str, str] = {}

    def find(key: str) -> str:
        while leader.setdefault(key, key) != key:
            key = leader[key]
        return key

    for pair in pairs:
        words = f"words {normalized(pair.input)}"
        leader[find(words)] = find(f"dialogue {pair.dialogue}" if pair.dialogue else words)
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(find(f"words {normalized(pair.input)}"), []).append(pair)
    return list(groups.values())


def _outsiders(candidates: Sequence[Pair], known: set[str], wanted: int, generator: random.Random) -> list[Pair]:
    new = list({normalized(pair.input): pair for pair in candidates if normalized(pair.input) not in known}.values())
    return generator.sample(new, min(wanted, len(new)))
