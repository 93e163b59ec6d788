"""Files brought into the library and taken out of it: uploaded, downloaded, exported; a bucket as a storage."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from typer import Exit

from mhc_lab.cli import media as cli_media
from mhc_lab.core.errors import ConfigurationError, ConflictError, NotFoundError, RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.jobs import export, ingest, saving, stores, views
from mhc_lab.services import media, media_intake, people, photosets, placeholders, storages
from mhc_lab.services.media import Wanted
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock
from tests.support.object_servers import BUCKET, rclone
from tests.support.pictures import picture
from tests.support.web import Page, Site, site

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


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


def test_nobody_waits_for_a_pipe(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")

    with pytest.raises(RefusedError, match="is not a file"):
        saving.upload(empty_wb, tmp_path / "pipe.jpg", username="ann")


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


def test_the_place_of_a_missing_file_is_not_given_to_another(
    empty_wb: Workbench, library: Path, tmp_path: Path
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))
    first = saving.upload(empty_wb, file, username="ann")
    (library / first.relative_path).unlink()
    file.write_bytes(picture("PNG", width=60))

    second = saving.upload(empty_wb, file, username="ann")

    assert second.relative_path == f"people/ann/uploads/a~{second.byte_id[:8]}.png"
    assert not (library / first.relative_path).exists()
    with empty_wb.reader as session:
        rows = [media.get(session, one.id) for one in (first, second)]
    assert [(row.byte_id, row.width) for row in rows] == [(first.byte_id, 120), (second.byte_id, 60)]


def test_a_row_of_other_bytes_that_came_meanwhile_is_left_as_it_is(
    empty_wb: Workbench, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(picture("PNG"))
    saving.upload(empty_wb, tmp_path / "a.png", username="ann")
    (library / "people/ann/uploads/a.png").unlink()
    (tmp_path / "a.png").write_bytes(picture("PNG", width=60))
    monkeypatch.setattr(media_intake, "bytes_at", lambda *given: {})  # as if it came after we had looked

    with pytest.raises(ConflictError, match="Other bytes"):
        saving.upload(empty_wb, tmp_path / "a.png", username="ann")

    with empty_wb.reader as session:
        (row,) = media.found(session, Wanted())
    assert (row.byte_id, row.width) == (hashlib.sha256(picture("PNG")).hexdigest(), 120)


@pytest.mark.parametrize("name", ["nobody", "<b>"])
def test_nobody_gets_no_file(empty_wb: Workbench, library: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(picture("PNG"))

    with pytest.raises((NotFoundError, RefusedError)):
        saving.upload(empty_wb, file, username=name)

    assert not list(library.rglob("*.png"))


def test_a_source_that_there_is_not_gets_no_file(empty_wb: Workbench, library: Path, tmp_path: Path, web: Site) -> None:
    (tmp_path / "a.png").write_bytes(picture("PNG"))

    with pytest.raises(NotFoundError, match="Did you mean manual_upload"):
        saving.upload(empty_wb, tmp_path / "a.png", username="ann", source="manual_uplaod")
    with pytest.raises(NotFoundError, match='source named "web"'):
        saving.download(empty_wb, web.url("/a.jpg"), username="ann", source="web", web=web.web)

    assert web.asked == []
    assert [one.name for one in library.iterdir()] == [".mhc-store.json"]


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
        empty_wb.settings = server.known_to(empty_wb.settings)
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
    exported, stored = tmp_path / "out/manual_upload/a.png", library / "people/ann/uploads/a.png"
    assert exported.read_bytes() == picture("PNG", width=50)
    assert exported.stat().st_mtime_ns // 1000 == stored.stat().st_mtime_ns // 1000
    assert not (tmp_path / "out/manual_upload/c.png").exists()
    said = json.loads((tmp_path / "out" / export.LIST).read_text())
    assert [one["file"] for one in said["files"]] == ["manual_upload/a.png"]


def test_a_folder_that_cannot_be_made_is_named(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(RefusedError, match=r"file/out cannot be made .* Choose another folder"):
        export.export(empty_wb, "ann", tmp_path / "file" / "out")


@pytest.mark.parametrize("place", ["library", "library/people/out", ".", "link/out"])
def test_nothing_is_exported_into_a_storage_or_around_one(
    empty_wb: Workbench, library: Path, tmp_path: Path, place: str
) -> None:
    (tmp_path / "link").symlink_to(library)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(RefusedError, match="the storage library"):
        export.export(empty_wb, "ann", tmp_path / place)

    assert sorted(tmp_path.rglob("*")) == before


def test_views_follow_what_is_brought_in(empty_wb: Workbench, library: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    saving.upload(empty_wb, tmp_path / "a.jpg", username="ann")
    with empty_wb.reader as session:
        storage = storages.get(session, "library")
    built = views.build(empty_wb, storage)
    (library / "people/ann/auto").mkdir()
    (library / "people/ann/auto/b.jpg").write_bytes(picture(width=90))

    ingest.ingest(empty_wb, library)

    assert (built.view_count, built.link_count) == (2, 2)
    assert sorted(path.name for path in (library / "all").iterdir()) == ["ann_a.jpg", "ann_b.jpg"]
    assert (library / "people/ann/all/b.jpg").read_bytes() == picture(width=90)


@pytest.fixture
def shown(empty_wb: Workbench, library: Path, tmp_path: Path) -> saving.Saved:
    """A file of Ann, beside another, with their views."""
    for number, name in enumerate(("b.jpg", "a.jpg")):
        (tmp_path / name).write_bytes(picture(width=100 + number))
        saved = saving.upload(empty_wb, tmp_path / name, username="ann")
    with empty_wb.reader as session:
        views.build(empty_wb, storages.get(session, "library"))
    return saved


def links_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def command(empty_wb: Workbench, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The commands, which open the workbench of this test."""
    monkeypatch.setattr(cli_media, "opened", lambda: nullcontext(empty_wb))
    return cli_media


