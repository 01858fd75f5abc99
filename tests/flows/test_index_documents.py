"""Documents indexed by a run, with Prefect's engine on its test server."""

from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient

import tasks.operations.documents
import wiring
from flows.index_documents import index_documents
from models.answers.index import Index
from models.answers.told import Suggested
from models.errors import ConfigurationError, ModelRefused
from models.keys import DocumentKeys
from stores.document_index import DocumentIndexes, IndexSource
from tasks.answers import in_service
from tests.flows.test_process_call import no_pauses
from tests.in_memory import InMemoryStore
from tests.models.answers.conftest import TERMS


@pytest.fixture
def store(client: PrefectClient, monkeypatch: pytest.MonkeyPatch) -> InMemoryStore:
    store = InMemoryStore()
    wiring.forget_clients()
    monkeypatch.setattr(wiring, "object_store", lambda: store)
    monkeypatch.setattr(wiring, "survey_store", lambda: store)
    no_pauses([tasks.operations.documents], monkeypatch)
    store.put(f"{DocumentKeys.UPLOADS}terms.md", TERMS.encode())
    return store


async def test_what_cannot_be_read_is_set_aside_with_a_reason_and_the_rest_is_published(
    store: InMemoryStore, client: PrefectClient, tmp_path: Path
) -> None:
    store.put(f"{DocumentKeys.UPLOADS}scan.pdf", b"%PDF-1.7 damaged")
    store.put(f"{DocumentKeys.UPLOADS}english.md", b"# Terms\n\nThis policy covers the insured vehicle against theft.")
    made = await index_documents(requested_by="김운영")
    assert [(one.name, one.case) for one in made.set_aside] == [("english.md", "foreign"), ("scan.pdf", "damaged")]
    assert [document.name for document in made.documents] == ["terms.md"]
    report = str((await client.read_artifacts())[0].data)
    assert all(said in report for said in ("문서 색인 1판", "한국어 문서가 아닙니다", "손상되었습니다", "김운영"))
    assert len(Index.load(DocumentIndexes(store).fetch(made, tmp_path)).chunks) == made.chunks
    await a_process_answers_and_follows_what_is_published(store)


async def a_process_answers_and_follows_what_is_published(store: InMemoryStore) -> None:
    """In one test with what it needs: an index takes seconds to make."""
    in_service.answers_in_service.cache_clear()
    service = in_service.answers_in_service()
    service.follow()
    try:
        assert service.version == "1"
        store.put(f"{DocumentKeys.UPLOADS}terms.md", TERMS.replace("10km", "77km").encode())
        await index_documents(requested_by="김운영")
        service.refresh()
        told = service.answers(["차가 멈췄는데 견인은 몇 킬로까지 무료예요?"])[0]
        assert service.version == "2"
        assert isinstance(told, Suggested)
        assert "77km" in told.text
        again = await index_documents(restore_version=1, requested_by="김운영")
        service.refresh()
        assert (again.version, service.version) == (3, "3")
    finally:
        service.close()
        in_service.answers_in_service.cache_clear()


async def test_phrasings_beside_the_documents_are_indexed_those_that_fit_nothing_are_set_aside_and_restoring_brings_them_back(
    store: InMemoryStore, client: PrefectClient, tmp_path: Path
) -> None:
    towing = "terms.md,10km까지 무료로 견인합니다"
    rows = ["문서,구절,질문", f"{towing},길에 섰는데 끌고 가 줘요?", f"{towing},꼼짝을 안 해요", "terms.md,20km까지,몇 킬로 끌어 줘요?"]
    store.put(f"{DocumentKeys.UPLOADS}how.csv", "\n".join(rows).encode())
    store.put(f"{DocumentKeys.UPLOADS}long.csv", f"문서,구절,{'가' * 140_000}".encode())
    store.put(f"{DocumentKeys.UPLOADS}torn.csv", '문서,구절,질문\r"terms.md'.encode())
    made = await index_documents(requested_by="김운영")
    assert [(one.name, one.case) for one in made.set_aside] == [
        ("long.csv", "phrasings"),
        ("torn.csv", "phrasings"),
        ("how.csv:4", "phrasing_passage"),
    ]
    assert ([document.name for document in made.documents], made.asked) == (["terms.md"], 1)
    report = str((await client.read_artifacts())[0].data)
    assert "**질문 표현이 2개 이상인 문단**: 1개" in report
    assert "**how.csv:4** (terms.md, 20km까지): 적힌 구절이 그 문서에 (더는) 없습니다" in report
    for name in ("how.csv", "long.csv", "torn.csv"):
        store.delete(f"{DocumentKeys.UPLOADS}{name}")
    assert (await index_documents(requested_by="김운영")).asked == 0
    again = await index_documents(restore_version=1, requested_by="김운영")
    restored = Index.load(DocumentIndexes(store).fetch(again, tmp_path))
    assert [chunk.asked for chunk in restored.chunks if chunk.asked] == [("길에 섰는데 끌고 가 줘요?", "꼼짝을 안 해요")]


async def test_without_a_name_or_a_readable_document_nothing_is_published(store: InMemoryStore) -> None:
    with pytest.raises(ConfigurationError, match="nobody is named"):
        await index_documents()
    with pytest.raises(ConfigurationError, match="no document below documents/empty/"):
        await index_documents(prefix="documents/empty/", requested_by="김운영")
    with pytest.raises(ConfigurationError, match="not below documents/"):
        await index_documents(prefix="calls/", requested_by="김운영")
    assert DocumentIndexes(store).latest() is None


async def test_before_the_first_index_nothing_serves_and_a_damaged_one_is_refused(store: InMemoryStore, tmp_path: Path) -> None:
    source = IndexSource(DocumentIndexes(store), tmp_path)
    assert source.current()[0] == ""
    made = await index_documents(requested_by="김운영")
    store.put(DocumentKeys.content(made.digest, "index.json"), b"{}")
    with pytest.raises(ModelRefused, match="version 1 of the document index is damaged"):
        source.current()
