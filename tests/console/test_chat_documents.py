"""The chat over real retrieval: two of the bundled documents, found by words and sense, quoted, filtered by service, refused."""

import pytest

from console.roles import Role
from models.answers.answerer import Answerer
from models.answers.encoder import load_encoder
from models.answers.index import Index
from models.chat.replying import NOT_HELD
from models.recipe.answers_recipe import documents
from tests.console.conftest import World
from tests.console.test_chat import ask, begin, kept

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def answerer() -> Answerer:
    encoder = load_encoder()
    # Of a single document every word is as common as any other, and nothing tells its passages apart.
    chosen = [document for document in documents() if document.name in ("guide-roadside.html", "terms-travel.html")]
    return Answerer(Index.build(chosen, encoder), encoder)


def test_each_answer_is_another_passage_word_for_word_and_none_is_of_another_services_documents(world: World, answerer: Answerer) -> None:
    world.console.chat.documents = lambda: answerer
    person = world.client(Role.AGENT)
    car, travel = begin(person, "자동차"), begin(person, "여행·생활")
    question = "긴급출동은 일 년에 몇 번까지 부를 수 있나요?"
    ask(person, car, question)
    person.send(person.see(car), f"{car}/again", 303)
    first, second = next(chat for chat in kept(world) if chat.service == "자동차").exchanges[0].answers
    assert "1년 동안 모두 6회까지" in first.told
    assert first.place != second.place
    passages = {chunk.place: chunk.text for chunk in answerer.index.chunks}
    for answer in (first, second):
        assert all(quote.text in passages[quote.place] for quote in answer.quotes)
    assert "출처: 긴급출동 서비스 안내(2026-07-01), 부르는 방법 › 이용 횟수" in person.see(car)
    ask(person, travel, question)
    assert NOT_HELD in person.see(travel)
