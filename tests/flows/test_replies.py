"""Openings and replies in the bucket and in Prefect: edited in versions, proposed again, kept with the call and erased with it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prefect.client.orchestration import PrefectClient

import tasks.call.speak
import wiring
from clients.s3 import ObjectStore
from flows.draft_reply import draft_reply
from flows.edit_openings import edit_openings
from flows.edit_services import edit_services
from models.call.record import CallRecord, Outcome, Recording, Speaker, Summary, Transcription, Utterance
from models.chat.services import Service
from models.errors import ConfigurationError
from models.replies.openings import Opening, shipped
from models.signals.told import CallEmotion, CallSignals
from sandbox.language_model import KEY, MODEL
from sandbox.stand_in import stand_in
from stores.call_records import CallRecords
from stores.openings import Openings, find_drafts
from stores.services import Services
from tests.flows.conftest import recording_key

SUMMARY = Summary(text="계약 주소 변경 희망", model="m", version="1")


@pytest.fixture
def call(client: PrefectClient, store: ObjectStore) -> CallRecord:
    """A finished call whose caller is worried."""
    recording = Recording(bucket=store.bucket, key=recording_key("c-1"), etag="e")
    said = [
        Utterance(speaker=Speaker.AGENT, start_ms=0, duration_ms=900, text="무엇을 도와드릴까요"),
        Utterance(speaker=Speaker.CUSTOMER, start_ms=1000, duration_ms=900, text="계약 주소를 바꾸고 싶어요"),
    ]
    record = CallRecord.begin(recording, "run", datetime(2026, 11, 27, tzinfo=UTC)).model_copy(
        update={
            "outcome": Outcome.READ_BACK,
            "transcription": Transcription(done=True, utterances=said),
            "summary": SUMMARY,
            "signals": CallSignals(emotion=CallEmotion(label="걱정스러운", end="걱정스러운")),
        }
    )
    return CallRecords(store).create(record).record


async def test_an_edit_makes_a_version_that_counts_at_once_and_the_old_one_stays(client: PrefectClient, store: ObjectStore) -> None:
    new = Opening(emotion="불안", request="주소", text="주소가 걱정되셨겠습니다.")
    await edit_openings(add=[new], edited_by="김 팀장")
    await edit_openings(remove=[new.text], edited_by="이 팀장")
    table = Openings(store).current()
    assert (table.version, table.edited_by, set(table.openings)) == (2, "이 팀장", set(shipped().openings))
    shown = [str(artifact.data) for artifact in await client.read_artifacts() if artifact.key == "openings"]
    assert any("주소가 걱정되셨겠습니다" in data and "1판" in data for data in shown)


async def test_an_edit_that_cannot_be_approved_changes_nothing(client: PrefectClient, store: ObjectStore) -> None:
    with pytest.raises(ConfigurationError, match="cannot be spoken"):
        await edit_openings(add=[Opening(emotion="분노", text="100만 원 드립니다")])
    assert Openings(store).current() == shipped()


async def test_services_of_the_chat_are_edited_in_versions_and_shown(client: PrefectClient, store: ObjectStore) -> None:
    await edit_services(add=[Service(name="펫보험", documents="반려동물")], remove=["전체"], edited_by="김 팀장")
    table = Services(store).current()
    assert (table.version, table.named("전체"), table.services[-1].name) == (1, None, "펫보험")
    with pytest.raises(ConfigurationError, match="1 of the services to remove"):
        await edit_services(remove=["전체"])
    shown = [str(artifact.data) for artifact in await client.read_artifacts() if artifact.key == "services"]
    assert any("채팅 서비스, 1판" in data and "**펫보험**" in data and "김 팀장" in data for data in shown)


async def test_each_run_proposes_another_reply_for_the_callers_emotion_and_keeps_them(call: CallRecord, store: ObjectStore) -> None:
    await draft_reply(call.call_id)
    await draft_reply(call.call_id, caller_says="아직 처리가 안 됐나요")
    drafts = find_drafts(store, call.call_id)
    first, second = (draft.opening for draft in drafts.drafts)
    assert first != second
    assert {first, second} <= {opening.text for opening in shipped().openings if opening.emotion == "불안"}
    assert drafts.said_since == ("아직 처리가 안 됐나요",)


async def test_the_artifact_shows_the_latest_reply_and_says_that_only_agents_see_it(call: CallRecord, client: PrefectClient) -> None:
    await draft_reply(call.call_id)
    (data,) = [str(artifact.data) for artifact in await client.read_artifacts() if artifact.description == "답변 초안"]
    assert "고객의 감정: **불안**" in data
    assert "상담원만 보는 초안입니다" in data


@pytest.fixture
def a_language_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with stand_in("sandbox.language_model") as (address, _):
        for name, value in {
            "READBACK_LANGUAGE_MODEL_URLS": f"{address['url']}/v1",
            "READBACK_LANGUAGE_MODEL_KEY": KEY,
            "READBACK_REPLY_MODEL_URL": f"{address['url']}/v1",
            "READBACK_REPLY_MODEL": MODEL,
        }.items():
            monkeypatch.setenv(name, value)
        wiring.settings.cache_clear()
        yield
    wiring.settings.cache_clear()


async def test_a_language_model_by_address_adds_a_sentence_that_takes_the_request_up(
    call: CallRecord, store: ObjectStore, a_language_model: None
) -> None:
    await draft_reply(call.call_id)
    (draft,) = find_drafts(store, call.call_id).drafts
    assert draft.refused == ""
    assert draft.sentence == "계약 주소 변경 희망 말씀이시군요. 바로 확인해 드리겠습니다."


def test_an_opening_is_spoken_only_where_the_settings_say_so_and_an_emotion_is_sure(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    worried = CallEmotion(label="걱정스러운", end="걱정스러운")
    plain = tasks.call.speak.spoken_text(SUMMARY, worried)
    assert plain == "문의하신 내용이 계약 주소 변경 희망"
    monkeypatch.setenv("READBACK_SPEAK_OPENINGS", "true")
    wiring.settings.cache_clear()
    assert tasks.call.speak.spoken_text(SUMMARY, CallEmotion()) == plain
    opening, _, rest = tasks.call.speak.spoken_text(SUMMARY, worried).rpartition(" 문의하신")
    assert opening in {one.text for one in shipped().openings if one.emotion == "불안"}
    assert f"문의하신{rest}" == plain
    wiring.settings.cache_clear()
