"""Previews of registered files: made once by a process with limits, kept in the home folder, and made again when they are lost.

A preview is kept under the byte id of its file, so every copy shares it. It is only ever made of a file that is still what was registered.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mhc_lab.core.errors import ConfigurationError, RefusedError
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


def _preview(wb: Workbench, opened: stores.Opened, examiner: Examiner, file: MediaFile, longest: int) -> Preview:
    if file.verdict in _NOT_SHOWN:
        return Preview(why=_NOT_SHOWN[file.verdict])
    place = _place(wb, file, longest)
    kept = _kept(place)
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
        except (OSError, RefusedError):
            return Preview(why="not readable")
        if kept is None:
            return Preview(why="changed since it was registered")
        _keep(place, kept)
    return Preview(kept) if kept else Preview(why="nothing to see")


def _place(wb: Workbench, file: MediaFile, longest: int) -> Path:
    size = "" if longest == LONGEST else f"-{longest}"
    return wb.folder("previews") / file.byte_id[:2] / f"{file.byte_id}-{VERSION}{size}.jpg"


def _kept(place: Path) -> bytes | None:
    """What is kept of an earlier time, nothing but an empty file where there was nothing to see; None when it is not there, or damaged."""
    try:
        kept = place.read_bytes()
    except OSError:
        return None
    return kept if not kept or (kept.startswith(_JPEG) and kept.endswith(_END)) else None


def _made(store: Store, examiner: Examiner, file: MediaFile, longest: int) -> bytes | None:
    """The preview of what lies on the store; None when that is not what was registered."""
    found = store.stat(file.relative_path)
    if found.size_bytes != file.size_bytes:
        return None
    if found.modified_at != file.modified_at:
        with store.read(file.relative_path) as stream:
            if byte_id(stream) != file.byte_id:
                return None
    with store.read(file.relative_path) as stream:
        return examiner.preview(stream, size=file.size_bytes, longest=longest)


def _keep(place: Path, content: bytes) -> None:
    """Keep ``content`` in one step. It can be made again, so nothing waits for the disk, and a full one hides no picture."""
    try:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}-", delete=False) as file:
            file.write(content)
        Path(file.name).replace(place)
    except OSError as failure:
        log.info("A preview was not kept: %s", failure.strerror)
