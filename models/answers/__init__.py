"""Answers from the company's documents: passages found by words and by sense, quoted with their place, or a refusal.

    answer = Answerer(index, encoder).answer("보험료 자동이체일을 바꿀 수 있나요?")
    match answer:
        case Suggested(): answer.text, answer.quotes[0].place.shown
        case NotHeld():   "문서에서 찾지 못했습니다"

``told`` holds what an answer is; ``document`` and ``formats`` read documents into blocks, ``chunks`` makes passages of them, ``words`` and
``encoder`` are what they are found by, ``index`` finds them, ``pairs`` reads each side by side with the question, ``judge`` orders them and
tells whether they hold the answer, ``answerer`` quotes.
"""

from pathlib import Path

SHIPPED_ENCODER = Path(__file__).parent / "shipped_encoder"
