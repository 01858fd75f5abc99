"""Reading a data set, CSV (UTF-8 or EUC-KR) or Excel: columns ``input`` and the right answer, ``summary`` as a rule.

``style``, ``row`` and ``dialogue`` are optional. A table of questions and answers (``models.answers.faq``) is read as well: each phrasing
with each answer is a pair, the pairs of an id one dialogue. What can be repaired safely is, and is counted in a LoadReport; what cannot
be repaired without guessing is an error that says what to change.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from pydantic import BaseModel, Field

from models.answers.faq import FaqRow, check_header, faq_row, is_faq, without_rows
from models.errors import ConfigurationError
from models.training.data.decoding import decode, is_damaged, without_invisible
from models.training.data.pair import Pair, normalized
from models.training.data.tables import OLE, ZIP, csv_rows, excel_rows

INPUT, SUMMARY = "input", "summary"
_ROWS_NAMED = 5


class LoadReport(BaseModel):
    """What was read, what was left out and what was repaired. Every row that was read is kept or stands in one of the lists left out."""

    file: str
    encoding: str = Field(description="utf-8, utf-8 with BOM, cp949 (EUC-KR and its extension), or the Excel sheet")
    of_answers: bool = Field(default=False, description="Whether it is a table of questions and answers, a pair for each two of a row")
    rows_read: int = 0
    rows_kept: int = 0
    headers: list[str] = Field(default_factory=list, description="Rows that are a header again, as in joined files, left out")
    empty: list[str] = Field(default_factory=list, description="Rows without input or summary, left out")
    misshapen: list[str] = Field(default_factory=list, description="Rows with more or fewer fields than the header, left out")
    damaged: list[str] = Field(default_factory=list, description="Rows with a character that was lost before the file was saved, left out")
    duplicates: list[str] = Field(default_factory=list, description="Rows that repeat an earlier pair, left out")
    contradictions: list[str] = Field(
        default_factory=list, description="Rows whose input stands elsewhere with a more frequent or earlier summary, left out"
    )
    recomposed: list[str] = Field(default_factory=list, description="Rows whose Hangul was in pieces (NFD, as macOS has it), put together")
    invisible: int = Field(default=0, description="Characters that nobody sees (zero width, a second BOM, direction marks), removed")
    sheets_left_out: list[str] = Field(default_factory=list, description="Further sheets of an Excel workbook, not read")

    @property
    def left_out(self) -> Mapping[str, list[str]]:
        """Rows that are not used, by the reason in Korean."""
        return {
            "빈 행": self.empty,
            "형식 오류": self.misshapen,
            "머리글 반복": self.headers,
            "깨진 글자": self.damaged,
            "중복": self.duplicates,
            "요약 불일치": self.contradictions,
        }

    def sentence(self) -> str:
        """The report for people, in Korean; of rows that somebody may want to mend the first few are named."""
        counts = ", ".join(f"{name} {len(rows)}{_first_of(rows)}" for name, rows in self.left_out.items())
        repairs = [f"보이지 않는 문자 {self.invisible:,}자 제거"] if self.invisible else []
        repairs += [f"분리된 한글 {len(self.recomposed):,}행 조합(NFC)"] if self.recomposed else []
        repairs += [f"읽지 않은 시트: {', '.join(self.sheets_left_out)}"] if self.sheets_left_out else []
        used = f"{self.rows_read:,}행에서 {self.rows_kept:,}쌍" if self.of_answers else f"{self.rows_read:,}행 중 {self.rows_kept:,}행"
        told = f"{self.file}: {self.encoding}, {used} 사용 ({counts})"
        return "; ".join([told, *repairs])


def _first_of(rows: list[str]) -> str:
    numbers = [row.rpartition(":")[2] for row in rows[:_ROWS_NAMED]]
    return f" [{', '.join(numbers)}{' …' if len(rows) > _ROWS_NAMED else ''}]" if rows else ""


def read_pairs(body: bytes, name: str, reference: str = SUMMARY) -> tuple[list[Pair], LoadReport]:
    """Pairs of a file's bytes, in file order, no input twice; ConfigurationError where the file cannot be understood.

    ``reference`` is the column with the right answers. Bytes tell Excel from CSV, not the name.
    """
    if body.startswith((ZIP, OLE)):
        sheet, sheets = excel_rows(body, name)
        report = LoadReport(file=name, encoding=f"Excel ({sheets[0]})", sheets_left_out=sheets[1:])
        rows: Iterator[list[str]] = ([_visible(cell, report) for cell in cells] for cells in sheet)
    else:
        text, encoding = decode(body, name)
        report = LoadReport(file=name, encoding=encoding)
        # Before the fields are told apart: a second BOM before a quote would make the quote a letter.
        rows = csv_rows(_visible(text, report), name)
    header = next(rows, [])
    if reference == SUMMARY and is_faq(_header(header)):
        return _expanded(_header(header), rows, report), report
    kept = without_repeats(list(_pairs(chain([header], rows), reference, report)), report)
    if not kept:
        raise ConfigurationError(f"{name} holds no usable row ({report.sentence()})", remedy=f"Fill the columns input and {reference}")
    report.rows_kept = len(kept)
    return kept, report


def _expanded(header: list[str], rows: Iterable[list[str]], report: LoadReport) -> list[Pair]:
    """Every phrasing of a question with every answer, the same pair once; ConfigurationError where a column or every row is missing."""
    check_header(header, report.file)
    report.of_answers = True
    kept: dict[tuple[str, str], Pair] = {}
    for row in _faq_rows(header, rows, report):
        for number, (question, answer) in enumerate(row.pairs(), start=1):
            name = f"{report.file}:{row.line}.{number}"
            if (normalized(question), normalized(answer)) in kept:
                report.duplicates.append(name)
            elif is_damaged(question + answer):
                report.damaged.append(name)
            else:
                kept[normalized(question), normalized(answer)] = Pair(question, answer, name, row.category, "", row.id or str(row.line))
    if not kept:
        raise without_rows(report.file)
    report.rows_kept = len(kept)
    return list(kept.values())


def _faq_rows(header: list[str], rows: Iterable[list[str]], report: LoadReport) -> Iterator[FaqRow]:
    """Rows with a question and an answer, by their number; a comma too many would make an answer of what is none."""
    for number, fields in enumerate(rows, start=1):
        name = f"{report.file}:{number}"
        report.rows_read += 1
        composed = [unicodedata.normalize("NFC", field) for field in fields]
        if _header(fields) == header:
            report.headers.append(name)
        elif any(map(str.strip, fields)) and len(fields) != len(header):
            report.misshapen.append(name)
        elif (row := faq_row(dict(zip(header, composed, strict=False)), number)).questions and row.answers:
            if composed != fields:
                report.recomposed.append(name)
            yield row
        else:
            report.empty.append(name)


def _visible(text: str, report: LoadReport) -> str:
    text, removed = without_invisible(text)
    report.invisible += removed
    return text


def _pairs(rows: Iterable[list[str]], reference: str, report: LoadReport) -> Iterator[Pair]:
    """Pairs row by row. Each header holds for the rows after it: joined files may have their columns in another order."""
    remaining = iter(rows)
    header = _header(next(remaining, []))
    missing = [column for column in (INPUT, reference) if column not in header]
    if missing:
        raise ConfigurationError(
            f"{report.file} has no column {' and no column '.join(missing)}; its columns are {', '.join(header) or 'none'}",
            remedy=f"Name the columns input and {reference} in the first line",
        )
    for number, fields in enumerate(remaining, start=1):
        row = f"{report.file}:{number}"
        report.rows_read += 1
        if {INPUT, reference} <= set(_header(fields)):
            header = _header(fields)
            report.headers.append(row)
        elif not any(field.strip() for field in fields):
            report.empty.append(row)
        elif len(fields) != len(header):
            report.misshapen.append(row)
        else:
            first_of_a_name = reversed(list(zip(header, fields, strict=True)))
            yield from _pair(dict(first_of_a_name), reference, row, report)


def _header(fields: list[str]) -> list[str]:
    return [unicodedata.normalize("NFC", field).strip().lower() for field in fields]


def _pair(fields: Mapping[str, str], reference: str, row: str, report: LoadReport) -> Iterator[Pair]:
    inquiry, summary = (fields[column].strip() for column in (INPUT, reference))
    if not (inquiry and summary):
        report.empty.append(row)
    elif is_damaged(inquiry + summary):
        report.damaged.append(row)
    else:
        composed = unicodedata.normalize("NFC", inquiry), unicodedata.normalize("NFC", summary)
        if composed != (inquiry, summary):
            report.recomposed.append(row)
        style, origin, dialogue = (fields.get(column, "").strip() for column in ("style", "row", "dialogue"))
        yield Pair(*composed, row, style, origin, dialogue)


def without_repeats(pairs: list[Pair], report: LoadReport) -> list[Pair]:
    """One pair an input: where summaries differ the most frequent one wins, the earliest among equals."""
    summaries: dict[str, Counter[str]] = {}
    for pair in pairs:
        summaries.setdefault(normalized(pair.input), Counter())[normalized(pair.summary)] += 1
    kept: dict[str, Pair] = {}
    for pair in pairs:
        inquiry = normalized(pair.input)
        winner = summaries[inquiry].most_common(1)[0][0]  # Counter keeps insertion order among equals
        if normalized(pair.summary) != winner:
            report.contradictions.append(pair.row)
        elif inquiry in kept:
            report.duplicates.append(pair.row)
        else:
            kept[inquiry] = pair
    return list(kept.values())
