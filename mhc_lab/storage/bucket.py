"""Requests to an object store, each failure of which is one of ours.

obstore does what is done often (get, put, head, list), boto3 the rest; both are told everything and look at no environment. Of what a
server says, only the number of its answer gets into a message, since it may repeat a key. Answers are passed on, never believed:
the proof is the store's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache, partial
from typing import IO, TYPE_CHECKING, Any, Literal, Self

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, InvalidPathError, PermissionDeniedError, PreconditionError

from mhc_lab.core.errors import ConfigurationError, MhcError
from mhc_lab.core.secrets import Secret
from mhc_lab.storage.store import offline

if TYPE_CHECKING:
    from obstore.store import S3Credential

    from mhc_lab.core.settings import Settings

PART_BYTES = 8 << 20
"""Files above this size travel in parts of it."""

PAGE_KEYS = 1000
COPY_BYTES = 5 << 30
"""A server copies no larger object by itself."""

_STREAM_BYTES = 1 << 20
_MOST_PARTS = 10_000
_REFUSED = frozenset({"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_CONFLICT = frozenset({"409", "412", "ConditionalRequestConflict", "PreconditionFailed"})
_DECLINED = frozenset({"501", "NotImplemented"})
_DECLINED_OFTEN = 3
"""So many conditions in a row a server says it does not know until it is asked for none any more: one such answer may be a gateway's."""
_LEFT_OVER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where objects lie and how to get to them."""

    name: str
    """The bucket, or bucket/prefix."""
    access_key: Secret
    secret_key: Secret
    endpoint: str | None = None
    """None: Amazon's, in that region."""
    region: str = "us-east-1"
    patience: timedelta = timedelta(seconds=30)
    """How long an answer may take."""

    @classmethod
    def of(cls, settings: Settings, *, name: str | None = None) -> Self:
        """The bucket that the settings describe; ``name`` is another one on the same server.

        Raises
        ------
        ConfigurationError
            Settings are missing; the message names them.
        """
        name, access_key, secret_key = name or settings.s3_bucket, settings.s3_access_key, settings.s3_secret_key
        if name is None or access_key is None or secret_key is None:
            needed = {"MHC_S3_BUCKET": name, "MHC_S3_ACCESS_KEY": access_key, "MHC_S3_SECRET_KEY": secret_key}
            missing = [setting for setting, value in needed.items() if value is None]
            raise ConfigurationError(
                f"An object store needs {' and '.join(missing)}. Set this in the environment, then try again.",
                setting=missing[0],
            )
        return cls(name, access_key, secret_key, endpoint=settings.s3_endpoint, region=settings.s3_region)

    @property
    def address(self) -> str:
        """Where requests go."""
        return self.endpoint or f"https://s3.{self.region}.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer says about an object; ``sha256`` and ``token`` are what we stored beside it, where the server keeps such things."""

    key: str
    size_bytes: int
    modified_at: datetime | None
    etag: str = ""
    sha256: str | None = None
    token: str | None = None


class Taken(Exception):  # noqa: N818 - an answer, not a failure
    """The server says that the key is taken."""


class _DeclinedError(Exception):
    """The server says that it does not know what it was asked for, which may be the condition."""


