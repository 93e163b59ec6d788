"""What a store promises: it holds files under relative paths, and says only what it has just proved.

Disk, bucket and memory keep the same promises and pass the same tests. A store knows paths and bytes, never people and never the database.
One that is absent, unmarked or another one is *offline*, at every call: nobody may conclude from it that files are gone.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple, Protocol, TypeVar
from uuid import UUID, uuid4

from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.names import relative_path as checked
from mhc_lab.core.progress import SILENT, Progress

MARKER = ".mhc-store.json"
"""The file in the root that says which store this is."""

MARKER_BYTES = 4096
"""More of it than that is not read."""

OURS = ".mhc-"
"""What begins so is ours: the marker, what is being written, what was set aside."""

UNFINISHED = ".mhc-put-"
"""What begins so is being written, or was when its process was killed."""

QUARANTINE = ".mhc-quarantine"
"""The folder of what was set aside."""

BLOCK_BYTES = 1 << 18
LONGEST_NAME = 255
"""In bytes, of one part of a path: what disks can hold."""

_AHEAD = 64
"""Of what is worked on at the same time, so many pieces are begun before the first is asked for."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SYSTEM = frozenset(
    {
        ".DS_Store",
        ".Spotlight-V100",
        ".Trashes",
        ".fseventsd",
        "System Volume Information",
        "$RECYCLE.BIN",
        "lost+found",
    }
)


T = TypeVar("T")
U = TypeVar("U")


class Stamp(NamedTuple):
    """By what a disk tells that a file is the one seen before, untouched."""

    device: int
    inode: int
    mtime_ns: int
    ctime_ns: int


