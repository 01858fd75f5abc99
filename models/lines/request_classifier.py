"""The line of request classifiers: they tell the kind of a caller's request, which the summarizer in service takes as a mark."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from models.errors import ModelRefused
from models.lifecycle.bars import TRAIN_BETTER, Bar
from models.lifecycle.line import Device, Judgement, Line, Metric
from models.lifecycle.truth import Told, TruthAnswer
from models.lifecycle.versions import file_facts
from models.summarizer import SHIPPED_MODEL
from models.summarizer.classifier import FILE, RequestClassifier, RequestKind, marked_kinds
from models.training.classification import macro_f1
from models.training.metrics import MetricSettings

BARS = (
    Bar("accuracy", "맞은 유형", 0.5, TRAIN_BETTER, at_least=True),
    Bar("one_kind", "가장 잦은 유형의 몫", 0.9, "학습 데이터에 유형이 고루 있는지 보세요."),
    Bar("unknown", "요약 모델이 모르는 유형", 0.0, "학습 데이터의 유형 이름을 확인하세요."),
)


class LoadedRequestClassifier:
    """A classifier under its version's name. A text takes a fraction of a millisecond, so callers share no batches."""

    device = "cpu"

    def __init__(self, classifier: RequestClassifier, version: str) -> None:
        self._classifier, self._version = classifier, version

    def answers(self, texts: Sequence[str]) -> list[RequestKind]:
        """See LoadedModel."""
        return [RequestKind(kind, self._version) for kind in self._classifier.kinds_of(texts)]

    def attempts(self, texts: Sequence[str]) -> list[RequestKind]:
        """See LoadedModel: every text has a kind."""
        return self.answers(texts)

    async def answer(self, text: str) -> RequestKind:
        """See LoadedModel."""
        return self.answers([text])[0]

    def close(self) -> None:
        """Nothing to finish: there is no thread."""


class RequestClassifierLine(Line[RequestKind]):
    """Inquiries in, kinds of request out."""

    name = "request-classifier"
    families = ("svm",)
    reference = "request"
    metrics = (Metric("accuracy", "정확도"), Metric("macro_f1", "Macro F1"))
    serving_file = FILE
    answer_noun = "문의 유형"
    scoring_note = "점수는 문의 유형을 맞힌 비율(정확도)"
    bars = BARS
    smoke_texts = (
        "자동차 사고가 났는데 보험 처리가 되는지 알고 싶어요.",
        "실손보험 청구하려면 어떤 서류가 필요한가요?",
        "암보험을 해지하고 싶습니다.",
        "약관 대출을 받고 싶은데 이자가 얼마예요?",
        "주소가 바뀌어서 계약 정보를 변경하려고 합니다.",
        "타이어가 펑크 났어요 견인차 좀 보내 주세요",
        "?!",
    )

    def shipped(self, model_dir: Path) -> Path:
        """The summarizer's own where it has one, else that of the summarizer that ships with the product."""
        return model_dir if (model_dir / FILE).is_file() else SHIPPED_MODEL

    def load(self, folder: Path, device: Device, version: str) -> LoadedRequestClassifier:
        """See Line."""
        classifier = RequestClassifier.load(folder)
        if classifier is None:
            raise ModelRefused(f"{folder} holds no {FILE}", remedy="Train one with train-classifier")
        return LoadedRequestClassifier(classifier, version)

    def text_of(self, answer: RequestKind) -> str:
        """See Line."""
        return answer.kind

    def judge(self, answers: Sequence[str], references: Sequence[str], settings: MetricSettings) -> Judgement:
        """Accuracy row by row, macro F1 over all rows."""
        right = [float(answer == reference) for answer, reference in zip(answers, references, strict=True)]
        return Judgement({"accuracy": right}, {"macro_f1": macro_f1(answers, references)})

    def measures(self, answers: Sequence[Told], truth: Sequence[TruthAnswer], judgement: Judgement) -> dict[str, float]:
        """Accuracy, the share of the commonest kind, and kinds for which the summarizer that ships has no mark."""
        kinds = [answer.text for answer in answers]
        right = judgement.rows["accuracy"]
        return {
            "accuracy": sum(right) / len(right),
            "one_kind": max(map(kinds.count, set(kinds))) / len(kinds),
            "unknown": float(sum(kind not in marked_kinds() for kind in kinds)),
        }

    def digest(self, folder: Path) -> str:
        """See Line. The one file: the model that ships lies in a summarizer's folder."""
        return file_facts(folder / FILE).sha256

    def pack(self, folder: Path, target: Path) -> None:
        """See Line."""
        target.mkdir(parents=True)
        shutil.copyfile(folder / FILE, target / FILE)

    def faults(self, texts: Sequence[str], answers: Sequence[RequestKind]) -> list[str]:
        """Kinds for which the summarizer that ships has no mark."""
        pairs = zip(texts, answers, strict=True)
        return [f"the unknown kind {answer.kind!r} for {text[:20]!r}" for text, answer in pairs if answer.kind not in marked_kinds()]
