"""What staff read of ways to answer questions: models that were fine-tuned for it, and quotes, which need no training."""

from models.training.answers import AnswersCompared, WayOfAnswering
from reports.markdown import figure, table
from reports.training import Shown, both_scores

_HEAD = ("방법", "ROUGE-L", "답한 것만", "F1 / STS", "거절", "없어도 답함", "ms")  # wider, V1 cuts the table off
_LONGEST = 120  # characters
_NOTE = (
    "점수는 남겨 둔 질문을 답안 하나하나와 견준 평균이고, 거절은 0점, 빈 답은 거절입니다. ROUGE-L은 글자로 셉니다. "
    "'없어도 답함'은 어느 문서에도 답이 없는 질문 가운데 답한 것, ms는 질문 하나에 걸린 시간입니다. "
    "채점 인코더가 shipped이면 BERTScore와 STS는 답을 가리지 못합니다(마침표 하나가 가장 높았습니다). "
    "남겨 둔 질문은 다른 표현까지 학습에도 색인에도 없으므로, 문서가 같은 내용을 담지 않았다면 거절이 옳습니다. "
    "생성 모델은 모른다고 말할 줄 몰라 지어내고, 인용은 문서의 문장만 보입니다. 그래서 생성 모델은 비교만 하고, 서비스의 답은 인용입니다."
)


def answers_report(compared: AnswersCompared, shown: Shown) -> str:
    """All ways side by side on the same questions, and what each said to some of them."""
    scale = compared.another_wording
    rows = [_row(way) for way in compared.ways]
    if scale is not None:
        rows.append(("표의 다른 답안", figure(scale.rouge_l), "–", both_scores(scale.by_encoders), "–", "–", "–"))
    return "\n\n".join(["## 답변: 학습한 모델과 인용", table(_HEAD, rows), _NOTE, "### 예", _samples(compared, shown)])


def _row(way: WayOfAnswering) -> tuple[str, ...]:
    answered = way.scores_answered
    return (
        way.name,
        figure(way.scores.rouge_l),
        figure(answered.rouge_l if answered else None),
        both_scores(way.scores.by_encoders),
        f"{way.refused} / {way.asked}",
        f"{way.unanswerable_answered} / {way.unanswerable}" if way.unanswerable else "–",
        f"{way.milliseconds:,.0f}",
    )


def _samples(compared: AnswersCompared, shown: Shown) -> str:
    lines = []
    for question, right in compared.shown:  # a list: the UI breaks no line in a table's cell
        lines += [f"- {shown(question)}", f"    - 답안: {shown(right) or '문서에 없음'}"]
        lines += [f"    - {way.name}: {shown(_shortened(way.answers[question])) or '거절'}" for way in compared.ways]
    return "\n".join(lines)


def _shortened(answer: str) -> str:
    """The beginning of an answer: what a generator repeats a hundred times tells nothing more."""
    return answer if len(answer) <= _LONGEST else f"{answer[:_LONGEST]}…"
