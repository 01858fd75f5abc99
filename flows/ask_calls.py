"""Answer one question over many calls; the answer lies in the bucket, and its run tells figures alone."""

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from models.errors import ReadbackError
from reports.asking import findings_report
from tasks.call.name import rename_run
from tasks.operations.ask import find, keep_failure, keep_findings, read_calls, read_question
from tasks.retrying import NO_RESULT
from tasks.without_words import without_words


@flow(name="ask-calls", **NO_RESULT)
@without_words
async def ask_calls(ask_id: str, requested_by: str = "") -> None:
    """Read the calls that a question means, find what they tell, and keep it with the calls and seconds that it comes from.

    The console asks: it tells the cost first and writes the question into the bucket, since Prefect keeps parameters.

    Args:
        ask_id: The question, as the console's address names it.
        requested_by: Who asks; the question itself names them too.
    """
    question = await read_question(ask_id)
    await rename_run(f"질문 {ask_id}")
    try:
        found, calls = await read_calls(question)
        findings = await keep_findings(await find(question, found, calls))
    except ReadbackError as error:
        await keep_failure(ask_id, error)
        raise
    await acreate_markdown_artifact(findings_report(findings), description="통화 질문")
