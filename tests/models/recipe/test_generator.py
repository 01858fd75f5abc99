import csv
import re
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from models.errors import ConfigurationError
from models.recipe.generator import Inquiry, generate, generate_out_of_domain, hear, main, summarize_meaning
from models.recipe.judge import judge, lines_named_in, request_kind_of
from models.recipe.phrases import manners, out_of_domain, products
from models.recipe.phrases.morphology import conjugate, with_particle
from models.recipe.phrases.requests import INTENTS
from models.recipe.phrases.topics import TOPICS
from models.recipe.taxonomy import LINES_OF_BUSINESS, REQUEST_KINDS


@pytest.fixture(scope="module")
def many() -> list[Inquiry]:
    return generate(40_000, seed=20)


@pytest.fixture(scope="module")
def pairs(many: list[Inquiry]) -> list[Inquiry]:
    return many[:12_000]


def test_twelve_thousand_inquiries_are_distinct(pairs: list[Inquiry]) -> None:
    assert len({pair.input for pair in pairs}) == len(pairs) == 12_000
    assert len({pair.id for pair in pairs}) == 12_000


def test_the_same_seed_says_the_same_and_another_seed_does_not(pairs: list[Inquiry]) -> None:
    assert generate(500, seed=20) == pairs[:500]
    assert generate(500, seed=21) != pairs[:500]


def test_forty_thousand_do_not_exhaust_the_grammar(many: list[Inquiry]) -> None:
    assert len({pair.input for pair in many}) == 40_000


def test_every_summary_is_right_by_the_judge_and_invents_nothing(pairs: list[Inquiry]) -> None:
    wrong = [pair for pair in pairs if not judge(pair.input, pair.summary, pair.product, pair.request).right]
    assert wrong == []


def test_every_line_kind_style_and_length_has_its_share(pairs: list[Inquiry]) -> None:
    lines = Counter(pair.product for pair in pairs)
    kinds = Counter(pair.request for pair in pairs)
    styles = Counter(pair.style for pair in pairs)
    assert set(lines) == {line.name for line in LINES_OF_BUSINESS} | {""}
    assert min(lines.values()) >= 50
    assert set(kinds) == {kind.key for kind in REQUEST_KINDS}
    assert min(kinds.values()) >= 120
    assert set(styles) == set(manners.STYLE_LEVELS)
    assert min(styles.values()) >= 300
    assert Counter(pair.length for pair in pairs)["short"] >= 3_600
    assert Counter(pair.length for pair in pairs)["long"] >= 3_600


def test_about_a_third_of_the_callers_name_no_product(pairs: list[Inquiry]) -> None:
    unnamed = [pair for pair in pairs if not pair.product]
    assert 0.28 <= len(unnamed) / len(pairs) <= 0.45
    assert all(not lines_named_in(pair.input) and not lines_named_in(pair.summary) for pair in unnamed)


def test_some_callers_name_another_product_only_as_background(pairs: list[Inquiry]) -> None:
    contrasted = [pair for pair in pairs if len(lines_named_in(pair.input)) == 2]
    assert len(contrasted) >= 100
    assert all(lines_named_in(pair.summary) == {pair.product} for pair in contrasted)


def test_summaries_are_short_phrases_without_figures(pairs: list[Inquiry]) -> None:
    assert max(len(pair.summary) for pair in pairs) <= 45
    assert not [pair.summary for pair in pairs if re.search(r"\d|[.?!]|  ", pair.summary)]
    assert {pair.summary.split()[-1] for pair in pairs} <= {"요청", "문의", "제기", "접수"}


def test_no_brace_bracket_or_grammar_sign_is_left_in_the_text(pairs: list[Inquiry]) -> None:
    assert not [pair.input for pair in pairs if re.search(r"[{}\[\]|*@#%=+<>]|  |[ㄱ-ㅎ]", pair.input)]


def test_a_topic_in_the_summary_never_makes_it_another_kind() -> None:
    for intent in INTENTS:
        for topic in (topic for topic in TOPICS if topic.family in intent.families):
            summary = summarize_meaning(intent.ending, "", topic.name)
            assert request_kind_of(summary) == intent.kind, summary
            assert not lines_named_in(summary), summary


def test_every_intent_and_every_line_of_the_taxonomy_is_known_to_the_banks() -> None:
    assert {intent.kind for intent in INTENTS} == {kind.key for kind in REQUEST_KINDS}
    assert set(products.SPOKEN_NAMES) == {line.name for line in LINES_OF_BUSINESS}
    assert {line for topic in TOPICS for line in topic.lines} <= set(products.SPOKEN_NAMES)
    for line, names in products.SPOKEN_NAMES.items():
        assert all(line in lines_named_in(name) for name in names)


