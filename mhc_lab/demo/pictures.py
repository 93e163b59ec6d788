"""The demo world's media folder: who has which picture where, and what is wrong with some of them.

Planting decides everything from the seed without drawing; :func:`content` makes the bytes of a file when they are written.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from random import Random

from PIL import Image

from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.demo.calendar import DAYS, day
from mhc_lab.demo.drawing import picture

FILES = 1500
"""Taken in, everything planted among them included."""

_GROUPS, _LARGE_GROUPS, _REENCODED, _MISSING, _ORPHANS, _CORRUPT = 46, 9, 32, 24, 24, 5
_OWNERS = 190
_FOLDERS = ("auto",) * 12 + ("uploads",) * 4 + ("snaps",) * 3 + ("profile",)
_WORDS = "dune harbour lantern meadow mirror orchard ripple shore terrace veil willow window"


class Kind(StrEnum):
    """How the bytes of a file come about."""

    DRAWN = "drawn"
    REENCODED = "reencoded"
    CUT = "cut"
    BOMB = "bomb"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PlantedFile:
    """A file below the media folder; two with the same drawing, kind, ending and shot are byte for byte the same."""

    path: str
    taken_at: datetime
    drawing: int
    kind: Kind = Kind.DRAWN
    shot_at: datetime | None = None
    """What the picture itself says of when it was taken; None: nothing."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """All files of the world, and which of them were planted for what."""

    files: tuple[PlantedFile, ...]
    """Those that are taken in."""
    orphans: tuple[PlantedFile, ...]
    """Put there afterwards."""
    duplicates: tuple[tuple[str, ...], ...]
    reencoded: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]
    """Taken away afterwards."""

    def paths(self, kind: Kind) -> tuple[str, ...]:
        """Where the files of that kind lie."""
        return tuple(file.path for file in self.files if file.kind is kind)


class _Places:
    """Hands out a new path below somebody's folder, each only once."""

    def __init__(self, rng: Random, persons: Sequence[str]) -> None:
        self._rng = rng
        self._owners = rng.sample(persons, _OWNERS)
        self._weights = [rng.paretovariate(1.3) for _ in self._owners]
        self._taken: set[str] = set()

    def owner(self) -> str:
        """Somebody who has pictures; a few have very many."""
        return self._rng.choices(self._owners, self._weights)[0]

    def new(self, ending: str, *, owner: str | None = None) -> tuple[str, datetime]:
        """A free path with that ending, and when its picture was taken."""
        owner = owner or self.owner()
        while True:
            taken_at = day(self._rng.uniform(-150, DAYS))
            folder = self._rng.choice(_FOLDERS)
            path = f"people/{owner}/{folder}/{self._name(folder, taken_at)}.{ending}"
            if path not in self._taken:
                self._taken.add(path)
                return path, taken_at

    def _name(self, folder: str, taken_at: datetime) -> str:
        match folder:
            case "auto":
                return f"{taken_at:%Y%m%d_%H%M%S}"
            case "snaps":
                return f"snap_{taken_at:%m%d}_{self._rng.randrange(1000):03}"
            case "profile":
                return f"portrait_{self._rng.randrange(1, 100)}"
            case _:
                return f"{self._rng.choice(_WORDS.split())}-{self._rng.randrange(1000)}"


