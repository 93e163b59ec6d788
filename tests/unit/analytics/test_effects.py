from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from mhc_lab.analytics import charts, effects
from mhc_lab.analytics.effects import Effect
from mhc_lab.analytics.window import Window
from mhc_lab.core.errors import UserError
from mhc_lab.mirror.connection import Mirror
from tests.support.tables import mirror_of

SPRING = Window.parse("2026-01-05", "2026-04-27")
"""16 weeks from a Monday on."""
BROADCASTS = [SPRING.start + timedelta(days=day, hours=20) for day in (3, 11, 26, 38, 52, 61, 79, 95, 103)]
USUAL = [SPRING.start + timedelta(hours=5 + 12 * number) for number in range(2 * 16 * 7 - 1)]
MANY = [moment + timedelta(hours=hours) for moment in BROADCASTS for hours in (1, 2, 3, 4, 5, 6)]
SCHEMA = {
    "person_id": pl.String, "direction": pl.String, "started_at": pl.Datetime("us", "UTC"), "started_after": pl.Datetime("us", "UTC"),
    "last_seen_at": pl.Datetime("us", "UTC"), "ended_at": pl.Datetime("us", "UTC"), "end_status": pl.String,
}  # fmt: skip


def events_of(kind: str, moments: list[datetime]) -> pl.DataFrame:
    return pl.DataFrame({"kind": [kind] * len(moments), "at": moments}, schema=effects.EVENTS)


def mirror_with(left: list[datetime], *, doubt: timedelta = timedelta(0)) -> Mirror:
    """A follower who leaves at each of ``left``, as lists ``doubt`` apart show it, out of 1,000."""
    count = len(left)
    spells = pl.DataFrame(
        {
            "person_id": [str(number) for number in range(1000)],
            "direction": ["followers"] * 1000,
            "started_at": [SPRING.start] * 1000,
            "started_after": [None] * 1000,
            "last_seen_at": [moment - doubt for moment in left] + [SPRING.end] * (1000 - count),
            "ended_at": left + [None] * (1000 - count),
            "end_status": ["confirmed"] * count + [None] * (1000 - count),
        },
        schema=SCHEMA,
    )
    persons = spells.select(
        pl.col("person_id").alias("id"), pl.col("person_id").alias("username"), pl.lit(value=False).alias("is_excluded")
    )
    return Mirror.from_tables({"persons": persons, "follow_spells": spells})


def asked(mirror: Mirror, moments: list[datetime], *, hours: float = 6) -> Effect:
    return effects.effect(mirror, events_of("broadcast", moments), window=SPRING, hours=hours)


@pytest.fixture(scope="module")
def costly() -> Effect:
    """Six more than usual leave after each broadcast."""
    return asked(mirror_with(sorted(USUAL + MANY)), BROADCASTS)


def test_an_event_that_costs_followers_is_told_with_its_numbers(costly: Effect) -> None:
    row = costly.of("broadcast")

    assert (row["event_count"], row["left_out_count"]) == (9, 0)
    assert row["certain"] == row["observed"] == row["possible"] == 54.0
    assert row["expected"] == pytest.approx(9 * 6 / 12, rel=0.4)
    assert row["rate_ratio_lo"] > 5
    assert row["ratio_lo"] < row["ratio"] < row["ratio_hi"]
    assert row["p_value"] == 0.001
    assert row["why_not"] is None


def test_what_is_said_names_losses_expectation_rate_and_chance(costly: Effect) -> None:
    said = costly.sentence("broadcast")

    assert said.startswith("broadcast: 54.0 left within 6 h; from other hours of the week, ")
    assert "times the usual one" in said
    assert said.endswith("p = 0.001.")


def test_events_that_change_nothing_have_a_ratio_around_one() -> None:
    row = asked(mirror_with(USUAL), BROADCASTS, hours=24).of("broadcast")

    assert row["rate_ratio_lo"] < 1 < row["rate_ratio_hi"]
    assert row["p_value"] > 0.1


def test_lists_leave_room_between_what_is_certain_and_what_is_possible() -> None:
    row = asked(mirror_with(sorted(USUAL + MANY), doubt=timedelta(hours=6)), BROADCASTS, hours=12).of("broadcast")

    assert row["certain"] < row["observed"] < row["possible"]


def test_the_same_seed_draws_the_same_calendars() -> None:
    mirror, events = mirror_with(USUAL), events_of("broadcast", BROADCASTS)

    first, second, other = (
        effects.effect(mirror, events, window=SPRING, seed=seed).of("broadcast")["p_value"] for seed in (1, 1, 2)
    )

    assert first == second != other