def test_a_file_that_is_refused_keeps_no_other_from_being_uploaded(
    empty_wb: Workbench, library: Path, command: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.png", "c.png"):
        (tmp_path / name).write_bytes(picture("PNG", width=50 + ord(name[0])))

    with pytest.raises(Exit) as ended:
        command.upload([tmp_path / name for name in ("a.png", "gone.png", "c.png")], person="ann")

    said = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert sorted(path.name for path in (library / "people/ann/uploads").iterdir()) == ["a.png", "c.png"]
    assert (said.out.count("saved"), "gone.png cannot be read" in said.err) == (2, True)


def test_every_address_that_is_refused_is_told(
    library: Path, command: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Exit):
        command.download(["http://example.com/a.jpg", "ftp://example.com/b.jpg"], person="ann")

    assert capsys.readouterr().err.count("not saved: ") == 2


def test_views_follow_a_command_that_deletes_and_one_that_restores(
    shown: saving.Saved, library: Path, command: ModuleType
) -> None:
    command.delete([str(shown.id)])
    gone = links_in(library / "all")
    command.restore([str(shown.id)])

    assert (gone, links_in(library / "all")) == (["ann_b.jpg"], ["ann_a.jpg", "ann_b.jpg"])


def test_a_file_is_deleted_also_when_its_views_cannot_follow(
    shown: saving.Saved, library: Path, command: ModuleType, empty_wb: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    library.rename(library.with_name("pulled"))

    command.delete([str(shown.id)])

    said = capsys.readouterr().out
    assert "the views do not show it yet" in said
    assert "offline" in said
    with empty_wb.reader as session:
        assert media.get(session, shown.id).is_deleted


def test_views_that_are_left_alone_are_told(
    shown: saving.Saved, library: Path, empty_wb: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    (library / "people/ann/all/note.txt").write_text("mine")

    left = views.follow(empty_wb, {"library"})

    assert left == ("library:people/ann/all",)
    assert "people/ann/all was left alone" in caplog.text


def test_what_was_taken_in_is_on_record_also_when_views_cannot_follow(
    shown: saving.Saved, library: Path, empty_wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library / "c.jpg").write_bytes(picture(width=90))
    monkeypatch.setattr(views, "follow", _refuse)

    with pytest.raises(RefusedError, match="somebody else"):
        ingest.ingest(empty_wb, library)

    with empty_wb.reader as session:
        recorded = session.scalars(sa.text("SELECT action FROM audit_log")).all()
    assert "media.ingest" in recorded


def _refuse(*_: object) -> None:
    raise RefusedError("somebody else is building them", rule="one builder")


def test_a_bucket_has_no_views(empty_wb: Workbench, library: Path) -> None:
    with empty_wb.reader as session:
        bucket = replace(storages.get(session, "library"), kind="s3", name="cloud")

    with pytest.raises(RefusedError, match="cloud is a bucket"):
        views.build(empty_wb, bucket)