def plant(persons: Sequence[str], *, seed: int) -> Gallery:
    """The media folder of the world with these persons."""
    rng = Random(f"{seed} pictures")  # noqa: S311
    places = _Places(rng, persons)
    copies = _GROUPS + _LARGE_GROUPS
    drawn = [_drawn(rng, places, number) for number in range(FILES - copies - _REENCODED - _CORRUPT - 2)]
    chosen = iter(rng.sample(drawn, _GROUPS + _REENCODED + _MISSING))
    groups = [_group(rng, places, next(chosen), 3 if n < _LARGE_GROUPS else 2) for n in range(_GROUPS)]
    reencoded = [_reencoded(rng, places, next(chosen)) for _ in range(_REENCODED)]
    damaged = [
        replace(_drawn(rng, places, number), kind=Kind.CUT) for number in range(len(drawn), len(drawn) + _CORRUPT)
    ]
    odd = [PlantedFile(*places.new("png"), 0, Kind.BOMB), PlantedFile(*places.new("jpg"), 0, Kind.TEXT)]
    files = [*drawn, *(copy for _, *rest in groups for copy in rest), *(copy for _, copy in reencoded), *damaged, *odd]
    return Gallery(
        files=tuple(sorted(files, key=lambda file: file.path)),
        orphans=tuple(_drawn(rng, places, FILES + number) for number in range(_ORPHANS)),
        duplicates=tuple(sorted(tuple(sorted(file.path for file in group)) for group in groups)),
        reencoded=tuple(sorted((original.path, copy.path) for original, copy in reencoded)),
        missing=tuple(sorted(file.path for file in chosen)),
    )


def _drawn(rng: Random, places: _Places, number: int) -> PlantedFile:
    return PlantedFile(*places.new("jpg" if rng.random() < 0.7 else "png"), number)


def _group(rng: Random, places: _Places, original: PlantedFile, size: int) -> list[PlantedFile]:
    """The original and its exact copies: half of the groups stay with the person, the others go to other persons, too."""
    ending, owner = original.path.rpartition(".")[2], _next_owner(rng, original)
    copies = [places.new(ending, owner=owner) for _ in range(size - 1)]
    return [original, *(PlantedFile(path, taken_at, original.drawing) for path, taken_at in copies)]


def _reencoded(rng: Random, places: _Places, original: PlantedFile) -> tuple[PlantedFile, PlantedFile]:
    """The original and one that was saved again: half of them stay with the person."""
    taken = places.new("jpg", owner=_next_owner(rng, original))
    return original, PlantedFile(*taken, original.drawing, Kind.REENCODED)


def _next_owner(rng: Random, original: PlantedFile) -> str | None:
    """The person of the original, or, half of the time, anybody."""
    return original.path.split("/")[1] if rng.random() < 0.5 else None


def content(file: PlantedFile, *, seed: int) -> bytes:
    """The bytes of ``file`` in the world with that seed."""
    match file.kind:
        case Kind.BOMB:
            return _bomb()
        case Kind.TEXT:
            return b"A note that somebody saved under the name of a picture.\n"
        case Kind.CUT:
            whole = _encoded(picture(file.drawing, seed=seed), file.path)
            return whole[: len(whole) * 2 // 3]
        case Kind.REENCODED:
            return _saved(picture(file.drawing, seed=seed), "JPEG", quality=62)
        case Kind.DRAWN:
            return _encoded(picture(file.drawing, seed=seed), file.path, shot_at=file.shot_at)


def write(files: Iterable[PlantedFile], folder: Path, *, seed: int, progress: Progress = SILENT) -> None:
    """Write ``files`` below ``folder``, each last changed when its picture was taken."""
    files = list(files)
    for done, file in enumerate(files, start=1):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(file, seed=seed))
        moment = file.taken_at.timestamp()
        os.utime(path, (moment, moment))
        progress(done, len(files), "pictures drawn")


def _encoded(image: Image.Image, path: str, *, shot_at: datetime | None = None) -> bytes:
    if not path.endswith("jpg"):
        return _saved(image, "PNG")
    return _saved(image, "JPEG", quality=85, **({"exif": _exif(shot_at)} if shot_at else {}))


def _exif(shot_at: datetime) -> Image.Exif:
    """What a camera writes that knows its zone."""
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({0x9003: f"{shot_at:%Y:%m:%d %H:%M:%S}", 0x9011: "+00:00"})
    return exif


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _bomb() -> bytes:
    """A PNG of a hundred bytes that says it is 60,000 pixels wide and high."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunks((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1024)), (b"IEND", b""))
    )


def _chunks(*chunks: tuple[bytes, bytes]) -> Iterator[bytes]:
    for name, body in chunks:
        yield struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
