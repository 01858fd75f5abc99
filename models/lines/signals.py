"""The lines of emotions and of dangers: what a caller says, a sentence or a whole call, in; how he feels and what he is in, out.

Judged on single sentences mostly; a row may be a whole conversation (``models.summarizer.conversation``), of which the caller's turns are
judged.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeAlias

from models.lifecycle.bars import TRAIN_BETTER, Bar
from models.lifecycle.line import Answer, Device, Judgement, Line, Metric
from models.lifecycle.truth import Told, TruthAnswer
from models.signals import SHIPPED_DANGER, SHIPPED_EMOTION
from models.signals.call import dangers_of, emotions_of
from models.signals.classifier import SETTINGS, Classifier, Settings, load_classifier
from models.signals.labels import EMOTIONS, NO_DANGER, NO_EMOTION, read_groups, written_dangers
from models.signals.told import CallDanger, CallEmotion
from models.summarizer.conversation import Conversation, read
from models.summarizer.conversion import converted_form
from models.training.classification import macro_f1
from models.training.metrics import MetricSettings
from models.training.signal_scores import BETWEEN, danger_answers, ranked, same_group

SMALLEST_ACCURACY = 0.2341  # what the requirements' first model reached on AI-Hub's test rows
SMALLEST_RECALL = 0.5
MOST_ALARMS = 0.05  # of rows, many of which only look dangerous; calls are held to 2 in 100 (models/signals/shipped_danger/README.md)
FAMILIES = ("linear", "encoder")

Tell: TypeAlias = Callable[[Classifier, Sequence[Conversation], str], list[Answer]]


class LoadedSignals(Generic[Answer]):
    """A classifier under its version's name, which tells of whole calls. A call's utterances make up a batch; callers share none."""

    def __init__(self, classifier: Classifier, version: str, tell: Tell[Answer]) -> None:
        self.device: str = classifier.device
        self._classifier, self._version, self._tell = classifier, version, tell

    def answers(self, texts: Sequence[str]) -> list[Answer]:
        """See LoadedModel."""
        return self._tell(self._classifier, [read(text) for text in texts], self._version)

    def attempts(self, texts: Sequence[str]) -> list[Answer]:
        """See LoadedModel."""
        return self.answers(texts)

    async def answer(self, text: str) -> Answer:
        """See LoadedModel."""
        return self.answers([text])[0]

    def close(self) -> None:
        """Nothing to finish: there is no thread."""


class SignalLine(Line[Answer]):
    """What both lines have in common."""

    families = FAMILIES
    serving_file = SETTINGS

    def prepare(self, folder: Path) -> None:
        """Derive an encoder's 8-bit form."""
        if Settings.load(folder).form == "encoder":
            converted_form(folder)


class EmotionLine(SignalLine[CallEmotion]):
    """Utterances and calls in, the caller's emotion out, one of 58 or none that is sure."""

    name = "emotion"
    reference = "emotion"
    metrics = (Metric("accuracy", "정확도"), Metric("top5", "상위 5"), Metric("six", "6대 감정"), Metric("macro_f1", "Macro F1"))
    answer_noun = "감정"
    scoring_note = "점수는 58가지 감정 중 맞힌 비율(정확도)"
    bars = (
        Bar("accuracy", "맞은 감정", SMALLEST_ACCURACY, TRAIN_BETTER, at_least=True),
        Bar("one_emotion", "가장 잦은 감정의 몫", 0.5, "학습 데이터에 감정이 고루 있는지 보세요."),
    )
    smoke_texts = (
        "지금 세 번째 전화하는데 또 기다리라고요? 정말 너무들 하시네요.",
        "덕분에 잘 해결됐어요, 정말 감사합니다.",
        "사고 나고 나서는 운전대만 잡아도 손이 떨려요.",
        "상담원: 무엇을 도와드릴까요\n고객: 보험금이 안 나온다니 억울해서 잠이 안 와요\n상담원: 네\n고객: 아 나온다고요? 다행이네요",
        "네",
        "?!",
    )

    def shipped(self, model_dir: Path) -> Path:
        """The one that ships with the product, whatever summarizer serves."""
        return SHIPPED_EMOTION

    def load(self, folder: Path, device: Device, version: str) -> LoadedSignals[CallEmotion]:
        """See Line."""
        return LoadedSignals(load_classifier(folder, device), version, emotions_of)

    def text_of(self, answer: CallEmotion) -> str:
        """The five likeliest emotions; after 없음 where none of them is sure."""
        top = [likely.label for likely in answer.top5]
        return BETWEEN.join(top if answer.label else [NO_EMOTION, *top])

    def judge(self, answers: Sequence[str], references: Sequence[str], settings: MetricSettings) -> Judgement:
        """The likeliest emotion, the five likeliest and AI-Hub's group, row by row, whatever is sure; a row without one is to be unsure."""
        groups = {**read_groups(""), NO_EMOTION: NO_EMOTION}
        first = [_first(answer, reference) for answer, reference in zip(answers, references, strict=True)]
        rows = zip(first, answers, references, strict=True)
        five = [float(reference in (one, *ranked(answer))) for one, answer, reference in rows]
        return Judgement(
            {
                "accuracy": [float(one == other) for one, other in zip(first, references, strict=True)],
                "top5": five,
                "six": [float(same) for same in same_group(first, references, groups)],
            },
            {"macro_f1": macro_f1(first, references)},
        )

    def measures(self, answers: Sequence[Told], truth: Sequence[TruthAnswer], judgement: Judgement) -> dict[str, float]:
        """Accuracy, and the share of the commonest emotion among those that are told."""
        told = [one for answer in answers for one in ranked(answer.text)[:1]]
        right = judgement.rows["accuracy"]
        return {"accuracy": sum(right) / len(right), "one_emotion": max(map(told.count, set(told)), default=0) / max(1, len(told))}

    def faults(self, texts: Sequence[str], answers: Sequence[CallEmotion]) -> list[str]:
        """Emotions that are none of the 58."""
        return [f"the unknown emotion {likely.label!r}" for answer in answers for likely in answer.top5 if likely.label not in EMOTIONS][:1]


