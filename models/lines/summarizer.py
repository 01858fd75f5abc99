"""The line of summarizers: fine-tuned BART and Llama models and language models by address.

They are judged by whether they are true, then by BERTScore F1 and STS.
"""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from models.call.privacy import mask_utterances
from models.errors import ConfigurationError
from models.lifecycle.bars import TRAIN_BETTER, WORST_DECILE, Bar
from models.lifecycle.line import Device, Judgement, Line, Metric, Spent
from models.lifecycle.truth import OWN_WORDS, Told, TruthAnswer, TruthRow, Verdict
from models.lifecycle.versions import SHIPPED
from models.summarizer import SHIPPED_READER
from models.summarizer.batching import MicroBatcher
from models.summarizer.conversation import callers_words
from models.summarizer.conversation import read as read_conversation
from models.summarizer.conversion import converted_form
from models.summarizer.faithfulness import Guard
from models.summarizer.folder import CONVERTED, model_family
from models.summarizer.language_model import FAMILY, Connect, LanguageModelSummarizer, no_connection, was_away
from models.summarizer.outcome import Kind
from models.summarizer.own_words import Shortener
from models.summarizer.soundness import LONGEST, is_korean, stammers
from models.summarizer.spoken_evidence import EvidenceCheck
from models.summarizer.summarizer import Summarizer, SummaryResult, TellKinds, model_version, none_promoted
from models.summarizer.suspicion import suspicion
from models.summarizer.truth import judge as judge_statement
from models.summarizer.vocabulary import Vocabulary
from models.summarizer.written import SET_ASIDE, everything
from models.training.metrics import MetricSettings, SummaryScorer

LONGEST_SPOKEN = 200  # a smoke test's texts are odd ones: longer answers than usual are no fault
FEWEST_TRUTH_ROWS = 100
_UNSOUND = f"순위표의 예를 보고 {TRAIN_BETTER}"
_UNTRUE = f"순위표의 오도한 답을 읽고 {TRAIN_BETTER}"
BARS = (
    Bar("misleading", "오도하는 답", 0.02, _UNTRUE),
    Bar("right", "맞은 답", 0.5, _UNTRUE, at_least=True),
    Bar("own_words", "고객의 말 그대로인 답", 0.4, TRAIN_BETTER),
    Bar("repetition", "같은 말을 되풀이하는 답", 0.01, _UNSOUND),
    Bar("length", f"{LONGEST}자를 넘는 답", 0.01, _UNSOUND),
    Bar("empty", "요청이 있는데 빈 답", 0.05, _UNSOUND),
    Bar("language", "한국어가 아닌 답", 0.01, _UNSOUND),
    WORST_DECILE,
    Bar(
        "truth_rows",
        "참·거짓을 가리는 문의",
        FEWEST_TRUTH_ROWS,
        "`READBACK_TRUTH_SET`에 문의를 더 넣으세요.",
        at_least=True,
        share=False,
    ),
)


class LoadedSummarizer:
    """A summarizer whose callers share batches."""

    def __init__(self, summarizer: Summarizer | LanguageModelSummarizer) -> None:
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
        self._summarizer.close()


