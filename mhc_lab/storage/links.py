"""Views: folders of links that show all files of a person, and all files of everybody, without a second copy of any.

``people/{username}/all/{file}`` and ``all/{username}_{file}`` are relative links to files of the same store. A view is built beside the old
one and takes its place in one step. It is no part of any listing, goes to no other store, and can be deleted and built again at any time,
which is also the remedy after a power cut: views are not synced.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import relative_path as checked
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.storage.beneath import FILE, FOLDER, exchange, open_beneath, rename_new
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.layout import VIEW, folded, marked, owner_and_source
from mhc_lab.storage.store import LONGEST_NAME, MARKER, is_kept_out

_BESIDE = ".mhc-view-"
_SURELY_SHORT = LONGEST_NAME // 4
"""No character has more than four bytes."""

_PATIENCE = 60.0
"""Seconds for which a builder waits for another one."""
_PAUSE = 0.02

Links = Mapping[str, str]
"""The name of each link, and where it leads."""


@dataclass(frozen=True, slots=True)
class Views:
    """What is shown now."""

    view_count: int
    link_count: int
    rebuilt: tuple[str, ...]
    """Folders of links that changed."""
    missing: tuple[str, ...]
    """Paths where no file is; they got no link."""
    left: tuple[str, ...]
    """Places of views where files or something else are: nothing was changed there. Move that away, then build again."""


def build_views(store: DiskStore, paths: Callable[[], Iterable[str]], progress: Progress = SILENT) -> Views:
    """Show exactly ``paths``, as far as they are files of persons in ``store``; views of persons who are not among them go.

    One builds at a time, and asks for the paths only then: who comes later shows what is true later. A view in which nothing changes is
    left alone. Take a file out of the views before it is moved or removed, by building them without it.

    Raises
    ------
    ConfigurationError
        The disk is offline, full or read-only.
    RefusedError
        Somebody else has been building them for a minute, or the file system has no links.
    """
    with store.at_root() as root, _alone(root, store.root), store.blamed():
        there, missing = _present(root, paths())
        wanted = _wanted(there)
        folders = sorted(wanted.keys() | _shown_now(root))
        rebuilt, left = [], []
        for number, folder in enumerate(folders):
            with _opened(root, folder) as place:
                try:
                    if _show(place, wanted.get(folder, {})):
                        rebuilt.append(f"{folder}{VIEW}")
                except _OccupiedError:
                    left.append(f"{folder}{VIEW}")
                    wanted.pop(folder, None)
            progress(number + 1, len(folders), "views")
    return Views(len(wanted), sum(map(len, wanted.values())), tuple(rebuilt), tuple(missing), tuple(left))


def are_shown(store: DiskStore) -> bool:
    """Whether somebody wants views here: that of everybody is there. A folder of that name without a link in it is none."""
    with store.at_root() as root:
        try:
            with _opened(root, VIEW) as view, os.scandir(view) as found:
                return any(entry.is_symlink() for entry in found)
        except OSError:
            return _has_view(root, "")


class _OccupiedError(Exception):
    """Something that is no link lies where a view belongs."""


def _present(root: int, paths: Iterable[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The names that are files, by folder, and the paths that are none; each folder is looked into once."""
    asked: dict[str, list[str]] = defaultdict(list)
    for path in sorted(set(paths)):
        folder, slash, name = path.rpartition("/")
        asked[folder + slash].append(name)
    missing: list[str] = []
    for folder, names in asked.items():
        files = _files_in(root, folder)
        missing += [folder + name for name in names if name not in files]
        asked[folder] = [name for name in names if name in files]
    return asked, missing


def _files_in(root: int, folder: str) -> set[str]:
    if not _is_plain(folder):
        return set()
    with suppress(OSError), _opened(root, folder) as handle, os.scandir(handle) as found:
        return {entry.name for entry in found if entry.is_file(follow_symlinks=False)}
    return set()


def _is_plain(folder: str) -> bool:
    try:
        return checked(f"{folder}x") == f"{folder}x"
    except RefusedError:
        return False


def _wanted(there: Mapping[str, list[str]]) -> dict[str, Links]:
    """The links of every view, by the folder it stands in: the root, or a person's."""
    everybody, persons = _Names(), defaultdict[str, _Names](_Names)
    for folder, names in there.items():
        owner, _ = owner_and_source(f"{folder}x")
        if owner is None:
            continue
        people, person, inner = folder.split("/", 2)
        if inner.startswith(f"{VIEW}/"):
            continue
        own, told = persons[f"{people}/{person}/"], inner.rstrip("/").replace("/", ".")
        own.add(names, "", told, f"../{inner}")
        everybody.add(names, f"{owner}_", f"{person}.{told}", f"../{folder}")
    views = {"": everybody, **persons}
    return {folder: view.links for folder, view in views.items() if view.links}


