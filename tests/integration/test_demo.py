"""The demo world as it is built, compared with what was planted in it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab import demo
from mhc_lab.core.errors import RefusedError
from mhc_lab.demo import Truth, lists, pictures
from mhc_lab.demo.people import Cast
from mhc_lab.demo.truth import ExpectedEvent
from mhc_lab.demo.world import World, invent
from mhc_lab.schema.following import follow_history, follow_scrapes
from mhc_lab.schema.media import media_locator
from mhc_lab.schema.people import person_aliases, persons
from mhc_lab.services import media, people, photosets
from mhc_lab.services.media import Wanted
from mhc_lab.storage.disk import DiskStore
from mhc_lab.workbench import Workbench

SEED = 11


@pytest.fixture(scope="module")
def world() -> World:
    return invent(SEED)


@pytest.fixture(scope="module")
def planted(world: World) -> Truth:
    return world.truth


def verdicts(wb: Workbench) -> dict[str, str]:
    with wb.reader as session:
        rows = session.execute(sa.select(media_locator.c.relative_path, media_locator.c.verdict))
        return dict(rows.all())


def test_every_planted_person_is_known_by_the_present_name(wb: Workbench, truth: Truth) -> None:
    with wb.reader as session:
        known = session.scalars(sa.select(persons.c.username)).all()

    assert sorted(known) == list(truth.persons)


def test_the_broadcaster_is_marked(wb: Workbench, truth: Truth) -> None:
    with wb.reader as session:
        assert people.me(session).username == truth.broadcaster


def test_both_renames_keep_their_old_names_as_aliases(wb: Workbench, truth: Truth) -> None:
    with wb.reader as session:
        aliases = session.execute(sa.select(person_aliases.c.alias, person_aliases.c.valid_to)).all()

    told, untold = truth.rename, truth.untold_rename
    assert {tuple(alias) for alias in aliases} == {(told.old, told.at), (untold.old, untold.at)}


def test_every_list_gets_the_verdict_that_was_planted(wb: Workbench, truth: Truth) -> None:
    taken = follow_scrapes.c
    columns = [taken.file_name, taken.observed_at, taken.verdict, taken.listed_count]
    untidy = [sa.func.cardinality(taken.rejected_rows), taken.duplicate_count]
    with wb.reader as session:
        found = {tuple(row) for row in session.execute(sa.select(*columns, *untidy))}

    assert found == {
        (one.file_name, one.observed_at, one.verdict, one.name_count, one.rejected_count, one.duplicate_count)
        for one in truth.lists
    }


def test_the_history_is_the_planted_one(wb: Workbench, truth: Truth) -> None:
    event = follow_history.c
    columns = [event.direction, persons.c.username, event.action, event.at, event.is_baseline]
    interval = [event.last_seen_at, event.first_missing_at, event.status, event.source]
    statement = sa.select(*columns, *interval).join(persons, persons.c.id == event.person_id)
    with wb.reader as session:
        found = {ExpectedEvent(*row) for row in session.execute(statement)}

    assert found == set(truth.events)


def test_every_file_has_the_verdict_that_was_planted(wb: Workbench, truth: Truth) -> None:
    found = verdicts(wb)

    kinds = {path: kind for path, kind in found.items() if kind != "readable"}
    assert len(found) == truth.file_count + len(truth.marks.deleted)
    assert kinds == {
        **dict.fromkeys(truth.corrupt, "corrupt"),
        **dict.fromkeys(truth.refused, "refused"),
        **dict.fromkeys(truth.opaque, "opaque"),
    }


def test_exactly_the_planted_files_share_their_bytes(wb: Workbench, truth: Truth) -> None:
    shared = (
        sa.select(sa.func.array_agg(media_locator.c.relative_path))
        .group_by(media_locator.c.byte_id)
        .having(sa.func.count() > 1)
    )
    with wb.reader as session:
        found = {frozenset(group) for group in session.scalars(shared)}

    assert found == {frozenset(group) for group in truth.duplicates}


def test_the_files_are_marked_as_was_planted(wb: Workbench, truth: Truth) -> None:
    marks = truth.marks
    with wb.reader as session:
        live = media.found(session, Wanted(), limit=2000)
        gone = media.found(session, Wanted(is_deleted=True))
        skipped = photosets.listed(session)

    assert {file.relative_path for file in live if file.is_favorite} == set(marks.favorites)
    assert {file.relative_path: file.tags for file in live if file.tags} == marks.tags
    assert {file.username: file.relative_path for file in live if file.is_primary} == marks.primaries
    assert {file.relative_path: file.taken_at for file in live if file.taken_at} == marks.taken
    assert [file.relative_path for file in gone] == list(marks.deleted)
    assert {(one.username, one.photoset_id) for one in skipped} == {
        (one.username, one.photoset_id) for one in marks.skipped
    }


def test_missing_files_are_known_and_gone_and_orphans_are_there_and_unknown(wb: Workbench, truth: Truth) -> None:
    on_disk = {file.relative_path for file in DiskStore.open(wb.folder("demo") / "media", marker=None).files()}
    known = set(verdicts(wb))

    assert known - on_disk == set(truth.missing)
    assert on_disk - known == set(truth.orphans)


def test_every_file_below_a_persons_folder_is_theirs(wb: Workbench) -> None:
    statement = sa.select(media_locator.c.relative_path, persons.c.username)
    with wb.reader as session:
        rows = session.execute(statement.outerjoin(persons, persons.c.id == media_locator.c.person_id)).all()

    assert [path for path, owner in rows if path.split("/")[1] != owner] == []


def test_the_truth_is_read_as_it_was_written(wb: Workbench, truth: Truth) -> None:
    assert Truth.load(wb.folder("demo") / "truth.json") == truth


def test_a_database_with_somebody_in_it_is_refused_and_left_alone(empty_wb: Workbench) -> None:
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["somebody"], at=empty_wb.clock.now())

    with pytest.raises(RefusedError, match="needs an empty database"):
        demo.build(empty_wb, seed=SEED)

    assert not list(empty_wb.folder("demo").iterdir())


def test_a_finished_world_is_not_built_again(wb: Workbench, truth: Truth) -> None:
    with pytest.raises(RefusedError, match="needs an empty database"):
        demo.build(wb, seed=truth.seed)


def test_an_interrupted_build_is_finished_by_the_next(empty_wb: Workbench) -> None:
    def pull_the_plug(done: int, total: int | None, doing: str) -> None:
        if doing == "files" and done > 600:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.build(empty_wb, seed=SEED, progress=pull_the_plug)
    truth = demo.build(empty_wb, seed=SEED)

    assert len(verdicts(empty_wb)) == truth.file_count + len(truth.marks.deleted)
    assert Truth.load(empty_wb.folder("demo") / "truth.json") == truth


def test_the_same_seed_invents_the_same_world(planted: Truth) -> None:
    assert invent(SEED).truth == planted


def test_another_seed_invents_another_world(planted: Truth) -> None:
    other = invent(SEED + 1).truth

    assert set(other.persons) != set(planted.persons)
    assert other.events != planted.events
    assert set(other.missing) != set(planted.missing)


def test_the_same_seed_writes_the_same_bytes(world: World, tmp_path: Path) -> None:
    again = invent(SEED)

    for invented, folder in ((world, tmp_path / "a"), (again, tmp_path / "b")):
        lists.write(invented.lists, folder)
        pictures.write(invented.gallery.files[:60], folder, seed=SEED)
        invented.truth.save(folder / "truth.json")

    written = {path.relative_to(tmp_path / "a"): path.read_bytes() for path in (tmp_path / "a").rglob("*.*")}
    assert written == {path.relative_to(tmp_path / "b"): path.read_bytes() for path in (tmp_path / "b").rglob("*.*")}
    assert len(written) > 260


@pytest.mark.parametrize("seed", range(12))
def test_every_world_has_what_was_ordered(seed: int) -> None:
    world = invent(seed)
    truth = world.truth

    oddities = Counter(one.oddity for one in world.lists)
    follows = Counter((event.direction, event.username) for event in truth.events if event.action == "follow")
    assert len(truth.persons) == 300
    assert sum(times > 1 for times in follows.values()) >= 10
    assert oddities["broken off"] + oddities["torn"] + oddities["fewer than reported"] >= 5
    assert [oddities[one] for one in ("short", "empty", "untidy", "lost a page", "two totals")] == [1] * 5
    assert [oddities[one] for one in ("no column of names", "login page")] == [1, 1]
    assert {event.source for event in truth.events} == {"list_scrape", "events_api", "profile_scrape"}
    assert (truth.file_count, len(truth.duplicates), len(truth.reencoded)) == (1500, 46, 32)
    assert sum(owner(original) == owner(again) for original, again in truth.reencoded) >= 6
    assert (len(truth.missing), len(truth.orphans), len(truth.corrupt)) == (24, 24, 5)
    assert everybody_on_a_list(world.cast, truth)


def owner(path: str) -> str:
    return path.split("/")[1]


def everybody_on_a_list(cast: Cast, truth: Truth) -> bool:
    return {event.username for event in truth.events} == set(truth.persons) - {cast.broadcaster}


def test_whom_nobody_said_to_be_renamed_never_left(planted: Truth) -> None:
    theirs = [event.action for event in planted.events if event.username == planted.untold_rename.new]

    assert theirs == ["follow"]
    assert planted.untold_rename.old not in planted.persons


@pytest.mark.parametrize("seed", range(12))
def test_the_renamed_person_leaves_once_and_under_the_new_name(seed: int) -> None:
    world = invent(seed)

    truth = world.truth
    theirs = [
        event.action for event in truth.events if event.direction == "followers" and event.username == truth.rename.new
    ]
    assert theirs == ["follow", "unfollow"]
    assert truth.rename.old not in truth.persons


def test_a_person_missed_by_a_single_list_leaves_provisionally_and_returns(planted: Truth) -> None:
    last = max(one.observed_at for one in planted.lists)
    open_questions = [event for event in planted.events if event.status == "provisional"]

    assert sum(event.at < last for event in open_questions) >= 2
    assert sum(event.at == last for event in open_questions) >= 3
