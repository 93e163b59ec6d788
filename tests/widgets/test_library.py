"""The library: what is asked, what is shown, what is done to a file and taken back, without a browser."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.core.ids import MediaId
from mhc_lab.jobs import ingest, views
from mhc_lab.jobs.previews import Preview
from mhc_lab.schema.media import media_locator
from mhc_lab.services import media, people, storages
from mhc_lab.workbench import Workbench
from tests.support.files import NOON, a_file
from tests.support.pictures import picture
from widgets._file_tile import pictured
from widgets.library import PAGE, Library

HOSTILE = "<img src=x onerror=alert(1)>.jpg"


def filled(wb: Workbench, count: int = 3, **columns: object) -> list[MediaId]:
    """So many files of alice, the newest first; their names are their places in that order."""
    with wb.transaction() as session:
        return [
            a_file(session, f"people/alice/auto/{n}.jpg", modified_at=NOON - timedelta(hours=n), **columns)
            for n in range(1, count + 1)
        ]


def names(view: Library) -> list[str]:
    return [tile.file.original_name for tile in view.tiles.children]


def opened(view: Library, place: int = 0) -> Library:
    view.tiles.children[place].opener.click()
    return view


def now(wb: Workbench, file: MediaId) -> media.MediaFile:
    with wb.reader as session:
        return media.get(session, file)


# what is shown


def test_files_are_shown_newest_first_with_how_many_there_are(emptied_wb: Workbench) -> None:
    filled(emptied_wb)

    view = Library(emptied_wb)

    assert names(view) == ["1.jpg", "2.jpg", "3.jpg"]
    assert "1 to 3 of 3 files, 300 B" in view.where.value


def test_an_empty_library_says_so(emptied_wb: Workbench) -> None:
    assert "No files." in Library(emptied_wb).where.value


def test_pages_are_turned_and_asked_for_by_number(emptied_wb: Workbench) -> None:
    filled(emptied_wb, 2 * PAGE + 1)
    view = Library(emptied_wb)

    view.older.click()
    second = names(view)
    view.number.value = 3

    assert second[0] == f"{PAGE + 1}.jpg"
    assert names(view) == [f"{2 * PAGE + 1}.jpg"]
    assert (view.newer.disabled, view.older.disabled, view.number.max) == (False, True, 3)


def test_a_filter_begins_at_the_first_page_again(emptied_wb: Workbench) -> None:
    filled(emptied_wb, PAGE + 1)
    view = Library(emptied_wb)
    view.older.click()

    view.words.value = "1.jpg"

    assert view.number.value == 1
    assert names(view)[:2] == ["1.jpg", "11.jpg"]


def test_every_filter_narrows_and_together_they_all_hold(emptied_wb: Workbench) -> None:
    first, _, third = filled(emptied_wb)
    with emptied_wb.transaction() as session:
        media.set_favorite(session, [media.get(session, first)], favorite=True)
        media.tag(session, [media.get(session, first)], ["beach"])
        a_file(session, "people/bob/snaps/b.jpg", of="bob", source="screensnap", verdict="corrupt")
        media.delete(session, media.get(session, third), by="ada", at=NOON)
    view = Library(emptied_wb)

    shown = {}
    for field, value, blank in (
        (view.person, "bob", ""),
        (view.source, "screensnap", ""),
        (view.verdict, "corrupt", ""),
        (view.tag, "Beach", ""),
        (view.favorites, True, False),
        (view.deleted, True, False),
        (view.words, "2.", ""),
        (view.since, date(2026, 3, 2), None),
        (view.until, date(2026, 2, 28), None),
    ):
        field.value = value
        shown[getattr(field, "description", "")] = names(view)
        field.value = blank

    assert shown == {
        "Person": ["b.jpg"], "Source": ["b.jpg"], "Verdict": ["b.jpg"], "Tag": ["1.jpg"], "Favourites only": ["1.jpg"],
        "Deleted ones": ["3.jpg"], "Name of the file": ["2.jpg"], "From": [], "To": [],
    }  # fmt: skip
    assert names(view) == ["b.jpg", "1.jpg", "2.jpg"]


def test_choices_say_how_many_there_are_of_each_and_a_chosen_one_stays(emptied_wb: Workbench) -> None:
    filled(emptied_wb)
    view = Library(emptied_wb)
    view.source.value = "affiliate_api"

    view.words.value = "nothing like it"

    assert view.source.value == "affiliate_api"
    assert [label for label, _ in view.source.options] == ["any (0)", "affiliate api (0)"]


def test_a_name_of_nobody_and_a_tag_that_is_none_are_said(emptied_wb: Workbench) -> None:
    filled(emptied_wb)
    view = Library(emptied_wb)

    view.person.value = "nobody_at_all"
    nobody, shown = view.problem.value, names(view)
    view.person.value, view.tag.value = "", "a,b"

    assert ("Nobody is called" in nobody, shown) == (True, [])
    assert "is no tag" in view.problem.value


def test_it_begins_with_what_a_notebook_asks_for(emptied_wb: Workbench) -> None:
    (file,) = filled(emptied_wb, 1)
    with emptied_wb.transaction() as session:
        media.tag(session, [media.get(session, file)], ["beach"])
        a_file(session, of="alice", source="screensnap")

    assert names(Library(emptied_wb, person="alice", source="affiliate_api", tag="beach")) == ["1.jpg"]


# pictures


def test_pictures_come_when_somebody_looks_and_say_what_they_are(emptied_wb: Workbench, tmp_path) -> None:  # type: ignore[no-untyped-def]
    place = tmp_path / "disk" / "people" / "alice" / "auto"
    place.mkdir(parents=True)
    (place / "good.jpg").write_bytes(picture())
    (place / "cut.jpg").write_bytes(picture()[:900])
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["alice"], at=NOON)
    ingest.ingest(emptied_wb, tmp_path / "disk")
    view = Library(emptied_wb)
    tiles = {tile.file.original_name: tile for tile in view.tiles.children}

    before = {tile.picture.value for tile in tiles.values()}
    view.seen()

    assert not any("data:image" in value for value in before)
    assert "src='data:image/jpeg;base64," in tiles["good.jpg"].picture.value
    assert "alt='Picture of alice, " in tiles["good.jpg"].picture.value
    assert "damaged" in tiles["cut.jpg"].picture.value


def test_a_file_whose_disk_is_away_has_words_in_place_of_a_picture(emptied_wb: Workbench) -> None:
    filled(emptied_wb, 1)
    view = Library(emptied_wb)

    view.seen()

    assert "storage offline" in view.tiles.children[0].picture.value


def test_a_storage_out_of_use_is_marked(emptied_wb: Workbench) -> None:
    filled(emptied_wb, 1)
    with emptied_wb.transaction() as session:
        storages.deactivate(session, "ssd", reason="it clicks", at=NOON)

    assert "storage out of use" in Library(emptied_wb).tiles.children[0].marks.value


def test_nothing_in_a_row_becomes_markup(emptied_wb: Workbench) -> None:
    filled(emptied_wb, 1, original_name=HOSTILE, author=HOSTILE, photoset_id=HOSTILE, format=HOSTILE)
    view = opened(Library(emptied_wb))
    view.seen()

    (tile,), panel = view.tiles.children, view.panel
    shown = [
        widget.value for widget in (tile.picture, tile.caption, tile.marks, panel.head, panel.facts, panel.picture)
    ]
    drawn = pictured(tile.file, Preview(b"a picture"))

    assert "&lt;img" in panel.facts.value
    assert "&lt;img" in drawn
    assert not [value for value in [*shown, drawn, view.still()] if "<img src=x" in value]


def test_the_still_version_names_the_files_and_has_no_picture(emptied_wb: Workbench) -> None:
    filled(emptied_wb)

    still = Library(emptied_wb).still()

    assert "2.jpg" in still
    assert "<img" not in still


# one file


def test_a_file_is_opened_below_its_row_and_closed_again(emptied_wb: Workbench) -> None:
    filled(emptied_wb)
    view = Library(emptied_wb)
    first, second = view.tiles.children[:2]

    first.opener.click()
    second.opener.click()
    open_now = (first.slot.children, second.slot.children)
    second.opener.click()

    assert open_now == ((), (view.panel,))
    assert second.slot.children == ()
    first.opener.click()
    view.panel.shut.click()
    assert (first.slot.children, first.slot.layout.display) == ((), "none")


@pytest.mark.parametrize(
    ("button", "column", "said"),
    [
        ("favorite", "is_favorite", "favourite"),
        ("primary", "is_primary", "primary"),
        ("remove", "deleted_at", "deleted"),
    ],
)
def test_what_a_button_does_is_shown_and_undone(emptied_wb: Workbench, button: str, column: str, said: str) -> None:
    (file,) = filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))

    getattr(view.panel, button).click()
    done, shown = getattr(now(emptied_wb, file), column), view.panel.head.value
    view.panel.undo.click()

    assert (bool(done), said in shown) == (True, True)
    assert not getattr(now(emptied_wb, file), column)
    assert view.panel.undo.disabled


def test_views_follow_what_is_deleted_and_brought_back(emptied_wb: Workbench, tmp_path: Path) -> None:
    place = tmp_path / "disk" / "people" / "alice" / "auto"
    place.mkdir(parents=True)
    for name in ("1.jpg", "2.jpg"):
        (place / name).write_bytes(picture())
    ingest.ingest(emptied_wb, tmp_path / "disk", name="disk")
    with emptied_wb.reader as session:
        views.build(emptied_wb, storages.get(session, "disk"))
    view = opened(Library(emptied_wb))
    link = tmp_path / "disk/all" / f"alice_{names(view)[0]}"

    view.panel.remove.click()
    gone = link.exists()
    view.panel.undo.click()

    assert (gone, link.exists()) == (False, True)


def test_a_disk_that_is_away_keeps_no_file_from_being_deleted(emptied_wb: Workbench) -> None:
    (file,) = filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))

    view.panel.remove.click()

    assert now(emptied_wb, file).is_deleted
    assert "Not a byte was touched" in view.panel.outcome.value
    assert "the views do not show it yet" in view.panel.outcome.value


def test_the_same_button_takes_it_back(emptied_wb: Workbench) -> None:
    (file,) = filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))

    for button in (view.panel.favorite, view.panel.primary, view.panel.remove):
        button.click()
        if button is not view.panel.remove:
            button.click()
    view.panel.remove.click()

    changed = now(emptied_wb, file)
    assert (changed.is_favorite, changed.is_primary, changed.is_deleted) == (False, False, False)


def test_undoing_a_choice_gives_the_mark_back_to_whom_it_was_taken_from(emptied_wb: Workbench) -> None:
    _, second, _ = filled(emptied_wb)
    with emptied_wb.transaction() as session:
        media.set_primary(session, media.get(session, second))
    view = opened(Library(emptied_wb))

    view.panel.primary.click()
    marks = [tile.file.is_primary for tile in view.tiles.children]
    view.panel.undo.click()

    assert marks == [True, False, False]
    assert [tile.file.is_primary for tile in view.tiles.children] == [False, True, False]


def test_tags_are_written_in_one_field_and_undone(emptied_wb: Workbench) -> None:
    (file,) = filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))

    view.panel.tags.value = " Red Dress , beach,, "
    view.panel.retag.click()
    saved = now(emptied_wb, file).tags
    view.panel.undo.click()

    assert saved == ("beach", "red dress")
    assert now(emptied_wb, file).tags == ()
    assert view.panel.tags.value == ""


def test_a_refused_tag_is_explained_and_what_was_typed_stays(emptied_wb: Workbench) -> None:
    filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))

    view.panel.tags.value = "x" * 41
    view.panel.retag.click()

    assert "is no tag" in view.panel.outcome.value
    assert view.panel.tags.value == "x" * 41


def test_a_deleted_file_stays_in_sight_until_the_page_is_asked_for_again(emptied_wb: Workbench) -> None:
    filled(emptied_wb)
    view = opened(Library(emptied_wb))

    view.panel.remove.click()
    stays = names(view)
    view.renew()

    assert (stays, names(view)) == (["1.jpg", "2.jpg", "3.jpg"], ["2.jpg", "3.jpg"])


def test_a_place_that_was_taken_since_is_said_when_restoring(emptied_wb: Workbench) -> None:
    (file,) = filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))
    view.panel.remove.click()
    with emptied_wb.transaction() as session:
        a_file(session, "people/alice/auto/1.jpg")

    view.panel.remove.click()

    assert "Another file is registered" in view.panel.outcome.value
    assert now(emptied_wb, file).is_deleted


def test_the_star_on_a_tile_makes_a_favourite_also_in_the_open_panel(emptied_wb: Workbench) -> None:
    (file,) = filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))
    (tile,) = view.tiles.children

    tile.star.click()

    assert now(emptied_wb, file).is_favorite
    assert (tile.star.description, view.panel.favorite.description) == ("No favourite: 1.jpg", "No favourite")


def test_a_file_that_went_meanwhile_is_said(emptied_wb: Workbench) -> None:
    (file,) = filled(emptied_wb, 1)
    view = opened(Library(emptied_wb))
    with emptied_wb.transaction() as session:
        session.execute(sa.delete(media_locator).where(media_locator.c.id == file))

    view.panel.favorite.click()

    assert "No file named" in view.panel.outcome.value
