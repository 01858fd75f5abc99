"""What a call's emotions and dangers come to, from what classifiers say of each of the caller's utterances. The agent's are not judged."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from models.signals.classifier import Classifier, Floats
from models.signals.labels import NO_EMOTION, SIX, Danger
from models.signals.told import CallDanger, CallEmotion, DangerSign, Felt, Likely
from models.summarizer.conversation import Conversation, Turn, is_backchannel

TOP = 5
FEWEST_LETTERS = 2
TURN = 0.5  # so far apart are the moods before and after a turn, of at most 2
_GLAD = "기쁨"


def telling(conversation: Conversation) -> list[Turn]:
    """The caller's turns that say something."""
    return [
        turn
        for turn in conversation
        if turn.by_caller and sum(map(str.isalnum, turn.text)) >= FEWEST_LETTERS and not is_backchannel(turn.text)
    ]


def emotions_of(classifier: Classifier, conversations: Sequence[Conversation], version: str) -> list[CallEmotion]:
    """The emotion of each call; all their utterances are judged together."""
    told = [telling(conversation) for conversation in conversations]
    found = iter(classifier.likelihoods([turn.text for turns in told for turn in turns]))
    return [_emotion(classifier, turns, [next(found) for _ in turns], version) for turns in told]


def _emotion(classifier: Classifier, turns: Sequence[Turn], likelihoods: Sequence[Floats], version: str) -> CallEmotion:
    if not turns:
        return CallEmotion(version=version)
    labels, bound = classifier.settings.labels, classifier.settings.bounds[0]
    curve = tuple(_felt(turn, row, labels, bound) for turn, row in zip(turns, likelihoods, strict=True))
    places = [place for place, label in enumerate(labels) if label != NO_EMOTION]
    emotional = np.array(likelihoods)[:, places]
    shares = (emotional * emotional.sum(axis=1, keepdims=True)).sum(axis=0)  # what says nothing of an emotion weighs little
    shares = shares / max(float(shares.sum()), 1e-9)
    top = tuple(Likely(label=labels[places[i]], likelihood=round(float(shares[i]), 4)) for i in np.argsort(-shares, kind="stable")[:TOP])
    sure = [felt for felt in curve if felt.label]
    weight: dict[str, float] = {}
    for felt in sure:
        weight[felt.label] = weight.get(felt.label, 0.0) + felt.likelihood
    return CallEmotion(
        label=max(weight, key=weight.__getitem__) if weight else "",
        top5=top,
        start=sure[0].label if sure else "",
        end=sure[-1].label if sure else "",
        turn=turn_of(sure),
        curve=curve,
        version=version,
    )


def _felt(turn: Turn, likelihoods: Floats, labels: Sequence[str], bound: float) -> Felt:
    best = int(likelihoods.argmax())
    sure = labels[best] != NO_EMOTION and likelihoods[best] >= bound
    known: Mapping[str, float] = dict(zip(labels, map(float, likelihoods), strict=True))
    glad = sum(known.get(label, 0.0) for label in SIX[_GLAD])
    bad = sum(known.get(label, 0.0) for group, emotions in SIX.items() if group != _GLAD for label in emotions)
    return Felt(
        utterance=turn.number,
        label=labels[best] if sure else "",
        likelihood=round(float(likelihoods[best]), 4),
        mood=round(glad - bad, 4),
    )


def turn_of(sure: Sequence[Felt]) -> int | None:
    """The utterance at which the mood changes for good: where what follows differs most from what went before; None where it does not.

    >>> moods = [(0, -0.9), (2, -0.8), (5, 0.7), (6, 0.9)]
    >>> turn_of([Felt(utterance=n, label="x", likelihood=1, mood=mood) for n, mood in moods])
    5
    """
    moods = [felt.mood for felt in sure]
    changes = [(abs(_mean(moods[place:]) - _mean(moods[:place])), place) for place in range(1, len(moods))]
    widest, place = max(changes, default=(0.0, 0), key=lambda change: change[0])
    return sure[place].utterance if widest >= TURN else None


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def dangers_of(classifier: Classifier, conversations: Sequence[Conversation], version: str) -> list[CallDanger]:
    """The dangers of each call: of each kind the clearest utterance, alone or together with the one before it."""
    told = [[*windows(conversation)] for conversation in conversations]
    found = iter(classifier.likelihoods([text for said in told for _, text in said]))
    return [_danger(classifier, [number for number, _ in said], [next(found) for _ in said], version) for said in told]


def windows(conversation: Conversation) -> Iterable[tuple[int, str]]:
    """What is judged at once: every utterance of the caller's, and every two that follow each other, for what is said in two breaths."""
    turns = telling(conversation)
    for turn in turns:
        yield turn.number, turn.text
    for before, turn in pairwise(turns):
        yield turn.number, f"{before.text} {turn.text}"


def _danger(classifier: Classifier, numbers: Sequence[int], likelihoods: Sequence[Floats], version: str) -> CallDanger:
    signs: dict[str, DangerSign] = {}
    bounds = classifier.settings.bounds_by_label
    for number, row in zip(numbers, likelihoods, strict=True):
        for label, likely, bound in zip(classifier.settings.labels, map(float, row), bounds, strict=True):
            if likely >= bound and (label not in signs or likely > signs[label].likelihood):
                signs[label] = DangerSign(kind=Danger(label), utterance=number, likelihood=round(likely, 4))
    return CallDanger(signs=tuple(sorted(signs.values(), key=lambda sign: -sign.likelihood)), version=version)
