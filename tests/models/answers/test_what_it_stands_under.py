"""An item of a list is told with what leads the list, or with its heading: alone it may say the contrary."""

import pytest

from models.answers.answerer import Answerer
from models.answers.chunks import Chunk, chunks_of
from models.answers.encoder import Encoder
from models.answers.formats import read_document
from models.answers.index import Index
from models.answers.told import Place, Quote, Suggested, lines_of
from tests.models.answers.test_answerer import SURE

NOT_COVERED = """# 운전자보험 약관

## 제7조 (보상하지 않는 사고)

- 음주운전 중에 낸 사고
- 사고를 내고 달아난 때
- 전동킥보드를 운전하던 때. 다만 특약을 들었으면 상해만 보상합니다.

## 제8조 (보험료의 할인)

다음에 해당하면 보험료를 깎아 줍니다.

- 무사고 3년
- 블랙박스 장착

할인은 갱신할 때 적용합니다. 다음 날부터 낼 돈이 줄어듭니다.

| 자녀의 나이 | 할인율 |
| --- | --- |
| 만 6세까지 | 12% |
"""


@pytest.fixture(scope="module")
def chunks() -> list[Chunk]:
    return chunks_of(read_document("driver.md", NOT_COVERED.encode()))


def test_an_item_stands_under_the_sentence_that_leads_its_list_or_under_its_heading(chunks: list[Chunk]) -> None:
    first, second = (dict(zip(chunk.sentences, chunk.under, strict=True)) for chunk in chunks)
    assert first["사고를 내고 달아난 때"] == "제7조 (보상하지 않는 사고)"
    assert first["다만 특약을 들었으면 상해만 보상합니다."] == ""
    assert second["블랙박스 장착"] == "다음에 해당하면 보험료를 깎아 줍니다."
    assert second["할인은 갱신할 때 적용합니다."] == ""
    assert second["자녀의 나이: 만 6세까지, 할인율: 12%"] == "제8조 (보험료의 할인)"


def test_what_leads_a_list_holds_in_the_next_passage_too_where_a_long_one_is_cut() -> None:
    items = "\n".join(f"- {number}번째 까닭으로 생긴 손해" for number in range(40))
    text = f"# 약관\n\n## 제1조\n\n다음의 손해는 보상하지 않습니다.\n\n{items}\n"
    *_, last = chunks_of(read_document("long.md", text.encode()))
    assert last.under[-1] == "다음의 손해는 보상하지 않습니다."


def test_the_answer_says_it_and_an_index_that_was_read_again_does_too(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("index")
    Index.build([read_document("driver.md", NOT_COVERED.encode())], encoder).save(folder)
    told = Answerer(Index.load(folder), encoder, judge=SURE).answer("사고를 내고 달아났는데 보험금이 나오나요?")
    assert isinstance(told, Suggested)
    assert told.text.startswith("제7조 (보상하지 않는 사고): ")
    assert "사고를 내고 달아난 때" in told.text


def test_what_several_items_stand_under_is_told_once_and_not_where_it_is_quoted_itself() -> None:
    place, leads = Place(document="a.md", title="약관", version="1"), "다음은 보상하지 않습니다."
    items = [Quote(text=text, place=place, under=leads) for text in ("전쟁", "지진")]
    assert lines_of(items) == [leads, "전쟁", "지진"]
    assert lines_of([Quote(text=leads, place=place), *items]) == [leads, "전쟁", "지진"]
