"""What speech acts are learnt from, and that they are learnt."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.recipe.speech_acts_recipe import Labelled, labelled, learnt, seen
from models.summarizer.linear import Linear
from models.summarizer.own_words import Shortener
from models.summarizer.speech_acts import Around, SpeechAct, SpeechActs


def test_a_line_has_writer_letter_and_what_is_said_around_the_sentence(tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("w1\tAS\tA: 무엇을 도와드릴까요?\t카드 돼요…\t\n", "utf-8")
    [row] = labelled(tmp_path)
    assert row == Labelled("w1", SpeechAct.ASKS, "카드 돼요…", Around(before="무엇을 도와드릴까요?", other_before=True))


@pytest.mark.parametrize("line", ["w1\tQ\t\t카드 돼요\t", "w1\tA\t카드 돼요"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.tsv").write_text(f"w1\tA\t\t돼요?\t\n{line}\n", "utf-8")
    with pytest.raises(ValueError, match=r"one\.tsv, line 2"):
        list(labelled(tmp_path))


def test_every_shipped_sentence_is_read() -> None:
    assert len({row.writer for row in labelled()}) >= 30


def test_what_answers_a_sentence_is_learnt_from() -> None:
    asked = [
        Labelled("w", SpeechAct.ASKS, f"{what} 돼요", Around(after="네 됩니다", other_after=True))
        for what in ("카드", "팩스", "앱으로", "대리로")
    ]
    told = [
        Labelled("w", SpeechAct.TELLS, f"{what} 돼요", Around(after="그래서 바꾸려고요")) for what in ("카드", "팩스", "앱으로", "대리로")
    ]
    # Every act once, so that each has its column.
    rows = [*asked, *told, *(Labelled("w", act, f"{act.name} 말", Around()) for act in SpeechAct)] * 5
    found = learnt(rows, seen(rows))
    acts = SpeechActs(Linear(found["weights"], found["scales"], found["offsets"]))
    _, tokens, sign = Shortener().heard("메일로 돼요")
    assert acts.shares(tokens, sign, Around(after="네 됩니다", other_after=True))[SpeechAct.ASKS] > 0.5
    assert acts.shares(tokens, sign, Around(after="그래서 바꾸려고요"))[SpeechAct.ASKS] < 0.5


def test_missing_weights_name_the_command_that_makes_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="speech_acts_recipe"):
        SpeechActs.load(tmp_path)
