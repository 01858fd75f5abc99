"""Whether a summary got an inquiry right: the right product, the right kind of request, and nothing the caller did not say.

The judge reads summaries by the taxonomy's names and markers, so a near synonym (``보장 여부`` for ``보상 여부``, ``실비`` for
``실손보험``) counts as right and word order does not matter. What counts as invented is decided by
``models.summarizer.faithfulness``, the same rule that guards the summaries in service.
"""

from dataclasses import dataclass

from models.recipe.taxonomy import REQUEST_KINDS
from models.recipe.vocabulary import build_vocabulary
from models.summarizer.faithfulness import Guard, squeeze


@dataclass(frozen=True)
class Verdict:
    """What the judge found: product right, request right, and the words that the inquiry does not bear out."""

    product_right: bool
    request_right: bool
    invented: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the summary is right in every respect."""
        return self.product_right and self.request_right and not self.invented


_GUARD = Guard(build_vocabulary().with_own_words())
_MARKERS = sorted(
    ((squeeze(marker), kind.key) for kind in REQUEST_KINDS for marker in kind.markers),
    key=lambda item: -len(item[0]),
)


def lines_named_in(text: str) -> frozenset[str]:
    """The lines of business a text names, by their name or by what callers say for them."""
    return frozenset(name for name, _ in _GUARD.products_named(text))


def request_kind_of(summary: str) -> str:
    """The key of the kind of request a summary expresses, by its longest marker; empty where it carries none.

    Of markers equally long the one nearer to the end decides: the request ends the phrase.

    >>> request_kind_of("저축보험 해지 환급금 문의")
    'refund'
    """
    squeezed = squeeze(summary)
    found = [(len(marker), squeezed.rfind(marker), key) for marker, key in _MARKERS if marker in squeezed]
    return max(found)[2] if found else ""


def judge(inquiry_text: str, summary: str, product: str, request: str) -> Verdict:
    """Hold a summary against the inquiry and its labels (``product`` a line's name or empty, ``request`` a kind's key).

    The product is right when the summary names the labelled line and no other, or none where none is labelled.
    """
    expected = frozenset({product}) if product else frozenset()
    return Verdict(
        product_right=lines_named_in(summary) == expected,
        request_right=request_kind_of(summary) == request,
        invented=tuple(_GUARD.additions(inquiry_text, summary)),
    )
