"""The invented insurer's documents in the sandbox's bucket, indexed once so that answers are quoted from them at once."""

from pathlib import Path

import models.recipe
from models.keys import DocumentKeys
from sandbox.stack import BUCKET, Stack

DOCUMENTS = Path(models.recipe.__file__).parent / "answers" / "documents"


def publish(stack: Stack) -> str:
    """Upload the documents and run ``index-documents`` once; returns what it says. Ten seconds of a processor, and ProcessFailed."""
    s3 = stack.client("s3")
    for document in sorted(DOCUMENTS.iterdir()):
        s3.upload_file(str(document), BUCKET, f"{DocumentKeys.UPLOADS}{document.name}")
    return stack.run("index-documents", "flows.index_documents", "--by", "sandbox").splitlines()[-1]
