"""The rows of a CSV file or of an Excel sheet as lists of texts, read by pandas."""

import csv
import io
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError

from models.errors import ConfigurationError
from models.training.data.decoding import row_reached, without_separator_line

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# A row may have more fields than the header, and a later header more than the first: that is told, so it must be seen.
_SPARE_COLUMNS = 8


def csv_rows(text: str, name: str) -> Iterator[list[str]]:
    """Every row with the fields it has (none for an empty line), newlines inside quotes kept; a row that is far too long is cut.

    A first line ``sep=;`` names the delimiter and is no row.

    pandas neither minds a quote in the wrong place nor says where it was, and drops the rest of a file at one when it may cut long
    rows. So the rules of quoting are checked first; the check takes a twentieth of the reading's time.
    """
    import pandas

    rows, delimiter = without_separator_line(text)
    try:
        widths = [len(fields) for fields in csv.reader(io.StringIO(rows, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error as error:
        raise ConfigurationError(
            f"{name} is no valid CSV from row {row_reached(text)} on: {error}", remedy="Close every quote and double quotes inside quotes"
        ) from error
    width = min(max(widths, default=0), widths[0] + _SPARE_COLUMNS) if widths else 0
    if not width:
        return
    frame = pandas.read_csv(
        io.StringIO(rows, newline=""),
        sep=delimiter,
        names=range(width),
        index_col=False,
        skip_blank_lines=False,
        engine="python",
        on_bad_lines=lambda fields: fields[:width],
        header=None,
        dtype=str,
        keep_default_na=False,  # `NA` is a word here, and 007 no number
    )
    for fields in frame.itertuples(index=False):
        yield [field for field in fields if isinstance(field, str)]


def excel_rows(body: bytes, name: str) -> tuple[list[list[str]], list[str]]:
    """Every row of a workbook's first sheet, as wide as its header at least, and the names of its sheets, the first one first."""
    import pandas

    if body.startswith(OLE):
        raise ConfigurationError(f"{name} is a workbook of old Excel or is encrypted", remedy="Save it as .xlsx without a password")
    try:
        with pandas.ExcelFile(io.BytesIO(body), engine="openpyxl") as book:
            sheets = [str(sheet) for sheet in book.sheet_names]
            frame = pandas.read_excel(book, sheet_name=sheets[0], header=None, dtype=str, keep_default_na=False)
    except (zipfile.BadZipFile, ParseError, KeyError, ValueError, OSError, EOFError) as error:
        raise ConfigurationError(f"{name} cannot be read as an Excel workbook: {error}", remedy="Save it as .xlsx again") from error
    rows = [_without_blank_end(["" if pandas.isna(cell) else str(cell) for cell in cells]) for cells in frame.itertuples(index=False)]
    width = len(rows[0]) if rows else 0
    return [cells + [""] * (width - len(cells)) for cells in rows], sheets


def _without_blank_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells
