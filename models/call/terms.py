"""The list of terms that people maintain: how each is written, heard, pronounced and spoken; what an edit may do to it.

Speech-to-text is told what to expect (``pronounced``), its transcript is corrected by it (``heard`` and, near misses, ``pronounced``), and
the voice reads by it (``spoken``). It lies in the bucket (``stores/terms.py``); the list beside this module is what a bucket begins with.
"""

import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from models.call.read_back import Pronunciation, Pronunciations, speakable
from models.errors import TermsRefused

SEED = Path(__file__).parent / "terms.csv"
MOST_PRONOUNCED = 500  # what the narrowest speech-to-text vendor takes (ReturnZero), so that no job is refused for the list
LONGEST_PRONOUNCED = 20
SHORTEST_HEARD = 2  # a single syllable stands in every other word
MOST_TERMS = 2_000

_COLUMNS = ["용어", "들린 말", "발음", "읽기"]
_HANGUL = re.compile(r"[가-힣]+(?: [가-힣]+)*")
_BETWEEN = "|"
_FORMULA = ("=", "+", "-", "@")  # a spreadsheet that opens an exported table would run it


class Term(BaseModel):
    """One term. What is left empty is not done for it: no boosting, no correction, no respelling."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: str = Field(min_length=1, max_length=40, description="용어: 전사와 요약에 쓰는 표기 (예: CCTV)")
    heard: tuple[str, ...] = Field(default=(), description="들린 말: 음성 인식이 이 용어를 잘못 적은 표기들. 전사에서 용어로 바꿉니다")
    pronounced: str = Field(default="", description="발음: 음성 인식에 미리 알려 줄 소리, 한글 20자 이하. 비우면 알려 주지 않습니다")
    spoken: str = Field(default="", description="읽기: 안내 음성이 이 용어를 읽는 소리, 한글. 비우면 표기대로 읽습니다")

    @field_validator("term", "pronounced", "spoken")
    @classmethod
    def _trimmed(cls, text: str) -> str:
        return _line(text)

    @field_validator("heard")
    @classmethod
    def _trimmed_each(cls, heard: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(filter(None, map(_line, heard)))


class ChangedTerm(BaseModel):
    """A term before and after an edit."""

    before: Term
    after: Term


class TermsChange(BaseModel):
    """What one edit did to the list, by whose name, when, and by which flow run."""

    added: list[Term] = []
    changed: list[ChangedTerm] = []
    removed: list[Term] = []
    by: str = ""
    reason: str = ""
    flow_run_id: str = ""
    at: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether the list stays as it is."""
        return not (self.added or self.changed or self.removed)


class TermList(BaseModel):
    """One version of the list, with the edit that made it. Version 0 is the list that ships, before anybody edited it."""

    version: int = Field(default=0, ge=0)
    terms: tuple[Term, ...] = ()
    change: TermsChange = Field(default_factory=TermsChange)

    @property
    def keywords(self) -> tuple[str, ...]:
        """What speech-to-text is told to expect."""
        return tuple(dict.fromkeys(term.pronounced for term in self.terms if term.pronounced))

    @cached_property
    def pronunciations(self) -> Pronunciations:
        """How the voice reads terms."""
        return Pronunciations(tuple(Pronunciation(term.term, term.spoken) for term in self.terms if term.spoken))

    @cached_property
    def by_name(self) -> dict[str, Term]:
        """Terms by ``name_of`` their spelling."""
        return {name_of(term.term): term for term in self.terms}

    @classmethod
    def shipped(cls) -> Self:
        """The list that a bucket begins with."""
        return cls(terms=tuple(read_csv(SEED.read_bytes(), SEED.name)))


def name_of(spelling: str) -> str:
    """What two spellings of one term have in common: letters' case and spaces do not tell terms apart.

    >>> name_of("실손 보험") == name_of("실손보험"), name_of("cctv") == name_of("CCTV")
    (True, True)
    """
    return "".join(unicodedata.normalize("NFC", spelling).split()).casefold()


