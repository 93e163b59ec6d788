"""One file brought in for a person: from this machine, or from the web.

Its bytes are looked at before they are kept, are safe on the store before they have a row, and have their row in one transaction. Killed
between, the file lies in its folder without a row: the next attempt to bring in a file of this machine finds it there, and an ingest
registers what had been fetched, of which the next attempt gets a name of its own.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from mhc_lab.core import display
from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.ids import ByteId, MediaId
from mhc_lab.jobs import setting_aside, stores
from mhc_lab.media.examine import Examined, Examiner
from mhc_lab.media.identity import byte_id
from mhc_lab.media.probe import Verdict
from mhc_lab.schema.media import SOURCES
from mhc_lab.services import audit_log, media, media_intake, people, photosets, placeholders
from mhc_lab.services.media import MediaFile
from mhc_lab.services.media_intake import HashedFile, Origin
from mhc_lab.services.people import Person
from mhc_lab.sources.downloads import Web, fetch
from mhc_lab.storage.layout import path_for, second_path
from mhc_lab.storage.store import Put
from mhc_lab.workbench import Workbench

_ENDINGS = {"JPEG": "jpg", "TIFF": "tif"}
"""Where the usual ending is not the format in small letters."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that is in the library now."""

    id: MediaId
    username: str
    storage: str
    relative_path: str
    byte_id: ByteId
    size_bytes: int
    verdict: str | None
    is_new: bool
    """False: this person had these bytes, or this address, before; nothing was written."""
    warning: str = ""

    def __str__(self) -> str:
        did = "saved" if self.is_new else "there already"
        size = display.bytes_text(self.size_bytes)
        said = f"{self.username}: {did}, {self.storage}:{self.relative_path} ({size}, {self.verdict})"
        return f"{said}\n{self.warning}" if self.warning else said


def upload(
    wb: Workbench,
    file: Path,
    *,
    username: str,
    source: str = "manual_upload",
    storage: str = "",
    examiner: Examiner | None = None,
) -> Saved:
    """Copy ``file`` into a storage for that person, under its own name; the original stays as it is.

    Whoever has many gives their ``examiner``: starting one takes a second.

    Raises
    ------
    NotFoundError
        Nobody has that name, no storage has the other, or there is no such source.
    RefusedError
        It is no regular file, is known as a placeholder, or nobody can say into which storage it belongs.
    """
    _refuse_unknown(source)
    with wb.reader as session:
        person = people.get(session, username)
    try:
        stream = open(file, "rb", opener=_without_waiting)  # noqa: SIM115 - only this one takes an opener
    except OSError as failure:
        raise RefusedError(f"{file} cannot be read ({failure.strerror}).", rule="regular files only") from failure
    with stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError(f"{file} is not a file.", rule="regular files only")
        return _Saving(wb, person, storage, examiner).save(stream, status.st_size, Origin(source, file.name))


def _without_waiting(path: str, flags: int) -> int:
    """A pipe is opened, too, and told by its kind: nobody waits until somebody writes to it."""
    return os.open(path, flags | os.O_NONBLOCK)


def download(
    wb: Workbench,
    url: str,
    *,
    username: str,
    source: str = "external",
    photoset: str = "",
    storage: str = "",
    web: Web | None = None,
    examiner: Examiner | None = None,
) -> Saved:
    """Fetch the picture or video at ``url`` for that person; what was fetched for them before is not asked for again.

    Raises
    ------
    NotFoundError
        Nobody has that name, no storage has the other, or there is no such source.
    RefusedError
        The address may not be asked, is that of a placeholder, or belongs to a set that is not to be fetched; what came is no picture or
        video, or a placeholder.
    """
    _refuse_unknown(source)
    with wb.reader as session:
        person = people.get(session, username)
        before = media.from_source(session, person.id, url)
        is_skipped = bool(photoset) and photosets.is_skipped(session, person.id, photoset)
    if before:
        return _known(before)
    if is_skipped:
        raise RefusedError(
            f'The photoset "{photoset}" of {person.username} is not to be fetched again. '
            f"Allow it with `mhc media photosets allow {person.username} {photoset}`.",
            rule="skipped photosets",
        )
    if placeholders.is_named_so(url):
        raise RefusedError("The address says itself that there is no picture. Nothing was saved.", rule="placeholders")
    saving = _Saving(wb, person, storage, examiner)
    with tempfile.TemporaryFile(dir=wb.folder("incoming")) as file:
        stream = cast("BinaryIO", file)
        fetched = fetch(url, stream, web=web)
        file.flush()
        name = f"{int(wb.clock.now().timestamp() * 1000):013}_{hashlib.sha256(url.encode()).hexdigest()[:8]}"
        origin = Origin(source, f"{person.username}_{name}", source_url=url, photoset_id=photoset or None)
        return saving.save(stream, fetched.size_bytes, origin, only_pictures=True)


