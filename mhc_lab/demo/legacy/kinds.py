"""The published case as a table: everything that lies about, by kind, with what a reconciliation has to find and to leave.

The published figures, and how the kinds make them up. Some do not add up; what was decided is said here and nowhere else.

* 211,552 picture rows: 211,548 marked s3, 4 ssd. Of the former 209,536 have an object.
* 56,119 paths without a file, published as 54,107 bare names in snapshots, 971 rows whose file lies on the SSD, and 1,039 rows of
  ``people/`` whose file is nowhere. That is 56,117. The two left over are made one row with a bare file name and one with an absolute path.
  The 1,039 were counted by comparing paths letter by letter. 20 of them are written with other capitals than their file (a disk had folded
  them), which a reconciliation finds; 1,019 are missing.
* 199,335 objects without a link, published by folder: auto 108,100, profile 48,820, all 41,837, migrated 501, snaps 70, litter 6. That is
  199,334. The one left over is one of the 21 objects below a misspelt prefix, which were told of four days later.
* 483,245 objects in all, 283,910 of them linked. A misspelt place cannot be linked from a right one, so the other 20 are counted there as
  linked by what said the same misspelt path; here they are orphans, and 283,890 are linked: 209,536 by a row, 74,354 only by the path of
  a snapshot.
* 148,486 snapshots, 128,691 with a path: 54,107 bare names and 74,584 whole paths, of which 230 name a file that has a row.
* "About 3,155" files below ``profiles/`` on the SSD: the 971, and 2,184 without a row.
* 38,820 redundant records, each with the bytes of another record of the same person.

What nobody published was chosen: how many orphans are of unknown persons (1,081 of auto, 488 of profile), how many rows still have a path
of former times (2,500) or other capitals (20), where the folder is a former name (240) or only the file's name tells
whose it is (60), and of which files only a snapshot says whose they are (20,000).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

PERSONS, STRANGERS, RENAMED = 2_191, 40, 12
"""Persons with a folder; names of folders that nobody has; persons with files below a former name."""

Group = Literal[
    "linked by a row", "linked by a snapshot", "auto", "profile", "all", "migrated", "snaps", "litter", "wrong prefix",
    "on the SSD", "nowhere", "nothing",
]  # fmt: skip
"""Which published figure counts a file; the last two are of no file."""


class Fate(NamedTuple):
    """The class of a thing before it is set right and after; empty: it is not there then."""

    before: str
    after: str


NEW, FINE = Fate("", "in_order"), Fate("in_order", "in_order")
OLD_PLACE, NEW_IN_OLD_PLACE = Fate("legacy_path", "legacy_path"), Fate("", "legacy_path")
FOUND, MEANT, NAMED = (
    Fate("known_person", "in_order"),
    Fate("should_be_reference", "in_order"),
    Fate("bare_name", "in_order"),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Things that were planted alike and have to be found alike.

    Places are templates: ``{name}`` is whose it is, ``{Name}`` with capitals, ``{was}`` by a former name, ``{uuid}`` by id, ``{nobody}``
    an unknown name; ``{thumb}`` a file name that tells the person, ``{live}`` one that tells a time, ``{image}`` one that tells nothing.
    """

    name: str
    count: int
    """In the published case."""
    group: Group
    place: str = ""
    """Where the file lies; empty: there is none."""
    file: Fate = FINE
    row: Fate | None = None
    row_says: str = ""
    """Its path, when that is not the file's place."""
    path: Fate | None = None
    """Of what a snapshot says."""
    snapshot_says: str | None = None
    """None: there is no snapshot; empty: it has no path."""
    is_on_ssd: bool = False
    bytes_of: str = ""
    """The kind whose bytes it has."""

    @property
    def has_row(self) -> bool:
        """Whether it has a row from the beginning."""
        return self.row is not None and self.row.before != ""

    @property
    def is_row_on_ssd(self) -> bool:
        """Whether its row says so, too."""
        return self.is_on_ssd and self.row == FINE

    def at(self, scale: Fraction) -> int:
        """How many there are in a world of that scale: at least one."""
        return max(1, round(self.count * scale))


_AUTO, _PROFILE = "people/{name}/auto/{thumb}", "people/{name}/profile/{image}"
_FORMERLY = "profiles/{uuid}/{year}/{month}/{image}"

