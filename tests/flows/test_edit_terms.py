"""The term list edited by a run, with Prefect's engine on its test server."""

import pytest
from prefect.client.orchestration import PrefectClient

import tasks.operations.terms
import wiring
from flows.edit_terms import edit_terms
from models.call.terms import Term
from models.errors import TermsRefused
from tests.flows.test_process_call import no_pauses
from tests.in_memory import InMemoryStore


@pytest.fixture
def store(client: PrefectClient, monkeypatch: pytest.MonkeyPatch) -> InMemoryStore:
    store = InMemoryStore()
    wiring.forget_clients()
    monkeypatch.setattr(wiring, "object_store", lambda: store)
    no_pauses([tasks.operations.terms], monkeypatch)
    return store


async def test_an_edit_is_a_new_version_with_its_editor_and_an_artifact(store: InMemoryStore, client: PrefectClient) -> None:
    after = await edit_terms(add=[Term(term="휴차손해", pronounced="휴차손해")], requested_by="김운영", reason="자주 틀림")
    assert (after.version, after.change.by) == (1, "김운영")
    artifact = (await client.read_artifacts())[0]
    assert all(said in str(artifact.data) for said in ("추가: **휴차손해**", "김운영", "자주 틀림", "1판"))


async def test_a_dry_run_and_a_refused_edit_change_nothing(store: InMemoryStore) -> None:
    await edit_terms(remove=["실손보험"], requested_by="김운영", dry_run=True)
    with pytest.raises(TermsRefused, match="이미 있는 용어입니다"):
        await edit_terms(add=[Term(term="실손보험")], requested_by="김운영")
    with pytest.raises(TermsRefused, match="names nobody"):
        await edit_terms(remove=["실손보험"])
    assert store.keys("terms/") == []


async def test_a_pasted_table_replaces_the_list_and_the_way_back_is_a_version_too(store: InMemoryStore) -> None:
    table = "용어,들린 말,발음,읽기\n휴차손해,유차손해,휴차손해,\n"
    assert [term.term for term in (await edit_terms(csv=table, replace_all=True, requested_by="김운영")).terms] == ["휴차손해"]
    back = await edit_terms(restore_version=0, requested_by="김운영")
    assert (back.version, len(back.terms) > 200) == (2, True)
