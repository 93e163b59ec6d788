"""How the demo world's files are marked: favourites, tags, primaries, when some were taken, one thrown away, photosets not wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mhc_lab.demo.pictures import FILES, Gallery, Kind, PlantedFile
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media, people, photosets
from mhc_lab.services.media import Wanted
from mhc_lab.storage.layout import owner_and_source

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from mhc_lab.workbench import Workbench

_FAVORITES, _TAGGED, _PRIMARIES, _DATED = 14, 24, 8, 40
_TAGS = ("beach", "red dress", "portrait", "to print", "évening")
_OWN_DRAWING = 2 * FILES
THROWN_AWAY_SET, UNWANTED_SET = "set-2207", "set-3110"


@dataclass(frozen=True, slots=True)
class SkippedSet:
    """A photoset that is not to be fetched again."""

    username: str
    photoset_id: str
    is_by_deletion: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything that people made of the files, by path."""

    favorites: tuple[str, ...]
    tags: Mapping[str, tuple[str, ...]]
    primaries: Mapping[str, str]
    """Person → path."""
    taken: Mapping[str, datetime]
    """What these pictures say themselves."""
    deleted: tuple[str, ...]
    """Beside the files that the truth counts."""
    skipped: tuple[SkippedSet, ...]


def plant(gallery: Gallery, *, seed: int) -> tuple[Marks, tuple[PlantedFile, ...]]:
    """The marks of the world with that seed, and its files with what changes in them: some say when they were taken, one is added."""
    rng = Random(f"{seed} marks")  # noqa: S311 - a world to look at, not a secret
    plain = _plain(gallery)
    dated = {
        file.path: _shutter(rng, file)
        for file in rng.sample([one for one in plain if one.path.endswith("jpg")], _DATED)
    }
    thrown_away = _thrown_away(rng.choice(plain))
    marks = Marks(
        favorites=tuple(sorted(file.path for file in rng.sample(plain, _FAVORITES))),
        tags={
            file.path: tuple(sorted(rng.sample(_TAGS, rng.choice((1, 1, 2))))) for file in rng.sample(plain, _TAGGED)
        },
        primaries=_primaries(rng, plain),
        taken=dated,
        deleted=(thrown_away.path,),
        skipped=(
            SkippedSet(_owner(thrown_away.path), THROWN_AWAY_SET, is_by_deletion=True),
            SkippedSet(_owner(rng.choice(plain).path), UNWANTED_SET, is_by_deletion=False),
        ),
    )
    files = (replace(file, shot_at=dated.get(file.path)) for file in (*gallery.files, thrown_away))
    return marks, tuple(sorted(files, key=lambda file: file.path))


def take_in(wb: Workbench, marks: Marks) -> None:
    """Mark the files as somebody at the keyboard would, unless that is done already."""
    at = wb.clock.now()
    with wb.transaction() as session:
        if media.count(session, Wanted(is_deleted=True)):
            return
        _give_set(session, marks.deleted)
        files = {file.relative_path: file for file in media.found(session, Wanted(), limit=2 * FILES)}
        media.set_favorite(session, [files[path] for path in marks.favorites], favorite=True)
        for path, tags in marks.tags.items():
            media.set_tags(session, files[path], tags)
        for path in marks.primaries.values():
            media.set_primary(session, files[path])
        for path in marks.deleted:
            media.delete(session, files[path], by=wb.user, at=at)
        for one in marks.skipped:
            photosets.skip(
                session, people.get(session, one.username).id, one.photoset_id, reason="all of them blurred", at=at
            )


def _plain(gallery: Gallery) -> list[PlantedFile]:
    """Files in which nothing else was planted, so that what is done to them changes no other truth."""
    twins = {path for group in (*gallery.duplicates, *gallery.reencoded) for path in group}
    planted = twins | set(gallery.missing)
    return [file for file in gallery.files if file.kind is Kind.DRAWN and file.path not in planted]


def _shutter(rng: Random, file: PlantedFile) -> datetime:
    """Cameras know seconds, and a file is written some time after its picture was taken."""
    return (file.taken_at - timedelta(minutes=rng.uniform(1, 600))).replace(microsecond=0)


def _thrown_away(like: PlantedFile) -> PlantedFile:
    folder = like.path.rpartition("/")[0]
    return replace(like, path=f"{folder}/thrown_away.{like.path.rpartition('.')[2]}", drawing=_OWN_DRAWING)


def _primaries(rng: Random, files: Iterable[PlantedFile]) -> dict[str, str]:
    theirs: dict[str, list[str]] = {}
    for file in files:
        theirs.setdefault(_owner(file.path), []).append(file.path)
    several = sorted(owner for owner, paths in theirs.items() if len(paths) > 1)
    return {owner: rng.choice(theirs[owner]) for owner in rng.sample(several, _PRIMARIES)}


def _owner(path: str) -> str:
    return owner_and_source(path)[0] or ""


def _give_set(session: Session, paths: Iterable[str]) -> None:
    """Say of these files that they belong to a set, as a download would have."""
    chosen = media_locator.c.relative_path.in_(list(paths))
    session.execute(sa.update(media_locator).where(chosen).values(photoset_id=THROWN_AWAY_SET))