KINDS = (
    # rows whose file is where it belongs
    Kind("profile picture", 57_688, "linked by a row", _PROFILE, row=FINE),
    Kind("screenshot", 11_426, "linked by a row", "people/{name}/snaps/{live}", row=FINE),
    Kind("picture of a list", 616, "linked by a row", "people/{name}/following/{live}", row=FINE),
    Kind("upload", 248, "linked by a row", "people/{name}/uploads/{image}", row=FINE),
    Kind("thumbnail", 97_888, "linked by a row", _AUTO, row=FINE),
    Kind("thumbnail of a renamed", 120, "linked by a row", "people/{was}/auto/{thumb}", row=FINE),
    Kind("duplicate", 38_820, "linked by a row", _AUTO, row=FINE, bytes_of="profile picture"),
    Kind("thumbnail with a snapshot", 230, "linked by a row", _AUTO, row=FINE, snapshot_says=_AUTO, path=MEANT),
    Kind("upload on the SSD", 4, "on the SSD", "people/{name}/uploads/{image}", row=FINE, is_on_ssd=True),
    # rows with a path of former times
    Kind("by id", 400, "linked by a row", "{uuid}/{live}", row=OLD_PLACE),
    Kind("by id in profiles", 700, "linked by a row", "profiles/{uuid}/{image}", row=OLD_PLACE),
    Kind("by id and month", 900, "linked by a row", _FORMERLY, row=OLD_PLACE),
    Kind("consolidated", 300, "linked by a row", "people/{name}/migrated/{image}", row=OLD_PLACE),
    Kind("link turned file", 200, "linked by a row", "people/{name}/all/{live}", row=OLD_PLACE),
    # rows that do not say where their file is
    Kind("marked s3, on the SSD", 971, "on the SSD", _FORMERLY, row=Fate("wrong_storage", "legacy_path"), is_on_ssd=True),
    Kind("nowhere", 1_019, "nowhere", row=Fate("missing", "missing"), row_says=_AUTO),
    Kind("capitals in the row", 20, "auto", "people/{name}/auto/{live}", row=Fate("other_spelling", "in_order"),
         row_says="people/{Name}/auto/{live}"),
    Kind("bare name in a row", 1, "auto", _AUTO, row=Fate("bare_name", "in_order"), row_says="{thumb}"),
    Kind("absolute path in a row", 1, "auto", _AUTO, row=Fate("absolute_path", "in_order"),
         row_says="/mnt/media/people/{name}/auto/{thumb}"),
    # files that only a snapshot names
    Kind("thumbnail of a snapshot", 54_354, "linked by a snapshot", _AUTO, FOUND, NEW, snapshot_says=_AUTO, path=MEANT),
    Kind("of a snapshot, by id", 12_000, "linked by a snapshot", "{uuid}/{live}", Fate("named_by_snapshot", "in_order"),
         NEW_IN_OLD_PLACE, snapshot_says="{uuid}/{live}", path=MEANT),
    Kind("of a snapshot, in profiles", 8_000, "linked by a snapshot", "profiles/{uuid}/{live}",
         Fate("named_by_snapshot", "in_order"), NEW_IN_OLD_PLACE, snapshot_says="profiles/{uuid}/{live}", path=MEANT),
    # orphans
    Kind("bare name in a snapshot", 54_107, "auto", _AUTO, FOUND, NEW, snapshot_says="{thumb}", path=NAMED),
    Kind("orphan of auto", 52_620, "auto", _AUTO, FOUND, NEW),
    Kind("orphan of a renamed", 120, "auto", "people/{was}/auto/{live}", FOUND, NEW),
    Kind("orphan with capitals", 90, "auto", "people/{Name}/auto/{live}", FOUND, NEW),
    Kind("orphan told by its name", 60, "auto", "people/{nobody}/auto/{thumb}", FOUND, NEW),
    Kind("orphan of nobody", 1_081, "auto", "people/{nobody}/auto/{live}", Fate("unknown_person", "unknown_person")),
    Kind("orphan of profile", 48_332, "profile", _PROFILE, FOUND, NEW),
    Kind("profile picture of nobody", 488, "profile", "people/{nobody}/profile/{image}",
         Fate("unknown_person", "unknown_person")),
    Kind("orphan of snaps", 70, "snaps", "people/{name}/snaps/{live}", FOUND, NEW),
    Kind("copy of a link of everybody's", 20_919, "all", "all/{name}_{image}", Fate("link_copy", ""),
         bytes_of="profile picture"),
    Kind("copy of a person's link", 20_918, "all", "people/{name}/all/{image}", Fate("link_copy", ""),
         bytes_of="profile picture"),
    Kind("left by the consolidation", 501, "migrated", "people/{name}/migrated/{image}", Fate("artefact", "artefact")),
    Kind("left by a desktop", 6, "litter", "people/{name}/.DS_Store", Fate("litter", "litter")),
    Kind("below a misspelt prefix", 21, "wrong prefix", "poeple/{name}/auto/{thumb}", Fate("wrong_prefix", "in_order"), NEW),
    Kind("on the SSD, told by its name", 1_000, "on the SSD", "profiles/{uuid}/{thumb}", FOUND, NEW_IN_OLD_PLACE,
         is_on_ssd=True),
    Kind("on the SSD, of nobody", 1_184, "on the SSD", _FORMERLY, Fate("unknown_person", "unknown_person"), is_on_ssd=True),
    # snapshots that name no file
    Kind("snapshot without a path", 19_795, "nothing", snapshot_says=""),
)  # fmt: skip
