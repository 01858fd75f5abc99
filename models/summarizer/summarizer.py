"""The summarizer in service: texts in, short faithful summaries out.

Summarizer.load(folder)          a model, loaded once and kept: extractive or abstractive, as the folder says
summarizer.summarize(texts)      summaries of many texts; single calls go through ``batching.MicroBatcher``
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import BadTranscript, ConfigurationError
from models.summarizer import vocabulary as words
from models.summarizer.bart import BartEngine
from models.summarizer.classifier import RequestClassifier, RequestKind, marked
from models.summarizer.condensing import condense
from models.summarizer.conversation import Conversation, callers_words
from models.summarizer.conversation import read as read_conversation
from models.summarizer.engine import BEAMS, Device, Engine
from models.summarizer.faithfulness import Guard
from models.summarizer.folder import content_hash, model_family
from models.summarizer.llama import LlamaEngine
from models.summarizer.outcome import Evidence, Kind
from models.summarizer.reference import HuggingFaceEngine
from models.summarizer.statements import StatementMaker
from models.summarizer.vocabulary import Vocabulary

# Kinds of request by a classifier that was promoted, None while none is.
TellKinds = Callable[[Sequence[str]], Sequence[RequestKind] | None]


def none_promoted(texts: Sequence[str]) -> None:
    """The classifier that came with the model tells the kinds."""


@dataclass(frozen=True)
class Usage:
    """What a language model read and wrote for an answer, and its price."""

    prompt_tokens: int
    completion_tokens: int
    won: float


@dataclass(frozen=True)
class SummaryResult:
    """One summary: its text, the model's name and version, and whether the input was longer than the model reads at once.

    The version of a summary whose kind of request was told by a promoted classifier is ``<summarizer>+<classifier>``. Where the model
    named here answered in the place of a language model, ``instead`` is the reason; ``usage`` is the language model's either way.
    """

    text: str
    model: str
    version: str
    condensed: bool = False
    kind: Kind = Kind.SUMMARY
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    instead: str = ""
    usage: Usage | None = None

    @property
    def says_something(self) -> bool:
        """Whether there is a text, or the reason that there is none."""
        return bool(self.text) or self.kind is Kind.NO_REQUEST


class Summarizer(ABC):
    """A loaded model. Safe to call from several threads. ``version`` is that of ``model_version`` unless a registry named it."""

    def __init__(self, name: str, version: str, device: str) -> None:
        self.name = name
        self.version = version
        self.device = device

    @classmethod
    def load(
        cls,
        model_dir: Path,
        device: Device = "auto",
        threads: int = 0,
        *,
        cache_dir: Path | None = None,
        name: str = "",
        promoted: TellKinds = none_promoted,
        faithful: bool = True,
    ) -> "Summarizer":
        """Load a model for service in CTranslate2: int8 on a CPU, int8 and float16 on a GPU.

        ``threads`` 0 takes every core that the process may use. The CTranslate2 form is taken from ``model_dir/ctranslate2`` or
        from ``cache_dir`` (default ``~/.cache/readback``), and derived into the cache on first use. ``name`` is the folder's unless given;
        for ``promoted`` and ``faithful`` see ``AbstractiveSummarizer``. Raises ConfigurationError where the folder holds no model or the
        device is missing.
        """
        model_dir = Path(model_dir)
        family = model_family(model_dir)
        if family == "bert":
            return ExtractiveSummarizer(StatementMaker(model_dir, device, threads, cache_dir), model_dir, name)
        if family == "openai-compatible":
            raise ConfigurationError(
                f"{model_dir} is a language model by address", remedy="Load it through wiring.lines, which may connect"
            )
        engine = (BartEngine if family == "bart" else LlamaEngine)(model_dir, device, threads, cache_dir)
        return AbstractiveSummarizer.around(engine, model_dir, name, faithful=faithful, promoted=promoted)

    @classmethod
    def load_reference(cls, model_dir: Path, device: Device = "auto", *, name: str = "", faithful: bool = True) -> "AbstractiveSummarizer":
        """Load what the serving form is held against: the same model through ``generate``, the same rules around it."""
        return AbstractiveSummarizer.around(HuggingFaceEngine(model_dir, device), model_dir, name, faithful=faithful)

    def summarize(self, texts: Sequence[str]) -> list[str]:
        """One short summary a text, in order. Raises BadTranscript where a text has no words or the model finds none for it."""
        return [result.text for result in self.results(texts)]

    def results(self, texts: Sequence[str]) -> list[SummaryResult]:
        """Like ``summarize``, with the model's name and version and whether the text had to be condensed."""
        results = self.attempts(texts)
        if not all(result.says_something for result in results):
            raise BadTranscript("The model wrote nothing for this text", remedy="Read the transcript and summarize the call by hand")
        return results

    def attempts(self, texts: Sequence[str]) -> list[SummaryResult]:
        """Like ``results``, with an empty summary where the model finds no words: for scoring, where one such row must not end it."""
        for text in texts:
            if not text.strip():
                raise BadTranscript("There is nothing to summarize: the text has no words")
        return self._answers([read_conversation(text) for text in texts]) if texts else []

    def close(self) -> None:  # noqa: B027 - most have nothing to do
        """Nothing to finish: threads and connections are others'."""

    @abstractmethod
    def _answers(self, conversations: list[Conversation]) -> list[SummaryResult]:
        """One result a conversation, in order."""


