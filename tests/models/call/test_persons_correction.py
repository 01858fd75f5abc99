"""Which term a person's correction proposes, and which it does not."""

from datetime import UTC, datetime

import pytest

from models.call.persons_correction import proposal_of
from models.call.record import Change, Rule
from models.call.terms import Term, TermList

AT = datetime(2026, 11, 29, tzinfo=UTC)


def proposed(before: str, after: str) -> tuple[str, str] | None:
    change = Change(utterance=0, start=0, before=before, after=after, rule=Rule.PERSON, seconds=0, by="김상담", at=AT)
    found = proposal_of(change, AT)
    return (found.heard, found.term) if found else None


@pytest.mark.parametrize(
    ("before", "after", "term"),
    [
        ("유차손해", "휴차손해", ("유차손해", "휴차손해")),
        ("유차손해는", "휴차손해는", ("유차손해", "휴차손해")),
        ("실선 보험이요", "실손보험이요", ("실선 보험", "실손보험")),
        ("씨씨티브이로", "CCTV로", ("씨씨티브이", "CCTV")),
        ("공일공 일이삼사 오육칠팔", "공일공 일이삼사 오육칠구", None),
        ("3개월", "4개월", None),
        ("가", "나", None),
        ("이 말은 그냥 긴 말입니다", "저 말은 그냥 긴 말입니다", None),
        ("휴차 손해", "휴차손해", None),
    ],
)
def test_a_word_that_was_misheard_is_proposed_without_its_particle_and_numbers_are_not(
    before: str, after: str, term: tuple[str, str] | None
) -> None:
    assert proposed(before, after) == term


def test_a_proposal_makes_a_new_term_or_one_more_misheard_word_of_one_that_is_there() -> None:
    change = Change(utterance=0, start=0, before="실선보험", after="실손보험", rule=Rule.PERSON, seconds=0, by="김상담", at=AT)
    proposal = proposal_of(change, AT)
    assert proposal is not None
    assert proposal.edit_of(TermList()) == Term(term="실손보험", heard=("실선보험",), pronounced="실손보험")
    known = Term(term="실손보험", heard=("실쏜보험",), pronounced="실손보험")
    assert proposal.edit_of(TermList(terms=(known,))).heard == ("실쏜보험", "실선보험")
