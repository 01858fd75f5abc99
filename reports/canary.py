"""How a canary stands: whose calls it has, what callers and reviewers said of both sides, and what that comes to. No caller's data."""

from models.call.acceptance import Acceptance, anytime_interval
from models.call.korea import in_korea
from models.lifecycle.canary import ERROR, INTERVALS, Canary, Heard, Verdict, judge_tests
from reports.acceptance import acceptance
from reports.markdown import facts, named, plain, table

VERDICTS = {Verdict.GOES_ON: "진행 중", Verdict.PROMOTED: "승격", Verdict.WITHDRAWN: "철회"}
_SURE = {Verdict.PROMOTED: "도전 모델이 확실히 더 자주 맞습니다", Verdict.WITHDRAWN: "도전 모델이 확실히 더 자주 틀립니다"}
_FOLLOWS = {Verdict.PROMOTED: "도전 모델이 모든 통화를 맡습니다.", Verdict.WITHDRAWN: "사용 중인 모델이 모든 통화를 맡습니다."}


def canary_title(verdict: Verdict, champion: Heard, challenger: Heard) -> str:
    """The artifact's description: the same as long as nothing has changed.

    >>> canary_title(Verdict.GOES_ON, Heard(Acceptance(8, 2)), Heard(Acceptance(1, 0), Acceptance(2, 0)))
    '진행 중: 도전 모델 응답 1, 검토 2 / 사용 중인 모델 응답 10, 검토 0'
    """
    sides = (f"{name} 응답 {one.answers.answers:,}, 검토 {one.reviews.answers:,}" for name, one in _sides(champion, challenger))
    return f"{VERDICTS[verdict]}: {' / '.join(sides)}"


def canary_report(canary: Canary, champion: Heard, challenger: Heard, verdict: Verdict) -> str:
    """The artifact ``canary``."""
    by_callers, by_people = judge_tests(champion, challenger)
    about = facts(
        [
            ("도전 모델", f"`{canary.challenger}`, 통화의 {100 * canary.share:g} %"),
            ("사용 중인 모델", f"`{canary.champion}`"),
            ("시작", f"{in_korea(canary.began_at)} (한국 시간), {plain(canary.by)}: {plain(canary.reason)}"),
            ("판정", f"**{VERDICTS[verdict]}**{_why(canary, champion, challenger, verdict)}"),
            ("남은 기회", _left(canary, challenger) if verdict is Verdict.GOES_ON else ""),
        ]
    )
    how = (
        "고객이 누른 1·2번과 사람의 검토는 따로 견줍니다. 검토한 통화는 검토만 셉니다. 어느 한쪽에서라도 도전 모델의 판정 구간이 "
        "사용 중인 모델의 판정 구간보다 위에 있으면 승격하고, 아래에 있으면 철회합니다. "
        "판정 구간은 몇 번을 들여다보아도 맞도록 넓게 잡은 맞음 비율의 구간입니다."
    )
    return "\n\n".join(
        (
            f"# 카나리아: {named(canary.challenger)}",
            about,
            "## 고객의 응답 (1번 맞음, 2번 틀림)",
            _table("응답", [(name, one.answers) for name, one in _sides(champion, challenger)]),
            _told(by_callers),
            "## 사람의 검토 (무작위 표본)",
            _table("검토", [(name, one.reviews) for name, one in _sides(champion, challenger)]),
            _told(by_people),
            how,
        )
    )


def heard(one: Heard) -> str:
    """What was said of one side, in the words of a model's history.

    >>> heard(Heard(Acceptance(9, 1), Acceptance(0, 0)))
    'callers 90.0 % (59.6–98.2) of 10'
    """
    told = [("callers", one.answers), ("reviewers", one.reviews)]
    return ", ".join(f"{who} {acceptance(found)} of {found.answers:,}" for who, found in told if found.answers) or "nothing"


def _sides(champion: Heard, challenger: Heard) -> tuple[tuple[str, Heard], tuple[str, Heard]]:
    return ("도전 모델", challenger), ("사용 중인 모델", champion)


def _why(canary: Canary, champion: Heard, challenger: Heard, verdict: Verdict) -> str:
    """What decided, and who has the calls now."""
    if verdict is Verdict.GOES_ON:
        return ""
    tests = zip(("고객의 응답", "사람의 검토"), judge_tests(champion, challenger), strict=True)
    if by := [name for name, told in tests if told is verdict]:
        why = f"{', '.join(by)}에서 {_SURE[verdict]}."
    elif verdict is Verdict.WITHDRAWN and challenger.count >= canary.most_answers:
        why = f"{canary.most_answers:,}건을 다 쓰도록 더 자주 맞는지 확실하지 않습니다."
    else:
        why = "사람이 정했습니다."
    return f": {why} {_FOLLOWS[verdict]}"


def _told(test: Verdict) -> str:
    return f"{_SURE.get(test, '아직 어느 쪽이 나은지 모릅니다')}."


def _left(canary: Canary, challenger: Heard) -> str:
    return f"{canary.most_answers:,}건 가운데 {challenger.count:,}건을 썼습니다. 다 쓰면 철회합니다."


def _table(counted: str, sides: list[tuple[str, Acceptance]]) -> str:
    """Narrow: the interval that decides is seen on a telephone as well."""
    rows = [
        (name.removesuffix(" 모델"), f"{one.right:,}/{one.answers:,}", f"{100 * one.share:.1f} %" if one.answers else "–", _sure(one))
        for name, one in sides
    ]
    return table(("모델", f"맞음/{counted}", "비율", "판정 구간"), rows)


def _sure(one: Acceptance) -> str:
    if not one.answers:
        return "–"
    low, high = anytime_interval(one, error=ERROR / INTERVALS)
    return f"{100 * low:.1f}–{100 * high:.1f} %"