class Objects:
    """The objects of one bucket, by full key."""

    def __init__(self, bucket: Bucket) -> None:
        self.root = bucket.name
        self._bucket = bucket
        self._name = bucket.name.partition("/")[0]
        self._declined = 0
        """Conditions that the server said it does not know, since the last one that it took."""

    def find(self, key: str, *, listed: Collection[str] | None = None) -> Seen | None:
        """What is there; None only when two questions find nothing: a single answer that nothing is there may be a gateway's.

        The second asks for the bytes, not for a listing: that looks through a whole folder where objects are kept on a disk. Whoever asks
        for many keys gives what is ``listed`` where they belong, so that only what is on it is asked for again.
        """
        seen = self.head(key)
        if seen is None and (listed is None or key in listed) and self._opened(key) is not None:
            raise self._contradicted()
        return seen

    def head(self, key: str) -> Seen | None:
        """What one answer says is there; None when it says that nothing is."""
        with self._blamed():
            try:
                result = obstore.get(self._store, key, options={"head": True})
            except FileNotFoundError:
                return None
            return _seen(result)

    def get(self, key: str) -> tuple[Seen, Iterator[bytes]]:
        """What is there and its bytes, block by block; ``FileNotFoundError`` when another question finds nothing either."""
        result = self._opened(key)
        if result is None and self.head(key) is not None:
            raise self._contradicted()
        if result is None:
            raise FileNotFoundError(f'Nothing is at "{key}" in {self.root}.')
        return _seen(result), self._blocks(result)

    def _opened(self, key: str) -> obstore.GetResult | None:
        with self._blamed():
            try:
                return obstore.get(self._store, key)
            except FileNotFoundError:
                return None

    def put(self, key: str, content: IO[bytes], size: int, metadata: dict[str, str]) -> None:
        """Store ``content`` where nothing is yet; :class:`Taken` when the server knows better and says so."""
        if size > PART_BYTES:
            self._put_in_parts(key, content, size, metadata)
            return
        body = content.read(size + 1)

        def send(*, is_conditional: bool) -> None:
            mode: Literal["create", "overwrite"] = "create" if is_conditional else "overwrite"
            obstore.put(self._store, key, body, attributes=metadata, mode=mode, use_multipart=False)

        self._onto_nothing(key, send)

    def _onto_nothing(self, key: str, send: Callable[..., object]) -> None:
        """``send`` on the condition that nothing is at ``key``; without it when the server knows no conditions and nothing is there."""
        if self._declined < _DECLINED_OFTEN:
            with suppress(_DeclinedError):
                with self._blamed(has_condition=True):
                    send(is_conditional=True)
                self._declined = 0
                return
        if self.find(key) is not None:
            raise Taken
        with self._blamed():
            send(is_conditional=False)
        self._declined += 1

    def _put_in_parts(self, key: str, content: IO[bytes], size: int, metadata: dict[str, str]) -> None:
        target = {"Bucket": self._name, "Key": key}
        part_bytes = max(PART_BYTES, -(-size // _MOST_PARTS))
        with self._blamed():
            target["UploadId"] = self._client.create_multipart_upload(**target, Metadata=metadata)["UploadId"]
            try:
                self._quietly(lambda: self._abort_left_overs(target))
                parts: list[dict[str, object]] = []
                while part := content.read(part_bytes):
                    number = len(parts) + 1
                    etag = self._client.upload_part(**target, PartNumber=number, Body=part)["ETag"]
                    parts.append({"PartNumber": number, "ETag": etag})
                complete = partial(self._client.complete_multipart_upload, **target, MultipartUpload={"Parts": parts})
                self._onto_nothing(key, partial(_conditionally, complete))
            except BaseException:
                self._quietly(lambda: self._client.abort_multipart_upload(**target))
                raise

    def _abort_left_overs(self, target: dict[str, str]) -> None:
        """End uploads of the same key that began a day before this one: their process was killed, and they cost money unseen."""
        answer = self._client.list_multipart_uploads(Bucket=target["Bucket"], Prefix=target["Key"])
        ours = [one for one in answer.get("Uploads", []) if one["Key"] == target["Key"]]
        began = max((one["Initiated"] for one in ours), default=None)
        for one in ours:
            if one["UploadId"] != target["UploadId"] and began - one["Initiated"] > _LEFT_OVER:
                self._client.abort_multipart_upload(**{**target, "UploadId": one["UploadId"]})

    def copy(self, seen: Seen, to: str, metadata: dict[str, str]) -> None:
        """Let the server copy exactly that object where nothing is yet; :class:`Taken` when the server knows better and says so."""
        copy = partial(
            self._client.copy_object,
            Bucket=self._name,
            Key=to,
            CopySource={"Bucket": self._name, "Key": seen.key},
            CopySourceIfMatch=seen.etag,
            Metadata=metadata,
            MetadataDirective="REPLACE",
        )
        self._onto_nothing(to, partial(_conditionally, copy))

    def delete(self, key: str) -> None:
        """Ask for an object to be gone."""
        with self._blamed():
            self._client.delete_object(Bucket=self._name, Key=key)

    def page(self, prefix: str, after: str | None) -> list[Seen]:
        """Up to a thousand objects below ``prefix`` with keys after that one; keys that end in a slash come without it."""
        with self._blamed():
            try:
                chunks = obstore.list(self._store, prefix or None, offset=after, chunk_size=PAGE_KEYS)
                return [Seen(one["path"], one["size"], one["last_modified"]) for one in next(iter(chunks), [])]
            except InvalidPathError:  # somebody stored "a//b" there
                start = {"StartAfter": after} if after else {}
                answer = self._client.list_objects_v2(Bucket=self._name, Prefix=prefix, MaxKeys=PAGE_KEYS, **start)
                return [
                    Seen(one["Key"].removesuffix("/"), one["Size"], one["LastModified"]) for one in answer["Contents"]
                ]

    def has_exactly(self, key: str) -> bool:
        """Whether a listing shows that very key."""
        with self._blamed():
            answer = self._client.list_objects_v2(Bucket=self._name, Prefix=key, MaxKeys=1)
            return any(one["Key"] == key for one in answer.get("Contents", []))

    def _blocks(self, result: obstore.GetResult) -> Iterator[bytes]:
        with self._blamed():
            for block in result.stream(min_chunk_size=_STREAM_BYTES):
                yield bytes(block)

    def _quietly(self, action: Callable[[], object]) -> None:
        """Tidy up after a failure that is being told already."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            action()
        except (BotoCoreError, ClientError):
            return

    @contextmanager
    def _blamed(self, *, has_condition: bool = False) -> Iterator[None]:
        """Whatever goes wrong on the way, as an error of ours without a word from the server."""
        try:
            yield
        except MhcError:
            raise
        except Exception as failure:
            code = _obstore_code(failure) or _boto_code(failure)
            if code is None:
                raise
            if has_condition and code in _CONFLICT:
                raise Taken from None
            if has_condition and code in _DECLINED:
                raise _DeclinedError from None
            raise (self._refused(code) if code in _REFUSED else self._offline(code)) from None

    def _contradicted(self) -> ConfigurationError:
        return self._offline("it says that an object is not there, and shows it")

    def _offline(self, answer: str) -> ConfigurationError:
        return offline(
            self.root,
            f"no usable answer came from it ({answer})",
            remedy="Look at the network and MHC_S3_ENDPOINT, then try again",
            setting="MHC_S3_ENDPOINT",
        )

    def _refused(self, answer: str) -> ConfigurationError:
        return offline(
            self.root,
            f"it does not let us in ({answer})",
            remedy="Correct MHC_S3_ACCESS_KEY and MHC_S3_SECRET_KEY, or what they may do",
            setting="MHC_S3_ACCESS_KEY",
        )

    @cached_property
    def _store(self) -> obstore.store.S3Store:
        bucket = self._bucket
        return obstore.store.S3Store(
            self._name,
            config={
                "endpoint": bucket.address,
                "region": bucket.region,
                "virtual_hosted_style_request": False,
                "skip_signature": False,
            },
            client_options={
                "allow_http": bucket.address.startswith("http://"),
                "connect_timeout": bucket.patience,
                "read_timeout": bucket.patience,
                "timeout": timedelta(days=1),  # of a whole body, however long that is; a stall ends by the one above
            },
            retry_config={"max_retries": 2, "retry_timeout": 3 * bucket.patience},
            credential_provider=self._credentials,
        )

    def _credentials(self) -> S3Credential:
        bucket = self._bucket
        return {
            "access_key_id": bucket.access_key.reveal(),
            "secret_access_key": bucket.secret_key.reveal(),
            "token": None,
            "expires_at": None,
        }

    @cached_property
    def _client(self) -> Any:
        return _client(self._bucket)


@lru_cache(maxsize=8)
def _client(bucket: Bucket) -> Any:
    """A client of that bucket: to make one takes half a second, and jobs open a store anew for every few hundred files."""
    import boto3
    from botocore.config import Config

    seconds = bucket.patience.total_seconds()
    return boto3.session.Session().client(
        "s3",
        endpoint_url=bucket.address,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key.reveal(),
        aws_secret_access_key=bucket.secret_key.reveal(),
        config=Config(
            connect_timeout=seconds,
            read_timeout=seconds,
            retries={"total_max_attempts": 3, "mode": "standard"},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _seen(result: obstore.GetResult) -> Seen:
    meta = result.meta
    ours = {str(name).lower(): str(value) for name, value in result.attributes.items()}  # some servers change the case
    return Seen(
        meta["path"], meta["size"], meta["last_modified"], meta["e_tag"] or "", ours.get("sha256"), ours.get("mhc-put")
    )


def _conditionally(ask: Callable[..., object], *, is_conditional: bool) -> None:
    """``ask`` boto3 on the condition that nothing is in the place, or without it."""
    ask(**({"IfNoneMatch": "*"} if is_conditional else {}))


def _obstore_code(failure: BaseException) -> str | None:
    """The number of the answer in an error of obstore, which otherwise repeats what the server said; None when it is none of them."""
    if isinstance(failure, (AlreadyExistsError, PreconditionError)):
        return "412"
    if isinstance(failure, PermissionDeniedError):
        return "403"
    if not isinstance(failure, (BaseError, FileNotFoundError)):
        return None
    found = re.search(r"status(?: code)?: (\d{3})", str(failure))
    return found[1] if found else type(failure).__name__


def _boto_code(failure: Exception) -> str | None:
    """The code in an error of boto3; None when it is none of them."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(failure, ClientError):
        return str(failure.response.get("Error", {}).get("Code", "ClientError"))
    return type(failure).__name__ if isinstance(failure, (BotoCoreError, KeyError)) else None