class SummarizerLine(Line[SummaryResult]):
    """Inquiries in, short faithful summaries out.

    ``promoted`` tells kinds of request to the models that are loaded. ``connect`` reaches language models; in their place, where they are
    away or their answer is not to be spoken, ``stand_by`` answers, a folder of this machine.
    """

    name = "summarizer"
    families = ("bart", "llama", FAMILY)
    reference = "summary"
    metrics = (Metric("score", "점수"), Metric("bertscore_f1", "BERTScore F1"), Metric("sts", "STS"))
    serving_file = "config.json"
    answer_noun = "요약"
    scoring_note = "점수는 BERTScore F1과 STS의 평균"
    bars = BARS
    truth_folder = SET_ASIDE
    # What calls bring: short, long, without punctuation, with what recognizers and callers add, longer than a model reads at once.
    smoke_texts = (
        "자동차 사고가 났는데 보험 처리가 되는지 알고 싶어요.",
        "실손보험 청구하려면 어떤 서류가 필요한가요?",
        "어 그 저기 지난달에 수술을 받았는데요 보험금이 아직도 안 들어와서 언제 들어오는지 확인 좀 해주세요",
        "암보험을 해지하면 환급금이 얼마나 되나요? 가입한 지는 5년 됐습니다. 대출도 조금 있습니다.",
        "참 잘하시네요, 전화만 네 번 돌려주시고. 담당자 좀 바꿔 주세요 😀 <b>&amp;",
        "주소가 바뀌어서 계약 정보를 변경하려고 합니다. " + "이사를 했고 전화번호도 바뀌었습니다. " * 300,
    )

    def __init__(self, promoted: TellKinds = none_promoted, connect: Connect = no_connection, stand_by: Path = SHIPPED_READER) -> None:
        self._promoted, self._connect, self._stand_by = promoted, connect, stand_by

    def artifact(self, kind: str) -> str:
        """The key that staff know from the time when there was one line."""
        return kind

    def shipped(self, model_dir: Path) -> Path:
        """See Line."""
        return model_dir

    def load(self, folder: Path, device: Device, version: str) -> LoadedSummarizer:
        """See Line."""
        return LoadedSummarizer(self.summarizer(folder, device, version))

    def summarizer(self, folder: Path, device: Device, version: str = "") -> Summarizer | LanguageModelSummarizer:
        """A folder's model by itself, for one thread's batches; its folder's name is its own where ``version`` gives none."""
        if model_family(folder) != FAMILY:
            return Summarizer.load(folder, device, name=version, promoted=self._promoted)
        instead = Summarizer.load(self._stand_by, device, name=SHIPPED, promoted=self._promoted)
        vocabulary = Vocabulary.load(self._stand_by)
        check = EvidenceCheck(Guard(vocabulary), vocabulary, Shortener())
        return LanguageModelSummarizer(folder, self._connect, mask_utterances, check, instead, name=version)

    def text_of(self, answer: SummaryResult) -> str:
        """See Line."""
        return answer.text

    def told(self, answer: SummaryResult) -> Told:
        """See Line."""
        return Told(text=answer.text, kind=answer.kind.value)

    def truth_rows(self, folder: Path) -> list[TruthRow]:
        """What writers of tests wrote (``models/summarizer/written.py``); ConfigurationError where a row has no patterns."""
        rows = list(everything(folder))
        if bare := [row.name for row in rows if row.summary and not row.must]:
            raise ConfigurationError(f"{bare[0]} in {folder} tells nothing that a right answer must hold", remedy="Fill in must and wrong")
        return [TruthRow(row.name, row.text, row.must, row.wrong, bool(row.summary)) for row in rows]

    def verdict(self, row: TruthRow, answer: Told) -> Verdict:
        """See Line."""
        verdict = judge_statement(Kind(answer.kind), answer.text, must=row.must, wrong=row.wrong, asked=row.asked)
        return verdict.value

    def suspicion(self, text: str, answer: Told) -> str:
        """See Line. What the caller said is told as it is, so only summaries are suspected."""
        said = callers_words(read_conversation(text))
        return suspicion(said, answer.text) if answer.kind == Kind.SUMMARY else ""

    def measures(self, answers: Sequence[Told], truth: Sequence[TruthAnswer], judgement: Judgement) -> dict[str, float]:
        """Shares of unsound answers among all, and of what the truth set found."""
        spoken = [answer.text for answer in (*answers, *truth) if answer.text]
        # Where nothing was asked for, an answer without words is the right one.
        silent = sum(not a.text for a in answers) + sum(not a.text and a.verdict != "right" for a in truth)
        return {
            "repetition": _share(stammers(text) for text in spoken),
            "length": _share(len(text) > LONGEST for text in spoken),
            "language": _share(not is_korean(text) for text in spoken),
            "empty": silent / max(1, len(answers) + len(truth)),
            "misleading": _share(answer.verdict == "misleading" for answer in truth),
            "right": _share(answer.verdict == "right" for answer in truth),
            "own_words": _share(answer.kind == OWN_WORDS for answer in truth),
            "truth_rows": len(truth),
        }

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

        converted_form(self._computed(folder))

    def _computed(self, folder: Path) -> Path:
        """The folder that this machine computes with."""
        return self._stand_by if model_family(folder) == FAMILY else folder

    def pack(self, folder: Path, target: Path) -> None:
        """Copy with the CTranslate2 form, so that a serving machine needs neither torch nor the minute of converting."""
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns(CONVERTED))
        if self._computed(folder) == folder:
            shutil.copytree(converted_form(folder), target / CONVERTED)

    def faults(self, texts: Sequence[str], answers: Sequence[SummaryResult]) -> list[str]:
        """Summaries that cannot be spoken: too long, over and over, not Korean; and those that the language model was away for."""
        pairs = list(zip(texts, answers, strict=True))
        told = [(text, answer.text) for text, answer in pairs if answer.text]
        faults = [f"{len(said)} characters for {text[:20]!r}" for text, said in told if len(said) > LONGEST_SPOKEN]
        # Who quotes a caller who says the same over and over says it again.
        faults += [f"the same words over and over for {text[:20]!r}" for text, said in told if stammers(said) and not stammers(text)]
        faults += [f"no Korean for {text[:20]!r}" for text, said in told if not is_korean(said)]
        return faults + [f"no answer to {text[:20]!r} ({answer.instead})" for text, answer in pairs if was_away(answer)]

    def spent(self, answer: SummaryResult) -> Spent:
        """See Line: what a language model asks for its answers, refused ones among them."""
        used = answer.usage
        return Spent() if used is None else Spent(used.prompt_tokens + used.completion_tokens, used.won)


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 0.0
