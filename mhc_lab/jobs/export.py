"""All files of a person copied into a folder, every byte compared with what is registered, with a list of them beside.

Nothing is overwritten: run again, it goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mhc_lab.core import display, home
from mhc_lab.core.errors import ConfigurationError, IntegrityError, RefusedError
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import stores
from mhc_lab.services import media, people, storages
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.layout import second_path
from mhc_lab.storage.store import Store
from mhc_lab.workbench import Workbench

LIST = "files.json"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did."""

    username: str
    folder: str
    copied_count: int
    known_count: int
    """Were there already, byte for byte."""
    missing: tuple[tuple[str, str], ...]
    """Where it should be, and why it could not be copied."""

    def __str__(self) -> str:
        said = f"{self.username}: {display.plural(self.copied_count, 'file')} copied to {self.folder}, {self.known_count:,} there before"
        return f"{said}, {len(self.missing):,} not copied" if self.missing else said


def export(wb: Workbench, username: str, folder: Path, *, progress: Progress = SILENT) -> Exported:
    """Copy the live files of that person to ``folder``.

    Raises
    ------
    NotFoundError
        Nobody has that name.
    RefusedError
        The folder is a storage, lies in one or around one, or cannot be made.
    ConfigurationError
        The folder cannot be written to.
    """
    with wb.reader as session:
        person = people.get(session, username)
        known = {one.name: one for one in storages.listed(session)}
        count = media.count(session, Wanted(person=person.id))
    root = folder.expanduser().absolute()
    _refuse_storages(root, known.values())
    to = DiskStore.create(_made(root))
    sources: dict[str, Store | str] = {}
    copied, there, missing, listed = 0, 0, [], []
    for number, file in enumerate(_files(wb, Wanted(person=person.id)), start=1):
        source = sources.get(file.storage) or sources.setdefault(file.storage, _source(wb, known[file.storage]))
        try:
            name, is_new = _copy(source, to, file)
        except (OSError, RefusedError, IntegrityError) as failure:
            missing.append((f"{file.storage}:{file.relative_path}", str(failure)))
        else:
            copied, there = copied + is_new, there + (not is_new)
            listed.append(_said(file, name))
        progress(number, count, "files")
    home.replace_text(
        root / LIST, json.dumps({"person": person.username, "files": listed}, indent=1, ensure_ascii=False)
    )
    return Exported(person.username, str(root), copied, there, tuple(missing))


def _refuse_storages(folder: Path, known: Iterable[storages.Storage]) -> None:
    """What lay in a storage would count as a file of it."""
    to = folder.resolve()
    for storage in known:
        root = Path(storage.root).resolve()
        if storage.kind == "disk" and (to.is_relative_to(root) or root.is_relative_to(to)):
            raise RefusedError(
                f"{folder} is the storage {storage.name} at {storage.root}, or lies in it or around it. Choose another folder.",
                rule="export outside of storages",
            )


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as failure:
        raise RefusedError(
            f"{folder} cannot be made ({failure.strerror}). Choose another folder.", rule="folder"
        ) from failure
    return folder


def _files(wb: Workbench, wanted: Wanted) -> Iterator[MediaFile]:
    offset = 0
    while True:
        with wb.reader as session:
            page = media.found(session, wanted, limit=_PAGE, offset=offset)
        if not page:
            return
        yield from page
        offset += len(page)


def _source(wb: Workbench, storage: storages.Storage) -> Store | str:
    """The store, or why it is not there: the others still are."""
    try:
        return stores.opened(wb, storage)
    except ConfigurationError as offline:
        return str(offline)


def _copy(source: Store | str, to: DiskStore, file: MediaFile) -> tuple[str, bool]:
    """Under which name it is there now, and whether it is new."""
    if isinstance(source, str):
        raise RefusedError(source, rule="offline")
    path = str(PurePosixPath(file.source) / PurePosixPath(file.relative_path).name)
    for place in (path, second_path(path, file.byte_id)):
        with source.read(file.relative_path) as stream:
            try:
                return place, to.put(place, stream, expected=file.byte_id, written_at=file.modified_at).is_new
            except FileExistsError:
                continue
    raise RefusedError(f"There are other files at {path} and beside it in {to.root}.", rule="file name")


def _said(file: MediaFile, name: str) -> dict[str, object]:
    return {
        "file": name,
        "byte_id": file.byte_id,
        "size_bytes": file.size_bytes,
        "storage": file.storage,
        "relative_path": file.relative_path,
        "source": file.source,
        "source_url": file.source_url,
        "at": file.at.isoformat(),
        "tags": list(file.tags),
        "is_primary": file.is_primary,
        "is_favorite": file.is_favorite,
    }
