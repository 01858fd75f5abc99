"""The vocabulary that ships with a model, made from the taxonomy and the phrase banks."""

from models.recipe.phrases.out_of_domain import SUBJECTS
from models.recipe.phrases.topics import TOPICS
from models.recipe.taxonomy import LINES_OF_BUSINESS, REQUEST_KINDS
from models.summarizer.vocabulary import Vocabulary


def build_vocabulary() -> Vocabulary:
    """What the small model may say unheard: the words of requests, and accidents, which callers tell without naming them.

    A model that learnt Korean before it learnt this task finds words of its own for what it heard (추돌 for 뒤에서 박았다). One of a
    million weights makes them up (방사암, 신호르몬 주사), so all else that it writes must have been said.
    """
    requests = [phrase for kind in REQUEST_KINDS for phrase in (*kind.endings, *kind.markers)]
    requests += [subject.ending for subject in SUBJECTS]
    accidents = [topic.name for topic in TOPICS if topic.family in ("event", "roadside")]
    return Vocabulary(
        products={line.name: line.aliases for line in LINES_OF_BUSINESS},
        request_words=tuple(sorted({marker for kind in REQUEST_KINDS for marker in kind.markers})),
        unsaid_words=frozenset(word for phrase in (*requests, *accidents, "보험 보험금 보험료") for word in phrase.split()),
    )
