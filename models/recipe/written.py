"""What writers wrote: inquiries and whole calls, each with the request as said and a summary; held out by writer, never by row.

    <writer>.tsv         text, summary, request (pieces of the text, " / " between them), a misleading summary; no header
    <writer>.calls.txt   calls, a blank line between them: "# summary: …", "# request: 3, 9" and so on, then "A: …" and "C: …"

``없음`` stands for no request. Writers of tests add what a right answer must hold and a pattern that would mislead.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import ConfigurationError
from models.summarizer.conversation import Conversation, Turn, written

WRITERS = Path(__file__).parent / "writers"
NONE = "없음"
_BETWEEN = " / "
_COLUMNS = (4, 6)


@dataclass(frozen=True)
class Written:
    """One inquiry or call. ``pieces`` are where an inquiry's request is said, ``turns`` where a call's is; a test has a ``must``."""

    name: str
    conversation: Conversation
    summary: str
    misleading: str
    pieces: tuple[str, ...] = ()
    turns: frozenset[int] = frozenset()
    must: str = ""
    wrong: str = ""

    @property
    def is_call(self) -> bool:
        """Whether somebody else speaks as well."""
        return any(not turn.by_caller for turn in self.conversation)

    @property
    def text(self) -> str:
        """As a data set or a model has it."""
        return written((turn.by_caller, turn.text) for turn in self.conversation) if self.is_call else self.conversation[0].text


def writers(folder: Path = WRITERS) -> list[str]:
    """Names of the writers whose files lie in a folder."""
    return sorted(path.stem for path in folder.glob("*.tsv"))


def inquiries(writer: str, folder: Path = WRITERS) -> list[Written]:
    """One writer's inquiries; ConfigurationError names the line that is damaged."""
    path = folder / f"{writer}.tsv"
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
        pieces=() if request == NONE else tuple(request.split(_BETWEEN)),
        must=test[0] if test else "",
        wrong=test[1] if test else "",
    )


def calls(writer: str, folder: Path = WRITERS) -> list[Written]:
    """One writer's calls; none where there is no such file."""
    path = folder / f"{writer}.calls.txt"
    if not path.is_file():
        return []
    blocks = [block for block in re.split(r"\n\s*\n", path.read_text("utf-8").strip()) if block.strip()]
    return [_call(f"{path.stem}:{number}", block) for number, block in enumerate(blocks, 1)]


def _call(name: str, block: str) -> Written:
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
        turns=frozenset(turn.number for turn in turns if turn.by_caller and turn.number in numbers),
        must=heads.get("must", ""),
        wrong=heads.get("pattern", ""),
    )


def _told(summary: str) -> str:
    return "" if summary == NONE else summary


def everything(names: Sequence[str], folder: Path = WRITERS) -> Iterator[Written]:
    """Inquiries and calls of several writers."""
    for name in names:
        yield from inquiries(name, folder)
        yield from calls(name, folder)
