"""Does an event cost followers? Losses in the hours after broadcasts, notes or bans, beside those that the same hours bring anyway.

Events are a frame of ``kind`` and ``at``, so that any table with a time can be asked about. Nobody knows the hour in which a person left,
only two lists around it: each loss is spread evenly over that stretch, what certainly and what possibly fell after an event stands
beside, and where the lists or the events cannot tell, words stand in place of a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.mirror import queries
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

EVENTS = {"kind": pl.String(), "at": pl.Datetime("us", "UTC")}
"""The columns of a frame of events."""

_BROADCASTS = "people/broadcasts"
_COLUMNS = {
    "kind": pl.String, "event_count": pl.Int64, "left_out_count": pl.Int64,
    "observed": pl.Float64, "certain": pl.Float64, "possible": pl.Float64, "expected": pl.Float64, "compared_at": pl.String,
    "ratio": pl.Float64, "ratio_lo": pl.Float64, "ratio_hi": pl.Float64,
    "rate_ratio": pl.Float64, "rate_ratio_lo": pl.Float64, "rate_ratio_hi": pl.Float64,
    "p_value": pl.Float64, "why_not": pl.String,
}  # fmt: skip
_LAGS = {
    "kind": pl.String, "from_hours": pl.Float64, "to_hours": pl.Float64, "observed": pl.Float64, "expected": pl.Float64,
    "ratio": pl.Float64, "ratio_lo": pl.Float64, "ratio_hi": pl.Float64,
}  # fmt: skip
_HEADINGS = {
    "kind": "after", "event_count": "events", "left_out_count": "left out", "observed": "left (spread evenly)",
    "certain": "certainly", "possible": "possibly", "expected": "expected", "compared_at": "from other","ratio": "left ÷ expected",
    "rate_ratio": "× the usual rate", "p_value": "p", "why_not": "why there is no ratio",
}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Effect:
    """What happened in the hours after events of each kind, and what would have happened without them."""

    frame: pl.DataFrame
    """One row per kind: events, losses (spread, certain, possible), expectation, ratios with 0.95 intervals, p-value; or why not."""
    lags: pl.DataFrame
    """One row per kind and step of hours before and after: observed, expected, ratio with its interval."""
    attribution: pl.DataFrame
    """One row per number of events (none, exactly one of a kind, several) that a loss can have come after."""
    hours: float
    window: Window
    direction: Direction
    unfollows: int
    provisional: int
    """How many of them are missing from one complete list only."""
    median_doubt_hours: float | None
    """Half of the losses are known to within so many hours; None when nobody left."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of events asked about."""
        return tuple(self.frame["kind"])

    @property
    def attributable_share(self) -> float | None:
        """The share of losses that can have come after exactly one event; None when nobody left."""
        return self._share("exactly one")

    @property
    def ambiguous_share(self) -> float | None:
        """The share of losses that can have come after any of several events; None when nobody left."""
        return self._share("several")

    def of(self, kind: str) -> dict[str, Any]:
        """The row of ``kind``."""
        found = self.frame.filter(pl.col("kind") == kind)
        if not found.height:
            raise UserError(f'There is no event of kind "{kind}". There are: {", ".join(self.kinds) or "none"}.')
        return found.row(0, named=True)

    def sentence(self, kind: str) -> str:
        """What can be said about ``kind``, in words."""
        row = self.of(kind)
        if row["why_not"]:
            return f"{kind}: {row['why_not']}"
        high = "any number" if row["rate_ratio_hi"] is None else f"{row['rate_ratio_hi']:.2f}"
        return (
            f"{kind}: {row['observed']:.1f} left within {self.hours:g} h; from other {row['compared_at']}, {row['expected']:.1f} were to "
            f"be expected. The rate was {_times(row['rate_ratio'])} the usual one ({row['rate_ratio_lo']:.2f} to {high}). "
            f"Chance does as much with p = {row['p_value']:.3f}."
        )

    def chart(self, kind: str) -> Chart:
        """Observed ÷ expected, hour by hour before and after an event of ``kind``."""
        from mhc_lab.analytics import effect_charts  # altair costs a second, and a table waits for no chart

        rows = self.lags.filter(pl.col("kind") == kind)
        return effect_charts.lags(rows, kind=kind, event_count=self.of(kind)["event_count"], hours=self.hours)

    def headline(self) -> str:
        """The numbers that are looked at first, and a sentence for each kind, as safe HTML."""
        pairs = [
            ("left", self.unfollows),
            ("of them provisional", self.provisional),
            ("known to within (median)", _within(self.median_doubt_hours)),
            ("can come from one event only", _percent(self.attributable_share)),
            ("can come from any of several", _percent(self.ambiguous_share)),
        ]
        said = "".join(display.note(self.sentence(kind)) for kind in self.kinds)
        return display.facts(f"Within {self.hours:g} h after an event · {self.window}", pairs) + said

    def table(self) -> str:
        """A row for each kind of event, and one for each number of events in reach, as safe HTML."""
        if not self.kinds:
            return display.note("No event is known in this window, so there is nothing to compare.")
        shown = self.frame.with_columns(
            _interval("ratio"), _interval("rate_ratio"), pl.format("{}", pl.col("p_value").round(3))
        )
        reached = self.attribution.with_columns(pl.col("share").map_elements(_percent, return_dtype=pl.String))
        return display.table(
            shown.select(name for name in _HEADINGS if name != "why_not" or shown["why_not"].count()),
            caption=f"Losses within {self.hours:g} h after events",
            headings=_HEADINGS,
        ) + display.table(
            reached,
            caption="After how many events each loss can have come",
            headings={"reach": "events in reach", "kind": "which"},
        )

    def __repr__(self) -> str:
        said = " · ".join(self.sentence(kind) for kind in self.kinds) or "no event"
        return f"{display.plural(self.unfollows, 'unfollow')} · {said} · {self.window}"

    def _repr_html_(self) -> str:
        return self.headline() + self.table()

    def _share(self, reach: str) -> float | None:
        return float(self.attribution.filter(pl.col("reach") == reach)["share"].sum()) if self.unfollows else None


