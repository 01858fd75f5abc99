"""A line's votes in the bucket: the plan, every hand-in, and the votes that count, of each voter the first."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clients.s3 import ObjectStore
from models.errors import StorageConflict
from models.keys import VoteKeys
from models.lifecycle.line import Line
from models.lifecycle.voting import Submission, Vote, VotePlan, VoteState, complaints, read_form, resolve, told, voter_key, voter_name

_JSON = "application/json"


class Votes:
    """The votes of one line."""

    def __init__(self, store: ObjectStore, line: Line[Any]) -> None:
        self._store = store
        self._line = line

    def keys(self, vote: str) -> VoteKeys:
        """Keys of one vote."""
        return VoteKeys(self._line.name, vote)

    def find_plan(self, vote: str) -> VotePlan | None:
        """What is put to the vote, None where it is not open."""
        stored = self._store.find(self.keys(vote).plan)
        return VotePlan.model_validate_json(stored.body) if stored else None

    def open(self, plan: VotePlan) -> VotePlan:
        """Write a plan down; a vote that is open keeps the plan it has, which is returned."""
        key = self.keys(plan.vote).plan
        try:
            self._store.put(key, plan.model_dump_json(indent=1).encode(), content_type=_JSON, only_if_absent=True)
        except StorageConflict:
            return VotePlan.model_validate_json(self._store.get(key).body)
        return plan

    def state(self, plan: VotePlan) -> VoteState:
        """Everything that was handed in so far."""
        keys, submissions = self.keys(plan.vote), list[Submission]()
        while (stored := self._store.find(keys.submission(len(submissions) + 1))) is not None:
            submissions.append(Submission.model_validate_json(stored.body))
        votes = [Vote.model_validate_json(self._store.get(facts.key).body) for facts in self._store.walk(keys.votes)]
        return VoteState(plan=plan, submissions=submissions, votes=votes)

    def hand_in(self, plan: VotePlan, number: int, form: Mapping[str, Any]) -> Submission:
        """Keep a hand-in, count it if it is good and the voter's first, and say which.

        Votes are created, never overwritten: the first ballot of a voter counts. The same hand-in stored again (its run was killed
        in between) finds its own votes and gets the same answer.
        """
        ballot, closes = read_form(plan, form)
        now, name = datetime.now(UTC), voter_name(ballot.voter)
        faults = complaints(ballot, plan)
        counted = not faults and all(self._create(vote) for vote in resolve(ballot, plan, number, now))
        submission = Submission(
            number=number,
            ballot=dict(form),
            voter=name,
            counted=counted,
            answer=told(name, faults, counted=counted),
            closes=closes,
            at=now,
        )
        body = submission.model_dump_json(indent=1).encode()
        self._store.put(self.keys(plan.vote).submission(number), body, content_type=_JSON)
        return submission

    def _create(self, vote: Vote) -> bool:
        """Create a vote; whether it is the one that counts."""
        key = self.keys(vote.vote).vote(voter_key(vote.voter), vote.inquiry)
        try:
            self._store.put(key, vote.model_dump_json().encode(), content_type=_JSON, only_if_absent=True)
        except StorageConflict:
            return Vote.model_validate_json(self._store.get(key).body).submission == vote.submission
        return True
