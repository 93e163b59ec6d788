"""A bucket, or a prefix in one, that holds files, on a server whose answers are never taken for proof.

What was written is read again and compared; what is read is hashed on the way against the digest stored beside it. Servers differ in what
they check and which conditions they honour, and a page of some gateway may answer in their place: nothing but the bytes is believed, and a
missing object only while the same server shows our marker.
"""

from __future__ import annotations

import hashlib
import io
import re
import tempfile
import threading
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import BinaryIO, Self
from uuid import UUID, uuid4

from mhc_lab.core.errors import ConfigurationError, IntegrityError, MhcError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.names import relative_path as checked
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.storage import layout
from mhc_lab.storage.arriving import Arriving
from mhc_lab.storage.bucket import COPY_BYTES, PAGE_KEYS, PART_BYTES, Bucket, Objects, Seen, Taken
from mhc_lab.storage.store import (
    MARKER,
    MARKER_BYTES,
    FoundFile,
    Put,
    agree,
    copied,
    destination,
    in_order,
    is_kept_out,
    is_litter,
    new_marker,
    new_path,
    offline,
    read_marker,
    shown,
    taken,
)

AT_ONCE = 16
"""Small files on their way at the same time."""

LONGEST_KEY = 1024
_NO_PATH = re.compile(r"(^|/)\.{0,2}(/|$)|[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ManyPut:
    """What became of many files: look at ``failed``, nothing is raised for a single one."""

    done: tuple[Put, ...]
    failed: tuple[tuple[str, Exception], ...]
    """Path and error."""


class S3Store:
    """An open store in a bucket."""

    def __init__(self, objects: Objects, *, prefix: str, marker: UUID) -> None:
        self.root, self.marker = objects.root, marker
        self.unreadable: tuple[str, ...] = ()
        """Keys of the last listing that are no paths."""
        self.litter: tuple[FoundFile, ...] = ()
        self._objects, self._prefix = objects, prefix

    @classmethod
    def open(cls, bucket: Bucket, *, marker: UUID | None) -> Self:
        """The store in ``bucket``; ``marker`` is the one it has to carry, None accepts any.

        Raises
        ------
        ConfigurationError
            It is offline: no bucket, no store, another one, or no usable answer.
        """
        objects, prefix = Objects(bucket), _prefix(bucket.name)
        found = _marker(objects, prefix)
        if found is None:
            raise _offline(bucket.name, f"there is no marker {MARKER}")
        if marker is not None and found != marker:
            raise _offline(bucket.name, f"another store is there: it is marked {found}, {marker} is wanted")
        return cls(objects, prefix=prefix, marker=found)

    @classmethod
    def create(cls, bucket: Bucket) -> Self:
        """The store in ``bucket``, which exists, marked now when it was not yet; a marker that is there is never replaced."""
        objects, prefix = Objects(bucket), _prefix(bucket.name)
        for outer in _outer(prefix):
            if _marker(objects, outer) is not None:
                raise RefusedError(
                    f"{bucket.name} lies inside another store, and every file in it would count twice.",
                    rule="stores do not nest",
                )
        if _marker(objects, prefix) is None:
            content = new_marker()
            with suppress(Taken):
                objects.put(f"{prefix}{MARKER}", io.BytesIO(content), len(content), {})
        return cls.open(bucket, marker=None)

    def files(self, progress: Progress = SILENT) -> tuple[FoundFile, ...]:
        """Every object below the prefix whose key is a path, sorted; our own stay out.

        Each page has to begin with what the one before ended with, so none is missing or comes twice, and the marker has to be among them.
        """
        self._prove()
        found: dict[str, FoundFile] = {}
        litter: dict[str, FoundFile] = {}
        unreadable: list[str] = []
        has_marker = False
        for page in self._pages(self._prefix):
            for seen in page:
                path = seen.key[len(self._prefix) :]
                has_marker = has_marker or path == MARKER
                if not seen.key.startswith(self._prefix) or _NO_PATH.search(path):
                    unreadable.append(shown(path))
                elif not any(map(is_kept_out, path.split("/"))) and self._is_file(seen, found.get(path)):
                    found[path] = _found(path, seen)
                elif is_litter(path):
                    litter[path] = _found(path, seen)
            progress(len(found), None, "files found")
        if not has_marker:
            raise _offline(self.root, "its listing is not whole: our own marker is not on it")
        self.unreadable = tuple(sorted(unreadable))
        self.litter = tuple(litter[path] for path in sorted(litter))
        return tuple(found[path] for path in sorted(found))

    def stat(self, relative_path: str) -> FoundFile:
        """The object at ``relative_path``."""
        key = self._key(relative_path)
        self._prove()
        return _found(checked(relative_path), self._existing(key))

    def read(self, relative_path: str) -> BinaryIO:
        """Its bytes as they arrive, going forward only; at their end they are compared with the digest stored beside them."""
        key = self._key(relative_path)
        self._prove()
        return io.BufferedReader(Arriving(*self._got(key)))

    def digests(self, files: Sequence[FoundFile]) -> Generator[ByteId | None, None, None]:
        """The byte id of each, many at once: what a server says is stored beside an object proves nothing, so all of it is read."""
        self._prove()
        with ThreadPoolExecutor(AT_ONCE) as threads, closing(in_order(threads, self._digest, files)) as read:
            yield from read

    def put(
        self,
        relative_path: str,
        source: BinaryIO,
        *,
        expected: ByteId | None = None,
        written_at: datetime | None = None,
    ) -> Put:
        """Keep what ``source`` gives, read again from the server before anything is said.

        On a server that ignores conditions, of two who write to one place at the same instant the later one wins, and the first is told.
        """
        path = new_path(relative_path)
        key = self._key(path)
        self._prove()
        return self._put(path, key, source, expected)

    def put_many(self, pairs: Iterable[tuple[str, BinaryIO]], *, progress: Progress = SILENT) -> ManyPut:
        """Many small files at once, each checked as a single :meth:`put` is; sources are taken when their turn comes and closed.

        An error of one file is part of the result and the others go on; an error of ``pairs`` itself ends it.
        """
        self._prove()
        work = _Work(pairs, progress, self._keys_in)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for worker in [pool.submit(self._put_next, work) for _ in range(AT_ONCE)]:
                worker.result()
        done = tuple(one for _, one in sorted(work.done.items()))
        return ManyPut(done, tuple(one for _, one in sorted(work.failed.items())))

    def move(self, relative_path: str, to: str) -> None:
        """Let the server copy it, read the copy, and only then free the old place."""
        path, to = checked(relative_path), destination(relative_path, to)
        key, new_key = self._key(path), self._key(to)
        self._prove()
        seen = self._existing(key)
        if self._objects.find(new_key) is not None:
            raise taken(to, self.root)
        byte_id = ByteId(seen.sha256) if seen.sha256 else self._read_again(key)[1]
        if seen.size_bytes > COPY_BYTES:
            with self.read(path) as source:
                self.put(to, source, expected=byte_id)
        else:
            try:
                self._copy(seen, to, byte_id, expected=byte_id)
            except IntegrityError:
                actual = self._read_again(key)[1]
                if actual == byte_id:
                    raise
                self._copy(seen, to, ByteId(seen.sha256 or actual), expected=actual)  # damaged before: it goes as it is
        self._free(key)

    def remove(self, relative_path: str, *, expected: ByteId) -> None:
        """Delete the object after every byte of it was read again."""
        path = checked(relative_path)
        key = self._key(path)
        self._prove()
        _, found = self._read_again(key)
        if found != expected:
            raise IntegrityError(f'"{path}" in {self.root} has SHA-256 {found}, {expected} was expected. It stays.')
        self._free(key)

    def capacity(self) -> None:
        """Nobody says."""
        self._prove()

    def _digest(self, file: FoundFile) -> ByteId | None:
        try:
            seen, found = self._read_again(self._key(file.relative_path))
        except (OSError, RefusedError, IntegrityError):
            return None
        return found if _found(file.relative_path, seen) == file else None

    def _copy(self, seen: Seen, to: str, byte_id: ByteId, *, expected: ByteId) -> None:
        """Copy an object with the digest that is stored beside it, and prove that the copy has the ``expected`` bytes."""
        new_key, token = self._key(to), uuid4().hex
        try:
            self._objects.copy(seen, new_key, _metadata(byte_id, token))
        except Taken:  # or a repeated request met our own first one: the token tells
            pass
        except ConfigurationError as failure:
            raise self._unknown(to, new_key, token, failure) from None
        if not self._proved(to, new_key, seen.size_bytes, expected, token).is_new:
            raise taken(to, self.root)

    def _put(
        self, path: str, key: str, source: BinaryIO, expected: ByteId | None, *, listed: Collection[str] | None = None
    ) -> Put:
        with tempfile.SpooledTemporaryFile(max_size=PART_BYTES) as held:
            size, byte_id = copied(source, held)
            agree(path, byte_id, expected)
            held.seek(0)
            if self._objects.find(key, listed=listed) is not None:
                return self._compared(path, key, byte_id)
            token = uuid4().hex
            try:
                self._objects.put(key, held, size, _metadata(byte_id, token))
            except Taken:  # or a repeated request met our own first one: the token tells
                pass
            except ConfigurationError as failure:
                raise self._unknown(path, key, token, failure) from None
        return self._proved(path, key, size, byte_id, token)

    def _put_next(self, work: _Work) -> None:
        """Take files until there are none."""
        while (item := work.take()) is not None:
            number, path, source = item
            try:
                with source:
                    path = new_path(path)
                    key = self._key(path)
                    work.done[number] = self._put(path, key, source, None, listed=work.listed(key))
            except (MhcError, OSError) as failure:
                work.failed[number] = (path, failure)
            work.note()

    def _proved(self, path: str, key: str, size: int, byte_id: ByteId, token: str) -> Put:
        """What is at ``key`` now, when it is what we stored; what is ours and wrong is taken away again."""
        try:
            seen, found = self._read_again(key)
        except FileNotFoundError:
            raise _offline(self.root, f'it took "{path}" and does not have it') from None
        except ConfigurationError as failure:
            raise self._unknown(path, key, token, failure) from None
        except IntegrityError:
            self._take_back(key, token)
            raise
        if (seen.size_bytes, found) == (size, byte_id):
            return Put(_found(path, seen), byte_id, is_new=seen.token in {token, None})
        if seen.token not in {token, None}:
            raise taken(path, self.root)
        left = "" if self._take_back(key, token) else " It may still be there: look, and remove it."
        raise IntegrityError(
            f'"{path}" was sent to {self.root} with {size:,} bytes of SHA-256 {byte_id} and came back with {seen.size_bytes:,} of '
            f"{found}.{left}"
        )

    def _unknown(self, path: str, key: str, token: str, failure: ConfigurationError) -> ConfigurationError:
        """``failure`` when nothing of the put is left, or that nobody knows: it may have arrived all the same."""
        if self._take_back(key, token):
            return failure
        return ConfigurationError(
            f'The store at {self.root} stopped answering while "{path}" was sent; whether it arrived is not known. '
            "Send it again when the store answers: nothing is overwritten.",
            setting=failure.setting,
        )

    def _compared(self, path: str, key: str, byte_id: ByteId) -> Put:
        seen, found = self._read_again(key)
        if found != byte_id or not self._is_exactly(key):
            raise taken(path, self.root)
        return Put(_found(path, seen), byte_id, is_new=False)

    def _is_exactly(self, key: str) -> bool:
        """Whether the server has that very key, and not a twin of it that it takes for the same: some gateways keep objects on disks."""
        folder, slash, name = key.rpartition("/")
        if all(self._objects.head(f"{folder}{slash}{twin}") is None for twin in layout.twins(name)):
            return True
        return self._objects.has_exactly(key)

    def _read_again(self, key: str) -> tuple[Seen, ByteId]:
        """What is there and the digest of the bytes that came; read twice when other bytes belong there, since some change on the way."""
        seen, found = self._read_once(key)
        if seen.sha256 in {None, found}:
            return seen, found
        before, (seen, found) = found, self._read_once(key)
        if found not in {before, seen.sha256}:
            raise IntegrityError(f'Of "{key}" in {self.root} other bytes come each time it is read.')
        return seen, found

    def _read_once(self, key: str) -> tuple[Seen, ByteId]:
        """Fewer bytes or more than announced are no answer."""
        seen, blocks = self._got(key)
        digest, size = hashlib.sha256(), 0
        for block in blocks:
            digest.update(block)
            size += len(block)
        if size != seen.size_bytes:
            raise _offline(self.root, f'of "{key}" came {size:,} bytes instead of {seen.size_bytes:,}')
        return seen, ByteId(digest.hexdigest())

    def _got(self, key: str) -> tuple[Seen, Iterator[bytes]]:
        """What is there and its bytes; without a digest beside it, it could be a page, and has to be what another answer says."""
        seen, blocks = self._objects.get(key)
        if seen.sha256 is None:
            told = self._existing(key)
            if (told.size_bytes, told.etag, told.sha256) != (seen.size_bytes, seen.etag, None):
                raise _offline(self.root, f'it says two things of "{key}"')
        return seen, blocks

    def _existing(self, key: str) -> Seen:
        seen = self._objects.find(key)
        if seen is None:
            raise FileNotFoundError(f'Nothing is at "{key}" in {self.root}.')
        return seen

    def _take_back(self, key: str, token: str) -> bool:
        """Whether nothing of ours is left there: only what carries our token is deleted."""
        try:
            seen = self._objects.find(key)
            if seen is not None and seen.token == token:
                self._free(key)
                return True
        except ConfigurationError:
            return False
        return seen is None

    def _free(self, key: str) -> None:
        self._objects.delete(key)
        if self._objects.head(key) is not None:
            raise _offline(self.root, f'it said that "{key}" is deleted and still has it')

    def _keys_in(self, folder: str) -> set[str]:
        """The keys below ``folder``, which ends with a slash or is empty."""
        return {seen.key for page in self._pages(folder) for seen in page}

    def _pages(self, prefix: str) -> Iterator[list[Seen]]:
        """Pages, each asked for by keys that were on the one before, which it has to begin with; that none follows is said twice."""
        page = self._objects.page(prefix, None)
        yield page
        while page:
            place = self._certain(page)
            if place < 0 and len(page) >= PAGE_KEYS:
                raise _offline(self.root, "a whole page of its listing stands for folders, which hides where to go on")
            rest = [seen.key for seen in page[place + 1 :]]
            after = page[place].key if place >= 0 else None
            page = self._objects.page(prefix, after)
            if [seen.key for seen in page[: len(rest)]] != rest:
                raise _offline(self.root, "its listing is not whole: a page is missing or came twice")
            if len(page) == len(rest):
                page = self._objects.page(prefix, after)
                if [seen.key for seen in page] != rest:
                    raise _offline(self.root, "its listing is not whole: asked again, it ends elsewhere")
                return
            yield page[len(rest) :]

    def _certain(self, page: list[Seen]) -> int:
        """The last place but one of a key that is certainly written so; -1 for none.

        An empty object may be ``a/`` although it is listed as ``a``, and then stands elsewhere in the order.
        """
        for place in range(len(page) - 2, -1, -1):
            seen = page[place]
            if not _NO_PATH.search(seen.key) and (seen.size_bytes or self._objects.find(seen.key) is not None):
                return place
        return -1

    def _is_file(self, seen: Seen, before: FoundFile | None) -> bool:
        """Not the empty object ``a/`` that consoles make for a folder, which is listed as ``a``."""
        if seen.size_bytes:
            return True
        return before is None and self._objects.find(seen.key) is not None

    def _key(self, relative_path: str) -> str:
        path = checked(relative_path)
        key = f"{self._prefix}{path}"
        if _NO_PATH.search(path) or shown(path) != path or len(key.encode()) > LONGEST_KEY:
            raise RefusedError(f"{shown(path)!r} cannot be a key of an object in {self.root}.", rule="plain names")
        return key

    def _prove(self) -> None:
        """See that the store is still this one."""
        found = _marker(self._objects, self._prefix)
        if found != self.marker:
            there = f"marked {found}" if found else "without a marker"
            raise _offline(self.root, f"it is {there}, {self.marker} is wanted")


class _Work:
    """Files to put, taken one by one by several threads, and what became of them."""

    def __init__(
        self, pairs: Iterable[tuple[str, BinaryIO]], progress: Progress, keys_in: Callable[[str], set[str]]
    ) -> None:
        self._pairs, self._progress = enumerate(pairs), progress
        self._lock, self._listing = threading.Lock(), threading.Lock()
        self._keys_in = cache(keys_in)
        self._count = 0
        self.done: dict[int, Put] = {}
        self.failed: dict[int, tuple[str, Exception]] = {}

    def take(self) -> tuple[int, str, BinaryIO] | None:
        with self._lock:
            number, pair = next(self._pairs, (0, None))
        return None if pair is None else (number, *pair)

    def listed(self, key: str) -> set[str]:
        """The keys in the folder of ``key``, as they were when its first file came."""
        with self._listing:
            return self._keys_in(key[: key.rfind("/") + 1])

    def note(self) -> None:
        with self._lock:
            self._count += 1
            self._progress(self._count, None, "files sent")


def _prefix(name: str) -> str:
    """What every key begins with: nothing, or the part after the bucket and a slash."""
    inner = name.partition("/")[2]
    return f"{checked(inner)}/" if inner else ""


def _outer(prefix: str) -> list[str]:
    """Every shorter prefix."""
    parts = prefix.split("/")[:-1]
    return ["/".join([*parts[:count], ""]) for count in range(len(parts))]


def _marker(objects: Objects, prefix: str) -> UUID | None:
    """Which store is marked there; None when none is."""
    try:
        seen, blocks = objects.get(f"{prefix}{MARKER}")
    except FileNotFoundError:
        return None
    try:
        return read_marker(b"".join(blocks) if seen.size_bytes <= MARKER_BYTES else b"")
    except ValueError as failure:
        raise _offline(objects.root, f"its marker {MARKER} is damaged") from failure


def _offline(root: str, why: str) -> ConfigurationError:
    return offline(
        root, why, remedy="Look at MHC_S3_ENDPOINT and MHC_S3_BUCKET, then try again", setting="MHC_S3_BUCKET"
    )


def _metadata(byte_id: ByteId, token: str) -> dict[str, str]:
    """What is stored beside an object: its digest, and by which put it came."""
    return {"sha256": byte_id, "mhc-put": token}


def _found(path: str, seen: Seen) -> FoundFile:
    """In whole seconds: a listing tells more than the header of a single answer can."""
    return FoundFile(path, seen.size_bytes, int(seen.modified_at.timestamp()) * 10**9 if seen.modified_at else None)
