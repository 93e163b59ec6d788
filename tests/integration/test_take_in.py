"""Lists and folders taken in: once, whole, and never counted twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from mhc_lab.jobs import take_in
from mhc_lab.schema.following import follow_history, follow_scrapes, follow_spells
from mhc_lab.schema.people import profiles
from mhc_lab.workbench import Workbench

START = datetime(2026, 3, 1, 10, tzinfo=UTC)


def lists(wb: Workbench, folder: Path, *texts: str) -> take_in.Imported:
    """A complete list a day, the names of each in one text."""
    imported = None
    for day, text in enumerate(texts):
        path = folder / f"{day}.csv"
        path.write_text("username\n" + "\n".join(text.split()) + "\n")
        imported = take_in.import_lists(wb, path, observed_at=START + timedelta(days=day), complete=True)
    assert imported is not None
    return imported


def versions(wb: Workbench) -> list[tuple[object, ...]]:
    """Which transaction wrote each computed row last."""
    with wb.reader as session:
        return [
            tuple(row)
            for table in (follow_scrapes, follow_history, follow_spells, profiles)
            for row in session.execute(sa.select(sa.text("xmin::text, ctid::text")).select_from(table))
        ]


def test_the_same_lists_twice_write_nothing(empty_wb: Workbench, tmp_path: Path) -> None:
    first = lists(empty_wb, tmp_path, "a b c", "a b")
    before = versions(empty_wb)

    second = lists(empty_wb, tmp_path, "a b c", "a b")

    assert versions(empty_wb) == before
    assert (second.new_count, second.event_count) == (0, first.event_count)
    assert [offered.verdict for offered in second.lists] == ["complete"]


def test_lists_in_any_order_give_the_same_rows(empty_wb: Workbench, tmp_path: Path) -> None:
    lists(empty_wb, tmp_path, "a b c", "a b", "a b c d")
    late = tmp_path / "late.csv"
    late.write_text("username\na\nb\n")

    take_in.import_lists(empty_wb, late, observed_at=START + timedelta(days=1, hours=1), complete=True)

    with empty_wb.reader as session:
        statuses = session.scalars(
            sa.select(follow_history.c.status).where(follow_history.c.action == "unfollow")
        ).all()
    assert statuses == ["confirmed"]


def test_one_bad_list_takes_no_good_one_with_it_and_a_failure_takes_all(empty_wb: Workbench, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("username\na\n")
    bad.write_text("<html>log in</html>")

    imported = take_in.import_lists(empty_wb, good, bad, observed_at=START, complete=True)

    assert [offered.verdict for offered in imported.lists] == ["complete", "refused"]


def test_a_refused_list_that_was_mended_takes_the_place_of_its_refusal(empty_wb: Workbench, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text("<html>log in</html>")
    take_in.import_lists(empty_wb, file, observed_at=START, direction="followers", complete=True)
    file.write_text("username\na\n")

    take_in.import_lists(empty_wb, file, observed_at=START, direction="followers", complete=True)

    with empty_wb.reader as session:
        verdicts = session.scalars(sa.select(follow_scrapes.c.verdict)).all()
    assert verdicts == ["complete"]


def test_the_profile_says_what_the_latest_spell_says(empty_wb: Workbench, tmp_path: Path) -> None:
    lists(empty_wb, tmp_path, "a b c", "a b", "a b", "a b c")

    with empty_wb.reader as session:
        columns = [profiles.c.follower, profiles.c.follower_since, profiles.c.unfollower_at]
        rows = session.execute(sa.select(*columns).order_by(profiles.c.follower_since)).all()
    assert [tuple(row) for row in rows] == [
        (True, START, None),
        (True, START, None),
        (True, START + timedelta(days=3), None),
    ]


def test_a_saved_profile_page_says_whom_the_broadcaster_follows(empty_wb: Workbench, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<html><body><div id='profile'><h1>ann</h1><a class='follow_button' style='display: none'>Follow</a>"
        "<a class='unfollow_button' style='display: inline'>Unfollow</a></div></body></html>"
    )

    imported = take_in.import_lists(empty_wb, page, observed_at=START, profile_of="ann")

    assert (imported.new_observation_count, imported.event_count) == (1, 1)


def test_a_list_from_before_there_was_a_site_is_refused(empty_wb: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("username\nann\n")

    imported = take_in.import_lists(empty_wb, path, observed_at=datetime(1970, 1, 1, tzinfo=UTC), complete=True)

    assert (imported.lists[0].verdict, imported.event_count) == ("refused", 0)
    assert "cannot be. Correct its time" in imported.lists[0].why
