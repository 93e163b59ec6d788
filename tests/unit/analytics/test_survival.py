from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from mhc_lab.analytics import charts, survival_charts
from mhc_lab.analytics import survival as module
from mhc_lab.analytics.survival import survival
from mhc_lab.analytics.window import Window
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of

START = datetime(2025, 1, 1, tzinfo=UTC)
SPELL = {"person_id": pl.String, "number": pl.Int64, "direction": pl.String} | dict.fromkeys(
    ["started_at", "started_after", "last_seen_at", "ended_at"], pl.Datetime("us", "UTC")
)


def day(number: float | None) -> datetime | None:
    return None if number is None else START + timedelta(days=number)


def spell(person: str, *days: float | None, end: str | None = None, direction: str = "followers") -> tuple[object, ...]:
    return (person, 1, direction, *map(day, days), end)


def told(spells: list[tuple[object, ...]], *, excluded: str = "") -> Mirror:
    """A mirror of these spells; viewers have names with v, the others are models."""
    names = sorted({str(row[0]) for row in spells})
    rows = [(name, name, "VIEWER" if name.startswith("v") else "MODEL", name == excluded) for name in names]
    persons = pl.DataFrame(rows, schema=["id", "username", "role", "is_excluded"], orient="row")
    frame = pl.DataFrame(spells, schema=SPELL | {"end_status": pl.String}, orient="row")
    return Mirror.from_tables({"persons": persons, "follow_spells": frame})


@pytest.fixture
def spells() -> list[tuple[object, ...]]:
    """Daily lists of 100 days: of forty who came on the tenth day, viewers left one per day and models stayed; two were there before."""
    viewers = [spell(f"v{n}", 10, 9, 11 + n, 12 + n, end="confirmed") for n in range(19)]
    last = [spell("v19", 10, 9, 98, 99, end="provisional")]
    models = [spell(f"m{n}", 10, 9, 100, None) for n in range(20)]
    return [*viewers, *last, *models, spell("m90", 0, None, 100, None), spell("v90", 0, None, 4, 5, end="confirmed")]


@pytest.fixture
def mirror(spells: list[tuple[object, ...]]) -> Mirror:
    return told(spells)


def test_the_headline_numbers_are_those_of_who_came(mirror: Mirror) -> None:
    stays = survival(mirror)

    assert (stays.spells, stays.ended, stays.left_truncated) == (40, 20, 2)
    assert stays.curves[0].group == "followers"
    assert stays.difference is None
    assert stays.optimality_gap is not None
    assert stays.optimality_gap < 1e-8


def test_the_frame_has_a_row_for_each_day_up_to_the_last_that_anybody_was_watched(mirror: Mirror) -> None:
    frame = survival(mirror).frame

    assert frame.columns == ["group", "days", "survival", "lo", "hi", "at_risk"]
    assert frame["days"].to_list() == list(range(91))
    assert frame["at_risk"].to_list()[:4] == [40, 40, 39, 38]
    assert frame["at_risk"].to_list()[-1] == 20


def test_the_curve_follows_those_who_left(mirror: Mirror) -> None:
    stays = survival(mirror)

    assert stays.share_staying(0) == 1
    assert stays.share_staying(10) == pytest.approx(0.77, abs=0.07)
    assert stays.share_staying(85) == pytest.approx(0.53, abs=0.07)


def test_beyond_the_last_day_nothing_is_said(mirror: Mirror) -> None:
    stays = survival(mirror)

    assert stays.at(91) is None
    assert stays.share_staying(91) is None
    assert stays.curves[0].unfollow_rate(91) is None


def test_the_unfollow_rate_is_the_rest_with_its_limits_exchanged(mirror: Mirror) -> None:
    curve = survival(mirror).curves[0]

    stay, lo, hi = curve.at(30) or (0, 0, 0)
    assert curve.unfollow_rate(30) == (1 - stay, 1 - hi, 1 - lo)
    assert lo < stay < hi


def test_a_median_is_where_the_curve_and_its_limits_pass_one_half(mirror: Mirror) -> None:
    curve = survival(mirror, by="role").curves[1]

    lo, hi = curve.median_interval
    assert curve.group == "viewer"
    assert lo is not None
    assert hi is not None
    assert lo < curve.median < hi  # type: ignore[operator]
    assert survival(mirror, by="role").curves[0].median is None


def test_groups_that_differ_are_found_to_differ(mirror: Mirror) -> None:
    stays = survival(mirror, by="role")

    assert [curve.group for curve in stays.curves] == ["model", "viewer"]
    assert stays.difference is not None
    assert stays.difference.p_value < 0.001
    assert stays.difference.scores["viewer"] > 0