class _Names:
    """The links of one view; a file whose name is taken, or a twin of one, gets a second name that tells its folder."""

    def __init__(self) -> None:
        self.links: dict[str, str] = {}
        self._taken: set[str] = set()

    def add(self, names: Iterable[str], before: str, folder: str, target: str) -> None:
        """A link ``before`` + name for each name, to ``target`` + name."""
        links, taken = self.links, self._taken
        for name in names:
            shown = before + name
            key = folded(shown)
            if key in taken or (len(shown) > _SURELY_SHORT and len(shown.encode()) > LONGEST_NAME):
                shown, key = self._second(shown, folder)
            taken.add(key)
            links[shown] = target + name

    def _second(self, name: str, folder: str) -> tuple[str, str]:
        second, number = marked(name, folder), 1
        while (key := folded(second)) in self._taken:
            number += 1
            second = marked(name, f"{folder}.{number}")
        return second, key


def _shown_now(root: int) -> set[str]:
    """Folders with a view, or with what was left of one."""
    persons: list[str] = []
    with (
        suppress(FileNotFoundError, NotADirectoryError),
        _opened(root, "people/") as people,
        os.scandir(people) as found,
    ):
        persons = [f"people/{entry.name}/" for entry in found if entry.is_dir(follow_symlinks=False)]
    return {folder for folder in ("", *persons) if _has_view(root, folder)}


def _has_view(root: int, folder: str) -> bool:
    with _opened(root, folder) as place, os.scandir(place) as found:
        return any(entry.name == VIEW or entry.name.startswith(_BESIDE) for entry in found)


def _show(place: int, links: Links) -> bool:
    """Make the view in ``place`` show exactly ``links``; whether that changed anything."""
    _sweep(place)
    now = _links_in(place)
    if now == (links or None):
        return False
    if not links:
        _put_away(place, VIEW)
        return True
    beside = _build(place, links)
    if now is None:
        os.rename(beside, VIEW, src_dir_fd=place, dst_dir_fd=place)
        return True
    if not exchange(place, beside, VIEW):  # not on this file system: for an instant there is no view
        old = _beside()
        os.rename(VIEW, old, src_dir_fd=place, dst_dir_fd=place)
        os.rename(beside, VIEW, src_dir_fd=place, dst_dir_fd=place)
        beside = old
    _put_away(place, beside)
    return True


def _links_in(place: int) -> dict[str, str] | None:
    """The links of the view that is there; None when there is none."""
    try:
        with _opened(place, VIEW) as view, os.scandir(view) as found:
            return {entry.name: os.readlink(entry.name, dir_fd=view) for entry in found if not is_kept_out(entry.name)}
    except FileNotFoundError:
        return None
    except OSError as failure:
        if failure.errno not in {errno.EINVAL, errno.ENOTDIR, errno.ELOOP}:  # a file in it; or it is one, or a link
            raise
        raise _OccupiedError from failure


def _build(place: int, links: Links) -> str:
    beside = _beside()
    os.mkdir(beside, 0o700, dir_fd=place)
    try:
        with _opened(place, beside) as view:
            for name, target in links.items():
                os.symlink(target, name, dir_fd=view)
    except BaseException as failure:
        _put_away(place, beside)
        if isinstance(failure, OSError) and failure.errno in {errno.EPERM, errno.EOPNOTSUPP}:
            raise RefusedError("This file system has no links, so it can have no views.", rule="links") from failure
        raise
    return beside


def _beside() -> str:
    return f"{_BESIDE}{secrets.token_hex(8)}"


def _sweep(place: int) -> None:
    """Remove what killed processes left; nobody else is building now."""
    with os.scandir(place) as found:
        names = [entry.name for entry in found if entry.name.startswith(_BESIDE)]
    for name in names:
        _put_away(place, name)


def _put_away(place: int, name: str) -> None:
    """Remove a folder of links; what else somebody put into it goes one folder up."""
    with _opened(place, name) as view:
        with os.scandir(view) as found:
            entries = [(entry.name, entry.is_symlink()) for entry in found]
        for entry, is_link in entries:
            if is_link:
                os.unlink(entry, dir_fd=view)
            else:
                _rescue(view, entry, place)
    os.rmdir(name, dir_fd=place)


def _rescue(view: int, name: str, place: int) -> None:
    if is_kept_out(name):  # a system's, which under a second name would be a file like others
        os.rename(name, name, src_dir_fd=view, dst_dir_fd=place)
        return
    try:
        rename_new(view, name, place, name)
    except FileExistsError:
        rename_new(view, name, place, marked(name, secrets.token_hex(4)))


@contextmanager
def _opened(root: int, folder: str) -> Iterator[int]:
    handle = open_beneath(root, folder, FOLDER)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _alone(root: int, shown: str) -> Iterator[None]:
    """Nobody else builds views meanwhile; the lock goes with its process."""
    handle = open_beneath(root, MARKER, FILE)
    try:
        _wait_for(handle, shown)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, shown: str) -> None:
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            if time.monotonic() >= end:
                raise RefusedError(
                    f"Views of {shown} are being built already. Wait until they are.", rule="one builder"
                ) from failure
            time.sleep(_PAUSE)
        else:
            return
