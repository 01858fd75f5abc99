"""A sweep's models and the documents' quotes asked the same questions."""

from collections.abc import Sequence

import wiring
from clients.hub import ensure_downloaded
from models.answers.answerer import Answerer
from models.answers.document import Document
from models.answers.encoder import Encoder, load_encoder
from models.answers.faq import faq_csv
from models.answers.formats import read_document
from models.answers.index import Index
from models.answers.told import Suggested
from models.errors import ConfigurationError, ModelRefused
from models.keys import DocumentKeys
from models.summarizer.summarizer import Summarizer
from models.training.answers import AnswersCompared, Ask, Questions, WayOfAnswering, another_wording, judged, learnt_rows, read_unanswerable
from models.training.data.pair import Pair
from models.training.metrics import MetricSettings, SummaryScorer
from models.training.outputs import SweepRow
from tasks.in_thread import task_in_thread
from tasks.operations.documents import read_all
from tasks.selection.candidates import candidates_of
from tasks.training.data import TrainingData

QUOTES = "인용 (학습 없음)"
TABLE = ".csv"


@task_in_thread("questions-to-ask")
def questions_to_ask(data: TrainingData, source: str, test_rows: int, unanswerable: str) -> Questions:
    """The held-out questions of a table, and those that nothing answers, where a data set of them is named."""
    if not data.of_answers:
        raise ConfigurationError(
            f"{source} is no table of questions and answers, so no quotes stand beside its models",
            remedy="Name a table with the columns id, 질문_1, 질문_2, category, 답변_1 … 답변_5, or leave quoted empty",
        )
    name = unanswerable.rpartition("/")[2]
    return Questions(
        held_out=tuple(data.split.test[: test_rows or None]),
        unanswerable=read_unanswerable(wiring.datasets().read(unanswerable), name) if unanswerable else (),
    )


@task_in_thread("ask-quotes")
def ask_quotes(questions: Questions, learnt: Sequence[Pair], documents: str, metrics: MetricSettings) -> WayOfAnswering:
    """Quotes from the documents below a prefix and from the rows that the models learn from."""
    chosen = wiring.settings()
    encoder = load_encoder(chosen.answers_encoder, chosen.model_device)
    return judged(QUOTES, quoting(documents_below(documents), learnt, encoder), questions, scorer_of(metrics, questions))


def documents_below(prefix: str) -> list[Document]:
    """The company's documents, no tables among them, for the answers that are asked for stand in those; none for an empty prefix."""
    if not prefix:
        return []
    if not prefix.startswith(DocumentKeys.UPLOADS):
        raise ConfigurationError(f"{prefix!r} is not below {DocumentKeys.UPLOADS}", remedy=f"Upload documents below {DocumentKeys.UPLOADS}")
    found = [document for document in read_all(wiring.survey_store(), prefix).documents if not document.name.lower().endswith(TABLE)]
    if not found:
        raise ConfigurationError(
            f"no document below {prefix} can be read, tables apart",
            remedy="Upload some, or leave quoted.documents empty: rows learnt alone",
        )
    return found


def quoting(documents: Sequence[Document], learnt: Sequence[Pair], encoder: Encoder) -> Ask:
    """Answers by quotes from documents and from the rows of a table that are learnt from."""
    table = read_document(f"learnt{TABLE}", faq_csv(learnt_rows(learnt)).encode())
    answerer = Answerer(Index.build([*documents, table], encoder), encoder)

    def ask(texts: Sequence[str]) -> list[str]:
        found = map(answerer.answer, texts)
        return [answer.text if isinstance(answer, Suggested) else "" for answer in found]

    return ask


@task_in_thread("ask-models")
def ask_models(rows: Sequence[SweepRow], questions: Questions, quotes: WayOfAnswering, metrics: MetricSettings) -> AnswersCompared:
    """Every finished row that can serve, asked one after the other, beside the quotes."""
    candidates, scorer = candidates_of("summarizer"), scorer_of(metrics, questions)
    ways = []
    for row in rows:
        if row.summary is None:
            continue
        try:
            folder = candidates.folder(candidates.resolve(f"{row.config.family}/{row.run}"))
        except ModelRefused:
            continue  # an adapter that was not merged
        ways.append(judged(row.run, writing(Summarizer.load(folder, faithful=False)), questions, scorer))
    return AnswersCompared(ways=[*ways, quotes], another_wording=another_wording(questions, scorer), shown=questions.shown)


def writing(model: Summarizer) -> Ask:
    """Answers that a model writes: its likeliest words, for the guard of summaries passes over what the question does not say."""
    return lambda texts: [result.text for result in model.attempts(texts)]


def scorer_of(metrics: MetricSettings, questions: Questions) -> SummaryScorer | None:
    """What scores the rows of the sweep, where anything does."""
    if not metrics.enabled:
        return None
    for encoder in (metrics.bertscore_model, metrics.sts_model):
        ensure_downloaded(encoder)
    return SummaryScorer(metrics, [pair.summary for pair in questions.held_out])
