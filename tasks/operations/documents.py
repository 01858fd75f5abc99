"""Documents of a prefix made into an index and published, or an earlier index brought back."""

from dataclasses import dataclass, field

import wiring
from clients.s3 import ObjectStore
from models.answers.document import LARGEST, Document
from models.answers.encoder import Encoder
from models.answers.formats import read_document
from models.answers.index import Index
from models.answers.phrasings import Phrasing, is_phrasings, placed, read_phrasings
from models.answers.version import IndexVersion, SetAside
from models.errors import ConfigurationError, DocumentRefused, ObjectGone
from models.keys import DocumentKeys
from stores.document_index import DocumentIndexes
from tasks.answers.in_service import encoder_of_this_process
from tasks.in_thread import task_in_thread


@dataclass
class Uploaded:
    """What lies below a prefix: documents, how callers ask for their passages, and what cannot be read."""

    documents: list[Document] = field(default_factory=list)
    phrasings: list[Phrasing] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    def add(self, name: str, body: bytes) -> None:
        """One more file; DocumentRefused where it cannot be read."""
        if is_phrasings(name, body):
            rows, incomplete = read_phrasings(name, body)
            self.phrasings += rows
            self.set_aside += incomplete
        else:
            self.documents.append(read_document(name, body))


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
    found = read_all(store, prefix)
    if not found.documents:
        aside = len(found.set_aside)
        seen = f"{aside} documents below {prefix}, none of which can be read" if aside else f"no document below {prefix}"
        raise ConfigurationError(f"there is {seen}; the index in use stays", remedy="Upload documents as Markdown, HTML, PDF or CSV")
    phrasings = placed(found.phrasings, found.documents)
    index = Index.build(found.documents, encoder, phrasings.asked)
    vectors = wiring.passage_vectors()
    set_aside = [*found.set_aside, *phrasings.set_aside]
    return indexes.publish(index, set_aside, prefix=prefix, by=by, before=vectors.keep if vectors else None)


def read_all(store: ObjectStore, prefix: str) -> Uploaded:
    """Everything below a prefix; folders' own empty objects are nothing."""
    read = Uploaded()
    for facts in store.walk(prefix):
        name = facts.key.removeprefix(prefix)
        if not name or name.endswith("/"):
            continue
        try:
            if facts.size > LARGEST:
                raise DocumentRefused(f"{name} has {facts.size / 2**20:,.0f} MiB", remedy="Split it into several documents", case="large")
            read.add(name, store.get(facts.key).body)
        except DocumentRefused as error:
            read.set_aside.append(SetAside(name=name, case=error.case, said=str(error)))
        except ObjectGone:
            continue  # removed since the listing
    return read