class _Saving:
    """Keeps one file for a person in a storage that is there."""

    def __init__(self, wb: Workbench, person: Person, storage: str, examiner: Examiner | None) -> None:
        self._wb, self._person, self._examiner = wb, person, examiner
        self._store, self._storage = stores.chosen(wb, storage)

    def save(self, stream: BinaryIO, size: int, origin: Origin, *, only_pictures: bool = False) -> Saved:
        """The file in ``stream``, looked at, kept and registered; ``only_pictures`` and videos, of those that can be shown."""
        stream.seek(0)
        digest = byte_id(stream)
        with self._wb.reader as session:
            placeholder = placeholders.find(session, digest)
            before = media.with_bytes(session, self._person.id, digest)
        if placeholder:
            raise RefusedError(
                f"These bytes are known as a placeholder ({placeholder.note or 'no note'}). Nothing was saved.",
                rule="placeholders",
            )
        if before:
            return _known(before)
        with nullcontext(self._examiner) if self._examiner else Examiner() as examiner:
            looked = examiner.examine(stream, size=size)
        if only_pictures:
            _refuse_what_is_no_picture(looked)
            ending = _ENDINGS.get(looked.probe.format or "", (looked.probe.format or "").lower())
            origin = replace(origin, original_name=f"{origin.original_name}.{ending}")
        put = self._put(path_for(self._person.username, origin.source, origin.original_name), stream, digest)
        return self._registered(HashedFile(put.file, digest), origin, looked)

    def _put(self, path: str, stream: BinaryIO, digest: ByteId) -> Put:
        """The bytes at ``path``, or beside it under a name of their own: what is, or should be, there already keeps its place."""
        places = (path, second_path(path, digest))
        with self._wb.reader as session:
            registered = media_intake.bytes_at(session, self._storage.id, places)
        for place in places:
            if registered.get(place, digest) != digest:
                continue
            stream.seek(0)
            with suppress(FileExistsError):
                return self._store.put(place, stream, expected=digest)
        raise RefusedError(
            f"There are other files at {path} and beside it. Give this one another name.", rule="file name"
        )

    def _registered(self, file: HashedFile, origin: Origin, looked: Examined) -> Saved:
        path, size = file.found.relative_path, file.found.size_bytes
        with self._wb.transaction() as session:
            if not setting_aside.staying(session, self._store, self._storage.id, [file.found]):
                raise RefusedError(
                    f"The file at {self._storage.name}:{path} is being set aside. Finish or undo the run that does it "
                    "(`mhc quarantine list --json` names it), then save this one again.",
                    rule="files that stay",
                )
            row = media_intake.add(
                session, self._storage.id, self._person.id, file, origin, looked, at=self._wb.clock.now()
            )
            details = {"person": self._person.username, "source": origin.source, "bytes": size}
            audit_log.append(
                session,
                actor=self._wb.user,
                action="media.save",
                subject=f"{self._storage.name}:{path}",
                details=details,
            )
        warning = "It is as large as a known placeholder: look at it." if placeholders.has_suspicious_size(size) else ""
        name, verdict = self._person.username, looked.probe.verdict
        return Saved(row, name, self._storage.name, path, file.byte_id, size, verdict, is_new=True, warning=warning)


def _refuse_unknown(source: str) -> None:
    if source not in SOURCES:
        raise NotFoundError("source", source, known=SOURCES, hint=f"There are {', '.join(SOURCES)}.")


def _refuse_what_is_no_picture(looked: Examined) -> None:
    if looked.probe.verdict not in {Verdict.READABLE, Verdict.VIDEO}:
        raise RefusedError(
            f"What came is no picture or video that can be shown ({looked.probe.verdict}). Nothing was saved.",
            rule="pictures and videos",
        )


def _known(file: MediaFile) -> Saved:
    return Saved(
        file.id, file.username or "", file.storage, file.relative_path, file.byte_id, file.size_bytes, file.verdict, is_new=False
    )  # fmt: skip