class ExtractiveSummarizer(Summarizer):
    """Marks where the request was said, and tells it in the caller's own words (``models/summarizer/statements.py``)."""

    def __init__(self, maker: StatementMaker, model_dir: Path, name: str = "") -> None:
        super().__init__(name or model_dir.resolve().name, model_version(model_dir), maker.device)
        self._maker = maker

    def _answers(self, conversations: list[Conversation]) -> list[SummaryResult]:
        return [
            SummaryResult(one.text, self.name, self.version, kind=one.kind, confidence=one.confidence, evidence=tuple(one.evidence))
            for one in self._maker.make(conversations)
        ]


class AbstractiveSummarizer(Summarizer):
    """A BART or a Llama that writes a summary of the caller's words.

    Long input is condensed to its most telling sentences (``models/summarizer/condensing.py``); a candidate that names a product, an amount
    or a date of its own is passed over (``models/summarizer/faithfulness.py``). With ``faithful=False`` the most likely candidate is taken
    as it is. A model that comes with a ``classifier`` is told the kind of request beforehand; ``promoted`` is asked for it first, but for
    kinds for which the model has learnt no mark.
    """

    def __init__(
        self,
        engine: Engine,
        name: str,
        version: str,
        vocabulary: Vocabulary,
        *,
        classifier: RequestClassifier | None = None,
        promoted: TellKinds = none_promoted,
        faithful: bool = True,
    ) -> None:
        super().__init__(name, version, engine.device)
        self.engine = engine
        self._vocabulary = vocabulary
        self._guard = Guard(vocabulary)
        self._classifier = classifier
        self._promoted = promoted
        self._faithful = faithful

    @classmethod
    def around(
        cls, engine: Engine, model_dir: Path, name: str, *, faithful: bool, promoted: TellKinds = none_promoted
    ) -> "AbstractiveSummarizer":
        """Put what lies in a model's folder beside its weights around an engine."""
        return cls(
            engine,
            name or model_dir.resolve().name,
            model_version(model_dir),
            Vocabulary.load(model_dir),
            classifier=RequestClassifier.load(model_dir),
            promoted=promoted,
            faithful=faithful,
        )

    def _answers(self, conversations: list[Conversation]) -> list[SummaryResult]:
        texts = [callers_words(conversation) for conversation in conversations]
        limit = self.engine.max_input_tokens - (1 if self._classifier else 0)
        read = [condense(text, limit, self._vocabulary, self.engine.count_tokens, self.engine.token_upper_bound) for text in texts]
        inquiries, versions = self._marked([text for text, _ in read])
        summaries = self._summaries(texts, inquiries)
        return [
            SummaryResult(own, self.name, version, condensed)
            for own, version, (_, condensed) in zip(summaries, versions, read, strict=True)
        ]

    def _marked(self, inquiries: list[str]) -> tuple[list[str], list[str]]:
        """The inquiries as the model reads them, and the version of each summary."""
        if self._classifier is None:
            return inquiries, [self.version] * len(inquiries)
        kinds = self._kinds(self._classifier, inquiries)
        texts = [marked(text, kind.kind) for text, kind in zip(inquiries, kinds, strict=True)]
        return texts, [f"{self.version}+{kind.version}" if kind.version else self.version for kind in kinds]

    def _kinds(self, own: RequestClassifier, inquiries: list[str]) -> list[RequestKind]:
        promoted = self._promoted(inquiries)
        if promoted is not None and all(kind.kind in own.kinds for kind in promoted):
            return list(promoted)
        told = [RequestKind(kind) for kind in own.kinds_of(inquiries)]
        return [new if new.kind in own.kinds else old for new, old in zip(promoted or told, told, strict=True)]

    def _summaries(self, texts: Sequence[str], inquiries: list[str]) -> list[str]:
        """What the model writes; where a narrow search finds nothing that is faithful, a wide one is tried."""
        found = self.engine.hypotheses(inquiries, self.engine.beams)
        if not self._faithful:
            return [candidates[0] for candidates in found]
        chosen = [self._guard.first_faithful(text, own) for text, own in zip(texts, found, strict=True)]
        doubtful = [i for i, summary in enumerate(chosen) if not summary]
        if doubtful and self.engine.beams < BEAMS:
            for i, wider in zip(doubtful, self.engine.hypotheses([inquiries[i] for i in doubtful], BEAMS), strict=True):
                found[i] = wider
        for i in doubtful:
            chosen[i] = self._guard.choose(texts[i], found[i])
        return chosen


def model_version(model_dir: Path) -> str:
    """12 hexadecimal digits over everything that decides a model's answers: two folders with the same version answer alike."""
    content = content_hash(model_dir)
    if not (model_dir / words.FILE).is_file():
        content = hashlib.sha256(content.encode() + words.BORROWED.read_bytes()).hexdigest()
    return content[:12]
