"""Previews of registered files: made once by a process with limits, kept in the home folder, and made again when they are lost.

A preview is kept under the byte id of its file, so every copy shares it. It is only ever made of a file that is still what was registered:
of a picture every byte is read for that, of a video only size and time are compared. What nobody saw for longest goes when there is much.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.ids import MediaId
from mhc_lab.jobs import stores
from mhc_lab.media.examine import Examiner
from mhc_lab.media.identity import byte_id
from mhc_lab.media.preview import LONGEST, VERSION
from mhc_lab.services.media import MediaFile
from mhc_lab.storage.store import Store
from mhc_lab.workbench import Workbench

log = logging.getLogger(__name__)

LARGE = 960
"""Pixels of the longer side where there is room for one picture."""

MOST_BYTES = 2 << 30
"""What all previews together may take."""

_OFTEN = 500
"""Previews kept between two looks at how much there is."""
_since_trim: dict[Path, int] = {}
"""How many were kept in a folder since; none: never looked at by this process."""
_DAY = timedelta(days=1)

_NOT_SHOWN = {"corrupt": "damaged", "refused": "refused as dangerous", "opaque": "no picture"}
_JPEG, _END = b"\xff\xd8\xff", b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Preview:
    """A JPEG, or why there is none."""

    content: bytes = b""
    why: str = ""
    """A few words; empty when there is a picture."""


def previews(wb: Workbench, files: Iterable[MediaFile], *, longest: int = LONGEST) -> Iterator[tuple[MediaId, Preview]]:
    """A preview for each of ``files``, one after the other as they are ready; none of them ends the others."""
    opened = stores.Opened(wb)
    with Examiner() as examiner:
        for file in files:
            yield file.id, _preview(wb, opened, examiner, file, longest)
    folder = wb.folder("previews")
    if _since_trim.get(folder, 0) > _OFTEN:
        _since_trim[folder] = 0
        trim(folder, now=wb.clock.now())


def trim(folder: Path, *, most: int = MOST_BYTES, now: datetime) -> None:
    """Let the previews in ``folder`` take ``most`` bytes, those seen last, and remove what killed processes left."""
    found: list[tuple[float, int, Path]] = []
    for entry in _entries(folder):
        with suppress(OSError):
            status = entry.stat()
            if not entry.name.startswith("."):
                found.append((status.st_mtime, status.st_size, Path(entry)))
            elif status.st_mtime < (now - _DAY).timestamp():
                Path(entry).unlink()
    over = sum(size for _, size, _ in found) - most
    if over > 0:
        over += most // 10  # so that it is not done again soon
        for _, size, path in sorted(found):
            if over > 0:
                with suppress(OSError):
                    path.unlink()
                    over -= size


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        inner = list(found)
    for one in inner:
        with suppress(OSError), os.scandir(one) as kept:
            yield from kept


def _preview(wb: Workbench, opened: stores.Opened, examiner: Examiner, file: MediaFile, longest: int) -> Preview:
    if file.verdict in _NOT_SHOWN:
        return Preview(why=_NOT_SHOWN[file.verdict])
    place = _place(wb, file, longest)
    kept = _kept(place, wb.clock.now())
    if kept is None:
        store = opened.of(file.storage)
        if isinstance(store, str):
            return Preview(why=store)
        try:
            kept = _made(store, examiner, file, longest)
        except ConfigurationError:
            return Preview(why="storage offline")
        except FileNotFoundError:
            return Preview(why="missing")
        except IntegrityError:
            return Preview(why="damaged")
        except (OSError, RefusedError):
            return Preview(why="not readable")
        if kept is None:
            return Preview(why="changed since it was registered")
        _keep(wb.folder("previews"), place, kept)
    return Preview(kept) if kept else Preview(why="nothing to see")


def _place(wb: Workbench, file: MediaFile, longest: int) -> Path:
    size = "" if longest == LONGEST else f"-{longest}"
    return wb.folder("previews") / file.byte_id[:2] / f"{file.byte_id}-{VERSION}{size}.jpg"


def _kept(place: Path, now: datetime) -> bytes | None:
    """What is kept of an earlier time, nothing but an empty file where there was nothing to see; None when it is not there, or damaged."""
    try:
        kept = place.read_bytes()
        if place.stat().st_mtime < (now - _DAY).timestamp():
            os.utime(place, (now.timestamp(), now.timestamp()))  # somebody saw it
    except OSError:
        return None
    return kept if not kept or (kept.startswith(_JPEG) and kept.endswith(_END)) else None


def _made(store: Store, examiner: Examiner, file: MediaFile, longest: int) -> bytes | None:
    """The preview of what lies on the store; None when that is not what was registered."""
    found = store.stat(file.relative_path)
    if found.size_bytes != file.size_bytes:
        return None
    with store.read(file.relative_path) as stream, _going_back(stream) as opened:
        is_taken_for_it = file.verdict == "video" and found.modified_at == file.modified_at
        if not is_taken_for_it and byte_id(opened) != file.byte_id:
            return None
        opened.seek(0)
        return examiner.preview(opened, size=file.size_bytes, longest=longest)


@contextmanager
def _going_back(stream: BinaryIO) -> Iterator[BinaryIO]:
    """``stream`` itself when it can be read twice, else a copy."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield cast("BinaryIO", copy)


def _keep(folder: Path, place: Path, content: bytes) -> None:
    """Keep ``content`` in one step. It can be made again, so nothing waits for the disk, and a full one hides no picture."""
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}-", delete=False) as file:
            _written(Path(file.name), content, place)
    except OSError as failure:
        log.info("A preview was not kept: %s", failure.strerror)
    else:
        _since_trim[folder] = _since_trim.get(folder, _OFTEN) + 1


def _written(temporary: Path, content: bytes, place: Path) -> None:
    try:
        temporary.write_bytes(content)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
