"""The summarizer around the model: loading, converting, long input, faithful candidates, joined calls. The weights here are random."""

import asyncio
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import BadTranscript, ConfigurationError
from models.recipe.pretraining import SmallBart, new_bart
from models.recipe.tokenizer import train_tokenizer
from models.summarizer import SHIPPED_MODEL
from models.summarizer.condensing import condense, split_sentences
from models.summarizer.engines import BEAMS, content_hash, converted_form, first_beams, load_tokenizer, tokens_a_character
from models.summarizer.faithfulness import additions, choose_faithful, names_only_what_was_said, quantities, read_number, strike
from models.summarizer.summarizer import MicroBatcher, Summarizer

INQUIRIES = [
    "상대 차가 뒤에서 박는 사고가 났어. 내 보험 적용 여부를 알고 싶어.",
    "보험증권을 이메일로 다시 받고 싶어요",
    "암보험 해지하면 환급금이 얼마나 되는지 알려 주세요.",
    "실비 청구하려는데 서류 뭐 필요해?",
    "자동이체 출금일을 이십오일로 바꿔 주세요",
]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "tiny-bart"
    tokenizer = train_tokenizer(INQUIRIES * 3, 300)
    new_bart(tokenizer, SmallBart(layers=1, width=32, heads=2, feed_forward=64, positions=64), seed=7).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def summarizer(model_dir: Path, cache: Path) -> Summarizer:
    return Summarizer.load(model_dir, "cpu", cache_dir=cache)


class Scripted:
    """An engine that answers from a table and remembers the batches it was given."""

    device = "cpu"
    max_input_tokens = 1024
    beams = 4

    def __init__(self, seconds: float = 0.0, candidates: Sequence[str] = ()) -> None:
        self.seconds, self.candidates, self.batches = seconds, list(candidates), list[list[str]]()

    def count_tokens(self, text: str) -> int:
        return len(text)

    def most_tokens(self, text: str) -> int:
        return self.count_tokens(text)

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        self.batches.append(list(texts))
        time.sleep(self.seconds)
        if "터짐" in texts:
            raise RuntimeError("the engine broke")
        return [self.candidates or [f"{text} 요약"] for text in texts]


def scripted(engine: Scripted) -> Summarizer:
    return Summarizer(engine, "scripted", "0")


class Shortsighted(Scripted):
    """Searched narrowly it writes a product that nobody named; searched widely, something faithful as well."""

    beams = 1

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        super().hypotheses(texts, beams)
        return [["암보험 해지 요청", "보험 해지 요청"][:beams] for _ in texts]


def test_a_narrow_search_that_finds_nothing_faithful_is_widened_for_that_text_alone() -> None:
    engine = Shortsighted()
    assert scripted(engine).summarize(["암보험 해지해 주세요", "이거 해지해 주세요"]) == ["암보험 해지 요청", "보험 해지 요청"]
    assert engine.batches == [["암보험 해지해 주세요", "이거 해지해 주세요"], ["이거 해지해 주세요"]]


def test_a_model_says_itself_how_widely_it_is_searched_and_is_another_version_then(model_dir: Path, tmp_path: Path) -> None:
    greedy = tmp_path / "greedy"
    shutil.copytree(model_dir, greedy)
    assert first_beams(greedy) == BEAMS
    (greedy / "generation_config.json").write_text('{"num_beams": 1}')
    assert first_beams(greedy) == 1
    assert content_hash(greedy) != content_hash(model_dir)


# loading and converting


def test_a_folder_without_a_model_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        Summarizer.load(tmp_path)


def test_a_model_of_an_unknown_type_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ConfigurationError, match="gpt2"):
        Summarizer.load(tmp_path)


def test_the_reference_and_the_serving_form_are_the_same_version(model_dir: Path, summarizer: Summarizer) -> None:
    reference = Summarizer.load_reference(model_dir, "cpu")
    assert reference.version == summarizer.version
    assert reference.engine.count_tokens(INQUIRIES[0]) == summarizer.engine.count_tokens(INQUIRIES[0])
    assert [len(candidates) for candidates in reference.engine.hypotheses(INQUIRIES, 4)] == [4] * 5


