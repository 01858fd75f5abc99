"""Edit the term list: what speech-to-text expects, what its transcripts are corrected to, how the voice reads words. No restart follows.

python -m flows.edit_terms --csv terms.csv --by NAME [--replace-all] [--reason WHY] [--dry-run]
python -m flows.edit_terms --export terms.csv
"""

import argparse
import asyncio
from pathlib import Path

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.call.terms import Term, TermList, TermsEdit, read_csv, write_csv
from reports.terms import terms_report
from tasks.command import prefect_command
from tasks.operations.terms import apply_edit, decide, open_proposals, version, versions

_HISTORY = 10


@flow(name="edit-terms")
async def edit_terms(
    add: list[Term] | None = None,
    change: list[Term] | None = None,
    remove: list[str] | None = None,
    csv: str = "",
    replace_all: bool = False,
    restore_version: int | None = None,
    approve: list[str] | None = None,
    reject: list[str] | None = None,
    expected_version: int | None = None,
    requested_by: str = "",
    reason: str = "",
    dry_run: bool = False,
) -> TermList:
    """Change the term list; calls that begin a second later use it. What contradicts the list is refused, whole and with every reason.

    Args:
        add: New terms.
        change: Terms that are there, as they shall be.
        remove: Terms to take out, by their spelling.
        csv: A table pasted as text, with the columns `용어,들린 말,발음,읽기`: its terms are added, or replace those of their name.
        replace_all: The table is the whole list; what is not in it is taken out.
        restore_version: Go back to this version of the list (0: the one that ships); the way back is a new version.
        approve: Proposals of `correct-call` that become terms, by their ids.
        reject: Proposals that do not.
        expected_version: Refuse the edit unless this version is in use, the one that you looked at.
        requested_by: Who edits; without a name nothing is done.
        reason: Why, for the history.
        dry_run: Only say what would be done.
    """
    rows = read_csv(csv.encode("utf-8"), "csv") if csv.strip() else []
    if restore_version is not None:
        rows, replace_all = list((await version(restore_version)).terms), True
    edit = TermsEdit(
        add=add or [],
        change=change or [],
        remove=remove or [],
        rows=rows,
        rows_are_all=replace_all and bool(rows),
        by=requested_by,
        reason=reason,
        flow_run_id=str(runtime.flow_run.id),
    )
    if (approve or reject) and not dry_run:
        now = await decide(approve or [], reject or [], edit, expected_version)
    else:
        now = await apply_edit(edit, expected_version, dry_run=dry_run)
    get_run_logger().info("The term list is at version %s with %s terms", now.version, len(now.terms))
    report = terms_report(now, await versions(_HISTORY), await open_proposals(), dry_run=dry_run)
    # Without a key: of an artifact with one Prefect keeps the content in events, and a proposal holds a caller's word.
    await acreate_markdown_artifact(report, description=f"용어 목록 {now.version}판")
    return now


@prefect_command()
def main() -> None:
    """Read the command line, edit or export, and say which version is in use."""
    parser = argparse.ArgumentParser(prog="python -m flows.edit_terms", description="Edit the term list, or write it to a file.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--csv", type=Path, help="table to read in, UTF-8 or EUC-KR (CP949)")
    what.add_argument("--export", type=Path, metavar="FILE", help="write the list in use as a table")
    what.add_argument("--restore", type=int, dest="restore_version", metavar="N", help="go back to version N")
    parser.add_argument("--replace-all", action="store_true", help="the table is the whole list")
    parser.add_argument("--by", default="", dest="requested_by", metavar="NAME", help="who edits")
    parser.add_argument("--reason", default="", help="why, for the history")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    given = vars(parser.parse_args())
    file, export = given.pop("csv"), given.pop("export")
    if export is not None:
        now = wiring.term_lists().current()
        export.write_text(write_csv(now.terms), "utf-8-sig")
    else:
        table = write_csv(read_csv(file.read_bytes(), str(file))) if file else ""
        now = asyncio.run(edit_terms(csv=table, **given))
    print(f"version {now.version}: {len(now.terms)} terms")


if __name__ == "__main__":
    main()
