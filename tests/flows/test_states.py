"""What the states of runs tell, which Prefect keeps for days."""

from prefect import flow

from tasks.without_words import call_task

WORDS = "제 번호는 010-4321-8765 입니다"


async def test_the_state_of_a_failed_task_tells_no_words(prefect_server: None) -> None:
    @call_task("stumble")
    async def stumble(said: str) -> int:
        return {"a": 1}[said]

    @flow
    async def caller() -> str:
        return str((await stumble(WORDS, return_state=True)).message)

    message = await caller()
    assert "KeyError in test_states.py" in message
    assert WORDS not in message
