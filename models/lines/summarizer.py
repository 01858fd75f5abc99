"""The line of summarizers: fine-tuned BART and Llama models, judged by BERTScore F1 and STS."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from models.errors import ConfigurationError
from models.lifecycle.line import Device, Judgement, Line, Metric
from models.summarizer.batching import MicroBatcher
from models.summarizer.conversion import converted_form
from models.summarizer.folder import CONVERTED
from models.summarizer.summarizer import Summarizer, SummaryResult, TellKinds, model_version, none_promoted
from models.training.metrics import MetricSettings, SummaryScorer

LONGEST_SUMMARY = 200


class LoadedSummarizer:
    """A summarizer whose callers share batches."""

    def __init__(self, summarizer: Summarizer) -> None:
        self.device: str = summarizer.device
        self._summarizer = summarizer
        self._batcher = MicroBatcher(summarizer)

    def answers(self, texts: Sequence[str]) -> list[SummaryResult]:
        """See LoadedModel."""
        return self._summarizer.results(texts)

    def attempts(self, texts: Sequence[str]) -> list[SummaryResult]:
        """See LoadedModel."""
        return self._summarizer.attempts(texts)

    async def answer(self, text: str) -> SummaryResult:
        """See LoadedModel."""
        return await self._batcher.summarize(text)

    def close(self) -> None:
        """See LoadedModel."""
        self._batcher.close()


class SummarizerLine(Line[SummaryResult]):
    """Inquiries in, short faithful summaries out. ``promoted`` tells kinds of request to the models that are loaded."""

    name = "summarizer"
    families = ("bart", "llama")
    reference = "summary"
    metrics = (Metric("score", "점수"), Metric("bertscore_f1", "BERTScore F1"), Metric("sts", "STS"))
    serving_file = "config.json"
    answer_noun = "요약"
    scoring_note = "점수는 BERTScore F1과 STS의 평균"
    # What calls bring: short, long, without punctuation, with what recognizers and callers add, longer than a model reads at once.
    smoke_texts = (
        "자동차 사고가 났는데 보험 처리가 되는지 알고 싶어요.",
        "실손보험 청구하려면 어떤 서류가 필요한가요?",
        "어 그 저기 지난달에 수술을 받았는데요 보험금이 아직도 안 들어와서 언제 들어오는지 확인 좀 해주세요",
        "암보험을 해지하면 환급금이 얼마나 되나요? 가입한 지는 5년 됐습니다. 대출도 조금 있습니다.",
        "참 잘하시네요, 전화만 네 번 돌려주시고. 담당자 좀 바꿔 주세요 😀 <b>&amp;",
        "주소가 바뀌어서 계약 정보를 변경하려고 합니다. " + "이사를 했고 전화번호도 바뀌었습니다. " * 300,
    )

    def __init__(self, promoted: TellKinds = none_promoted) -> None:
        self._promoted = promoted

    def artifact(self, kind: str) -> str:
        """The key that staff know from the time when there was one line."""
        return kind

    def shipped(self, model_dir: Path) -> Path:
        """See Line."""
        return model_dir

    def load(self, folder: Path, device: Device, version: str) -> LoadedSummarizer:
        """See Line."""
        return LoadedSummarizer(Summarizer.load(folder, device, name=version, promoted=self._promoted))

    def text_of(self, answer: SummaryResult) -> str:
        """See Line."""
        return answer.text

    def judge(self, answers: Sequence[str], references: Sequence[str], settings: MetricSettings) -> Judgement:
        """BERTScore F1 and STS of every row, and their mean, the score."""
        pairs = SummaryScorer(settings, references).rows(answers)
        return Judgement(
            {"score": [(f1 + sts) / 2 for f1, sts in pairs], "bertscore_f1": [f1 for f1, _ in pairs], "sts": [s for _, s in pairs]}
        )

    def judges(self, settings: MetricSettings) -> dict[str, str]:
        """The encoders; ConfigurationError where they are switched off."""
        if not settings.enabled:
            raise ConfigurationError("selection needs BERTScore and STS", remedy="Set metrics.enabled to true")
        return settings.named_encoders()

    def judging_models(self, settings: MetricSettings) -> list[str]:
        """See Line."""
        return [settings.bertscore_model, settings.sts_model]

    def digest(self, folder: Path) -> str:
        """See Line. Not every file: a folder with its CTranslate2 form answers as one without."""
        return model_version(folder)

    def prepare(self, folder: Path) -> None:
        """See Line."""
        import ctranslate2  # noqa: F401 - loaded here, so that it is not counted as a part of the model

        converted_form(folder)

    def pack(self, folder: Path, target: Path) -> None:
        """Copy with the CTranslate2 form, so that a serving machine needs neither torch nor the minute of converting."""
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns(CONVERTED))
        shutil.copytree(converted_form(folder), target / CONVERTED)

    def faults(self, texts: Sequence[str], answers: Sequence[SummaryResult]) -> list[str]:
        """Summaries that are too long to be spoken."""
        pairs = zip(texts, answers, strict=True)
        return [f"{len(answer.text)} characters for {text[:20]!r}" for text, answer in pairs if len(answer.text) > LONGEST_SUMMARY]
