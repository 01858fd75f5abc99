"""What writers wrote: inquiries and whole calls, each with the request as said and a summary; held out by writer, never by row.

    <writer>.tsv         text, summary, request (pieces of the text, " / " between them), a misleading summary; no header
    <writer>.calls.txt   calls, a blank line between them: "# summary: …", "# request: 3, 9" and so on, then "A: …" and "C: …"
    <writer>.pieces.txt  call, ask, context, about: the pieces of a call that retell its request, each "turn|as said"; no header

``없음`` stands for no request, ``-`` for no piece. Writers of tests add what a right answer must hold and a pattern that would mislead.
Pieces were marked by readers who saw nothing but these calls: what is asked for, once; the words without which nobody would know what it
is about (context); and a noun or two that name the subject where neither of them does (about).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import ConfigurationError
from models.summarizer.conversation import Conversation, Turn, written

# Writers from whom no model has learnt and who are not those of the published figures: they calibrate the reader and judge candidates.
SET_ASIDE = Path(__file__).parent / "writers"
NONE = "없음"
NO_PIECE = "-"
_BETWEEN = " / "
_COLUMNS = (4, 6)


@dataclass(frozen=True)
class Piece:
    """Words as they were said, in one turn; an inquiry that is put into a call keeps its pieces in whatever turn they come (None)."""

    text: str
    turn: int | None = None


@dataclass(frozen=True)
class ToDo:
    """What a writer says has to be done after a call: who, what, by when (empty where nothing was said of it), and the turn."""

    who: str
    what: str
    due: str
    turn: int


@dataclass(frozen=True)
class Written:
    """One inquiry or call; a test has a ``must``.

    ``pieces`` retell the request and ``about`` names its subject where they do not; ``turns`` are those in which a call's request is said.
    ``emotion`` and ``risk`` are what the writer of a call calls them, empty where it says nothing.
    ``actions`` are what a call leaves to be done.
    """

    name: str
    conversation: Conversation
    summary: str
    misleading: str
    pieces: tuple[Piece, ...] = ()
    about: tuple[Piece, ...] = ()
    turns: frozenset[int] = frozenset()
    must: str = ""
    wrong: str = ""
    emotion: str = ""
    risk: str = ""
    actions: tuple[ToDo, ...] = ()

    @property
    def is_call(self) -> bool:
        """Whether somebody else speaks as well."""
        return any(not turn.by_caller for turn in self.conversation)

    @property
    def text(self) -> str:
        """As a data set or a model has it."""
        return written((turn.by_caller, turn.text) for turn in self.conversation) if self.is_call else self.conversation[0].text


def writers(folder: Path) -> list[str]:
    """Names of the writers whose files lie in a folder."""
    return sorted({path.name.partition(".")[0] for path in folder.glob("*.*")})


def inquiries(writer: str, folder: Path) -> list[Written]:
    """One writer's inquiries, none where the writer wrote calls alone; ConfigurationError names the line that is damaged."""
    path = folder / f"{writer}.tsv"
    if not path.is_file():
        return []
    return [_inquiry(path, number, line) for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line.strip()]


def _inquiry(path: Path, number: int, line: str) -> Written:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) not in _COLUMNS:
        raise ConfigurationError(f"{path}:{number} has {len(cells)} columns, not 4 (or 6 for tests)", remedy="Put one tab between columns")
    text, summary, request, misleading, *test = cells
    return Written(
        name=f"{path.stem}:{number}",
        conversation=(Turn(0, True, " ".join(text.split())),),
        summary=_told(summary),
        misleading=misleading,
        pieces=() if request == NONE else tuple(Piece(piece) for piece in request.split(_BETWEEN)),
        must=test[0] if test else "",
        wrong=test[1] if test else "",
    )


def calls(writer: str, folder: Path) -> list[Written]:
    """One writer's calls; none where there is no such file."""
    path = folder / f"{writer}.calls.txt"
    if not path.is_file():
        return []
    blocks = [block for block in re.split(r"\n\s*\n", path.read_text("utf-8").strip()) if block.strip()]
    marked = _marked(folder / f"{writer}.pieces.txt")
    return [_call(name, block, *marked.get(name, ((), ()))) for number, block in enumerate(blocks, 1) for name in [f"{path.stem}:{number}"]]


def _marked(path: Path) -> dict[str, tuple[tuple[Piece, ...], tuple[Piece, ...]]]:
    """For each call its pieces and what it is about; nothing where no reader has marked a writer's calls."""
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        cells = line.split("\t")
        if len(cells) != 4:
            raise ConfigurationError(f"{path}:{number} has {len(cells)} columns, not 4", remedy="Write call, ask, context and about")
        ask, context, about = (_pieces(cell, f"{path}:{number}") for cell in cells[1:])
        found[cells[0]] = ((*context, *ask), about)
    return found


def _pieces(cell: str, place: str) -> tuple[Piece, ...]:
    if cell.strip() == NO_PIECE:
        return ()
    matches = [re.fullmatch(r"(\d+)\|(.+)", piece.strip()) for piece in cell.split(_BETWEEN)]
    if not all(matches):
        raise ConfigurationError(f"{place} has a piece without its turn: {cell}", remedy="Write turn|words as said")
    return tuple(Piece(match[2].strip(), int(match[1])) for match in matches if match)


def _call(name: str, block: str, pieces: tuple[Piece, ...], about: tuple[Piece, ...]) -> Written:
    heads: dict[str, str] = {}
    turns: list[Turn] = []
    for line in block.splitlines():
        if match := re.match(r"#\s*(\w+):\s*(.*)$", line):
            heads[match[1]] = match[2].strip()
        elif match := re.match(r"([AC]):\s*(\S.*)$", line):
            turns.append(Turn(len(turns), match[1] == "C", match[2].strip()))
    if "summary" not in heads or not turns:
        raise ConfigurationError(f"call {name} has no summary or no turns", remedy="Begin it with '# summary: …', then 'A: …' and 'C: …'")
    numbers = frozenset(int(number) for number in re.findall(r"\d+", heads.get("request", "")))
    return Written(
        name=name,
        conversation=tuple(turns),
        summary=_told(heads["summary"]),
        misleading=heads.get("wrong", ""),
        pieces=pieces,
        about=about,
        turns=frozenset(turn.number for turn in turns if turn.by_caller and turn.number in numbers),
        must=heads.get("must", ""),
        wrong=heads.get("pattern", ""),
        emotion=heads.get("emotion", ""),
        risk=_told(heads.get("risk", "")),
        actions=tuple(_to_dos(heads.get("actions", NONE), name)),
    )


def _to_dos(listed: str, name: str) -> Iterator[ToDo]:
    """Things to do as a call's head has them: who | what | by when | turn, semicolons between; ``없음`` for none."""
    for part in () if listed == NONE else listed.split(";"):
        cells = [cell.strip() for cell in part.split("|")]
        if len(cells) != 4 or not cells[3].isdigit():
            raise ConfigurationError(
                f"call {name} has an action that is not four cells: {part}", remedy="Write who | what | by when | turn"
            )
        who, what, due, turn = cells
        yield ToDo(who, what, "" if due == NO_PIECE else due, int(turn))


def _told(summary: str) -> str:
    return "" if summary == NONE else summary


def everything(folder: Path, names: Sequence[str] = ()) -> Iterator[Written]:
    """Inquiries and calls of a folder's writers, or of those named."""
    for name in names or writers(folder):
        yield from inquiries(name, folder)
        yield from calls(name, folder)
