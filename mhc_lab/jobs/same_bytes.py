"""Which files of a store have the same bytes, whether they are registered or not; nothing is written down but what was read."""

from __future__ import annotations

from dataclasses import dataclass

from mhc_lab.core import display
from mhc_lab.core.ids import ByteId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import reading
from mhc_lab.storage.store import FoundFile, Store
from mhc_lab.workbench import Workbench


@dataclass(frozen=True, slots=True)
class SameBytes:
    """Files that are there more than once, byte for byte."""

    groups: tuple[tuple[FoundFile, ...], ...]
    """Files with the same bytes, by path; the groups that take most space twice first."""
    file_count: int
    unreadable: tuple[str, ...]
    """Could not be opened, vanished, or were written to meanwhile."""

    @property
    def redundant_count(self) -> int:
        """How many could go if one of each group stayed."""
        return sum(len(group) - 1 for group in self.groups)

    @property
    def reclaimable_bytes(self) -> int:
        """What these take."""
        return sum(map(_reclaimable, self.groups))

    def __str__(self) -> str:
        copies = display.plural(self.redundant_count, "redundant copy", "redundant copies")
        size = display.bytes_text(self.reclaimable_bytes)
        return f"{display.plural(self.file_count, 'file')}: {copies} in {display.plural(len(self.groups), 'group')}, {size}"


def find(wb: Workbench, store: Store, *, progress: Progress = SILENT) -> SameBytes:
    """The files of ``store`` that have copies there: every byte is read, and not again while a file is as it was."""
    files = store.files(progress)
    first: dict[ByteId, FoundFile] = {}
    alike: dict[ByteId, list[FoundFile]] = {}  # lists for the copies only: most files have none
    unreadable = list(store.unreadable)
    for batch in reading.read(wb, store, files, progress=progress):
        for file, digest in batch:
            if digest is None:
                unreadable.append(file.relative_path)
            elif digest in first:
                alike.setdefault(digest, [first[digest]]).append(file)
            else:
                first[digest] = file
    groups = (tuple(sorted(group)) for group in alike.values())
    return SameBytes(tuple(sorted(groups, key=_largest_first)), len(files), tuple(sorted(unreadable)))


def _reclaimable(group: tuple[FoundFile, ...]) -> int:
    return (len(group) - 1) * group[0].size_bytes


def _largest_first(group: tuple[FoundFile, ...]) -> tuple[int, str]:
    return -_reclaimable(group), group[0].relative_path
