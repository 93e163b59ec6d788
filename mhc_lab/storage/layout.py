"""Paths below ``people/``: whose file it is and where it came from, read and made.

``people/{username}/{auto|uploads|snaps|profile|following}/…``: the folder names the source. A name that no disk can be trusted with is
stored under a safe one, which is another for every other name; what was given stays in the database.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.names import username
from mhc_lab.storage.store import LONGEST_NAME, is_kept_out

SOURCES = {
    "auto": "affiliate_api",
    "uploads": "manual_upload",
    "snaps": "screensnap",
    "profile": "profile",
    "following": "following_snap",
}
"""The source each folder stands for."""

VIEW = "all"
"""The folder of links, at the root and with each person."""

THUMBNAIL_ENDING = r"_[0-9]{13}_[0-9a-f]{8}\.\w+"
"""How the name of a thumbnail ends that begins with a user name."""

_FOLDERS = {source: folder for folder, source in SOURCES.items()}
_THUMBNAIL = re.compile(rf"(.+){THUMBNAIL_ENDING}", re.S)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"|?*\ud800-\udfff]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
_VIEW_FOLDER = re.compile(rf"(people/[^/]+/)?{VIEW}/")


def owner_and_source(relative_path: str) -> tuple[str | None, str]:
    """The user name a path belongs to (None: it does not say) and the source its folder stands for."""
    parts = PurePosixPath(relative_path).parts
    if len(parts) < 3 or parts[0] != "people":
        return None, "imported"
    try:
        owner = username(parts[1])
    except RefusedError:
        return None, "imported"
    return owner, SOURCES.get(parts[2], "imported")


def path_for(owner: str, source: str, file_name: str) -> str:
    """Where a file of ``owner`` that came from ``source`` belongs; a source without a folder of its own is an upload."""
    return f"people/{username(owner)}/{_FOLDERS.get(source, 'uploads')}/{safe_name(file_name)}"


def second_path(relative_path: str, byte_id: ByteId) -> str:
    """Where the file goes when its place is taken by another, or by a twin whose name differs only by case on a disk that folds it."""
    path = PurePosixPath(relative_path)
    return str(path.with_name(marked(path.name, byte_id[:8])))


def safe_name(file_name: str) -> str:
    """``file_name`` itself when every disk can keep it; otherwise one like it, with eight digits of the given name's digest.

    Raises
    ------
    RefusedError
        It is a path, or no name at all.
    """
    if file_name in {"", ".", ".."} or re.search(r"[/\\\0]", file_name):
        raise RefusedError(f"{file_name!r} is not a file name: it is empty, or leads elsewhere.", rule="file name")
    name = _UNSAFE.sub("_", file_name).rstrip(" .") or "_"
    if is_kept_out(name) or _DEVICES.fullmatch(name):
        name = f"_{name}"
    if name == file_name and len(name.encode()) <= LONGEST_NAME:
        return name
    given = file_name.encode("utf-8", "surrogatepass")
    return marked(name, hashlib.sha256(given).hexdigest()[:8])


def named_in(file_name: str) -> str | None:
    """The user name in the name of a thumbnail, ``{username}_{milliseconds}_{8 hex digits}.jpg``; None when there is none.

    Read from the end, because user names hold underscores, too.
    """
    named = _THUMBNAIL.fullmatch(file_name)
    try:
        return username(named[1]) if named else None
    except RefusedError:
        return None


def marked(name: str, mark: str) -> str:
    """``name`` with ``~mark`` before its suffix, shortened where it would be longer than a disk can hold."""
    stem, suffix = _stem_and_suffix(name)
    ending = f"~{mark}{suffix}"
    room = LONGEST_NAME - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore") + ending


def _stem_and_suffix(name: str) -> tuple[str, str]:
    suffix = PurePosixPath(name).suffix
    if not suffix or len(suffix.encode()) > 16:
        return name, ""
    return name[: -len(suffix)], suffix


def folded(name: str) -> str:
    """What two names share that a disk may take for one: they differ by case or Unicode normalisation at most."""
    return (
        name.lower() if name.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())
    )


def is_view(folder: str) -> bool:
    """Whether ``folder``, written with a slash at its end, is one of links: what they lead to is listed where it lies."""
    return _VIEW_FOLDER.fullmatch(folder) is not None


def twins(name: str) -> set[str]:
    """Other spellings that a disk which folds case or normalisation would take for ``name``."""
    forms = (name.swapcase(), unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))
    return {form for form in forms if form != name}
