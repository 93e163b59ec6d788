"""The library: files found, marked, taken away and brought back; storages in use or not."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import ByteId, PersonId, StorageId
from mhc_lab.db.roles import Role
from mhc_lab.jobs import ingest, stores
from mhc_lab.services import media, media_intake, people, photosets, storages
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.services.media_intake import HashedFile
from mhc_lab.storage.store import FoundFile
from mhc_lab.workbench import Workbench

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def ann(passing: Session) -> PersonId:
    return people.find_or_create(passing, ["ann"], at=NOON)["ann"]


@pytest.fixture
def storage(passing: Session) -> StorageId:
    return storages.add(passing, kind="disk", root="/media", marker=uuid.uuid4(), name="ssd").id


def registered(session: Session, storage: StorageId, *paths: str) -> list[MediaFile]:
    """A readable file at each path, one second after the other."""
    for number, path in enumerate(paths):
        written = int((NOON + timedelta(seconds=number)).timestamp()) * 10**9
        file = HashedFile(FoundFile(path, 10, written), ByteId(f"{number:064x}"))
        media_intake.register(session, storage, [file], at=NOON)
    session.execute(sa.text("UPDATE media_locator SET verdict = 'readable', examined_at = created_at"))
    found = {one.relative_path: one for one in media.found(session, Wanted())}
    return [found[path] for path in paths]


@pytest.fixture
def files(passing: Session, ann: PersonId, storage: StorageId) -> list[MediaFile]:
    return registered(passing, storage, *(f"people/ann/auto/{name}.jpg" for name in "abc"))


# found and marked


def test_files_are_found_by_what_is_known_of_them(passing: Session, ann: PersonId, files: list[MediaFile]) -> None:
    first, second, third = files
    media.set_favorite(passing, [second], favorite=True)
    media.tag(passing, [third], ["  Red   Dress "])

    def names(**wanted: object) -> list[str]:
        return [one.original_name for one in media.found(passing, Wanted(**wanted))]  # type: ignore[arg-type]

    assert names(person=ann) == ["c.jpg", "b.jpg", "a.jpg"]
    assert names(byte_id=first.byte_id) == ["a.jpg"]
    assert names(is_favorite=True) == ["b.jpg"]
    assert names(tag="red dress") == ["c.jpg"]
    assert names(words="B.J") == ["b.jpg"]
    assert names(words="%") == []
    assert names(since=NOON + timedelta(seconds=1), until=NOON + timedelta(seconds=2)) == ["b.jpg"]
    assert names(source="affiliate_api", storage="ssd", verdict="readable") == ["c.jpg", "b.jpg", "a.jpg"]
    assert names(source="profile") == []
    assert [one.original_name for one in media.found(passing, Wanted(), limit=1, offset=1)] == ["b.jpg"]
    assert media.count(passing, Wanted(person=ann)) == 3


def test_a_file_is_named_by_the_first_digits_of_its_id(passing: Session, files: list[MediaFile]) -> None:
    assert media.get(passing, str(files[0].id)[:8]) == files[0]
    with pytest.raises(NotFoundError):
        media.get(passing, "0-" * 18)
    with pytest.raises(RefusedError, match="at least 6 digits"):
        media.get(passing, str(files[0].id)[:5])
    with pytest.raises(NotFoundError):
        media.get(passing, "no id")
    with pytest.raises(NotFoundError):
        media.get(passing, "ffffffff-ffff-ffff-ffff-ffffffffffff")


def test_the_newest_picture_stands_for_a_person_until_one_is_chosen(
    passing: Session, ann: PersonId, files: list[MediaFile]
) -> None:
    first, _, third = files
    newest = media.primary(passing, ann)

    before = media.set_primary(passing, first)
    chosen = media.primary(passing, ann)
    second_choice = media.set_primary(passing, third)

    assert newest is not None
    assert chosen is not None
    assert second_choice is not None
    assert (newest.id, before, chosen.id, second_choice.id) == (third.id, None, first.id, first.id)


def test_the_database_keeps_one_primary_for_a_person_and_none_that_is_deleted(
    passing: Session, files: list[MediaFile]
) -> None:
    for statement in (
        "UPDATE media_locator SET is_primary = true",
        "UPDATE media_locator SET deleted_at = now(); UPDATE media_locator SET is_primary = true",
        "UPDATE media_locator SET was_primary = true",
        "UPDATE media_locator SET problem = 'missing'",
        "UPDATE media_locator SET verdict = NULL",
        "UPDATE media_locator SET size_bytes = -1",
        "UPDATE media_locator SET byte_id = 'ABC'",
        "UPDATE media_locator SET latitude = 91, longitude = 0",
    ):
        with pytest.raises(IntegrityError), passing.begin_nested():
            passing.execute(sa.text(statement))


@pytest.mark.parametrize("text", ["", "  ", "a,b", "x" * 41, "a\x00b", "a\u202eb"])
def test_what_is_no_tag_is_refused(passing: Session, files: list[MediaFile], text: str) -> None:
    with pytest.raises(RefusedError, match="is no tag"):
        media.tag(passing, files, [text])


def test_tags_are_put_on_once_counted_and_taken_off(passing: Session, files: list[MediaFile]) -> None:
    first, second, _ = files

    assert media.tag(passing, [first, second], ["beach", "Beach", "dusk"]) == 2
    assert media.tag(passing, [media.get(passing, first.id)], ["beach"]) == 0
    assert media.untag(passing, [media.get(passing, second.id)], ["dusk", "never"]) == 1

    assert media.tags(passing) == {"beach": 2, "dusk": 1}


# taken away and brought back


def test_a_picture_deleted_by_plain_sql_stands_for_nobody_and_does_again_when_it_is_back(
    passing: Session, files: list[MediaFile]
) -> None:
    chosen = files[0]
    media.set_primary(passing, chosen)

    passing.execute(sa.text("UPDATE media_locator SET deleted_at = now() WHERE is_primary"))
    gone = media.get(passing, chosen.id)
    passing.execute(sa.text("UPDATE media_locator SET deleted_at = NULL"))

    assert (gone.is_primary, media.get(passing, chosen.id).is_primary) == (False, True)


def test_a_picture_that_comes_back_leaves_the_mark_to_the_one_chosen_meanwhile(
    passing: Session, files: list[MediaFile]
) -> None:
    first, second, _ = files
    media.set_primary(passing, first)
    media.delete(passing, first, by="ada", at=NOON)
    media.set_primary(passing, second)

    media.restore(passing, media.get(passing, first.id), by="ada")

    assert [media.get(passing, one.id).is_primary for one in (first, second)] == [False, True]


def test_a_deleted_file_is_not_found_until_it_is_brought_back(passing: Session, files: list[MediaFile]) -> None:
    media.set_primary(passing, files[0])
    first = media.get(passing, files[0].id)

    media.delete(passing, first, by="ada", at=NOON)
    gone = media.get(passing, first.id)
    with pytest.raises(RefusedError, match="was deleted"):
        media.delete(passing, gone, by="ada", at=NOON)
    media.restore(passing, gone, by="ada")

    assert (gone.deleted_at, gone.is_primary) == (NOON, False)
    assert media.get(passing, first.id) == first


def test_a_place_that_is_taken_by_now_keeps_a_deleted_file_away(
    passing: Session, storage: StorageId, files: list[MediaFile]
) -> None:
    media.delete(passing, files[0], by="ada", at=NOON)
    (another,) = registered(passing, storage, files[0].relative_path)

    with pytest.raises(ConflictError, match="Another file is registered") as conflict:
        media.restore(passing, media.get(passing, files[0].id), by="ada")

    assert isinstance(conflict.value.theirs, MediaFile)
    assert conflict.value.theirs.id == another.id


def test_the_set_of_a_picture_that_was_taken_away_is_not_fetched_again(
    passing: Session, ann: PersonId, files: list[MediaFile]
) -> None:
    passing.execute(sa.text("UPDATE media_locator SET photoset_id = '88'"))
    passing.execute(sa.text("UPDATE media_locator SET deleted_at = now() WHERE original_name = 'a.jpg'"))

    assert photosets.is_skipped(passing, ann, "88")
    assert not photosets.is_skipped(passing, ann, "89")
    assert photosets.skip(passing, ann, "88", reason="again", at=NOON) is False
    photosets.allow(passing, ann, "88")
    assert photosets.listed(passing) == []
    with pytest.raises(NotFoundError):
        photosets.allow(passing, ann, "88")


def test_a_set_may_be_fetched_again_when_no_picture_of_it_is_away_unless_somebody_said_no(
    passing: Session, ann: PersonId, files: list[MediaFile]
) -> None:
    passing.execute(sa.text("UPDATE media_locator SET photoset_id = '88', deleted_at = now()"))
    first, *others = (media.get(passing, one.id) for one in files)
    media.restore(passing, first, by="ada")
    while_some_are_away = photosets.is_skipped(passing, ann, "88")
    for one in others:
        media.restore(passing, one, by="ada")
    with_all_back = photosets.is_skipped(passing, ann, "88")
    photosets.skip(passing, ann, "88", reason="too many", at=NOON)

    media.delete(passing, media.get(passing, first.id), by="ada", at=NOON)
    media.restore(passing, media.get(passing, first.id), by="ada")

    assert (while_some_are_away, with_all_back) == (True, False)
    assert photosets.is_skipped(passing, ann, "88")


def test_an_address_of_any_length_is_found_again(passing: Session, ann: PersonId, files: list[MediaFile]) -> None:
    url = "https://example.org/" + secrets.token_urlsafe(9000)
    passing.execute(sa.text("UPDATE media_locator SET source_url = :url WHERE original_name = 'a.jpg'"), {"url": url})

    found = media.from_source(passing, ann, url)

    assert found
    assert found.id == next(one.id for one in files if one.original_name == "a.jpg")


# storages


def test_a_storage_out_of_use_takes_nothing_in(empty_wb: Workbench, tmp_path: Path) -> None:
    _, storage = stores.adopt(empty_wb, str(tmp_path), name="attic")
    with empty_wb.transaction() as session:
        storages.deactivate(session, "attic", reason="it makes noises", at=NOON)

    with pytest.raises(RefusedError, match="not in use: it makes noises"):
        ingest.ingest(empty_wb, tmp_path)
    with pytest.raises(RefusedError, match="no storage to keep files in"):
        stores.chosen(empty_wb)
    with empty_wb.transaction() as session:
        storages.reactivate(session, "attic")

    assert stores.chosen(empty_wb)[1].id == storage.id


def test_a_check_says_what_is_there_and_keeps_what_was_known_of_a_disk_that_is_away(
    empty_wb: Workbench, tmp_path: Path
) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    _, storage = stores.adopt(empty_wb, str(root))

    here, _ = stores.check(empty_wb, storage)
    root.rename(tmp_path / "away")
    away, why = stores.check(empty_wb, storage)

    assert (here.is_reachable, away.is_reachable) == (True, False)
    assert here.total_bytes == away.total_bytes is not None
    assert "offline" in why


def test_the_analyst_reads_the_library_and_changes_nothing(empty_wb: Workbench) -> None:
    with empty_wb.database.engine(Role.ANALYST).connect() as connection:
        for table in ("media_locator", "skipped_photosets", "placeholder_pictures"):
            connection.execute(sa.text(f"SELECT * FROM {table}"))
            with pytest.raises(sa.exc.DBAPIError, match="read-only"), connection.begin_nested():
                connection.execute(sa.text(f"DELETE FROM {table}"))