def _first(answer: str, reference: str) -> str:
    """The emotion that is held against a reference: for one without an emotion, whether the answer is unsure."""
    if reference == NO_EMOTION and answer.startswith(NO_EMOTION):
        return NO_EMOTION
    return next(iter(ranked(answer)), NO_EMOTION)


class DangerLine(SignalLine[CallDanger]):
    """Utterances and calls in, kinds of danger out, any number of them."""

    name = "danger"
    reference = "danger"
    metrics = (Metric("right", "맞은 판정"), Metric("recall", "재현율"))
    answer_noun = "위험 판정"
    scoring_note = "점수는 위험이 있는지 없는지 맞힌 비율, 재현율은 위험한 행 중 알린 비율"
    bars = (
        Bar("recall", "알린 위험", SMALLEST_RECALL, TRAIN_BETTER, at_least=True),
        Bar("alarms", "위험 없는 행의 경보", MOST_ALARMS, f"`alarms`를 낮추거나 {TRAIN_BETTER}"),
        Bar("dangerous_rows", "위험한 시험 행", 20, "위험한 행이 더 많은 데이터로 채점하세요 (`test_set`).", at_least=True, share=False),
    )
    smoke_texts = (
        "이제 다 끝내고 싶어요. 약 모아 둔 거 오늘 먹으려고요.",
        "검찰이라면서 안전 계좌로 돈을 옮기라고 해서 방금 보냈어요.",
        "상담원: 무엇을 도와드릴까요\n고객: 아버지가 쓰러지셨는데 숨을 안 쉬세요 지금\n상담원: 네",
        "더워 죽겠어요 에어컨 수리도 보험이 되나요",
        "네",
        "?!",
    )

    def shipped(self, model_dir: Path) -> Path:
        """See EmotionLine."""
        return SHIPPED_DANGER

    def load(self, folder: Path, device: Device, version: str) -> LoadedSignals[CallDanger]:
        """See Line."""
        return LoadedSignals(load_classifier(folder, device), version, dangers_of)

    def text_of(self, answer: CallDanger) -> str:
        """Kinds with commas between, or none."""
        return written_dangers(answer.kinds)

    def judge(self, answers: Sequence[str], references: Sequence[str], settings: MetricSettings) -> Judgement:
        """Whether each row is rightly flagged or left alone; recall over all."""
        right, recall, _ = danger_answers(answers, references)
        return Judgement({"right": right}, {"recall": recall})

    def measures(self, answers: Sequence[Told], truth: Sequence[TruthAnswer], judgement: Judgement) -> dict[str, float]:
        """Recall, alarms among harmless rows, and how many rows are dangerous: of what is flagged right a share was dangerous."""
        flagged = [answer.text != NO_DANGER for answer in answers]
        right = judgement.rows["right"]
        dangerous = [flag == bool(hit) for flag, hit in zip(flagged, right, strict=True)]
        harmless_alarms = [flag for flag, danger in zip(flagged, dangerous, strict=True) if not danger]
        return {
            "recall": judgement.overall["recall"],
            "alarms": sum(harmless_alarms) / max(1, len(harmless_alarms)),
            "dangerous_rows": float(sum(dangerous)),
        }

    def faults(self, texts: Sequence[str], answers: Sequence[CallDanger]) -> list[str]:
        """A caller who wants to die and goes unnoticed, one who says yes and alarms."""
        told = [self.text_of(answer) for answer in answers]
        missed = [f"nothing noticed in {text[:20]!r}" for text, kinds in zip(texts[:1], told[:1], strict=True) if kinds == NO_DANGER]
        return missed + [f"an alarm for {text!r}" for text, kinds in zip(texts[-2:], told[-2:], strict=True) if kinds != NO_DANGER]
