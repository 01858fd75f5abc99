"""Questions over many calls and what was found, in S3; and beside each call a mark for the findings that hold its words.

The marks are written before the findings, and who writes findings looks afterwards whether one of their calls was erased meanwhile. The
eraser writes its receipt first and then follows the marks. So whichever of both is later takes the words out.
"""

import contextlib
from collections.abc import Sequence
from datetime import date

from clients.s3 import ObjectStore
from models.asking.findings import Findings
from models.asking.question import Question
from models.errors import StorageConflict
from models.keys import StorageKeys
from stores.receipts import is_erased

_JSON = "application/json"
_ATTEMPTS = 8


class Asked:
    """The questions of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def ask(self, question: Question) -> None:
        """Write a question down; it is never changed."""
        body = question.model_dump_json(indent=1).encode("utf-8")
        self._store.put(StorageKeys.question(question.ask_id), body, content_type=_JSON, only_if_absent=True)

    def question(self, ask_id: str) -> Question | None:
        """What was asked, None where there is no such question."""
        stored = self._store.find(StorageKeys.question(ask_id))
        return Question.model_validate_json(stored.body) if stored else None

    def findings(self, ask_id: str) -> Findings | None:
        """What was found, None while nothing is."""
        stored = self._store.find(StorageKeys.findings(ask_id))
        return Findings.model_validate_json(stored.body) if stored else None

    def keep(self, findings: Findings) -> Findings:
        """Write findings down, marked at each call whose words they hold; returns them without calls that were erased meanwhile."""
        for call in sorted(findings.call_ids):
            self._store.put(StorageKeys.mark_of_findings(call, findings.ask_id), b"{}", content_type=_JSON)
        self._put(findings)
        self._tidy(findings.ask_id)
        return self.findings(findings.ask_id) or findings

    def forget(self, call_id: str) -> int:
        """Take a call's words out of all findings, with their former versions, and its marks; returns how many objects that touched."""
        marks = [facts.key for facts in self._store.walk(StorageKeys.asked_of(call_id))]
        for mark in marks:
            self._tidy(mark.rpartition("/")[2], call_id)
        return sum(self._store.erase(mark) for mark in marks)

    def of_day(self, day: date) -> Sequence[tuple[Question, Findings | None]]:
        """The questions of a day in Korea, the latest first."""
        keys = [facts.key for facts in self._store.walk(StorageKeys.day_of_questions(day))]
        ids = sorted({key.split("/")[-2] for key in keys}, reverse=True)
        return [(question, self.findings(ask_id)) for ask_id in ids if (question := self.question(ask_id)) is not None]

    def _tidy(self, ask_id: str, *calls: str) -> None:
        """Take these calls and every erased one out, until a look finds none: two erasures at once may undo each other's writing."""
        key = StorageKeys.findings(ask_id)
        for _ in range(_ATTEMPTS):
            findings = self.findings(ask_id)
            if findings is None:
                return  # whoever writes it looks for receipts afterwards
            gone = findings.call_ids & {*calls, *(call for call in findings.call_ids if is_erased(self._store, call))}
            if not gone:
                return
            self._store.erase(key)  # every version, for a former one still holds the words
            with contextlib.suppress(StorageConflict):
                self._put(findings.without(gone), only_if_absent=True)
        raise StorageConflict(f"{key} was changed {_ATTEMPTS} times meanwhile")

    def _put(self, findings: Findings, *, only_if_absent: bool = False) -> None:
        body = findings.model_dump_json(indent=1).encode("utf-8")
        self._store.put(StorageKeys.findings(findings.ask_id), body, content_type=_JSON, only_if_absent=only_if_absent)