class TermsEdit(BaseModel):
    """What somebody wants done to the list. ``rows`` are added, or put in the place of the term of their name."""

    add: list[Term] = []
    change: list[Term] = []
    remove: list[str] = []
    rows: list[Term] = []
    rows_are_all: bool = False
    by: str = ""
    reason: str = ""
    flow_run_id: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for."""
        return not (self.add or self.change or self.remove or self.rows or self.rows_are_all)

    def check_name(self) -> None:
        """TermsRefused where nobody is named."""
        if not _line(self.by):
            raise TermsRefused("the edit names nobody", remedy="Give the name of who wants it (requested_by)", case="unsigned")

    def check(self) -> None:
        """TermsRefused for an edit without a name, or without anything to do."""
        self.check_name()
        if self.empty:
            raise TermsRefused("the edit asks for nothing", remedy="Add, change or remove a term, or hand a table in", case="empty")


def edited(now: TermList, edit: TermsEdit, at: datetime) -> TermList:
    """The next version, or the same list where the edit changes nothing; TermsRefused with every reason, and nothing done, otherwise."""
    faults, after = _misplaced(now, edit), dict(now.by_name)
    if edit.rows_are_all:
        after = {}
    for term in (*edit.add, *edit.change, *edit.rows):
        after[name_of(term.term)] = term
    for spelling in edit.remove:
        after.pop(name_of(spelling), None)
    faults += complaints(tuple(after.values()))
    if faults:
        raise TermsRefused(
            f"the edit of the term list was refused for {len(faults)} reasons: {'; '.join(faults[:20])}",
            remedy="Mend the rows that are named and hand the edit in again; nothing was changed",
        )
    change = _difference(now.by_name, after, edit, at)
    return now if change.empty else TermList(version=now.version + 1, terms=tuple(after.values()), change=change)


def _misplaced(now: TermList, edit: TermsEdit) -> list[str]:
    """What is added twice, or changed or removed and not there."""
    touched = [term.term for term in (*edit.add, *edit.change, *edit.rows)] + edit.remove
    twice = [name for name, times in Counter(map(name_of, touched)).items() if times > 1]
    faults = [f"‘{name}’: 한 번에 두 번 고칠 수 없습니다" for name in twice]
    faults += [f"‘{term.term}’: 이미 있는 용어입니다. 고치려면 변경에 적으세요" for term in edit.add if name_of(term.term) in now.by_name]
    faults += [f"‘{term.term}’: 목록에 없는 용어입니다" for term in edit.change if name_of(term.term) not in now.by_name]
    return faults + [f"‘{spelling}’: 목록에 없는 용어입니다" for spelling in edit.remove if name_of(spelling) not in now.by_name]


def complaints(terms: Sequence[Term]) -> list[str]:
    """Why these terms cannot be one list, in Korean, as who edits it reads it; none for a good list."""
    names = Counter(name_of(term.term) for term in terms)
    faults = [f"‘{name}’: 같은 용어가 두 번 있습니다" for name, times in names.items() if times > 1]
    owners: dict[str, str] = {}
    for term in terms:
        faults += [f"‘{term.term}’: {fault}" for fault in _faults_of(term)]
        for heard in term.heard:
            faults += [f"‘{term.term}’: {fault}" for fault in _conflicts(term, heard, terms, owners)]
            owners.setdefault(name_of(heard), term.term)
    sounds: dict[str, str] = {}
    for term in terms:
        if term.pronounced and sounds.setdefault(name_of(term.pronounced), term.term) != term.term:
            faults.append(f"‘{term.term}’: 발음 ‘{term.pronounced}’이 ‘{sounds[name_of(term.pronounced)]}’의 발음과 같습니다")
    pronounced = sum(bool(term.pronounced) for term in terms)
    if pronounced > MOST_PRONOUNCED:
        faults.append(f"발음이 있는 용어가 {pronounced}개입니다. 음성 인식은 {MOST_PRONOUNCED}개까지 받습니다")
    if len(terms) > MOST_TERMS:
        faults.append(f"용어가 {len(terms)}개입니다. {MOST_TERMS}개까지 둘 수 있습니다")
    return faults


def _faults_of(term: Term) -> Iterator[str]:
    if any(cell.startswith(_FORMULA) for cell in (term.term, term.pronounced, term.spoken, *term.heard)):
        yield "표의 수식으로 읽히는 문자(=, +, -, @)로 시작합니다"
    if not any(map(str.isalnum, term.term)) or term.term != speakable(term.term):
        yield "표기에 글자가 없거나 쓸 수 없는 문자가 있습니다"
    if term.pronounced and not _HANGUL.fullmatch(term.pronounced):
        yield f"발음 ‘{term.pronounced}’은 한글이 아닙니다. 소리 나는 대로 적으세요 (예: 에이에스)"
    if len(term.pronounced) > LONGEST_PRONOUNCED:
        yield f"발음이 {len(term.pronounced)}자입니다. {LONGEST_PRONOUNCED}자까지 쓸 수 있습니다"
    if term.spoken and not _HANGUL.fullmatch(term.spoken):
        yield f"읽기 ‘{term.spoken}’은 한글이 아닙니다. 소리 나는 대로 적으세요 (예: 씨티)"
    repeated = [heard for heard, times in Counter(map(name_of, term.heard)).items() if times > 1]
    if repeated:
        yield f"들린 말 ‘{repeated[0]}’이 두 번 있습니다"


def _conflicts(term: Term, heard: str, terms: Sequence[Term], owners: dict[str, str]) -> Iterator[str]:
    """Why a word must not be corrected to a term."""
    name = name_of(heard)
    if len(name) < SHORTEST_HEARD:
        yield f"들린 말 ‘{heard}’은 너무 짧아 다른 말까지 바꿉니다"
        return
    if owners.get(name, term.term) != term.term:
        yield f"들린 말 ‘{heard}’은 ‘{owners[name]}’의 들린 말이기도 합니다"
    for other in terms:
        if name in {name_of(other.term), name_of(other.pronounced)}:
            yield f"들린 말 ‘{heard}’은 용어 ‘{other.term}’ 자체입니다" if other != term else f"들린 말 ‘{heard}’은 이 용어와 같습니다"
        elif name in name_of(other.term):
            yield f"들린 말 ‘{heard}’은 용어 ‘{other.term}’의 일부라 그 용어를 망가뜨립니다"


def _difference(before: dict[str, Term], after: dict[str, Term], edit: TermsEdit, at: datetime) -> TermsChange:
    return TermsChange(
        added=[term for name, term in after.items() if name not in before],
        changed=[ChangedTerm(before=before[name], after=term) for name, term in after.items() if name in before and before[name] != term],
        removed=[term for name, term in before.items() if name not in after],
        by=_line(edit.by)[:100],
        reason=_line(edit.reason)[:300],
        flow_run_id=edit.flow_run_id,
        at=at,
    )


def read_csv(raw: bytes, name: str) -> list[Term]:
    """Terms of a table: columns 용어, 들린 말 (several between ``|``), 발음, 읽기; UTF-8 or, as Excel in Korea saves it, CP949 (EUC-KR).

    A line that begins with ``#`` is a remark. Raises TermsRefused naming the file, the line and the remedy.
    """
    rows = csv.reader(io.StringIO(_decoded(raw, name), newline=""))
    found: list[Term] = []
    try:
        header = [cell.strip() for cell in next(rows, [])]
        if header != _COLUMNS:
            raise TermsRefused(
                f"{name}:1: the columns are {','.join(header) or 'missing'}", remedy=f"Begin with the line {','.join(_COLUMNS)}"
            )
        for row in rows:
            cells = [cell.strip() for cell in row]
            if any(cells) and not cells[0].startswith("#"):
                found.append(_read_row(cells, f"{name}:{rows.line_num}"))
            if len(found) > MOST_TERMS:
                raise TermsRefused(
                    f"{name}:{rows.line_num}: more than {MOST_TERMS} terms", remedy="Keep those that callers say and recognizers miss"
                )
    except csv.Error as error:
        raise TermsRefused(f"{name}:{rows.line_num}: {error}", remedy="Save the table as CSV again") from error
    return found


def write_csv(terms: Iterable[Term]) -> str:
    """The table that ``read_csv`` reads."""
    table = io.StringIO(newline="")
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows((term.term, _BETWEEN.join(term.heard), term.pronounced, term.spoken) for term in terms)
    return table.getvalue()


def _read_row(cells: list[str], where: str) -> Term:
    if len(cells) > len(_COLUMNS):
        raise TermsRefused(f"{where}: {len(cells)} columns", remedy=f"Write {', '.join(_COLUMNS)}; all but the first may stay empty")
    term, heard, pronounced, spoken = (*cells, "", "", "")[: len(_COLUMNS)]
    if not 0 < len(term) <= 40:
        raise TermsRefused(f"{where}: the term has {len(term)} characters", remedy="Write 1 to 40 of them")
    return Term(term=term, heard=tuple(heard.split(_BETWEEN)), pronounced=pronounced, spoken=spoken)


def _decoded(raw: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TermsRefused(f"{name} is neither UTF-8 nor CP949 (EUC-KR)", remedy="Save it as UTF-8 CSV")


def _line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