@pytest.mark.parametrize(
    ("left", "doubt", "moments", "hours", "why"),
    [
        (USUAL, timedelta(0), BROADCASTS[:4], 6, "4 events in the window: at least 5"),
        (USUAL[::40], timedelta(0), BROADCASTS, 6, "too few to tell"),
        (USUAL + MANY, timedelta(days=3), BROADCASTS, 6, "the lists are too far apart"),
        (USUAL, timedelta(0), [SPRING.start + timedelta(days=day) for day in range(16 * 7 - 1)], 24, "nearly every hour follows an event"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said_in_words_in_place_of_a_number(
    left: list[datetime], doubt: timedelta, moments: list[datetime], hours: float, why: str
) -> None:
    found = asked(mirror_with(sorted(left), doubt=doubt), moments, hours=hours)

    row = found.of("broadcast")
    assert why in row["why_not"]
    assert [row[name] for name in ("ratio", "rate_ratio", "rate_ratio_lo", "p_value")] == [None] * 4
    assert found.lags.height == 0
    assert why in found.headline()


def test_events_at_the_same_hour_of_every_week_are_compared_with_other_days(costly: Effect) -> None:
    weekly = [SPRING.start + timedelta(days=7 * week + 1, hours=20) for week in range(15)]
    more = [moment + timedelta(hours=hours) for moment in weekly for hours in (1, 2, 3)]

    row = asked(mirror_with(sorted(USUAL + more)), weekly).of("broadcast")

    assert (row["compared_at"], costly.of("broadcast")["compared_at"]) == ("hours of the day", "hours of the week")
    assert row["rate_ratio_lo"] > 3
    assert row["p_value"] == 0.001


def test_an_event_whose_hours_reach_over_the_end_is_left_out_and_counted() -> None:
    found = asked(mirror_with(USUAL), [*BROADCASTS, SPRING.end - timedelta(hours=2)]).of("broadcast")

    assert (found["event_count"], found["left_out_count"]) == (9, 1)


def test_each_loss_is_put_down_to_no_event_to_one_or_to_several() -> None:
    moments = [SPRING.start + timedelta(days=1, hours=hours) for hours in (0, 4, 100)]
    left = [SPRING.start + timedelta(days=1, hours=hours) for hours in (3, 5, 103, 200)]
    events = pl.concat([events_of("broadcast", moments[:2]), events_of("ban", moments[2:])])

    found = effects.effect(mirror_with(left), events, window=SPRING, hours=6)

    assert found.attribution.rows() == [
        ("no event", None, 1, 0.25),
        ("exactly one", "ban", 1, 0.25),
        ("exactly one", "broadcast", 1, 0.25),
        ("several", None, 1, 0.25),
    ]
    assert found.attributable_share == 0.5
    assert found.ambiguous_share == 0.25
    assert found.kinds == ("ban", "broadcast")


def test_without_events_or_losses_there_is_nothing_to_compare() -> None:
    nothing = asked(mirror_with([]), [])

    assert (nothing.unfollows, nothing.kinds) == (0, ())
    assert nothing.ambiguous_share is None
    assert nothing.median_doubt_hours is None
    assert "No event is known" in nothing._repr_html_()


def test_a_kind_that_is_not_there_is_refused_with_those_that_are(costly: Effect) -> None:
    with pytest.raises(UserError, match="There are: broadcast"):
        costly.of("ban")


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"at": BROADCASTS}),
        pl.DataFrame({"kind": ["a"], "at": [datetime(2026, 1, 1)]}),  # noqa: DTZ001 - what is refused
        pl.DataFrame({"kind": [1], "at": BROADCASTS[:1]}),
    ],
)
def test_a_frame_that_is_none_of_events_is_refused(frame: pl.DataFrame) -> None:
    with pytest.raises(UserError, match="Events need a column kind"):
        effects.effect(mirror_with(USUAL), frame, window=SPRING)


def test_hours_must_be_above_none() -> None:
    with pytest.raises(UserError, match="above 0"):
        asked(mirror_with(USUAL), BROADCASTS, hours=0)


def test_the_chart_draws_every_step_with_its_interval_and_says_what_it_shows(costly: Effect) -> None:
    picture = charts.still(costly.chart("broadcast"))

    assert costly.lags.height == 12
    assert 'aria-label="Losses divided by expected losses from -6 to 12 hours around 9 broadcasts.' in picture


def test_a_result_shows_itself_as_safe_html(costly: Effect) -> None:
    page = costly._repr_html_()

    assert "54.0 left within 6 h" in page
    assert "exactly one" in page


def test_broadcasts_are_the_events_that_are_known() -> None:
    mirror = mirror_of(
        persons="""
            id | username | is_excluded | is_self
            m  | me       | no          | yes
            n  | nia      | no          | no
        """,
        affiliate_api_snapshots="""
            person_id | observed_at      | session_start: time | num_users: int | num_followers: int | tags: texts
            m         | 2026-01-01 20:10 | 2026-01-01 20:00    | 5              | 100                | fun
            m         | 2026-01-01 21:10 | 2026-01-01 20:01    | 5              | 100                | fun
            m         | 2026-01-03 21:10 | 2026-01-03 21:00    | 5              | 100                | fun
            n         | 2026-01-02 21:10 | 2026-01-02 21:00    | 5              | 100                | fun
        """,
    )

    known = effects.events(mirror)

    assert known.rows() == [
        ("broadcast", datetime(2026, 1, 1, 20, tzinfo=UTC)),
        ("broadcast", datetime(2026, 1, 3, 21, tzinfo=UTC)),
    ]


def test_a_mirror_without_the_tables_of_the_sources_knows_no_event() -> None:
    known = effects.events(mirror_with(USUAL))

    assert known.height == 0
    assert dict(known.schema) == effects.EVENTS


def test_the_examples_in_its_documentation_are_true() -> None:
    mirror = mirror_with([datetime(2026, 1, 7, tzinfo=UTC), datetime(2026, 1, 9, tzinfo=UTC)])

    results = doctest.testmod(
        effects, extraglobs={"mirror": mirror, "Window": Window, "datetime": datetime, "UTC": UTC}
    )

    assert results.attempted > 0
    assert results.failed == 0
