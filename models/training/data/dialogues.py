"""Data sets of what callers say with its emotion or its dangers: AI-Hub's 감성 대화 말뭉치 as Excel or CSV, or a plain table of rows.

AI-Hub's sheet has a dialogue a row: 연령, 성별, 상황키워드, 신체질환, 감정_대분류, 감정_소분류, then 사람문장1 to 3 (or 4) with the
시스템문장 that answer them. Each 사람문장 becomes a row with the dialogue's 감정_소분류; what the system says is not learnt. A plain table
has the columns ``input`` and ``emotion`` (or ``danger``), and may have ``dialogue``.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from models.errors import ConfigurationError
from models.signals.labels import EMOTIONS, NO_EMOTION, emotion_named, read_dangers, written_dangers
from models.training.data.decoding import decode, is_damaged, without_invisible
from models.training.data.loader import LoadReport, read_pairs, without_repeats
from models.training.data.pair import Pair
from models.training.data.tables import OLE, ZIP, check_size, csv_rows, merged_rows

EMOTION, DANGER = "emotion", "danger"
LABEL = "감정소분류"
_ABOUT = ("연령", "성별")
_SENTENCE = re.compile(r"사람문장\d+")
_HEADER_WITHIN = 10  # rows: a sheet may begin with a title
_NOT_OF_A_NAME = re.compile(r"[\s_\-]")

Rows = Sequence[Sequence[str]]


def read_emotions(body: bytes, name: str) -> tuple[list[Pair], LoadReport]:
    """What people said and the emotion in it, no words twice; ConfigurationError says what is wrong with a file and what to change."""
    check_size(body, name)
    rows, report = _rows(body, name)
    place = _header_place(rows)
    if place is not None:
        pairs = without_repeats(list(_dialogues(rows[place + 1 :], [_plain(cell) for cell in rows[place]], report)), report)
        report.rows_kept = len(pairs)
        if not pairs:
            raise ConfigurationError(f"{name} holds no usable row ({report.sentence()})", remedy="Fill 감정_소분류 and 사람문장1")
        return pairs, report
    if rows and EMOTION not in (cell.strip().lower() for cell in rows[0]):
        told = ", ".join(cell for cell in rows[0] if cell) or "none"
        raise ConfigurationError(
            f"{name} has neither AI-Hub's columns (감정_소분류, 사람문장1) nor input and emotion; its first row is {told[:200]}",
            remedy="Give the sheet as AI-Hub has it, or a table with the columns input and emotion",
        )
    return _labelled(body, name, EMOTION, _emotion_of)


def read_danger_rows(body: bytes, name: str) -> tuple[list[Pair], LoadReport]:
    """What people said and the dangers in it (``danger``: kinds with commas between, or none); for errors see ``read_emotions``."""
    check_size(body, name)
    return _labelled(body, name, DANGER, lambda written: written_dangers(read_dangers(written)))


def _labelled(body: bytes, name: str, column: str, label_of: Callable[[str], str]) -> tuple[list[Pair], LoadReport]:
    pairs, report = read_pairs(body, name, column)
    found = []
    for pair in pairs:
        try:
            found.append(replace(pair, summary=label_of(pair.summary)))
        except ConfigurationError as error:
            raise ConfigurationError(f"{pair.row}: {error.message}", remedy=error.remedy) from error
    return found, report


def _emotion_of(written: str) -> str:
    emotion = emotion_named(written)
    if emotion is None:
        known = ", ".join((*EMOTIONS, NO_EMOTION))
        raise ConfigurationError(f"{written!r} is none of the {len(EMOTIONS)} emotions", remedy=f"Write one of {known}")
    return emotion


def _rows(body: bytes, name: str) -> tuple[Rows, LoadReport]:
    if body.startswith((ZIP, OLE)):
        rows, sheets = merged_rows(body, name)
        return rows, LoadReport(file=name, encoding=f"Excel ({sheets[0]})", sheets_left_out=sheets[1:])
    text, encoding = decode(body, name)
    return list(csv_rows(text, name)), LoadReport(file=name, encoding=encoding)


def _plain(cell: str) -> str:
    """A column's name without what files write differently: 감정_소분류, 감정 소분류, 감정-소분류."""
    return _NOT_OF_A_NAME.sub("", unicodedata.normalize("NFC", cell))


def _header_place(rows: Rows) -> int | None:
    for place, cells in enumerate(rows[:_HEADER_WITHIN]):
        names = [_plain(cell) for cell in cells]
        if LABEL in names and any(map(_SENTENCE.fullmatch, names)):
            return place
    return None


def _dialogues(rows: Rows, header: Sequence[str], report: LoadReport) -> Iterator[Pair]:
    sentences = [place for place, column in enumerate(header) if _SENTENCE.fullmatch(column)]
    unknown: dict[str, str] = {}
    for number, cells in enumerate(rows, 1):
        row = f"{report.file}:{number}"
        report.rows_read += 1
        fields = dict(zip(header, cells, strict=False))
        label = fields.get(LABEL, "").strip()
        if _plain(label) == LABEL:
            report.headers.append(row)
            continue
        said = [cells[place].strip() for place in sentences if place < len(cells)]
        if not label or not any(said):
            report.empty.append(row)
        elif (emotion := emotion_named(label)) is None:
            unknown.setdefault(label, row)
        else:
            yield from _sentences(said, emotion, row, fields, report)
    if unknown:
        told = ", ".join(f"{label!r} ({row})" for label, row in list(unknown.items())[:5])
        raise ConfigurationError(
            f"감정_소분류 holds what is none of the {len(EMOTIONS)} emotions: {told}", remedy="Correct these cells, with AI-Hub's names"
        )


def _sentences(said: Sequence[str], emotion: str, row: str, fields: Mapping[str, str], report: LoadReport) -> Iterator[Pair]:
    style = " ".join(filter(None, (fields.get(column, "").strip() for column in _ABOUT)))
    for number, raw in enumerate(said, 1):
        words, removed = without_invisible(raw)
        report.invisible += removed
        sentence, composed = words.strip(), unicodedata.normalize("NFC", words.strip())
        if not any(map(str.isalnum, sentence)):
            continue  # a dialogue has as many sentences as it has
        if is_damaged(sentence):
            report.damaged.append(f"{row}.{number}")
            continue
        if composed != sentence:
            report.recomposed.append(f"{row}.{number}")
        yield Pair(composed, emotion, f"{row}.{number}", style, dialogue=row)
