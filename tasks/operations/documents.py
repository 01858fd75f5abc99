"""Documents of a prefix made into an index and published, or an earlier index brought back."""

import wiring
from clients.s3 import ObjectStore
from models.answers.document import LARGEST, Document
from models.answers.encoder import Encoder
from models.answers.formats import read_document
from models.answers.index import Index
from models.answers.version import IndexVersion, SetAside
from models.errors import ConfigurationError, DocumentRefused, ObjectGone
from models.keys import DocumentKeys
from stores.document_index import DocumentIndexes
from tasks.answers.in_service import encoder_of_this_process
from tasks.in_thread import task_in_thread


@task_in_thread("index-documents")
def index_documents_of(prefix: str, by: str) -> IndexVersion:
    """Read, cut, index and publish the documents below a prefix."""
    store = wiring.survey_store()
    return published(store, DocumentIndexes(store), prefix, by, encoder_of_this_process())


@task_in_thread("restore-index")
def restore_index(number: int, by: str) -> IndexVersion:
    """Bring an earlier version back, as the next one."""
    return DocumentIndexes(wiring.object_store()).restore(number, by=by)


def published(store: ObjectStore, indexes: DocumentIndexes, prefix: str, by: str, encoder: Encoder) -> IndexVersion:
    """The version that came of it; ConfigurationError where no document can be read: the one in use stays."""
    if not prefix.startswith(DocumentKeys.UPLOADS):
        raise ConfigurationError(f"{prefix!r} is not below {DocumentKeys.UPLOADS}", remedy=f"Upload documents below {DocumentKeys.UPLOADS}")
    read, set_aside = read_all(store, prefix)
    if not read:
        seen = f"{len(set_aside)} documents below {prefix}, none of which can be read" if set_aside else f"no document below {prefix}"
        raise ConfigurationError(f"there is {seen}; the index in use stays", remedy="Upload documents as Markdown, HTML, PDF or CSV")
    index = Index.build(read, encoder)
    vectors = wiring.passage_vectors()
    return indexes.publish(index, set_aside, prefix=prefix, by=by, before=vectors.keep if vectors else None)


def read_all(store: ObjectStore, prefix: str) -> tuple[list[Document], list[SetAside]]:
    """Every document below a prefix, and those that cannot be read; folders' own empty objects are neither."""
    read, set_aside = list[Document](), list[SetAside]()
    for facts in store.walk(prefix):
        name = facts.key.removeprefix(prefix)
        if not name or name.endswith("/"):
            continue
        try:
            if facts.size > LARGEST:
                raise DocumentRefused(f"{name} has {facts.size / 2**20:,.0f} MiB", remedy="Split it into several documents", case="large")
            read.append(read_document(name, store.get(facts.key).body))
        except DocumentRefused as error:
            set_aside.append(SetAside(name=name, case=error.case, said=str(error)))
        except ObjectGone:
            continue  # removed since the listing
    return read, set_aside
