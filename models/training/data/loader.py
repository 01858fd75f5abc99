"""Reading ``data_<count>.csv``: columns ``input`` and the right answer, ``summary`` as a rule (``style`` optional), UTF-8 or EUC-KR.

What can be repaired safely is, and is counted in a LoadReport; what cannot be repaired without guessing is an error that says what to
change.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel, Field

from models.errors import ConfigurationError
from models.training.data.pair import Pair, normalized

INPUT, SUMMARY = "input", "summary"
# Callers' texts in Korean: nearly all that is not ASCII is Hangul, and nearly all Hangul is among the 2,350 syllables of KS X 1001.
_HANGUL_SHARE = 0.9
_COMMON_SHARE = 0.95
_TYPOGRAPHY = set("‘’“”…·•～–—₩％℃㎡×÷→★※「」『』《》〈〉￦。、！？，．　")


class LoadReport(BaseModel):
    """What was read and what was repaired, in rows."""

    file: str
    encoding: str = Field(description="utf-8, utf-8 with BOM, or cp949 (EUC-KR and its extension)")
    rows_read: int = 0
    rows_kept: int = 0
    empty: list[str] = Field(default_factory=list, description="Rows without input or summary, left out")
    misshapen: list[str] = Field(default_factory=list, description="Rows with more or fewer fields than the header, left out")
    duplicates: list[str] = Field(default_factory=list, description="Rows that repeat an earlier pair, left out")
    contradictions: list[str] = Field(
        default_factory=list, description="Rows whose input stands elsewhere with a more frequent or earlier summary, left out"
    )

    def sentence(self) -> str:
        """The report for people, in Korean."""
        left_out = {"빈 행": self.empty, "형식 오류": self.misshapen, "중복": self.duplicates, "요약 불일치": self.contradictions}
        counts = ", ".join(f"{name} {len(rows)}" for name, rows in left_out.items())
        return f"{self.file}: {self.encoding}, {self.rows_read:,}행 중 {self.rows_kept:,}행 사용 ({counts})"


def read_pairs(body: bytes, name: str, reference: str = SUMMARY) -> tuple[list[Pair], LoadReport]:
    """Pairs of a CSV file's bytes, in file order, no input twice; ConfigurationError where the file cannot be understood.

    ``reference`` is the column with the right answers.
    """
    text, encoding = decode(body, name)
    report = LoadReport(file=name, encoding=encoding)
    kept = _without_repeats(list(_rows(text, name, reference, report)), report)
    if not kept:
        raise ConfigurationError(f"{name} holds no usable row ({report.sentence()})", remedy=f"Fill the columns input and {reference}")
    report.rows_kept = len(kept)
    return kept, report


def decode(body: bytes, name: str) -> tuple[str, str]:
    """Text and encoding of a file: strict UTF-8 first, which Korean text in another encoding never satisfies, then CP949.

    CP949 accepts most byte pairs, so its result counts only if it reads like Korean. ConfigurationError otherwise.
    """
    if b"\0" in body:
        raise ConfigurationError(f"{name} holds NUL bytes: it is UTF-16 or no text", remedy="Save it as CSV in UTF-8")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        position = error.start
    else:
        return text, "utf-8 with BOM" if body.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        text = body.decode("cp949")
    except UnicodeDecodeError:
        plausible = False
    else:
        plausible = reads_like_korean(text)
    if not plausible:
        raise ConfigurationError(
            f"{name} is neither UTF-8 (byte {position} breaks it) nor Korean in EUC-KR/CP949", remedy="Save it as CSV in UTF-8"
        )
    return text, "cp949"


def reads_like_korean(text: str) -> bool:
    """Whether what is not ASCII is nearly all Hangul, and that nearly all of the common syllables."""
    foreign = [character for character in text if not character.isascii() and character not in _TYPOGRAPHY]
    hangul = [character for character in foreign if "가" <= character <= "힣"]
    common = sum(1 for character in hangul if _in_ks_x_1001(character))
    return bool(hangul) and len(hangul) >= _HANGUL_SHARE * len(foreign) and common >= _COMMON_SHARE * len(hangul)


def _in_ks_x_1001(character: str) -> bool:
    try:
        return len(character.encode("euc_kr")) == 2
    except UnicodeEncodeError:
        return False


def _rows(text: str, name: str, reference: str, report: LoadReport) -> Iterator[Pair]:
    """Pairs row by row; the csv module keeps newlines inside quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        missing = [column for column in (INPUT, reference) if column not in header]
        if missing:
            raise ConfigurationError(
                f"{name} has no column {' and no column '.join(missing)}; its columns are {', '.join(header) or 'none'}",
                remedy=f"Name the columns input and {reference} in the first line",
            )
        style = header.index("style") if "style" in header else None
        for number, fields in enumerate(reader, start=1):
            row = f"{name}:{number}"
            report.rows_read += 1
            if not any(field.strip() for field in fields):
                report.empty.append(row)
            elif len(fields) != len(header):
                report.misshapen.append(row)
            else:
                inquiry, summary = (fields[header.index(column)].strip() for column in (INPUT, reference))
                if inquiry and summary:
                    yield Pair(inquiry, summary, row, fields[style].strip() if style is not None else "")
                else:
                    report.empty.append(row)
    except csv.Error as error:
        raise ConfigurationError(
            f"{name} is no valid CSV near line {reader.line_num}: {error}", remedy="Close every quote and double quotes inside quotes"
        ) from error


def _without_repeats(pairs: list[Pair], report: LoadReport) -> list[Pair]:
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
