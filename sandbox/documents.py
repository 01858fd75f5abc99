"""The invented insurer's documents in the sandbox's bucket, indexed once so that answers are quoted from them at once."""

from collections.abc import Sequence
from pathlib import Path

import models.recipe
from models.keys import DocumentKeys
from sandbox.stack import BUCKET, Stack

DOCUMENTS = Path(models.recipe.__file__).parent / "answers" / "documents"


def publish(stack: Stack, documents: Sequence[Path] = ()) -> str:
    """Upload documents, by default all of them with how callers ask for them, and run ``index-documents`` once; returns what it says.

    All of them take some fifteen seconds of a processor. ProcessFailed.
    """
    s3 = stack.client("s3")
    for document in documents or sorted(DOCUMENTS.iterdir()):
        s3.upload_file(str(document), BUCKET, f"{DocumentKeys.UPLOADS}{document.name}")
    return stack.run("index-documents", "flows.index_documents", "--by", "sandbox").splitlines()[-1]
