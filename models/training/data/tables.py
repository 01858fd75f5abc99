"""The rows of a CSV file or of an Excel sheet as lists of texts, read by pandas; of a sheet with merged cells by openpyxl."""

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
# AI-Hub's sheet has 14 columns; a row of a hundred thousand took a minute and a half to refuse.
MOST_COLUMNS = 500
# What files begin with that are sometimes given a table's name.
_FOREIGN = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"{": "JSON",
    b"[{": "JSON",
    b"<": "a page in HTML or XML",
    b"\x1f\x8b": "a gzip archive",
    b"PAR1": "a Parquet file",
}
# Openpyxl meets what Excel did not write with whatever error lies on its way.
_UNREADABLE = (zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, EOFError)
# AI-Hub's largest sheet has 52,000 rows and takes 80 MB unpacked; a workbook can be made that unpacks to any size.
LARGEST_FILE = 200 * 2**20
LARGEST_UNPACKED = 600 * 2**20


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
    if widths and widths[0] > MOST_COLUMNS:
        raise ConfigurationError(f"{name} has {widths[0]:,} columns, more than {MOST_COLUMNS}", remedy="Keep the columns that are needed")
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

    check_workbook(body, name)
    try:
        with pandas.ExcelFile(io.BytesIO(body), engine="openpyxl") as book:
            sheets = [str(sheet) for sheet in book.sheet_names]
            frame = pandas.read_excel(book, sheet_name=sheets[0], header=None, dtype=str, keep_default_na=False)
    except _UNREADABLE as error:
        raise ConfigurationError(f"{name} cannot be read as an Excel workbook: {error}", remedy="Save it as .xlsx again") from error
    rows = [_without_blank_end(["" if pandas.isna(cell) else str(cell) for cell in cells]) for cells in frame.itertuples(index=False)]
    width = len(rows[0]) if rows else 0
    return [cells + [""] * (width - len(cells)) for cells in rows], sheets


def merged_rows(body: bytes, name: str) -> tuple[list[list[str]], list[str]]:
    """Like ``excel_rows``, with the value of a merged cell in every row and column that it covers, and all rows equally wide."""
    import openpyxl

    check_workbook(body, name)
    try:
        book = openpyxl.load_workbook(io.BytesIO(body), data_only=True)
        sheets = book.sheetnames
        sheet = book.worksheets[0]
        rows = [["" if cell is None else str(cell).strip() for cell in cells] for cells in sheet.iter_rows(values_only=True)]
        merged = [area.bounds for area in sheet.merged_cells.ranges]
    except _UNREADABLE as error:
        raise ConfigurationError(f"{name} cannot be read as an Excel workbook: {error}", remedy="Save it as .xlsx again") from error
    for left, top, right, bottom in merged:
        value = rows[top - 1][left - 1] if top <= len(rows) and left <= len(rows[top - 1]) else ""
        for row in rows[top - 1 : bottom]:
            row[left - 1 : right] = [value] * len(row[left - 1 : right])
    return rows, sheets


def check_size(body: bytes, name: str) -> None:
    """ConfigurationError for a file that is empty, too large to be training data, or of another kind, whatever its name says."""
    if not body.strip():
        raise ConfigurationError(f"{name} is empty", remedy="Upload the table again")
    kind = next((kind for begins, kind in _FOREIGN.items() if body.lstrip().startswith(begins)), None)
    if kind is not None:
        raise ConfigurationError(f"{name} is {kind}, no table", remedy="Save the table as .xlsx, or as CSV in UTF-8")
    if len(body) > LARGEST_FILE:
        raise ConfigurationError(
            f"{name} has {len(body) / 2**20:,.0f} MiB, more than {LARGEST_FILE // 2**20}", remedy="Split it into several files"
        )


def check_workbook(body: bytes, name: str) -> None:
    """ConfigurationError for a workbook that Excel of today did not write, or that unpacks to more than a data set can be."""
    if body.startswith(OLE):
        raise ConfigurationError(f"{name} is a workbook of old Excel or is encrypted", remedy="Save it as .xlsx without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            size = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise ConfigurationError(f"{name} cannot be read as an Excel workbook: {error}", remedy="Save it as .xlsx again") from error
    if size > LARGEST_UNPACKED:
        raise ConfigurationError(
            f"{name} unpacks to {size / 2**20:,.0f} MiB, more than {LARGEST_UNPACKED // 2**20}", remedy="Save the sheet as CSV in parts"
        )


def _without_blank_end(cells: list[str]) -> list[str]:
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    return cells
