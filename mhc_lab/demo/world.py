"""Builds the demo world: invented from the seed, written as files, taken in through the doors that real input takes."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.demo import knowledge, lists, marks, observations, people, pictures, rooms, snapshots, stories
from mhc_lab.demo.calendar import START
from mhc_lab.demo.knowledge import Knowledge
from mhc_lab.demo.lists import PlantedList
from mhc_lab.demo.marks import Marks
from mhc_lab.demo.observations import PlantedObservation
from mhc_lab.demo.people import Cast
from mhc_lab.demo.pictures import Gallery, Kind, PlantedFile
from mhc_lab.demo.rooms import PlantedEvent
from mhc_lab.demo.saved import FILE
from mhc_lab.demo.snapshots import Watched
from mhc_lab.demo.truth import Truth, expected_broadcasts, expected_events, expected_lists
from mhc_lab.jobs import ingest, take_in
from mhc_lab.schema.people import persons
from mhc_lab.services import people as people_service

if TYPE_CHECKING:
    from mhc_lab.workbench import Workbench

FOLDER = "demo"
"""Below the home folder: ``lists``, ``answers``, ``media`` and ``truth.json``."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything that follows from a seed; nothing is drawn or written yet."""

    seed: int
    cast: Cast
    lists: tuple[PlantedList, ...]
    observations: tuple[PlantedObservation, ...]
    watched: Watched
    rooms: tuple[PlantedEvent, ...]
    knowledge: Knowledge
    gallery: Gallery
    marks: Marks
    files: tuple[PlantedFile, ...]
    """Those of the gallery as they are written, and the one that is thrown away."""

    @property
    def truth(self) -> Truth:
        """What was planted and has to be found."""
        events = expected_events(self.lists, self.observations)
        followed = [one.at for one in events if one.username == self.cast.storied]
        feed = Counter(observations.told(self.observations))
        return Truth(
            seed=self.seed,
            broadcaster=self.cast.broadcaster,
            persons=self.cast.persons,
            rename=self.cast.rename,
            untold_rename=replace(self.cast.untold_rename, at=self._told_at),
            lists=expected_lists(self.lists),
            events=events,
            file_count=len(self.gallery.files),
            duplicates=self.gallery.duplicates,
            reencoded=self.gallery.reencoded,
            corrupt=self.gallery.paths(Kind.CUT),
            refused=self.gallery.paths(Kind.BOMB),
            opaque=self.gallery.paths(Kind.TEXT),
            missing=self.gallery.missing,
            orphans=tuple(file.path for file in self.gallery.orphans),
            broadcasts=expected_broadcasts(self.watched.broadcasts),
            without_trophy=self.watched.without_trophy,
            knowledge=stories.expected_knowledge(self.cast, self.knowledge, self.rooms, feed),
            timeline=stories.expected_timeline(self.cast, self._told_at, followed, self.rooms, self.knowledge),
            marks=self.marks,
        )

    @property
    def _told_at(self) -> datetime:
        """When the first list after the rename that nobody told was taken."""
        taken = (one.observed_at for one in self.lists if one.direction == "followers")
        return next(moment for moment in taken if moment > self.cast.untold_rename.at)


def invent(seed: int) -> World:
    """The world with that seed."""
    cast = people.invent(seed)
    planted = lists.plant(cast, seed=seed)
    told = observations.plant(cast, planted, seed=seed)
    watched = snapshots.plant(cast, seed=seed)
    happened = rooms.plant(cast, watched, seed=seed)
    known = knowledge.plant(cast, happened, seed=seed)
    gallery = pictures.plant(cast.persons, seed=seed)
    return World(seed, cast, planted, told, watched, happened, known, gallery, *marks.plant(gallery, seed=seed))


def is_wanted(wb: Workbench) -> bool:
    """Whether nobody is in the database yet, or a demo world whose build was interrupted."""
    folder = wb.folder(FOLDER)
    if (folder / "lists").exists() and not (folder / FILE).exists():
        return True
    with wb.reader as session:
        return not session.scalar(sa.select(sa.exists().where(persons.c.id.is_not(None))))


def build(wb: Workbench, *, seed: int, progress: Progress = SILENT) -> Truth:
    """The demo world in an empty database and in the home's ``demo`` folder, and what was planted in it.

    A build that was interrupted is gone on with when it is asked for again with the same seed.

    Raises
    ------
    RefusedError
        The database holds somebody who is not of this world, or the world is complete already.
    """
    world, folder = invent(seed), wb.folder(FOLDER)
    is_begun = _is_begun(wb, world, folder)
    (folder / FILE).unlink(missing_ok=True)
    _write(world, folder, progress)
    if not is_begun:
        _plant_persons(wb, world.cast)
    take_in.import_lists(wb, folder / "lists", progress=progress)
    snapshots.take_in(wb, folder / "answers", progress=progress)
    knowledge.take_in(wb, world.knowledge)
    ingest.ingest(wb, folder / "media", name=FOLDER, progress=progress)
    marks.take_in(wb, world.marks)
    for path in world.gallery.missing:
        (folder / "media" / path).unlink()
    pictures.write(world.gallery.orphans, folder / "media", seed=seed)
    truth = world.truth
    truth.save(folder / FILE)
    return truth


def _is_begun(wb: Workbench, world: World, folder: Path) -> bool:
    """Whether an earlier build of this very world was interrupted; a database that holds anything else is refused."""
    with wb.reader as session:
        known = set(session.scalars(sa.select(persons.c.username)))
    strangers = known - set(world.cast.persons)
    if strangers or (known and (folder / FILE).exists()):
        raise occupied(len(known))
    return bool(known)


def occupied(person_count: int) -> RefusedError:
    """The error of a database that somebody is in already."""
    return RefusedError(
        f"The demo world needs an empty database; this one holds {display.plural(person_count, 'person')}. "
        "Set MHC_HOME to a new folder, or MHC_DATABASE_URL to an empty database.",
        rule="the demo world never mixes with real people",
    )


def _write(world: World, folder: Path, progress: Progress) -> None:
    """Lists, answers and pictures, in place of what an earlier world left; the marker of the media folder stays."""
    for leftover in (folder / "lists", folder / "answers", folder / "media" / "people"):
        shutil.rmtree(leftover, ignore_errors=True)
    lists.write(world.lists, folder / "lists", others=_write_told(world, folder / "lists"))
    snapshots.write(world.watched.answers, folder / "answers")
    pictures.write(world.files, folder / "media", seed=world.seed, progress=progress)


def _write_told(world: World, folder: Path) -> list[dict[str, object]]:
    folder.mkdir(parents=True, exist_ok=True)
    entries = observations.write(world.observations, world.cast, folder, seed=world.seed)
    return [*entries, rooms.write(world.rooms, world.cast, folder, seed=world.seed)]


def _plant_persons(wb: Workbench, cast: Cast) -> None:
    """Who "me" is, and the one rename: known before the lists, so that each name on them is read as of its day."""
    with wb.transaction() as session:
        people_service.mark_self(session, cast.broadcaster, at=START)
        renamed = people_service.find_or_create(session, [cast.rename.old], at=START, role="VIEWER")[cast.rename.old]
        people_service.rename(session, renamed, to=cast.rename.new, at=cast.rename.at)
