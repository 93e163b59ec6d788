"""Pictures that look alike, side by side: found page by page, deleted and restored, judged by nobody but a person."""

from __future__ import annotations

from mhc_lab.services import media
from mhc_lab.workbench import Workbench
from tests.support.files import a_file
from widgets.near_duplicates import PAGE, LookAlikes


def pairs(wb: Workbench, count: int = 1) -> None:
    """So many pairs of pictures of alice that look the same, the second of each smaller; and a mirror that knows them."""
    with wb.transaction() as session:
        for number in range(count):
            look = f"phash1:{hash_of(number):016x}"
            for name, width in (("large", 200), ("small", 100)):
                path = f"people/alice/auto/{number:02}-{name}.jpg"
                a_file(session, path, look_id=look, width=width, height=100, size_bytes=1000 - number)
    wb.refresh_mirror()


def hash_of(number: int) -> int:
    """Far from that of any other number."""
    return (0x9E3779B97F4A7C15 * (number + 1)) % 2**64


def test_a_pair_stands_side_by_side_the_larger_first_and_pictures_come_when_they_are_seen(
    emptied_wb: Workbench,
) -> None:
    pairs(emptied_wb)

    view = LookAlikes(emptied_wb)
    [pair] = view.pairs.children
    unseen = pair.sides[0].picture.value
    view.seen()

    assert [side.file.original_name for side in pair.sides] == ["00-large.jpg", "00-small.jpg"]
    assert "They look the same" in pair.apart.value
    assert "storage offline" not in unseen
    assert "storage offline" in pair.sides[0].picture.value


def test_the_one_that_is_not_wanted_is_deleted_and_restored(emptied_wb: Workbench) -> None:
    pairs(emptied_wb)
    [pair] = LookAlikes(emptied_wb).pairs.children
    side = pair.sides[1]

    side.remove.click()
    with emptied_wb.reader as session:
        deleted = media.get(session, side.file.id).is_deleted
    side.remove.click()

    assert deleted
    assert not side.file.is_deleted
    assert side.remove.description == "Delete"


def test_many_pairs_are_turned_page_by_page_and_a_report_has_them_in_words(emptied_wb: Workbench) -> None:
    pairs(emptied_wb, PAGE + 1)
    view = LookAlikes(emptied_wb)
    first = view.where.value

    view.pages.after.click()

    assert f"1 to {PAGE} of {PAGE + 1} pairs" in first
    assert len(view.pairs.children) == 1
    assert "00-large.jpg" in view.still()
    assert "data:image" not in view.still()