def test_the_converted_form_is_made_once_and_anew_when_the_model_changes(model_dir: Path, cache: Path, tmp_path: Path) -> None:
    first = converted_form(model_dir, cache)
    made = (first / "model.bin").stat().st_mtime_ns
    assert converted_form(model_dir, cache) == first
    assert (first / "model.bin").stat().st_mtime_ns == made
    changed = tmp_path / "changed"
    changed.mkdir()
    for file in model_dir.iterdir():
        (changed / file.name).write_bytes(file.read_bytes())
    (changed / "config.json").write_text((model_dir / "config.json").read_text().replace('"dropout": 0.1', '"dropout": 0.2'))
    assert content_hash(changed) != content_hash(model_dir)
    assert converted_form(changed, cache) != first


def test_a_form_beside_the_model_counts_only_while_it_was_made_from_it(model_dir: Path, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    for file in model_dir.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    converted_form(model_dir, cache).rename(folder / "ctranslate2")
    assert converted_form(folder, cache) == folder / "ctranslate2"
    (folder / "ctranslate2" / "source.sha256").write_text("another model")
    assert converted_form(folder, cache).parent == cache


def test_serving_a_converted_model_imports_neither_torch_nor_transformers(model_dir: Path, cache: Path) -> None:
    converted_form(model_dir, cache)
    program = (
        "import sys; from pathlib import Path; from models.summarizer.summarizer import Summarizer\n"
        f"s = Summarizer.load(Path({str(model_dir)!r}), 'cpu', cache_dir=Path({str(cache)!r}), faithful=False)\n"
        "s.engine.hypotheses(['보험 해지'], 4)\n"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_summaries_come_in_the_order_of_their_texts(summarizer: Summarizer) -> None:
    together = summarizer.engine.hypotheses(INQUIRIES * 8, 4)
    assert together[:5] == together[5:10]
    assert [one[0] for one in together[:5]] == [summarizer.engine.hypotheses([text], 4)[0][0] for text in INQUIRIES]


def test_a_text_without_words_is_a_bad_transcript(summarizer: Summarizer) -> None:
    with pytest.raises(BadTranscript, match="no words"):
        summarizer.summarize([" \n"])


# long input


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_text_has_more_tokens_than_its_characters_could_make(summarizer: Summarizer, text: str) -> None:
    assert summarizer.engine.count_tokens(text) <= summarizer.engine.most_tokens(text)


def test_a_tokenizer_that_knows_bytes_makes_up_to_four_tokens_of_a_character(tiny_llama: Path) -> None:
    tokenizer = load_tokenizer(tiny_llama)
    assert tokens_a_character(tokenizer) == 4
    assert len(tokenizer.encode("🙏" * 10).ids) > 10


def test_long_input_fits_the_model_and_says_that_it_was_condensed(summarizer: Summarizer) -> None:
    story = "어제 시장에 다녀오는데 날씨가 참 좋았어요. " * 40 + "암보험 해지 환급금이 얼마인지 알려 주세요. " + "네 감사합니다. " * 30
    engine = Scripted()
    engine.max_input_tokens = summarizer.engine.max_input_tokens
    engine.count_tokens = summarizer.engine.count_tokens  # type: ignore[method-assign]
    (result,) = scripted(engine).results([story])
    assert result.condensed
    assert "암보험 해지 환급금이 얼마인지 알려 주세요." in engine.batches[0][0]
    assert summarizer.engine.count_tokens(engine.batches[0][0]) <= 64


def test_short_input_is_read_whole() -> None:
    assert condense("보험  해지\n해 주세요", 100, len) == ("보험 해지 해 주세요", False)


def test_the_request_survives_wherever_it_stands() -> None:
    filler = [f"{i}번째로 그날은 비가 오고 바람이 불었습니다." for i in range(60)]
    request = "실손보험 청구 서류가 무엇인지 알려 주세요."
    for place in (0, 30, 60):
        text = " ".join([*filler[:place], request, *filler[place:]])
        short, condensed = condense(text, 200, len)
        assert condensed
        assert request in short
        assert len(short) <= 200


def test_kept_sentences_keep_their_order() -> None:
    text = "자동차보험 사고가 났어요. " + "비가 왔습니다. 정말 많이요. " * 30 + "보험 처리가 되나요?"
    short, _ = condense(text, 60, len)
    assert short.index("자동차보험") < short.index("처리가 되나요")


def test_speech_without_stops_is_still_taken_apart() -> None:
    assert split_sentences("제가 어제 사고가 났어요 그런데 보험이 되나요") == ["제가 어제 사고가 났어요", "그런데 보험이 되나요"]
    assert all(len(piece.split()) <= 30 for piece in split_sentences("가나 " * 200))


def test_one_endless_word_is_read_from_its_beginning() -> None:
    short, condensed = condense("가" * 500, 50, len)
    assert condensed
    assert 1 <= len(short) <= 50


# nothing that the caller did not say


@pytest.mark.parametrize(
    ("inquiry", "summary", "added"),
    [
        ("보험증권을 이메일로 다시 받고 싶어요", "암보험 증권 재발급 요청", ["암보험"]),
        ("실비로 병원비 되나요", "실손보험 보상 여부 확인 요청", []),
        ("차 보험 갱신 언제예요", "자동차보험 갱신 여부 확인 요청", []),
        ("상대 차가 뒤에서 박는 사고가 났어. 내 보험 적용 여부를 알고 싶어.", "자동차 사고 보험 여부 확인 요청", []),
        ("암 보험하고 치아 보험 해지해 주세요", "암보험 치아보험 해지 요청", []),
        ("출금일 이십칠일로 바꿔 줘", "자동이체 출금일 27일 변경 요청", []),
        ("출금일 이십칠일로 바꿔 줘", "자동이체 출금일 25일 변경 요청", ["25일"]),
        ("삼천만 원 나온다면서요", "진단금 3,000만 원 지급 요청", []),
        ("진단금 나온다면서요", "진단금 3,000만 원 지급 요청", ["3,000만 원"]),
        ("두 달째 안 들어와요", "보험금 2개월 지급 지연 확인 요청", []),
    ],
)
def test_additions_are_what_the_caller_did_not_say(inquiry: str, summary: str, added: list[str]) -> None:
    assert additions(inquiry, summary) == added
    assert names_only_what_was_said(inquiry, summary) is not added or not added


@pytest.mark.parametrize(
    ("words", "value"),
    [("3,000만", 30e6), ("삼천만", 30e6), ("이십오", 25), ("두", 2), ("1억 5천만", 150e6), ("만", 10_000), ("열", 10), ("백이십", 120)],
)
def test_numbers_are_read_in_digits_and_in_words(words: str, value: float) -> None:
    assert read_number(words) == value


def test_words_that_only_look_like_quantities_are_left_alone() -> None:
    assert quantities("4세대 실손보험 전환 문의, 만기일 확인") == []


def test_the_next_faithful_candidate_is_taken_before_anything_is_struck_out() -> None:
    candidates = ["암보험 증권 재발급 요청", "보험증권 재발급 요청", "증권 재발급 요청"]
    assert choose_faithful("보험증권을 이메일로 다시 받고 싶어요", candidates) == "보험증권 재발급 요청"


def test_where_every_candidate_adds_something_it_is_struck_out() -> None:
    assert choose_faithful("보험료가 얼마예요", ["암보험 보험료 문의", "치아보험 보험료 문의"]) == "보험료 문의"
    assert strike("암보험 증권 재발급 요청", ["암보험"]) == "보험 증권 재발급 요청"
    assert strike("진단금 3,000만 원 지급 요청", ["3,000만 원"]) == "진단금 지급 요청"


@pytest.mark.parametrize(
    ("inquiry", "candidates", "chosen"),
    [
        ("신호 대기 중에 뒤차가 받았어요. 자동차보험 되나요?", ["자동차보험 신호르몬 주사 보상 여부 문의"], "자동차보험 보상 여부 문의"),
        ("위암 1기래요. 암보험 얼마 나와요?", ["암보험 방사암 보험금 예상 금액 문의"], "암보험 보험금 예상 금액 문의"),
        ("방에 벌레가 나왔다고요!", ["레이크 긴급출동 요청", "벌레 긴급출동 요청"], "벌레 긴급출동 요청"),
        ("윗집에서 물이 새서 천장이 다 젖었어요. 접수해 주세요.", ["누수 사고 접수 요청"], "누수 사고 접수 요청"),
        ("어제 입원했어요. 삼백만 원 나오나요?", ["입원비 300만 원 보상 여부 확인 요청"], "입원비 300만 원 보상 여부 확인 요청"),
        ("점 뺀 것도 되나요?", ["점 제거 보상 여부 확인 요청"], "점 보상 여부 확인 요청"),
        ("여보세요?", ["방사암", "레이크"], ""),
    ],
)
def test_a_model_without_words_of_its_own_writes_what_was_heard(inquiry: str, candidates: list[str], chosen: str) -> None:
    assert choose_faithful(inquiry, candidates, own_words=False) == chosen


def test_the_model_that_ships_does_not_read_back_what_nobody_said() -> None:
    inquiry = "네, 안녕하세요. 어제 신호 대기 중에 뒤차가 제 차를 들이받았어요. 제 자동차보험으로도 보상을 받을 수 있는지 알고 싶습니다."
    (summary,) = Summarizer.load(SHIPPED_MODEL, "cpu").summarize([inquiry])
    assert additions(inquiry, summary, own_words=False) == []


def test_an_empty_answer_of_the_model_is_an_error_and_no_empty_summary() -> None:
    with pytest.raises(BadTranscript, match="wrote nothing"):
        scripted(Scripted(candidates=[""])).summarize(["보험 해지"])


# joined calls; one thread where a test says what is computed together


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def test_concurrent_calls_share_batches_and_get_their_own_summaries() -> None:
    engine = Scripted(seconds=0.01)
    with MicroBatcher(scripted(engine), max_batch=16, threads=1) as batcher:
        texts = [f"문의 {i}" for i in range(48)]
        results = await asyncio.gather(*(batcher.summarize(text) for text in texts))
    assert [result.text for result in results] == [f"{text} 요약" for text in texts]
    assert len(engine.batches) <= 6
    assert max(map(len, engine.batches)) <= 16


async def test_a_lone_call_does_not_wait_for_company() -> None:
    with MicroBatcher(scripted(Scripted()), window_seconds=600.0) as batcher:
        for _ in range(20):
            await asyncio.wait_for(batcher.summarize("혼자"), 60)


def test_several_event_loops_may_wait_at_once() -> None:
    answers: list[str] = []
    with MicroBatcher(scripted(Scripted(seconds=0.005))) as batcher:

        async def ask(i: int) -> None:
            answers.append((await batcher.summarize(f"문의 {i}")).text)

        threads = [threading.Thread(target=asyncio.run, args=(ask(i),)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [f"문의 {i} 요약" for i in range(8)]


async def test_an_engine_error_reaches_every_waiter_and_the_batcher_goes_on() -> None:
    engine = Scripted(seconds=0.05)
    with MicroBatcher(scripted(engine), threads=1) as batcher:
        busy = asyncio.create_task(batcher.summarize("먼저"))
        await until(lambda: bool(engine.batches))
        broken = await asyncio.gather(batcher.summarize("터짐"), batcher.summarize("옆"), return_exceptions=True)
        assert [str(error) for error in broken] == ["the engine broke"] * 2
        assert (await busy).text == "먼저 요약"
        assert (await batcher.summarize("다음")).text == "다음 요약"


async def test_one_bad_text_does_not_take_its_neighbours_down() -> None:
    engine = Scripted(seconds=0.05)
    with MicroBatcher(scripted(engine), threads=1) as batcher:
        busy = asyncio.create_task(batcher.summarize("먼저"))
        await until(lambda: bool(engine.batches))
        bad, good = await asyncio.gather(batcher.summarize("  "), batcher.summarize("해지"), return_exceptions=True)
        await busy
    assert isinstance(bad, BadTranscript)
    assert not isinstance(good, BaseException)
    assert good.text == "해지 요약"


async def test_a_cancelled_call_costs_no_computation() -> None:
    engine = Scripted(seconds=0.05)
    with MicroBatcher(scripted(engine), threads=1) as batcher:
        running = asyncio.create_task(batcher.summarize("먼저"))
        await until(lambda: bool(engine.batches))
        given_up = asyncio.create_task(batcher.summarize("취소됨"))
        await asyncio.sleep(0)
        given_up.cancel()
        await running
        await batcher.summarize("나중")
    assert all("취소됨" not in batch for batch in engine.batches)


async def test_a_closed_batcher_finishes_its_queue_and_takes_nothing_more() -> None:
    batcher = MicroBatcher(scripted(Scripted(seconds=0.01)), max_batch=2)
    waiting = [asyncio.create_task(batcher.summarize(f"문의 {i}")) for i in range(9)]
    await asyncio.sleep(0)
    await asyncio.to_thread(batcher.close)
    assert [(await one).text for one in waiting] == [f"문의 {i} 요약" for i in range(9)]
    with pytest.raises(RuntimeError, match="closed"):
        await batcher.summarize("늦음")


async def test_threads_that_find_their_callers_taken_go_on() -> None:
    with MicroBatcher(scripted(Scripted()), window_seconds=0.0002, max_batch=4, threads=4) as batcher:
        for _ in range(200):
            answers = await asyncio.wait_for(asyncio.gather(*(batcher.summarize(f"문의 {n}") for n in range(9))), 30)
            assert [answer.text for answer in answers] == [f"문의 {n} 요약" for n in range(9)]
        assert all(thread.is_alive() for thread in batcher._threads)
