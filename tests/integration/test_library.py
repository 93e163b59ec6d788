"""The library: files brought in, found, marked, taken away and brought back."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mhc_lab.core.errors import ConfigurationError, ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import ByteId, PersonId, StorageId
from mhc_lab.core.secrets import Secret
from mhc_lab.db.roles import Role
from mhc_lab.jobs import export, ingest, saving, stores
from mhc_lab.services import media, media_intake, people, photosets, placeholders, storages
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.services.media_intake import HashedFile
from mhc_lab.storage.store import FoundFile
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock
from tests.support.object_servers import ACCESS_KEY, BUCKET, SECRET_KEY, rclone
from tests.support.pictures import picture
from tests.support.web import Page, Site, site

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
    media.delete(passing, first, at=NOON)
    media.set_primary(passing, second)

    media.restore(passing, media.get(passing, first.id))

    assert [media.get(passing, one.id).is_primary for one in (first, second)] == [False, True]


def test_a_deleted_file_is_not_found_until_it_is_brought_back(passing: Session, files: list[MediaFile]) -> None:
    media.set_primary(passing, files[0])
    first = media.get(passing, files[0].id)

    media.delete(passing, first, at=NOON)
    gone = media.get(passing, first.id)
    with pytest.raises(RefusedError, match="was deleted"):
        media.delete(passing, gone, at=NOON)
    media.restore(passing, gone)

    assert (gone.deleted_at, gone.is_primary) == (NOON, False)
    assert media.get(passing, first.id) == first


def test_a_place_that_is_taken_by_now_keeps_a_deleted_file_away(
    passing: Session, storage: StorageId, files: list[MediaFile]
) -> None:
    media.delete(passing, files[0], at=NOON)
    (another,) = registered(passing, storage, files[0].relative_path)

    with pytest.raises(ConflictError, match="Another file is registered") as conflict:
        media.restore(passing, media.get(passing, files[0].id))

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
    media.restore(passing, first)
    while_some_are_away = photosets.is_skipped(passing, ann, "88")
    for one in others:
        media.restore(passing, one)
    with_all_back = photosets.is_skipped(passing, ann, "88")
    photosets.skip(passing, ann, "88", reason="too many", at=NOON)

    media.delete(passing, media.get(passing, first.id), at=NOON)
    media.restore(passing, media.get(passing, first.id))

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


# brought in


@pytest.fixture
def library(empty_wb: Workbench, tmp_path: Path, clock: FrozenClock) -> Path:
    """The root of the only storage; Ann is known."""
    root = tmp_path / "library"
    root.mkdir()
    stores.adopt(empty_wb, str(root))
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=clock.now())
    return root


def test_an_upload_is_kept_looked_into_and_registered_once(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    file = tmp_path / "Über uns.JPG"
    file.write_bytes(picture("JPEG"))

    first = saving.upload(empty_wb, file, username="ANN")
    second = saving.upload(empty_wb, file, username="ann")

    assert (first.relative_path, first.verdict) == ("people/ann/uploads/Über uns.JPG", "readable")
    assert (library / first.relative_path).read_bytes() == file.read_bytes()
    assert (first.is_new, second.is_new, second.id) == (True, False, first.id)
    with empty_wb.reader as session:
        row = media.get(session, first.id)
    assert (row.width, row.source, row.username) == (120, "manual_upload", "ann")
    assert ingest.ingest(empty_wb, library).new_count == 0


def test_two_files_of_one_name_both_stay(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))
    first = saving.upload(empty_wb, file, username="ann")
    file.write_bytes(picture("PNG", width=60))

    second = saving.upload(empty_wb, file, username="ann")

    assert second.relative_path == f"people/ann/uploads/a~{second.byte_id[:8]}.png"
    assert (library / first.relative_path).read_bytes() == picture("PNG")


def test_a_file_whose_row_was_lost_is_found_where_it_was_to_be(
    empty_wb: Workbench, library: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))
    saving.upload(empty_wb, file, username="ann")
    with empty_wb.transaction() as session:
        session.execute(sa.text("DELETE FROM media_locator"))

    again = saving.upload(empty_wb, file, username="ann")

    assert (again.relative_path, again.is_new) == ("people/ann/uploads/a.png", True)
    assert len(list(library.rglob("*.png"))) == 1


@pytest.mark.parametrize("name", ["nobody", "<b>"])
def test_nobody_gets_no_file(empty_wb: Workbench, library: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))

    with pytest.raises((NotFoundError, RefusedError)):
        saving.upload(empty_wb, file, username=name)

    assert not list(library.rglob("*.png"))


def test_what_is_no_file_is_not_uploaded(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="cannot be read"):
        saving.upload(empty_wb, tmp_path, username="ann")
    with pytest.raises(RefusedError, match="is not a file"):
        saving.upload(empty_wb, Path("/dev/null"), username="ann")


def test_a_disk_that_is_away_takes_no_upload(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))
    library.rename(tmp_path / "away")
    library.mkdir()

    with pytest.raises(ConfigurationError, match="offline"):
        saving.upload(empty_wb, file, username="ann")

    assert not list(library.iterdir())


@pytest.fixture
def web() -> Iterator[Site]:
    pages = {
        "/a.jpg": Page(picture("JPEG")),
        "/page.jpg": Page(b"<html>log in</html>", headers={"Content-Type": "image/jpeg"}),
        "/cut.jpg": Page(picture("JPEG")[:900]),
        "/none.png": Page(picture("PNG", width=10, height=10)),
    }
    with site(pages) as running:
        yield running


def test_a_download_is_kept_under_its_person_and_not_asked_for_again(
    empty_wb: Workbench, library: Path, web: Site
) -> None:
    url = web.url("/a.jpg")

    first = saving.download(empty_wb, url, username="ann", source="affiliate_api", photoset="7", web=web.web)
    second = saving.download(empty_wb, url, username="ann", source="affiliate_api", web=web.web)

    assert first.relative_path.startswith("people/ann/auto/ann_")
    assert first.relative_path.endswith(".jpg")
    assert (second.is_new, web.asked) == (False, ["/a.jpg"])
    with empty_wb.reader as session:
        row = media.get(session, first.id)
    assert (row.source_url, row.photoset_id, row.verdict) == (url, "7", "readable")


@pytest.mark.parametrize(
    ("path", "why"),
    [("/page.jpg", "no picture"), ("/cut.jpg", "no picture"), ("/no_image.jpg", "says itself"), ("/gone", "404")],
)
def test_what_is_no_picture_is_not_kept(empty_wb: Workbench, library: Path, web: Site, path: str, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        saving.download(empty_wb, web.url(path), username="ann", web=web.web)

    assert [one.name for one in library.iterdir()] == [".mhc-store.json"]


def test_a_placeholder_is_known_by_its_bytes(empty_wb: Workbench, library: Path, web: Site, tmp_path: Path) -> None:
    digest = ByteId(hashlib.sha256(picture("PNG", width=10, height=10)).hexdigest())
    with empty_wb.transaction() as session:
        assert placeholders.add(session, digest, note="grey square", by="ada", at=NOON)
        assert not placeholders.add(session, digest, note="again", by="ada", at=NOON)

    with pytest.raises(RefusedError, match="grey square"):
        saving.download(empty_wb, web.url("/none.png"), username="ann", web=web.web)
    with empty_wb.transaction() as session:
        placeholders.remove(session, digest)

    assert saving.download(empty_wb, web.url("/none.png"), username="ann", web=web.web).is_new


def test_a_suspicious_size_only_warns(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    file = tmp_path / "odd.bin"
    file.write_bytes(bytes(564))

    assert "known placeholder" in saving.upload(empty_wb, file, username="ann").warning


def test_a_skipped_set_is_not_asked_for(empty_wb: Workbench, library: Path, web: Site) -> None:
    with empty_wb.transaction() as session:
        photosets.skip(session, people.get(session, "ann").id, "7", reason="only text", at=NOON)

    with pytest.raises(RefusedError, match="not to be fetched again"):
        saving.download(empty_wb, web.url("/a.jpg"), username="ann", photoset="7", web=web.web)

    assert web.asked == []


# in a bucket


def test_a_bucket_is_a_storage_like_a_disk(empty_wb: Workbench, tmp_path: Path, clock: FrozenClock) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))
    served = tmp_path / "served"
    served.mkdir()
    with empty_wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=clock.now())
    with rclone(served) as server:
        keys = {"s3_access_key": Secret(ACCESS_KEY), "s3_secret_key": Secret(SECRET_KEY)}
        endpoint = f"http://127.0.0.1:{server.port}"
        empty_wb.settings = empty_wb.settings.model_copy(update={**keys, "s3_endpoint": endpoint})
        place = f"s3://{BUCKET}/library"

        _, storage = stores.adopt(empty_wb, place)
        saved = saving.upload(empty_wb, file, username="ann")
        taken = ingest.ingest(empty_wb, place)
        exported = export.export(empty_wb, "ann", tmp_path / "out")
        checked, why = stores.check(empty_wb, storage)

    assert (storage.kind, storage.root, why) == ("s3", f"{BUCKET}/library", "")
    assert (saved.storage, saved.verdict, saved.is_new) == (f"{BUCKET}-library", "readable", True)
    assert (taken.new_count, taken.known_count, exported.copied_count) == (0, 1, 1)
    assert checked.is_reachable


def test_a_bucket_without_its_keys_says_which_settings_are_missing(empty_wb: Workbench) -> None:
    with pytest.raises(ConfigurationError, match="MHC_S3_ACCESS_KEY and MHC_S3_SECRET_KEY"):
        stores.adopt(empty_wb, "s3://media")


# taken out


def test_an_export_copies_every_byte_once_and_says_what_is_missing(
    empty_wb: Workbench, library: Path, tmp_path: Path
) -> None:
    for number, name in enumerate(("a.png", "b.png", "c.png")):
        (tmp_path / name).write_bytes(picture("PNG", width=50 + number))
        saving.upload(empty_wb, tmp_path / name, username="ann")
    (library / "people/ann/uploads/b.png").unlink()
    (library / "people/ann/uploads/c.png").write_bytes(picture("PNG", width=99))

    first = export.export(empty_wb, "ann", tmp_path / "out")
    second = export.export(empty_wb, "ann", tmp_path / "out")

    assert (first.copied_count, second.copied_count, second.known_count) == (1, 0, 1)
    assert [place for place, _ in first.missing] == [
        "library:people/ann/uploads/c.png",
        "library:people/ann/uploads/b.png",
    ]
    assert (tmp_path / "out/manual_upload/a.png").read_bytes() == picture("PNG", width=50)
    assert not (tmp_path / "out/manual_upload/c.png").exists()
    said = json.loads((tmp_path / "out" / export.LIST).read_text())
    assert [one["file"] for one in said["files"]] == ["manual_upload/a.png"]


def test_a_folder_that_cannot_be_made_is_named(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(RefusedError, match=r"file/out cannot be made .* Choose another folder"):
        export.export(empty_wb, "ann", tmp_path / "file" / "out")


def test_the_analyst_reads_the_library_and_changes_nothing(empty_wb: Workbench) -> None:
    with empty_wb.database.engine(Role.ANALYST).connect() as connection:
        for table in ("media_locator", "skipped_photosets", "placeholder_pictures"):
            connection.execute(sa.text(f"SELECT * FROM {table}"))
            with pytest.raises(sa.exc.DBAPIError, match="read-only"), connection.begin_nested():
                connection.execute(sa.text(f"DELETE FROM {table}"))
