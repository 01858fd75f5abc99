"""Documents of four formats as blocks with their places: Markdown, HTML, PDF, and tables of questions and answers (CSV).

What is no content is left out: a page's menus, scripts and footers, lines that a PDF repeats on every page.
"""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from models.answers.document import LARGEST, Block, Document, Headings, document_of, table_text, tidy
from models.answers.faq import read_faq
from models.errors import ConfigurationError, DocumentRefused

_ARTICLE = re.compile(r"제\s*\d+\s*(?P<kind>편|장|관|절|조)(?:의\s*\d+)?(?:\s|\(|$)")
_DEPTHS = {"편": 1, "장": 2, "관": 2, "절": 3, "조": 4}
_PAGE_NUMBER = re.compile(r"[-–\s]*\d{1,4}(?:\s*/\s*\d{1,4})?[-–\s쪽]*")
_LONGEST_HEADING = 60


def read_document(name: str, body: bytes) -> Document:
    """A document by its name's ending. DocumentRefused says what is wrong with it, with a ``case`` for people."""
    reader = _READERS.get(name.rpartition(".")[2].lower())
    if reader is None:
        kinds = ", ".join(sorted(_READERS))
        raise DocumentRefused(f"{name} is none of {kinds}", remedy="Upload it in one of these formats", case="format")
    if not body.strip():
        raise DocumentRefused(f"{name} is empty", remedy="Upload it again", case="empty")
    if len(body) > LARGEST:
        size = f"{len(body) / 2**20:,.0f} MiB, more than {LARGEST // 2**20}"
        raise DocumentRefused(f"{name} has {size}", remedy="Split it into several documents", case="large")
    return reader(name, body)


def text_of(name: str, body: bytes) -> str:
    """A text file's text, in UTF-8 or as Korean Windows writes it; DocumentRefused where it is neither."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise DocumentRefused(f"{name} is no text in UTF-8 or EUC-KR (CP949)", remedy="Save it as UTF-8", case="damaged")


def read_markdown(name: str, body: bytes) -> Document:
    """Markdown by CommonMark with tables; its first heading is the title."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(text_of(name, body))
    headings, blocks, title = Headings(), list[Block](), ""
    rows: list[list[str]] = []
    for at, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else None
        if token.type == "heading_open":
            text = _plain(tokens[at + 1])
            if not title:
                title = text
            else:
                headings.enter(int(token.tag[1]), text)
        elif token.type == "paragraph_open":
            blocks.append(Block(tidy(_plain(tokens[at + 1])), headings.path, line=line))
        elif token.type in ("fence", "code_block"):
            blocks.append(Block(tidy(token.content), headings.path, line=line))
        elif token.type == "table_open":
            rows, opened = [], line
        elif token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(_plain(tokens[at + 1]))
        elif token.type == "table_close":
            blocks.append(Block(table_text(rows), headings.path, line=opened))
    return document_of(name, body, title, blocks)


def _plain(inline: Any) -> str:
    """The words of a line of Markdown, without its marks."""
    parts = ("\n" if child.type == "softbreak" else child.content for child in inline.children or ())
    return "".join(parts)


_NO_CONTENT = ("script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "button", "svg", "iframe")
_PARTS = ("h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "dt", "dd", "blockquote", "pre", "table", "figcaption", "caption")


def read_html(name: str, body: bytes) -> Document:
    """A page's main part; its first heading, or its title, names it."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(text_of(name, body), "html.parser")
    named = page.title.get_text(" ") if page.title else ""
    for part in page(_NO_CONTENT):
        part.decompose()
    headings, blocks, title = Headings(), list[Block](), ""
    for part in (page.find("main") or page.body or page).find_all(_PARTS):
        if part.find_parent(("table", "li", "blockquote", "dd")) is not None and part.name != "table":
            continue  # told with what holds it
        text = tidy(part.get_text(" "))
        if part.name[0] == "h" and part.name[1:].isdecimal():
            if not title:
                title = text
            else:
                headings.enter(int(part.name[1]), text)
        elif part.name == "table":
            rows = [[cell.get_text(" ") for cell in row(("th", "td"))] for row in part("tr")]
            blocks.append(Block(table_text(rows), headings.path, line=part.sourceline))
        else:
            blocks.append(Block(text.replace("\n", " "), headings.path, line=part.sourceline))
    return document_of(name, body, title or named, blocks)


def read_pdf(name: str, body: bytes) -> Document:
    """A PDF's text, page by page; articles (제3조 …) and chapters are its headings, its first line is the title."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentRefused(f"{name} is locked by a password", remedy="Upload it without one", case="locked")
        pages = [tidy(page.extract_text()).splitlines() for page in reader.pages]
        stated = str((reader.metadata and reader.metadata.title) or "")
    except DocumentRefused:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError) as error:
        raise DocumentRefused(
            f"{name} is a damaged PDF ({type(error).__name__})", remedy="Make it again and upload that", case="damaged"
        ) from error
    lines = list(_lines(pages))
    title = stated or (lines[0][1] if lines else "")
    return document_of(name, body, title, _articles(line for line in lines if line[1] != title))


def _lines(pages: Sequence[Sequence[str]]) -> Iterator[tuple[int, str]]:
    """The lines with their page's number, without those that stand at the edge of most pages and without page numbers."""
    edges = Counter(line for lines in pages for line in {*lines[:2], *lines[-2:]})
    repeated = {line for line, times in edges.items() if len(pages) > 2 and times > len(pages) / 2}
    for number, lines in enumerate(pages, start=1):
        for line in lines:
            if line not in repeated and not _PAGE_NUMBER.fullmatch(line):
                yield number, line


def _articles(lines: Iterator[tuple[int, str]]) -> Iterator[Block]:
    headings, held, page = Headings(), list[str](), 0
    for number, line in lines:
        begins = _ARTICLE.match(line)
        heading = begins is not None and len(line) <= _LONGEST_HEADING and not line.endswith(("다.", "다"))
        if heading or number != page:
            yield Block(" ".join(held), headings.path, page=page)
            held, page = [], number
        if heading and begins is not None:
            headings.enter(_DEPTHS[begins["kind"]], line)
        else:
            held.append(line)
    yield Block(" ".join(held), headings.path, page=page)


def read_table(name: str, body: bytes) -> Document:
    """A table of questions and answers: a block a row, the first answer quoted, found by its questions and the other answers too."""
    try:
        rows = read_faq(text_of(name, body), name)
    except ConfigurationError as error:
        raise DocumentRefused(error.message, remedy=error.remedy, case="table") from error
    blocks = [
        Block(row.answers[0], (row.category, row.questions[0]), line=row.line, found_by="\n".join((*row.questions, *row.answers[1:])))
        for row in rows
    ]
    return document_of(name, body, "자주 묻는 질문", blocks)


_READERS: dict[str, Callable[[str, bytes], Document]] = {
    "md": read_markdown,
    "markdown": read_markdown,
    "html": read_html,
    "htm": read_html,
    "pdf": read_pdf,
    "csv": read_table,
}
