"""What a call tells besides its request: the classifiers that ship, what a whole call comes to, and damaged folders."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.errors import ConfigurationError
from models.lines import DANGER, EMOTION
from models.signals import SHIPPED_DANGER, SHIPPED_EMOTION
from models.signals.call import dangers_of, emotions_of, turn_of, windows
from models.signals.classifier import LINEAR, SETTINGS, Classifier, Floats, Settings, load_classifier
from models.signals.labels import EMOTIONS, NO_EMOTION, SIX, Danger, read_groups
from models.signals.told import Felt
from models.summarizer.conversation import read, written


class Scripted(Classifier):
    """Says what it was told to say of a text: a likelihood for each of its labels, nothing for others."""

    def __init__(self, settings: Settings, script: dict[str, dict[str, float]]) -> None:
        super().__init__(settings)
        self._script, self.asked = script, []

    def scores(self, texts: list[str]) -> Floats:
        self.asked += texts
        rows = [[self._script.get(text, {}).get(label, 0.0) for label in self.settings.labels] for text in texts]
        return np.log(np.clip(np.array(rows, dtype=np.float32), 1e-9, 1 - 1e-6))


def emotions(script: dict[str, dict[str, float]], bound: float = 0.5) -> Scripted:
    return Scripted(Settings(form="linear", labels=(*EMOTIONS, NO_EMOTION), several=False, bounds=(bound,)), script)


CALL = read(
    written(
        [
            (False, "무엇을 도와드릴까요 정말 화가 나시겠어요"),
            (True, "왜 전화를 안 받아요"),
            (False, "죄송합니다"),
            (True, "네 네"),
            (True, "주소 바꾸려고요"),
            (True, "아 됐네요 고마워요"),
        ]
    )
)


def test_there_are_58_emotions_in_six_groups_and_the_centre_may_group_them_its_own_way() -> None:
    assert (len(EMOTIONS), len(set(EMOTIONS)), len(SIX)) == (58, 58, 6)
    groups = read_groups("불만=분노|짜증내는|툴툴대는; 걱정=불안|초조한")
    assert (groups["툴툴대는"], groups["초조한"], groups["가난한, 불우한"]) == ("불만", "걱정", "상처")
    with pytest.raises(ConfigurationError, match="'졸린', which is no emotion"):
        read_groups("불만=졸린")
    with pytest.raises(ConfigurationError, match="stands twice"):
        read_groups("불만=분노; 화=분노")


def test_the_callers_emotion_is_told_over_time_and_the_agents_is_not_judged() -> None:
    classifier = emotions(
        {
            "왜 전화를 안 받아요": {"짜증내는": 0.9, "분노": 0.1},
            "주소 바꾸려고요": {NO_EMOTION: 1.0},
            "아 됐네요 고마워요": {"감사하는": 0.8, "안도": 0.2},
        }
    )
    (told,) = emotions_of(classifier, [CALL], "v1")
    assert classifier.asked == ["왜 전화를 안 받아요", "주소 바꾸려고요", "아 됐네요 고마워요"]
    assert [(felt.utterance, felt.label) for felt in told.curve] == [(1, "짜증내는"), (4, ""), (5, "감사하는")]
    assert (told.label, told.start, told.end, told.turn, told.version) == ("짜증내는", "짜증내는", "감사하는", 5, "v1")
    assert [felt.mood for felt in told.curve] == pytest.approx([-1, 0, 1], abs=0.01)
    assert [likely.label for likely in told.top5[:3]] == ["짜증내는", "감사하는", "안도"]


def test_nothing_is_told_as_sure_below_the_bound() -> None:
    (told,) = emotions_of(emotions({"왜 전화를 안 받아요": {"짜증내는": 0.4, "분노": 0.35, "억울한": 0.25}}), [CALL], "v1")
    assert (told.label, told.start, told.turn) == ("", "", None)
    assert told.top5[0].label == "짜증내는"


def test_a_call_in_which_the_caller_says_nothing_has_no_emotion_and_no_danger() -> None:
    silent = read("상담원: 여보세요\n고객: 네 네")
    assert emotions_of(emotions({}), [silent], "v")[0].curve == ()
    assert dangers_of(load_classifier(SHIPPED_DANGER), [silent], "v")[0].signs == ()


def test_a_mood_that_only_wavers_has_no_turn() -> None:
    assert turn_of([Felt(utterance=n, label="x", likelihood=1, mood=mood) for n, mood in enumerate((-0.9, -0.7, -0.8))]) is None
    assert turn_of([]) is None


def test_what_is_said_in_two_breaths_is_judged_together() -> None:
    both = "주소 바꾸려고요 아 됐네요 고마워요"
    assert (5, both) in list(windows(CALL))
    settings = Settings(form="linear", labels=tuple(Danger), several=True, bounds=(0.4,))
    (told,) = dangers_of(Scripted(settings, {both: {"threat": 0.9}}), [CALL], "v1")
    assert [(sign.kind, sign.utterance) for sign in told.signs] == [(Danger.THREAT, 5)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("이제 다 끝내고 싶어요. 약 모아 둔 거 오늘 먹으려고요.", Danger.SELF_HARM),
        ("내일 칼 들고 사무실로 찾아가서 다 죽여 버릴 거야", Danger.THREAT),
        ("여기가 어딘지 모르겠어요. 집에 가는 길을 못 찾겠어.", Danger.CONFUSION),
        ("검찰이라면서 안전 계좌로 돈을 옮기라고 해서 방금 보냈어요.", Danger.VOICE_PHISHING),
        ("아버지가 쓰러지셨는데 숨을 안 쉬세요 지금", Danger.MEDICAL_EMERGENCY),
    ],
)
def test_a_plain_danger_is_flagged_as_its_kind(text: str, kind: Danger) -> None:
    (told,) = DANGER.load(SHIPPED_DANGER, "cpu", "shipped").answers([f"상담원: 네 고객님\n고객: {text}\n상담원: 네?"])
    assert kind in told.kinds
    assert told.signs[0].utterance == 1


@pytest.mark.parametrize(
    "text",
    [
        "죽겠어요 더워서",
        "보이스피싱 보험 있나요",
        "사망 보험금은 누가 받나요",
        "응급실 갔던 영수증 보내면 되나요",
        "치매 보험 문의드려요",
        "자살 면책 조항이 뭐예요",
        "배고파 죽겠네 점심시간이라 전화 안 받으시나 했어요",
        "심장이 떨려요 합격 발표 기다리는 것처럼",
        "작년에 아버지가 쓰러지셔서 그때 병원비 청구하려고요",
        "주소 바꾸려고요",
        "네",
    ],
)
def test_what_only_looks_dangerous_raises_no_alarm(text: str) -> None:
    assert DANGER.load(SHIPPED_DANGER, "cpu", "shipped").answers([text])[0].signs == ()


def test_what_the_agent_says_alarms_nobody() -> None:
    (told,) = DANGER.load(SHIPPED_DANGER, "cpu", "shipped").answers(
        ["상담원: 아버지가 쓰러지셨는데 숨을 안 쉬신다고요\n고객: 주소 바꾸려고요"]
    )
    assert told.signs == ()


def test_several_dangers_may_hold_at_once() -> None:
    text = "고객: 내일 칼 들고 찾아가서 다 죽여 버릴 거야\n상담원: 네?\n고객: 그리고 나도 죽을 거야. 유서도 써 놨어."
    (told,) = DANGER.load(SHIPPED_DANGER, "cpu", "shipped").answers([text])
    assert set(told.kinds) == {Danger.THREAT, Danger.SELF_HARM}
    assert {sign.kind: sign.utterance for sign in told.signs} == {Danger.THREAT: 0, Danger.SELF_HARM: 2}


def test_the_classifier_of_emotions_names_plain_ones() -> None:
    plain = {
        "덕분에 잘 해결됐어요, 정말 감사합니다": "감사하는",
        "정말 너무 화가 나네요": "분노",
        "아주 열받네": "분노",
        "너무 속상해요": "상처",
        "불안해서 잠이 안 와요": "불안",
        "주소 바꾸려고요": "",
        "네 알겠습니다": "",
    }
    told = EMOTION.load(SHIPPED_EMOTION, "cpu", "shipped").answers(list(plain))
    assert [one.label for one in told] == list(plain.values())


@pytest.mark.parametrize("line", [EMOTION, DANGER], ids=lambda line: line.name)
@pytest.mark.parametrize(
    ("file", "damage", "told"),
    [
        (SETTINGS, b"{", "is damaged"),
        (SETTINGS, None, f"holds no {SETTINGS}"),
        (LINEAR, b"no zip", "cannot be read"),
        (LINEAR, None, "cannot be read"),
        (LINEAR, "cut", "cannot be read"),
    ],
    ids=["settings", "no settings", "weights", "no weights", "cut weights"],
)
def test_a_damaged_folder_is_refused_by_name(line: object, file: str, damage: bytes | str | None, told: str, tmp_path: Path) -> None:
    source = SHIPPED_EMOTION if line is EMOTION else SHIPPED_DANGER
    folder = Path(shutil.copytree(source, tmp_path / "copy"))
    if damage is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes((folder / file).read_bytes()[:5000] if isinstance(damage, str) else damage)
    with pytest.raises(ConfigurationError, match=told):
        load_classifier(folder)


def test_settings_of_other_labels_are_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SHIPPED_DANGER, tmp_path / "copy"))
    settings = json.loads((folder / SETTINGS).read_text("utf-8"))
    (folder / SETTINGS).write_text(json.dumps({**settings, "labels": ["a", "b"], "scale": [1], "offset": [0], "bounds": [0.5]}), "utf-8")
    with pytest.raises(ConfigurationError, match=r"knows 5 labels, signals\.json 2"):
        load_classifier(folder)
    (folder / SETTINGS).write_text(json.dumps({**settings, "bounds": [0.5, 0.5]}), "utf-8")
    with pytest.raises(ConfigurationError, match="bounds has 2 values for 5 labels"):
        load_classifier(folder)
