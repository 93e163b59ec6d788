"""The classes an audit knows, what each means, and what sets it right.

Rows, files found and paths that snapshots name are three kinds of things and are counted apart: added up, a file in order would count
twice. Every thing is in exactly one class of its kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["row", "file", "path"]
Remedy = Literal["re-point", "flag", "move", "register", "reference", "absorb", "quarantine"]

KINDS: dict[Kind, str] = {
    "row": "rows of the library",
    "file": "files in the stores",
    "path": "paths that snapshots name",
}

REMEDIES: dict[Remedy, str] = {
    "re-point": "the row says where the file is",
    "flag": "the row says so",
    "move": "the file goes where it belongs and gets a row",
    "register": "the file gets a row: one that has lost it, or a new one",
    "reference": "the snapshot's picture is that file",
    "absorb": "what refers to the record goes to the other, and the record is deleted",
    "quarantine": "the file is set aside",
}
"""What each remedy does, in the order in which they are done: one that needs a row comes after the one that makes it, and one that makes a
row after those that tell which have lost their files."""


@dataclass(frozen=True, slots=True)
class Class:
    """One class of things."""

    kind: Kind
    name: str
    meaning: str
    remedy: Remedy | None = None
    is_listed: bool = False
    """Somebody should look at it although nothing is done about it."""
    by_name: bool = False
    """The remedy is planned only for what was named."""
    waits: bool = False
    """The migration job sets it right."""

    @property
    def is_fine(self) -> bool:
        """Whether nobody has to do or look at anything."""
        return not (self.remedy or self.is_listed or self.waits)


_ALL = (
    Class("row", "in_order", "its file is there"),
    Class("row", "deleted", "deleted, and so is its file"),
    Class("row", "missing", "its file is not there", "flag"),
    Class("row", "wrong_storage", "its file lies in another storage", "re-point"),
    Class("row", "other_spelling", "its file is listed under another spelling", "re-point"),
    Class("row", "bare_name", "it says no folder, and one file of its person has that name", "re-point"),
    Class("row", "absolute_path", "it says where the file lay on some machine", "re-point"),
    Class("row", "legacy_path", "its file is not below people/{name}/{folder}/", waits=True),
    Class("row", "size_differs", "its file has another size", "flag"),
    Class("row", "bytes_differ", "its file has other bytes", "flag"),
    Class("row", "unreadable", "its file cannot be read", "flag"),
    Class("row", "duplicate_record", "another row means the same file", "absorb"),
    Class("row", "deleted_present", "deleted, and its file is still there", "quarantine"),
    Class("row", "not_checked", "nobody looked everywhere its file may be"),
    Class("file", "in_order", "a row is about it"),
    Class("file", "of_a_deleted_row", "a deleted row is about it"),
    Class("file", "known_person", "no row; its folder or name says whose it is", "register"),
    Class("file", "named_by_snapshot", "no row; a snapshot says whose it is", "register"),
    Class("file", "unknown_person", "no row, and nobody knows whose it is", "quarantine", is_listed=True, by_name=True),
    Class("file", "link_copy", "a link that became a copy; what it led to is there", "quarantine"),
    Class("file", "artefact", "left by a migration or a quarantine", "quarantine", is_listed=True, by_name=True),
    Class("file", "litter", "left by a system", "quarantine", is_listed=True, by_name=True),
    Class("file", "wrong_prefix", "its first folder is misspelt", "move"),
    Class("file", "twin", "its name differs from a registered one by case or normalisation only", is_listed=True),
    Class("file", "unreadable", "it cannot be read", is_listed=True),
    Class("file", "not_checked", "its storage, or that of a row that may mean it, was not looked through"),
    Class("path", "in_order", "it is known which file is meant"),
    Class("path", "should_be_reference", "a file lies there", "reference"),
    Class("path", "bare_name", "one file of that person has that name", "reference"),
    Class("path", "ambiguous", "several files of that person have that name", is_listed=True),
    Class("path", "missing", "no such file", is_listed=True),
    Class("path", "not_checked", "not found, but not every storage was looked through"),
)  # fmt: skip

GET_ROWS = ("in_order", "known_person", "named_by_snapshot")
"""Classes of files that have a row, or get one where they lie."""

CLASSES: dict[tuple[Kind, str], Class] = {(one.kind, one.name): one for one in _ALL}
"""Every class, in the order in which they are shown."""
