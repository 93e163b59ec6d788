"""What is planted, one by one: whose it is, where its file lies, what its row and its snapshot say, and which bytes it has.

Everything follows from the seed and the number of the thing; nothing is drawn twice and nothing has to be kept.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from random import Random
from uuid import UUID

from PIL import Image

from mhc_lab.core.ids import PersonId
from mhc_lab.demo import people
from mhc_lab.demo.legacy.kinds import KINDS, PERSONS, RENAMED, STRANGERS, Kind

START = datetime(2024, 11, 25, tzinfo=UTC)
_APART = timedelta(minutes=1)
_START_MS = int(START.timestamp()) * 1000
_PARETO, _MOST = 1.3, 20
"""A few persons have many files, but nobody half of all."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody with a folder."""

    id: PersonId
    name: str
    was: str | None
    """A name they had before."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A row, a file, a snapshot, or what belongs together of them."""

    kind: Kind
    ordinal: int
    """Among all things; also its minute."""
    owner: Owner
    place: str
    """Of its file; empty: there is none."""
    row_path: str
    """Empty: there is no row."""
    snapshot_path: str | None
    """None: there is no snapshot; empty: it has no path."""
    content: bytes

    @property
    def at(self) -> datetime:
        """When its picture was taken."""
        return START + self.ordinal * _APART


@dataclass(frozen=True, slots=True)
class World:
    """Everything that follows from seed and scale."""

    seed: int
    scale: Fraction
    owners: tuple[Owner, ...]
    strangers: tuple[str, ...]

    def things(self) -> Iterator[Thing]:
        """Everything, kind by kind."""
        first: dict[str, int] = {}
        owners: dict[str, list[Owner]] = {}
        ordinal = 0
        for kind in KINDS:
            count = kind.at(self.scale)
            first[kind.name] = ordinal
            owners[kind.name] = theirs = self._owners(kind, count, owners)
            for number in range(count):
                twin = first[kind.bytes_of] + _twin(kind, number) if kind.bytes_of else ordinal + number
                yield self._thing(kind, ordinal + number, twin, theirs[number])
            ordinal += count

    def count(self) -> int:
        """How many there are."""
        return sum(kind.at(self.scale) for kind in KINDS)

    def _owners(self, kind: Kind, count: int, known: dict[str, list[Owner]]) -> list[Owner]:
        if kind.bytes_of:
            return [known[kind.bytes_of][_twin(kind, number)] for number in range(count)]
        if kind.group == "litter":  # one in a folder
            return list(self.owners[:count])
        rng = Random(f"{self.seed} {kind.name}")  # noqa: S311 - a world to look at, not a secret
        among = [owner for owner in self.owners if owner.was] if "{was}" in kind.place else self.owners
        return rng.choices(among, cum_weights=_weights(self.seed, len(among)), k=count)

    def _thing(self, kind: Kind, ordinal: int, twin: int, owner: Owner) -> Thing:
        said = self._said(twin if kind.group == "all" else ordinal, owner)
        place = kind.place.format_map(said)
        row_path = (kind.row_says or kind.place).format_map(said) if kind.has_row else ""
        snapshot_path = None if kind.snapshot_says is None else kind.snapshot_says.format_map(said)
        content = _picture(f"{self.seed} {twin}") if kind.group != "litter" else b"a desktop's"
        return Thing(kind, ordinal, owner, place, row_path, snapshot_path, content)

    def _said(self, ordinal: int, owner: Owner) -> dict[str, object]:
        """What the templates of places ask for."""
        digest = hashlib.blake2b(f"{self.seed} {ordinal}".encode(), digest_size=16).digest()
        live = f"{_START_MS + ordinal * 60_000}_{digest[:4].hex()}.jpg"
        at = START + ordinal * _APART
        return {
            "name": owner.name,
            "Name": owner.name.title(),
            "was": owner.was,
            "nobody": self.strangers[ordinal % len(self.strangers)],
            "uuid": owner.id,
            "live": live,
            "thumb": f"{owner.name}_{live}",
            "image": f"{UUID(bytes=digest)}.jpg",
            "year": at.year,
            "month": f"{at:%m}",
        }


def invent(seed: int, scale: Fraction) -> World:
    """The world with that seed, at that scale."""
    rng = Random(f"{seed} legacy")  # noqa: S311 - a world to look at, not a secret
    persons, renamed, strangers = (max(1, round(count * scale)) for count in (PERSONS, RENAMED, STRANGERS))
    names = people.names(rng, persons + renamed + strangers)
    former = names[persons : persons + renamed]
    ids = (PersonId(UUID(int=rng.getrandbits(128), version=4)) for _ in range(persons))
    owners = (
        Owner(id_, name, former[number] if number < renamed else None)
        for number, (id_, name) in enumerate(zip(ids, names, strict=False))
    )
    return World(seed, scale, tuple(owners), tuple(names[persons + renamed :]))


def _twin(kind: Kind, number: int) -> int:
    """Which of the other kind has the same bytes; of every second record there are two duplicates, of every other one."""
    return number * 2 // 3 if kind.row else number


@cache
def _weights(seed: int, count: int) -> Sequence[float]:
    rng = Random(f"{seed} weights")  # noqa: S311 - a world to look at, not a secret
    total, weights = 0.0, []
    for _ in range(count):
        total += min(rng.paretovariate(_PARETO), _MOST)
        weights.append(total)
    return weights


def _picture(said: str) -> bytes:
    """A whole picture of some hundred bytes, each with other words as its comment."""
    comment = said.encode()
    before, after = _halves()
    return before + (len(comment) + 2).to_bytes(2, "big") + comment + after


@cache
def _halves() -> tuple[bytes, bytes]:
    """A picture up to the length of a comment at its beginning, and the rest."""
    saved = io.BytesIO()
    Image.new("L", (8, 8), 128).save(saved, "JPEG", optimize=True)
    return saved.getvalue()[:2] + b"\xff\xfe", saved.getvalue()[2:]
