"""Make the company's documents answerable: read them, cut them into passages, index and publish. Running processes follow by themselves.

python -m flows.index_documents --by NAME [--prefix documents/] [--restore N]
"""

import argparse
import asyncio

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact

from models.answers.version import IndexVersion
from models.errors import ConfigurationError
from models.keys import DocumentKeys
from reports.documents import documents_report
from tasks.command import prefect_command
from tasks.operations.documents import index_documents_of, restore_index


@flow(name="index-documents")
async def index_documents(prefix: str = DocumentKeys.UPLOADS, restore_version: int | None = None, requested_by: str = "") -> IndexVersion:
    """Make a new version of the document index of everything below a prefix; what cannot be read is set aside with its reason.

    Args:
        prefix: Folder of the bucket with the documents: Markdown, HTML, PDF, and CSV of questions and answers, or of how callers ask.
        restore_version: Instead of reading documents, bring this earlier version back; the way back is a new version.
        requested_by: Who publishes; without a name nothing is done.
    """
    if not requested_by.strip():
        raise ConfigurationError("nobody is named who publishes", remedy="Fill requested_by")
    made = await (restore_index(restore_version, requested_by) if restore_version is not None else index_documents_of(prefix, requested_by))
    counts = (made.version, len(made.documents), made.chunks, made.asked, len(made.set_aside))
    get_run_logger().info("Document index %s: %s documents, %s passages, %s of them with enough phrasings, %s set aside", *counts)
    await acreate_markdown_artifact(documents_report(made), key="document-index", description=f"문서 색인 {made.version}판")
    return made


@prefect_command()
def main() -> None:
    """Read the command line, index, and say which version is in use."""
    parser = argparse.ArgumentParser(prog="python -m flows.index_documents", description="Index the company's documents.")
    parser.add_argument("--prefix", default=DocumentKeys.UPLOADS, help="folder of the bucket with the documents")
    parser.add_argument("--restore", type=int, dest="restore_version", metavar="N", help="go back to version N")
    parser.add_argument("--by", required=True, dest="requested_by", metavar="NAME", help="who publishes")
    made = asyncio.run(index_documents(**vars(parser.parse_args())))
    passages = f"{made.chunks} passages, {made.asked} of them with enough phrasings"
    print(f"version {made.version}: {len(made.documents)} documents, {passages}, {len(made.set_aside)} set aside")


if __name__ == "__main__":
    main()
