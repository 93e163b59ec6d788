from __future__ import annotations

import doctest
from dataclasses import replace

import polars as pl
import pytest

from mhc_lab.analytics import charts, followers
from mhc_lab.analytics.choices import Filter
from mhc_lab.analytics.window import Window
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of, table

JANUARY = Window.parse("2026-01-01", "2026-02-01")


@pytest.fixture
def mirror() -> Mirror:
    """Ann and cy were there before we looked; ann left for certain, bo, who came later, perhaps."""
    return mirror_of(
        persons="""
            id | username | is_excluded | role
            a  | ann      | no          | VIEWER
            b  | bo       | no          | MODEL
            c  | cy       | no          | VIEWER
        """,
        follow_spells="""
            person_id | direction | number | started_at | started_after | last_seen_at | ended_at   | end_status
            a         | followers | 1      | 2026-01-01 | -             | 2026-01-07   | 2026-01-08 | confirmed
            b         | followers | 1      | 2026-01-10 | 2026-01-09    | 2026-01-11   | 2026-01-12 | provisional
            c         | followers | 1      | 2026-01-01 | -             | 2026-01-30   | -          | -
        """,
        follow_history="""
            person_id | direction | action   | at: time   | source      | reason
            a         | followers | unfollow | 2026-01-08 | list_scrape |
            b         | followers | unfollow | 2026-01-12 | events_api  |
        """,
        follow_scrapes="""
            id | direction | observed_at | listed_count | reported_total | verdict  | why      | file_name
            1  | followers | 2026-01-01  | 2            | -              | complete | Whole.   | a.csv
            2  | followers | 2026-01-02  | 1            | 9              | partial  | Cut off. | b.csv
        """,
    )


def test_the_headline_numbers_follow_from_the_rows(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=JANUARY)

    assert (left.count, left.confirmed, left.provisional) == (2, 1, 1)
    assert (left.at_start, left.at_end, left.follows) == (2, 1, 1)
    assert left.median_days_followed == 4.5
    assert left.mean_days_followed == 4.5
    assert left.rate_of_start == 1.0
    assert left.rate_of_exposed == pytest.approx(2 / 3)


def test_those_of_the_first_list_are_told_apart_from_those_who_came(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=Window.parse("2025-12-31", "2026-02-01"))

    assert (left.at_start, left.baseline, left.follows) == (0, 2, 1)
    assert "there before we looked" in left._repr_html_()


def test_no_more_leave_than_could_have_left_also_when_we_began_to_look_in_the_window(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=Window.parse("2025-12-31", "2026-02-01"))

    assert left.at_start + left.baseline + left.follows - left.count == left.at_end
    assert left.rate_of_exposed == pytest.approx(left.count / (left.baseline + left.follows))
    assert "there before we looked" in left.headline()


def test_a_status_narrows_the_rows_and_not_those_they_are_out_of(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=JANUARY, status="confirmed")

    assert left.frame["username"].to_list() == ["ann"]
    assert left.rate_of_start == 0.5


def test_a_filter_narrows_the_rows_and_not_those_they_are_out_of(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=JANUARY, only=Filter(role="MODEL"))

    assert left.frame["username"].to_list() == ["bo"]
    assert (left.count, left.returned, left.rate_of_start) == (1, 0, 0.5)


def test_a_filter_that_nobody_passes_is_told_apart_from_a_window_without_unfollows(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=JANUARY, only=Filter(name_prefix="zz"))

    assert "Nobody of those asked for left" in left.table()


def test_the_numbers_by_name_are_those_of_the_command(mirror: Mirror) -> None:
    stats = followers.unfollows(mirror, window=JANUARY).stats

    assert stats == {
        "at_start": 2,
        "at_end": 1,
        "follows": 1,
        "unfollows": 2,
        "rate_of_start": 1.0,
        "rate_of_exposed": pytest.approx(2 / 3),
        "mean_days_followed": 4.5,
        "median_days_followed": 4.5,
    }


def test_events_go_across_the_timeline_and_those_outside_the_window_do_not(mirror: Mirror) -> None:
    events = table("""
        kind      | at: time
        broadcast | 2026-01-05
        ban       | 2026-01-06
        broadcast | 2026-03-01
    """)

    spec = followers.unfollows(mirror, window=JANUARY).chart(events=events).to_dict()

    rows = [row for rows in spec["datasets"].values() for row in rows if "kind" in row]
    assert [row["at_text"] for row in rows] == ["2026-01-06 00:00", "2026-01-05 00:00"]
    assert spec["layer"][0]["encoding"]["strokeDash"]["field"] == "kind"


def test_a_window_in_which_nobody_was_there_has_no_rates(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=Window.parse("2020-01-01", "2020-02-01"))

    assert left.count == 0
    assert left.rate_of_start is None
    assert left.rate_of_exposed is None
    assert left.median_days_followed is None


@pytest.mark.parametrize("asked", [{"direction": "fans"}, {"status": "certain"}])
def test_a_word_that_is_no_choice_is_refused_with_the_choices(mirror: Mirror, asked: dict[str, str]) -> None:
    with pytest.raises(UserError, match="Choose one of: "):
        followers.unfollows(mirror, window=JANUARY, **asked)  # type: ignore[arg-type]


def test_lists_know_the_length_of_the_newest_complete_one(mirror: Mirror) -> None:
    lists = followers.counts(mirror)

    assert lists.newest == 2
    assert repr(lists) == "2 lists of followers · 2 on the newest complete one"


def test_a_result_shows_itself_as_escaped_html(mirror: Mirror) -> None:
    page = followers.unfollows(mirror, window=JANUARY)._repr_html_()

    assert "days followed (median)" in page
    assert "ann" in page
    assert "event feed<" in page


@pytest.mark.parametrize("window", [JANUARY, Window.parse("2020-01-01", "2020-02-01")])
def test_every_chart_draws_and_says_what_it_shows(mirror: Mirror, window: Window) -> None:
    left = followers.unfollows(mirror, window=window)

    pictures = [charts.still(chart) for chart in (left.chart(), left.daily_chart(), followers.counts(mirror).chart())]

    assert all('role="img" aria-label="' in picture for picture in pictures)


def test_the_timeline_draws_the_newest_and_says_how_many_there_are(mirror: Mirror) -> None:
    left = followers.unfollows(mirror, window=JANUARY)
    many = replace(left, frame=pl.concat([left.frame] * 40))

    drawn = many.chart().to_dict()

    (rows,) = drawn["datasets"].values()
    assert len(rows) == 60
    assert drawn["title"]["subtitle"] == "The newest 60 of 80."


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(followers, extraglobs={"mirror": mirror, "Window": Window})

    assert results.attempted > 0
    assert results.failed == 0
