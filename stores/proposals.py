"""Terms that people's corrections propose, until somebody approves or rejects them; and the pairs that they allow to be learnt from."""

from datetime import datetime

from pydantic import TypeAdapter

from clients.s3 import ObjectStore
from models.call.persons_correction import CorrectedPair, Decision, Proposal
from models.errors import StorageConflict, TermsRefused
from models.keys import StorageKeys, TermKeys

_JSON = "application/json"
_PAIRS = TypeAdapter(list[CorrectedPair])
_ATTEMPTS = 8


class Proposals:
    """The proposals of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def open(self) -> list[Proposal]:
        """Those that wait for a decision, the most often proposed first."""
        found = [Proposal.model_validate_json(self._store.get(facts.key).body) for facts in self._store.walk(TermKeys.PROPOSALS)]
        return sorted((one for one in found if one.decision is Decision.OPEN), key=lambda one: (-one.times, one.proposed_at))

    def propose(self, proposal: Proposal) -> Proposal:
        """Write a proposal down; one that was made before counts once more, and keeps the decision that it has."""
        key = TermKeys.proposal(proposal.id)
        for _ in range(_ATTEMPTS):
            stored = self._store.find(key)
            known = Proposal.model_validate_json(stored.body) if stored else None
            wanted = known.model_copy(update={"times": known.times + 1}) if known else proposal
            try:
                self._put(wanted, stored.etag if stored else None)
            except StorageConflict:
                continue
            return wanted
        raise StorageConflict(f"{key} was changed {_ATTEMPTS} times meanwhile")

    def waiting(self, proposal: str) -> Proposal:
        """A proposal that waits; TermsRefused for an id that nobody proposed, or that was decided."""
        stored = self._store.find(TermKeys.proposal(proposal))
        found = Proposal.model_validate_json(stored.body) if stored else None
        if found is None or found.decision is not Decision.OPEN:
            said = f"was {found.decision.value} by {found.decided_by}" if found else "was never made"
            raise TermsRefused(f"the proposal {proposal!r} {said}", remedy="See the open ones in the artifact of edit-terms")
        return found

    def decide(self, proposal: Proposal, decision: Decision, *, by: str, at: datetime) -> None:
        """Write a decision down."""
        self._put(proposal.model_copy(update={"decision": decision, "decided_by": by, "decided_at": at}), self._etag(proposal))

    def _etag(self, proposal: Proposal) -> str | None:
        stored = self._store.find(TermKeys.proposal(proposal.id))
        return stored.etag if stored else None

    def _put(self, proposal: Proposal, etag: str | None) -> None:
        key, body = TermKeys.proposal(proposal.id), proposal.model_dump_json(indent=1).encode("utf-8")
        self._store.put(key, body, content_type=_JSON, only_if_absent=etag is None, only_if_etag=etag)


def keep_pair(store: ObjectStore, call_id: str, pair: CorrectedPair) -> None:
    """Add a pair to those of its call, once for each edit; erasing the call takes them out of the data."""
    key = StorageKeys.corrected_pairs(call_id)
    for _ in range(_ATTEMPTS):
        stored = store.find(key)
        pairs = _PAIRS.validate_json(stored.body) if stored else []
        if pair.edit and any(one.edit == pair.edit for one in pairs):
            return
        pairs.append(pair)
        try:
            body = _PAIRS.dump_json(pairs, indent=1)
            store.put(key, body, content_type=_JSON, only_if_absent=stored is None, only_if_etag=stored.etag if stored else None)
        except StorageConflict:
            continue
        return
    raise StorageConflict(f"{key} was changed {_ATTEMPTS} times meanwhile")


def corrected_pairs(store: ObjectStore) -> dict[str, CorrectedPair]:
    """All pairs by their names, which never change: the call's id and the pair's place in it, such as ``0fd1…#0``."""
    found: dict[str, CorrectedPair] = {}
    for facts in store.walk(StorageKeys.CORRECTED_PAIRS):
        stored = store.find(facts.key)
        call = facts.key.removeprefix(StorageKeys.CORRECTED_PAIRS).removesuffix(".json")
        found |= {f"{call}#{place}": pair for place, pair in enumerate(_PAIRS.validate_json(stored.body) if stored else [])}
    return found