def events(mirror: Mirror) -> pl.DataFrame:
    """What is known to have happened when: a row per event with ``kind`` and ``at``; for now the broadcasts that snapshots show.

    A mirror that is older than the tables of the sources has no events.
    """
    frames = [pl.DataFrame(schema=EVENTS)]
    if queries.load(_BROADCASTS).reads <= mirror.manifest.tables.keys():
        begun = mirror.query(_BROADCASTS, username="")
        frames.append(begun.select(pl.lit("broadcast").alias("kind"), pl.col("started_at").alias("at")))
    return pl.concat(frames, how="vertical_relaxed").sort("at", "kind")


def effect(
    mirror: Mirror,
    events: pl.DataFrame,
    *,
    window: Window,
    hours: float = 24,
    direction: Direction = "followers",
    seed: int = 1,
) -> Effect:
    """How many left in (t, t + ``hours``] of each kind's events, beside what the same hours of the week bring without any event.

    Where events keep to the same hours of every week, so that these are never without one, the same hours of other days take their place.
    Provisional unfollows count. Events whose hours reach over an end of the window are left out and counted. ``seed`` draws the
    calendars of the permutation test.

    Raises
    ------
    UserError
        ``events`` has not the columns of :data:`EVENTS`, or ``hours`` is not above 0.

    Examples
    --------
    >>> broadcasts = pl.DataFrame({"kind": ["broadcast"], "at": [datetime(2026, 1, 6, 20, tzinfo=UTC)]})
    >>> effect(mirror, broadcasts, window=Window.parse("2026-01-01", "2026-02-01"))
    2 unfollows · broadcast: 1 event in the window: at least 5 are needed. · 2026-01-01 – 2026-02-01 UTC
    """
    check("direction", direction, get_args(Direction))
    _check(events, hours)
    from mhc_lab.analytics.effect_estimates import Study  # numpy: a page that asks for no events does not wait for it

    asked: dict[str, Any] = {"direction": direction, "since": window.start, "until": window.end}
    lost = mirror.query("followers/losses_around", **asked)
    study = Study.of(lost, mirror.query("followers/exposure", **asked), events, window=window, hours=hours)
    looks = [study.look(kind) for kind in study.kinds]
    rows = [look.row(seed=seed) for look in looks]
    lags = [look.lags() for look, row in zip(looks, rows, strict=True) if not row.get("why_not")]
    return Effect(
        frame=pl.DataFrame(rows, schema=_COLUMNS),
        lags=pl.concat([pl.DataFrame(schema=_LAGS), *lags]),
        attribution=study.attribution(),
        hours=hours, window=window, direction=direction,
        unfollows=int(lost["unfollows"].sum()), provisional=int(lost["provisional"].sum()),
        median_doubt_hours=study.median_doubt(),
    )  # fmt: skip


def _check(events: pl.DataFrame, hours: float) -> None:
    at = events.schema.get("at")
    if not isinstance(at, pl.Datetime) or at.time_zone is None or events.schema.get("kind") != pl.String:
        raise UserError(
            f"Events need a column kind (text) and a column at (times with their zone); this frame has {dict(events.schema)}."
        )
    if not hours > 0:
        raise UserError(f"Losses within {hours:g} h of an event cannot be counted. Ask for hours above 0.")


def _within(hours: float | None) -> str:
    return "–" if hours is None else "the minute" if hours == 0 else f"{hours:.1f} h"


def _times(ratio: float | None) -> str:
    return "beyond measure" if ratio is None else f"{ratio:.2f} times"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _interval(name: str) -> pl.Expr:
    """A ratio and its interval in one cell."""
    low, high = pl.col(f"{name}_lo"), pl.col(f"{name}_hi")
    said = pl.format("{} ({} to {})", pl.col(name).round(2), low.round(2), high.round(2).cast(pl.String).fill_null("∞"))
    return pl.when(pl.col(name).is_not_null()).then(said).alias(name)