def test_groups_that_were_watched_for_different_times_do_not_differ_by_that() -> None:
    rng = np.random.default_rng(5)
    stay, came = rng.exponential(40, 400), np.repeat([1.0, 91.0], 200)
    last = np.minimum(np.floor(came + stay), 130)
    ends = [None if one == 130 else one + 1 for one in last]
    rows = [spell(f"v{n}", came[n], came[n], last[n], ends[n], end=ends[n] and "confirmed") for n in range(400)]

    difference = survival(told(rows), by="joined").difference

    assert difference is not None
    assert difference.freedom == 1
    assert difference.p_value > 0.01


def test_following_back_is_not_given_the_days_before_it() -> None:
    """All leave after 20 days; a third of them, those who are left on the tenth day, I follow back then."""
    came = [spell(f"v{n}", 1, 1, 5 + n, 5.5 + n, end="confirmed") for n in range(30)]
    back = [spell(f"v{n}", 11, 10, 100, None, direction="following") for n in range(10, 30)]

    stays = survival(told(came + back), by="reciprocity")

    mutual, one_sided = stays.curves
    assert (mutual.group, mutual.spells, mutual.ended) == ("mutual", 20, 20)
    assert (one_sided.group, one_sided.spells, one_sided.ended) == ("one-sided", 30, 10)
    assert (mutual.came, one_sided.came, stays.spells) == (0, 30, 30)
    assert mutual.frame["at_risk"][5] == 0
    assert mutual.frame["at_risk"][11] > 15


def test_an_unfollow_that_is_not_sure_can_be_left_open(mirror: Mirror) -> None:
    ended, still_open = survival(mirror), survival(mirror, provisional="open")

    assert (ended.ended, still_open.ended) == (20, 19)
    assert ended.share_staying(90) < still_open.share_staying(90)  # type: ignore[operator]


def test_excluded_persons_are_in_no_figure(spells: list[tuple[object, ...]]) -> None:
    stays = survival(told(spells, excluded="v3"))

    assert stays.spells == 39


def test_ages_that_no_list_could_see_are_named(spells: list[tuple[object, ...]]) -> None:
    weekly = [spell(f"v{n}", 14, 7, 21 + 7 * n, 28 + 7 * n, end="confirmed") for n in range(9)]

    assert survival(told(weekly)).curves[0].inferred_below_days == 7
    assert survival(told(spells)).curves[0].inferred_below_days == 1


def test_nobody_gives_no_curve_and_says_so(mirror: Mirror) -> None:
    stays = survival(mirror, window=Window.parse("2020-01-01", "2020-02-01"))

    assert stays.curves == ()
    assert stays.median is stays.optimality_gap is stays.at(7) is None
    assert stays.frame.height == 0
    assert "Nobody came" in stays._repr_html_()
    assert repr(stays) == "nobody came"


def test_those_there_before_we_looked_are_in_no_curve() -> None:
    stays = survival(told([spell("v1", 0, None, 4, 5, end="confirmed")]))

    assert (stays.curves, stays.left_truncated) == ((), 1)


def test_a_result_shows_itself(mirror: Mirror) -> None:
    page = survival(mirror, by="role")._repr_html_()

    assert "days until half have left · viewer" in page
    assert "more than 90" in page
    assert "p &lt; 0.0001" in page
    assert "still follow" in page
    assert survival(mirror).milestones["days"].to_list() == [7, 30, 90]


@pytest.mark.parametrize("by", [None, "role", "joined"])
def test_every_chart_draws_and_says_what_it_shows(mirror: Mirror, by: module.By | None) -> None:
    picture = charts.still(survival(mirror, by=by).chart())

    assert 'role="img" aria-label="How long followers stay' in picture
    assert "watched so long" in picture


def test_a_group_is_told_by_its_dash_as_well_as_by_its_colour(mirror: Mirror) -> None:
    drawn = survival(mirror, by="role").chart().to_dict()

    line = next(layer for layer in drawn["layer"] if layer["mark"]["type"] == "line")
    assert line["encoding"]["strokeDash"]["field"] == line["encoding"]["color"]["field"] == "group"
    assert line["mark"]["interpolate"] == "step-after"


def test_a_long_curve_is_drawn_with_few_points(mirror: Mirror) -> None:
    stays = survival(mirror)
    curve = stays.curves[0]
    long = curve.frame.select("survival", "lo", "hi", "at_risk").sample(20_000, with_replacement=True, seed=1)
    longer = replace(stays, curves=(replace(curve, frame=long.with_row_index("days").cast({"days": pl.Int64})),))

    drawn = longer.chart().to_dict()

    assert max(len(rows) for rows in drawn["datasets"].values()) <= survival_charts.MOST_POINTS


def test_the_examples_in_its_documentation_are_true(mirror: Mirror) -> None:
    results = doctest.testmod(module, extraglobs={"mirror": mirror})

    assert results.attempted > 0
    assert results.failed == 0


def test_an_empty_mirror_has_an_empty_answer() -> None:
    empty = mirror_of(
        persons="id | username | role | is_excluded",
        follow_spells="person_id | number: int | direction | started_at | started_after: time | last_seen_at | ended_at | end_status",
    )

    assert survival(empty).curves == survival(empty, by="reciprocity").curves == ()