def test_every_kind_has_dozens_of_ways_to_be_said() -> None:
    ways: Counter[str] = Counter()
    for intent in INTENTS:
        ways[intent.kind] += sum(len(getattr(intent, bank)) for bank in ("infos", "deeds", "asks", "acts", "favors", "hints", "ironies"))
    assert min(ways.values()) >= 24, ways


def test_recognition_noise_leaves_every_digit_in_its_place() -> None:
    clean = "3월 5일에 12만 원을 냈는데 실비 청구를 하면 2주 안에 들어오나요? 공일공에 1234에 5678이요."
    changed = 0
    for seed in range(500):
        heard = hear(clean, Random(seed))
        assert re.findall(r"\d+", heard) == re.findall(r"\d+", clean)
        changed += heard != clean
    assert changed > 400


def test_the_example_of_the_requirements_has_its_form() -> None:
    assert summarize_meaning("보상 여부 확인 요청", "", "자동차 사고") == "자동차 사고 보험 여부 확인 요청"
    assert summarize_meaning("보상 여부 확인 요청", "자동차보험", "자동차 사고") == "자동차보험 사고 보상 여부 확인 요청"
    assert summarize_meaning("사고 접수 요청", "", "뺑소니 사고") == "뺑소니 사고 접수 요청"


def test_out_of_domain_inquiries_are_distinct_and_never_dressed_as_insurance() -> None:
    found = generate_out_of_domain(400, seed=1)
    assert len({pair.input for pair in found}) == 400
    assert len({pair.summary for pair in found}) >= 80
    for pair in found:
        assert (pair.product, pair.request) == ("", "")
        assert "보험" not in pair.input + pair.summary
        assert not lines_named_in(pair.input + pair.summary)


def test_more_than_a_grammar_holds_is_an_error_not_a_repetition(monkeypatch: pytest.MonkeyPatch) -> None:
    one = out_of_domain.Subject("재고 확인 요청", ("분유",), hints=("{X가} 다 팔렸다",))
    monkeypatch.setattr(out_of_domain, "SUBJECTS", (one,))
    monkeypatch.setattr(out_of_domain, "CARRIERS", ("",))
    with pytest.raises(ConfigurationError, match=r"gave 132 distinct inquiries, not 200"):
        generate_out_of_domain(200, seed=1)


def test_the_command_writes_the_csv_contract(tmp_path: Path) -> None:
    plain, labelled = tmp_path / "data_50.csv", tmp_path / "labelled.csv"
    assert main(["--count", "50", "--seed", "4", "--out", str(plain)]) == 0
    assert main(["--count", "50", "--seed", "4", "--out", str(labelled), "--labels"]) == 0
    rows = list(csv.DictReader(plain.open(encoding="utf-8", newline="")))
    assert list(rows[0]) == ["input", "summary"]
    assert [row["input"] for row in rows] == [pair.input for pair in generate(50, seed=4)]
    assert list(next(csv.DictReader(labelled.open(encoding="utf-8", newline="")))) == [
        "input", "summary", "id", "product", "request", "style", "length",
    ]  # fmt: skip


def test_a_count_below_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--count", "0"])
    assert "--count must be at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "ending", "spoken"),
    [
        ("들어오다", "+요", "들어와요"),
        ("되다", "=ㄹ까요", "될까요"),
        ("났다", "@데요", "났는데요"),
        ("났다", "+요", "났어요"),
        ("비싸다*", "@데요", "비싼데요"),
        ("얼마이다*", "%요", "얼마인가요"),
        ("되다", "%요", "되나요"),
        ("모르다", "+요", "몰라요"),
        ("어렵다*", "=ㅂ니다", "어렵습니다"),
        ("묻다", "=ㅂ니다", "묻습니다"),
        ("알다", "-네요", "아네요"),
        ("걸리다", "+ㅆ으면", "걸렸으면"),
        ("주다", "=세요", "주세요"),
        ("처음이다*", "+요", "처음이에요"),
        ("아니다*", "+요", "아니에요"),
        ("붓다", "+서", "부어서"),
        ("되다", "#구먼", "되는구먼"),
    ],
)
def test_verbs_take_every_ending_as_koreans_say_it(verb: str, ending: str, spoken: str) -> None:
    assert conjugate(verb, ending) == spoken


@pytest.mark.parametrize(
    ("word", "particle", "joined"),
    [
        ("보험", "로", "보험으로"),
        ("실비", "로", "실비로"),
        ("서울", "로", "서울로"),
        ("증권", "를", "증권을"),
        ("MRI", "를", "MRI를"),
        ("두 달", "째", "두 달째"),
        ("위암", "면", "위암이면"),
    ],
)
def test_particles_follow_the_last_sound(word: str, particle: str, joined: str) -> None:
    assert with_particle(word, particle) == joined


def test_a_word_that_is_no_dictionary_form_is_refused() -> None:
    with pytest.raises(ValueError, match="no dictionary form"):
        conjugate("해지해요", "+요")
