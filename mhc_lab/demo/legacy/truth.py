"""What has to be found in the published case and what has to be left: counted from the table of kinds, never by the code under test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mhc_lab.demo.legacy.kinds import KINDS, Fate, Kind
from mhc_lab.demo.legacy.things import World
from mhc_lab.demo.saved import Saved

Counts = Mapping[str, Mapping[str, int]]
"""How many of each class there are: of ``row``, ``file`` and ``path``."""


@dataclass(frozen=True, slots=True, repr=False)
class Truth(Saved):
    """What was planted."""

    seed: int
    scale: str
    planted: Mapping[str, int]
    """So many of each kind."""
    groups: Mapping[str, int]
    """So many files of each published figure."""
    row_count: int
    object_count: int
    """Files in the bucket, litter included."""
    snapshot_count: int
    before: Counts
    after: Counts
    """When all that can be set right without a name or another job was."""
    duplicates: tuple[str, ...]
    """Records with the bytes of an older one of the same person, by path."""

    def __repr__(self) -> str:
        return (
            f"Legacy world {self.seed} at scale {self.scale}: {self.row_count:,} rows, {self.object_count:,} objects, "
            f"{self.snapshot_count:,} snapshots, {len(self.duplicates):,} redundant records"
        )


def truth(world: World, duplicates: Iterable[str]) -> Truth:
    """What is planted in ``world``, whose redundant records have these paths."""
    planted = {kind.name: kind.at(world.scale) for kind in KINDS}
    groups = Counter[str]()
    for kind in KINDS:
        groups[kind.group] += planted[kind.name]
    return Truth(
        seed=world.seed,
        scale=str(world.scale),
        planted=planted,
        groups=groups,
        row_count=sum(planted[kind.name] for kind in KINDS if kind.has_row),
        object_count=sum(planted[kind.name] for kind in KINDS if kind.place and not kind.is_on_ssd),
        snapshot_count=sum(planted[kind.name] for kind in KINDS if kind.snapshot_says is not None),
        before=_counts(planted, 0),
        after=_counts(planted, 1),
        duplicates=tuple(duplicates),
    )


def _counts(planted: Mapping[str, int], when: int) -> dict[str, dict[str, int]]:
    counts = {thing: Counter[str]() for thing in ("row", "file", "path")}
    for kind in KINDS:
        for thing, fate in _fates(kind).items():
            if fate and fate[when]:
                counts[thing][fate[when]] += planted[kind.name]
    return {thing: dict(sorted(classes.items())) for thing, classes in counts.items()}


def _fates(kind: Kind) -> dict[str, Fate | None]:
    return {"row": kind.row, "file": kind.file if kind.place else None, "path": kind.path}
