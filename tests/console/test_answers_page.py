"""The page on which agents ask the company's documents, and what a call's page tells of them."""

from console.roles import Role
from models.answers.told import NotHeld, Place, Quote, Suggested
from models.signals.told import CallSignals
from tests.console.conftest import World

PLACE = Place(document="terms.md", title="<b>약관</b>", version="2026-01-02", heading="제1조 (견인)", line=9)
HELD = Suggested(quotes=(Quote(text="10km까지 <무료>로 견인합니다.", place=PLACE),), confidence=0.8)


def test_an_agent_asks_and_sees_the_quote_with_its_place_or_that_none_holds_it(world: World) -> None:
    asked: list[str] = []

    def ask(question: str) -> Suggested | NotHeld:
        asked.append(question)
        return HELD if "견인" in question else NotHeld(confidence=0.1, nearest=(PLACE,))

    world.console.documents = ask
    agent = world.client(Role.AGENT)
    page = agent.see("/answers")
    told = agent.send(page, "/answers", 200, question="견인은  몇 킬로까지예요?")
    assert "10km까지 &lt;무료&gt;로 견인합니다." in told
    assert "출처: &lt;b&gt;약관&lt;/b&gt;(2026-01-02), 제1조 (견인), 9행" in told
    refused = agent.send(page, "/answers", 200, question="펫보험 있나요?")
    assert "문서에서 찾지 못했습니다." in refused
    assert asked == ["견인은 몇 킬로까지예요?", "펫보험 있나요?"]


def test_a_console_without_documents_says_so(world: World) -> None:
    assert "답할 문서가 연결되어 있지 않습니다" in world.client(Role.AGENT).see("/answers")


def test_a_calls_page_tells_what_the_documents_say_to_its_request(world: World) -> None:
    held = world.put("c-1", signals=CallSignals(suggestion=HELD))
    missing = world.put("c-2", signals=CallSignals(suggestion=NotHeld(confidence=0.1)))
    plain = world.put("c-3")
    agent = world.client(Role.AGENT)
    assert "10km까지 &lt;무료&gt;로 견인합니다." in agent.see(f"/calls/{held.call_id}")
    assert "문서에서 찾지 못했습니다." in agent.see(f"/calls/{missing.call_id}")
    assert "추천 답변" not in agent.see(f"/calls/{plain.call_id}")
