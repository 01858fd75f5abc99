"""What the filters offer: what is fixed by the code, and what the list holds now."""

from collections.abc import Sequence

from console.asked import ANY_DANGER
from console.call_page import GRADES, OUTCOMES
from models.signals.labels import DANGER_LABELS
from models.summarizer import SHIPPED_MODEL
from models.summarizer.vocabulary import Vocabulary
from reports.call import KINDS
from stores.call_index import CallIndex

Choices = Sequence[tuple[str, str]]  # what the address holds, what people read


def fixed_choices() -> dict[str, Choices]:
    """Outcomes, kinds, grades, signs of danger, and the products that the shipped vocabulary knows."""
    return {
        "OUTCOME_CHOICES": [(value.value, name) for value, name in OUTCOMES.items()],
        "KIND_CHOICES": [(value.value, name) for value, name in KINDS.items()],
        "GRADE_CHOICES": [(value.value, name) for value, name in GRADES.items()],
        "DANGERS": [(ANY_DANGER, "있는 통화 모두"), *((name, name) for name in DANGER_LABELS.values())],
        "PRODUCTS": [(name, name) for name in sorted(Vocabulary.load(SHIPPED_MODEL).products)],
    }


def offered_by(index: CallIndex) -> dict[str, Choices]:
    """What stands in the list's columns."""
    return {column: [(value, value) for value in index.values_of(column) if value] for column in ("agent", "queue", "emotion", "model")}