class FoundFile(NamedTuple):
    """A regular file below the root of a store; a tuple, because a listing makes hundreds of thousands of them."""

    relative_path: str
    size_bytes: int
    written_ns: int | None
    """When it was last written to, in nanoseconds since 1970; None when nobody says."""
    stamp: Stamp | None = None
    """None: it lies in no file system."""

    @property
    def modified_at(self) -> datetime | None:
        """When it was last written to; None when nobody says, or no calendar has that time."""
        try:
            return None if self.written_ns is None else _EPOCH + timedelta(microseconds=self.written_ns // 1000)
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Put:
    """A file that is on the store now, read again and compared."""

    file: FoundFile
    byte_id: ByteId
    is_new: bool
    """False: the same bytes were there before, and nothing was written."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What fits onto a store, and what still does."""

    total_bytes: int
    free_bytes: int


class Store(Protocol):
    """A place for files.

    Every call may raise ``ConfigurationError`` (offline, full, read-only, or it answers nonsense) and, for a path that is none, leads
    through a link or names something of ours, ``RefusedError``. Other failures of a single file are an ``OSError``.
    """

    root: str
    """As the storage row has it: a folder, or bucket/prefix."""
    marker: UUID
    unreadable: tuple[str, ...]
    """What the last listing left out and somebody may miss: links, pipes, closed folders, names that are no path."""

    litter: tuple[FoundFile, ...]
    """What the last listing left out as the system's; a folder of it, with a slash at its end, counts as one."""

    def files(self, progress: Progress = SILENT) -> tuple[FoundFile, ...]:
        """Every file, sorted by path; never our own, the system's, or a view. A listing that is not whole is an error, never shorter."""

    def stat(self, relative_path: str) -> FoundFile:
        """The file at that place, or ``FileNotFoundError``."""

    def read(self, relative_path: str) -> BinaryIO:
        """The bytes as a stream that goes forward; whether it can go back depends on the store.

        ``FileNotFoundError`` when nothing is there; ``IntegrityError`` at its end, when the store knows that other bytes belong there.
        """

    def digests(self, files: Sequence[FoundFile]) -> Generator[ByteId | None, None, None]:
        """The byte id of each file as it was listed, in their order; None for one that is gone, closed, swapped, or written to since.

        Several are read at the same time, and some ahead of those that are asked for.
        """

    def put(
        self,
        relative_path: str,
        source: BinaryIO,
        *,
        expected: ByteId | None = None,
        written_at: datetime | None = None,
    ) -> Put:
        """What ``source`` gives from where it stands, under that name, once it was read again and is the same.

        A new file on a disk says that it was last written to at ``written_at``; a bucket always tells its own time.

        Never overwrites: the same bytes in that place are left alone, other bytes are a ``FileExistsError``, and so is a name that this
        store cannot tell from one that is taken. Bytes that are not ``expected``, or come back different, are an ``IntegrityError`` and
        leave nothing behind. When it returns, the file survives a power cut; when it is killed, the name is free or the file whole.
        """

    def move(self, relative_path: str, to: str) -> None:
        """Rename inside this store; a ``FileExistsError`` when anything is in that place.

        Killed, it leaves the file in its old place, its new one, or both.
        """

    def remove(self, relative_path: str, *, expected: ByteId) -> None:
        """Free the place, only when what is there was read again and has these bytes; an ``IntegrityError`` otherwise."""

    def capacity(self) -> Capacity | None:
        """How much fits; None when nobody says."""


def nanoseconds(at: datetime) -> int:
    """Since 1970: what :attr:`FoundFile.modified_at` was made from, as far as it tells."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def some_at_once(files: Iterable[FoundFile], *, count: int, size_bytes: int) -> Iterator[list[FoundFile]]:
    """``files`` in their order, ``count`` at once or as many as reach ``size_bytes``."""
    some: list[FoundFile] = []
    size = 0
    for file in files:
        some.append(file)
        size += file.size_bytes
        if len(some) == count or size >= size_bytes:
            yield some
            some, size = [], 0
    if some:
        yield some


def in_order(threads: ThreadPoolExecutor, work: Callable[[T], U], items: Iterable[T]) -> Generator[U, None, None]:
    """What ``work`` makes of each item, in their order; a few are worked on ahead, and none is begun any more when nobody asks on."""
    ahead: deque[Future[U]] = deque()
    try:
        for item in items:
            ahead.append(threads.submit(work, item))
            if len(ahead) > _AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for waiting in ahead:
            waiting.cancel()


def new_path(text: str) -> str:
    """``text`` as a path under which every store can keep a file and will list it again.

    Only its first part may be ours, as the quarantine is.

    Raises
    ------
    RefusedError
        It leads out, is no UTF-8, has a control character or too long a name, or is kept out of listings.
    """
    path = checked(text)
    parts = PurePosixPath(path).parts
    if path == MARKER or any(part.startswith(OURS) for part in parts[1:]) or parts[0].startswith(UNFINISHED):
        raise RefusedError(f'"{path}" is a name the workbench keeps for itself.', rule="own names")
    if any(part in SYSTEM for part in parts):
        raise RefusedError(f'"{path}" has a name that systems keep for themselves.', rule="system names")
    if not is_utf8(path) or any(character < " " or character == "\x7f" for character in path):
        raise RefusedError(f"{path!r} has characters that not every store can keep in a name.", rule="plain names")
    if any(len(part.encode()) > LONGEST_NAME for part in parts):
        raise RefusedError(f'A part of "{path}" is longer than {LONGEST_NAME} bytes.', rule="short names")
    return path


def destination(relative_path: str, to: str) -> str:
    """``to`` as a place for the file at ``relative_path``: a new path, or, for one out of the quarantine, any it can have had."""
    return checked(to) if relative_path.startswith(f"{QUARANTINE}/") else new_path(to)


def is_kept_out(name: str) -> bool:
    """Whether a file or folder of that name is ours or the system's."""
    return name.startswith(OURS) or name in SYSTEM


def is_litter(path: str) -> bool:
    """Whether the file at ``path`` is the system's, and not in a folder of ours."""
    parts = path.split("/")
    return not SYSTEM.isdisjoint(parts) and not any(part.startswith(OURS) for part in parts)


def is_utf8(name: str) -> bool:
    """Whether ``name`` came from bytes that are text."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def shown(path: str) -> str:
    """``path`` with the bytes that are not UTF-8 written out."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def new_marker() -> bytes:
    """The marker of a store that has none."""
    return (json.dumps({"store": str(uuid4())}) + "\n").encode()


def read_marker(content: bytes) -> UUID:
    """Which store a marker names; ``ValueError`` when it is damaged."""
    try:
        return UUID(json.loads(content)["store"])
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise ValueError("no marker") from failure


def offline(root: str, why: str, *, remedy: str, setting: str) -> ConfigurationError:
    """The error of a store that cannot be used as it is."""
    return ConfigurationError(f"The store at {root} is offline: {why}. {remedy}; nothing was changed.", setting=setting)


class Sink(Protocol):
    """What can be written to."""

    def write(self, block: bytes, /) -> object:
        """Take all of ``block``."""


def copied(source: BinaryIO, to: Sink | None) -> tuple[int, ByteId]:
    """Size and byte id of what ``source`` still gives, written to ``to`` on the way when there is one."""
    digest, size = hashlib.sha256(), 0
    while block := source.read(BLOCK_BYTES):
        digest.update(block)
        size += len(block)
        if to is not None:
            to.write(block)
    return size, ByteId(digest.hexdigest())


def agree(path: str, found: ByteId, expected: ByteId | None) -> None:
    """``IntegrityError`` when other bytes were expected."""
    if expected is not None and found != expected:
        raise IntegrityError(f'The bytes for "{path}" have SHA-256 {found}, {expected} was expected. Nothing was kept.')


def taken(path: str, root: str) -> FileExistsError:
    """The error of a place where something else is."""
    return FileExistsError(f'There is another file at "{path}" in {root}. It stays as it is; choose another name.')
