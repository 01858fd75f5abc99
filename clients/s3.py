"""S3, as much of it as the storage contract needs: whole objects, conditional writes, streamed listings.

Only what reads thousands of objects in one task asks for ``attempts``: the task would begin anew over one of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from clients import metadata as user_metadata
from clients.aws import CONFLICTS, GONE, aws_client, aws_error, reply_of
from models.errors import ObjectGone, StorageConflict, VendorUnreachable
from models.keys import shown_key

_NOT_MODIFIED = 304
# As S3 bills them: these cost a thirteenth of one that writes or lists, and deletions nothing.
_READS, _FREE = {"GetObject", "HeadObject"}, {"DeleteObject", "DeleteObjects"}


@dataclass
class Requests:
    """Requests that were sent to S3, repeated ones as well."""

    reads: int = 0
    writes: int = 0


_COUNTED: ContextVar[Requests | None] = ContextVar("requests_to_s3", default=None)


def count_requests() -> Requests:
    """Count from now on what this context and the tasks and threads that it starts send to any bucket."""
    counted = Requests()
    _COUNTED.set(counted)
    return counted


def _count(event_name: str, **_: object) -> None:
    counted, operation = _COUNTED.get(), event_name.rpartition(".")[2]
    if counted is not None and operation not in _FREE:
        counted.reads += operation in _READS
        counted.writes += operation not in _READS


@dataclass(frozen=True)
class ObjectFacts:
    """What S3 says of an object without sending it: size in bytes, entity tag without quotes, our metadata decoded."""

    key: str
    etag: str
    size: int
    metadata: Mapping[str, str]
    last_modified: datetime | None = None


@dataclass(frozen=True)
class ObjectVersion:
    """One version of an object, or the ``marker`` of a deletion; ``ended_at`` is when the next one took its place, None for the latest."""

    key: str
    size: int
    written_at: datetime
    ended_at: datetime | None
    marker: bool


@dataclass(frozen=True)
class StoredObject:
    """An object with its body."""

    facts: ObjectFacts
    body: bytes

    @property
    def etag(self) -> str:
        """Entity tag without quotes, for a compare-and-swap."""
        return self.facts.etag


class ObjectStore:
    """One bucket. Thread-safe, as boto3 clients are."""

    def __init__(
        self, bucket: str, *, region: str, endpoint_url: str | None = None, timeout_seconds: float = 20.0, attempts: int = 1
    ) -> None:
        """Make a client; nothing is sent until a method is called."""
        self.bucket = bucket
        self._s3 = aws_client("s3", region=region, endpoint_url=endpoint_url, timeout_seconds=timeout_seconds, attempts=attempts)
        self._s3.meta.events.register("before-send.s3", _count)

    def _at(self, key: str) -> str:
        """Where an object lies, as messages tell it."""
        return f"s3://{self.bucket}/{shown_key(key)}"

    def get(self, key: str) -> StoredObject:
        """Read a whole object; ObjectGone when there is none."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
            body = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"read {self._at(key)}")
        return StoredObject(_facts(key, answer, size=len(body)), body)

    def find(self, key: str) -> StoredObject | None:
        """Read a whole object, or None when there is none."""
        try:
            return self.get(key)
        except ObjectGone:
            return None

    def get_unless(self, key: str, etag: str) -> StoredObject | None:
        """Read a whole object, or None where it still has this entity tag; ObjectGone when there is none."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=key, IfNoneMatch=f'"{etag}"')
            body = answer["Body"].read()
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and reply_of(error).status == _NOT_MODIFIED:
                return None
            _raise_ours(error, f"read {self._at(key)}")
        return StoredObject(_facts(key, answer, size=len(body)), body)

    def head(self, key: str) -> ObjectFacts | None:
        """Ask for an object's facts, or None when there is none."""
        try:
            answer = self._s3.head_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] in GONE:
                return None
            _raise_ours(error, f"look at {self._at(key)}")
        return _facts(key, answer, size=answer["ContentLength"])

    def put(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        only_if_absent: bool = False,
        only_if_etag: str | None = None,
    ) -> str:
        """Write a whole object and return its entity tag; ``metadata`` that is too long for S3 is shortened (clients/metadata.py).

        ``only_if_absent`` creates and never overwrites; ``only_if_etag`` is a compare-and-swap. Either raises
        StorageConflict when another writer was there: read again and decide.
        """
        condition: dict[str, Any] = {}
        if only_if_absent:
            condition["IfNoneMatch"] = "*"
        elif only_if_etag is not None:
            condition["IfMatch"] = f'"{only_if_etag}"'
        try:
            answer = self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=content_type,
                Metadata=user_metadata.encode(metadata or {}),
                **condition,
            )
        except (ClientError, BotoCoreError) as error:
            if condition and isinstance(error, ClientError) and error.response["Error"]["Code"] in CONFLICTS | GONE:
                raise StorageConflict(f"another writer changed {self._at(key)} first", reply=reply_of(error)) from error
            _raise_ours(error, f"write {self._at(key)}")
        return _etag(answer)

    def delete(self, key: str) -> None:
        """Remove an object; removing what is not there is no error, as in S3."""
        try:
            self._s3.delete_object(Bucket=self.bucket, Key=key)
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"delete {self._at(key)}")

    def walk(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectFacts]:
        """Stream the facts of every object under a prefix in key order, a page of 1,000 at a time."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, StartAfter=start_after)
        try:
            for page in pages:
                for entry in page.get("Contents", []):
                    yield ObjectFacts(entry["Key"], entry["ETag"].strip('"'), entry["Size"], {}, entry.get("LastModified"))
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"list s3://{self.bucket}/{prefix}")

    def walk_versions(self, prefix: str = "") -> Iterator[ObjectVersion]:
        """Stream every version of every object under a prefix, in key order and the latest first; markers of deletion too.

        Needs s3:ListBucketVersions, and one request for each 1,000.
        """
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=prefix)
        newer: tuple[str, datetime] = ("", datetime.min)
        try:
            for page in pages:
                found = [(entry, False) for entry in page.get("Versions", [])] + [(entry, True) for entry in page.get("DeleteMarkers", [])]
                found.sort(key=lambda pair: (pair[0]["Key"], not pair[0]["IsLatest"], -pair[0]["LastModified"].timestamp()))
                for entry, marker in found:
                    key, at = entry["Key"], entry["LastModified"]
                    ended = None if entry["IsLatest"] else newer[1] if newer[0] == key else at
                    yield ObjectVersion(key, entry.get("Size", 0), at, ended, marker)
                    newer = (key, at)
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"list the versions of s3://{self.bucket}/{prefix}")

    def folders(self, prefix: str) -> Sequence[str]:
        """The names one level below a prefix that end with a slash, in key order; a request for each 1,000."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, Delimiter="/")
        try:
            return [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"list folders of s3://{self.bucket}/{prefix}")

    def erase(self, key: str, *, only_etag: str = "") -> int:
        """Remove an object with every older version and delete marker it has; returns how many there were.

        With ``only_etag`` only versions of that very content go: what else was uploaded under the key stays, and a delete marker that
        hides it too. In a versioned bucket ``delete`` only hides an object. Needs s3:ListBucketVersions and s3:DeleteObjectVersion.
        """
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=key)
        try:
            versions, markers = [], []
            for page in pages:
                versions += [entry for entry in page.get("Versions", []) if entry["Key"] == key]
                markers += [entry for entry in page.get("DeleteMarkers", []) if entry["Key"] == key]
            doomed = [entry for entry in versions if not only_etag or entry["ETag"].strip('"') == only_etag]
            erased = sum(self._erase_version(entry, only_etag) for entry in doomed)
            # Without its marker, a version that somebody deleted and that is not ours would be seen again.
            return erased + sum(self._erase_version(entry, "") for entry in markers if len(doomed) == len(versions))
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"erase {self._at(key)}")

    def _erase_version(self, entry: Mapping[str, Any], only_etag: str) -> bool:
        """Remove one version; False when, in a bucket without versions, another object lies there since it was listed."""
        # "null" is whatever lies there now; any other version id names its content for ever.
        condition = {"IfMatch": f'"{only_etag}"'} if only_etag and entry["VersionId"] == "null" and entry["IsLatest"] else {}
        try:
            self._s3.delete_object(Bucket=self.bucket, Key=entry["Key"], VersionId=entry["VersionId"], **condition)
        except ClientError as error:
            if condition and error.response["Error"]["Code"] in CONFLICTS | GONE:
                return False
            raise
        return True

    def put_lifecycle(self, rules: Mapping[str, Any]) -> None:
        """Put these lifecycle rules in the place of the bucket's; needs s3:PutLifecycleConfiguration, which no process of ours has."""
        try:
            self._s3.put_bucket_lifecycle_configuration(Bucket=self.bucket, LifecycleConfiguration=rules)
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"put lifecycle rules on s3://{self.bucket}")

    def upload_file(self, path: Path, key: str) -> None:
        """Send a file of any size."""
        from boto3.exceptions import S3UploadFailedError  # boto3 takes 0.1 s to load

        try:
            self._s3.upload_file(str(path), self.bucket, key)
        except S3UploadFailedError as error:
            # boto3 wraps what S3 answered; its class is on the cause.
            cause = error.__cause__ or error.__context__
            if not isinstance(cause, ClientError | BotoCoreError):
                raise
            _raise_ours(cause, f"upload {path.name} to {self._at(key)}")
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"upload {path.name} to {self._at(key)}")

    def download_file(self, key: str, path: Path) -> None:
        """Receive an object of any size into a file."""
        try:
            self._s3.download_file(self.bucket, key, str(path))
        except (ClientError, BotoCoreError) as error:
            _raise_ours(error, f"download {self._at(key)}")

    def link(self, key: str, *, seconds: int = 86_400) -> str:
        """Sign a link that opens the object in a browser for a while (S3 allows seven days at most)."""
        url: str = self._s3.generate_presigned_url("get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds)
        return url


def _facts(key: str, answer: Mapping[str, Any], *, size: int) -> ObjectFacts:
    etag = _etag(answer)
    metadata = user_metadata.decode(answer.get("Metadata", {}))
    return ObjectFacts(key, etag, size, metadata, answer.get("LastModified"))


def _etag(answer: Mapping[str, Any]) -> str:
    """The entity tag of an answer; VendorUnreachable where a page of somebody in between came back with status 200."""
    if "ETag" not in answer:
        remedy = "Check the network and READBACK_AWS_ENDPOINT_URL; calls go on by themselves"
        raise VendorUnreachable("what answered for S3 tells of no object", remedy=remedy, case="aws")
    return str(answer["ETag"]).strip('"')


def _raise_ours(error: ClientError | BotoCoreError, action: str) -> NoReturn:
    raise aws_error(error, action) from error
