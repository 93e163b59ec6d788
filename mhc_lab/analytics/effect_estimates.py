"""One look at the losses around events of several kinds: the rows of :class:`~mhc_lab.analytics.effects.Effect`, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from mhc_lab.analytics import event_study, spreading
from mhc_lab.analytics.spreading import Hours, Losses, Rising, Spans
from mhc_lab.analytics.window import Window
from mhc_lab.core import display

PERMUTATIONS = 999
FEWEST_EVENTS = 5
"""With fewer there are hardly other calendars to compare the real one with."""
FEWEST_LOSSES = 5.0
"""Fewer to be expected and fewer seen fit any ratio."""
SHARPEST_SHARE = 1 / 4
"""Of the losses that possibly came after an event, at least this share has to lie there when all are spread evenly."""
LARGEST_UNCONTROLLED = 1 / 2
"""At most this share of the hours after events may be at hours of the week that are never without an event; else days are compared."""

PERIODS = {event_study.WEEK: "hours of the week", event_study.DAY: "hours of the day"}
"""What losses are compared at, the best first."""

LAGS = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
"""The ends of the steps before and after an event, in multiples of the hours asked for."""


@dataclass(frozen=True, slots=True)
class Study:
    """Losses, who could leave, and when what happened, in hours since the start of the window."""

    losses: Losses
    exposed: Rising
    times: Mapping[str, Hours]
    """Of each kind, every event whose hours touch the window."""
    hours: float
    length: float

    @classmethod
    def of(
        cls, lost: pl.DataFrame, followers: pl.DataFrame, events: pl.DataFrame, *, window: Window, hours: float
    ) -> Study:
        """The study of ``window``, from the answers of ``losses_around`` and ``exposure`` and a frame of events."""
        length = window.days * 24
        counts = followers["person_count"].to_numpy().astype(float)
        times = {str(kind): _hours(rows["at"], window.start) for (kind,), rows in events.group_by("kind")}
        return cls(
            losses=Losses(
                after=_hours(lost["last_seen_at"], window.start),
                until=_hours(lost["first_missing_at"], window.start),
                count=lost["unfollows"].to_numpy().astype(float),
            ),
            exposed=spreading.exposure(_hours(followers["changed_at"], window.start), counts, length=length),
            times={kind: at[(at > -hours) & (at < length)] for kind, at in sorted(times.items())},
            hours=hours,
            length=length,
        )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of which anything touches the window."""
        return tuple(kind for kind, times in self.times.items() if times.size)

    def look(self, kind: str) -> Look:
        """The events of ``kind`` that can be used, and what was to be expected after them.

        Usable are those whose hours lie wholly in the window. What is usual is taken from outside the hours after any event of any kind.
        """
        times = self.times[kind]
        whole = times[(times >= 0) & (times + self.hours <= self.length)]
        reach, outside = self._reach(whole), self._reach(np.concatenate(list(self.times.values())))
        period = next((period for period in PERIODS if self._is_controlled(reach, outside, period)), None)
        expected = event_study.disentangled(
            self.losses, self.exposed, reach, outside=outside, length=self.length, period=period or event_study.DAY
        )
        left_out = int(np.count_nonzero(times >= 0)) - whole.size
        return Look(self, kind, whole, left_out, reach, expected, period)

    def attribution(self) -> pl.DataFrame:
        """How many losses can have come after no event, after exactly one (and of which kind), after any of several."""
        each = {kind: spreading.in_reach(self.losses, times, self.hours) for kind, times in self.times.items()}
        number = sum(each.values(), np.zeros(self.losses.count.size, np.int64))
        ones = {kind: (number == 1) & (reached == 1) for kind, reached in each.items()}
        groups = [
            ("no event", "", number == 0),
            *(("exactly one", *one) for one in ones.items()),
            ("several", "", number > 1),
        ]
        unfollows = [int(self.losses.count[which].sum()) for _, _, which in groups]
        total = sum(unfollows)
        return pl.DataFrame(
            {
                "reach": [reach for reach, _, _ in groups],
                "kind": [kind or None for _, kind, _ in groups],
                "unfollows": unfollows,
                "share": [count / total if total else None for count in unfollows],
            },
            schema={"reach": pl.String, "kind": pl.String, "unfollows": pl.Int64, "share": pl.Float64},
        )

    def median_doubt(self) -> float | None:
        """The length of the stretch that half of the losses are known better than, in hours."""
        widths = np.repeat(self.losses.until - self.losses.after, self.losses.count.astype(int))
        return float(np.median(widths)) if widths.size else None

    def _reach(self, times: Hours) -> Spans:
        return spreading.after(times, self.hours, length=self.length)

    def _is_controlled(self, reach: Spans, outside: Spans, period: int) -> bool:
        """Whether most hours in ``reach`` have the like of them without an event."""
        share = event_study.uncontrolled_share(reach, outside, length=self.length, period=period)
        return share <= LARGEST_UNCONTROLLED


@dataclass(frozen=True, slots=True)
class Look:
    """The events of one kind, and the losses after them."""

    study: Study
    kind: str
    times: Hours
    left_out: int
    """How many more there are whose hours reach over the end of the window."""
    reach: Spans
    expected: Rising
    period: int | None
    """What losses are compared at, one of :data:`PERIODS`; None: there is nothing to compare with."""

    def row(self, *, seed: int) -> dict[str, Any]:
        """What can be said about the kind."""
        certain, possible = spreading.bounds(self.study.losses, self.reach)
        counted: dict[str, Any] = {
            "kind": self.kind,
            "event_count": self.times.size,
            "left_out_count": self.left_out,
            "observed": self.reach.total(spreading.spread(self.study.losses)),
            "certain": certain,
            "possible": possible,
            "expected": self.reach.total(self.expected),
        }
        why_not = self._why_not(**{name: counted[name] for name in ("observed", "possible", "expected")})
        if why_not:
            return counted | {"expected": None, "why_not": why_not}
        return counted | self._ratios(counted["observed"], counted["expected"]) | self._chance(seed=seed)

    def lags(self) -> pl.DataFrame:
        """Losses, expectation and their ratio in each step before and after the events."""
        begin, end = np.array(LAGS[:-1]) * self.study.hours, np.array(LAGS[1:]) * self.study.hours
        steps = [
            spreading.after(self.times, last, length=self.study.length, begin=first)
            for first, last in zip(begin, end, strict=True)
        ]
        lost = spreading.spread(self.study.losses)
        seen, usual = (np.array([step.total(rising) for step in steps]) for rising in (lost, self.expected))
        low, high = event_study.ratio_interval(seen, usual)
        columns = {"from_hours": begin, "to_hours": end, "observed": seen, "expected": usual}
        columns |= {"ratio": seen / usual, "ratio_lo": low, "ratio_hi": high}
        return pl.DataFrame(columns).select(pl.lit(self.kind).alias("kind"), pl.all())

    def _why_not(self, *, observed: float, possible: float, expected: float) -> str | None:
        """Why these lists and events cannot tell; None when they can."""
        if self.times.size < FEWEST_EVENTS:
            return f"{display.plural(self.times.size, 'event')} in the window: at least {FEWEST_EVENTS} are needed."
        if self.period is None:
            return "nearly every hour follows an event, so there are none to compare with. Ask for fewer hours."
        if max(observed, expected) < FEWEST_LOSSES or not expected:
            return f"{observed:.1f} left where {expected:.1f} were to be expected: too few to tell."
        if observed < SHARPEST_SHARE * possible:
            return (
                f"of {possible:,.0f} losses that can lie within {self.study.hours:g} h after one, {observed:.1f} do when spread evenly:"
                " the lists are too far apart. Ask for more hours, or take lists more often."
            )
        return None

    def _ratios(self, observed: float, expected: float) -> dict[str, Any]:
        low, high = event_study.ratio_interval(np.array([observed]), np.array([expected]))
        study = self.study
        ratio, rate_low, rate_high = event_study.rate_ratio(
            study.losses, self.expected, self.reach, length=study.length
        )
        return {
            "compared_at": PERIODS.get(self.period or 0),
            "ratio": observed / expected, "ratio_lo": float(low[0]), "ratio_hi": float(high[0]),
            "rate_ratio": _finite(ratio), "rate_ratio_lo": rate_low, "rate_ratio_hi": _finite(rate_high),
        }  # fmt: skip

    def _chance(self, *, seed: int) -> dict[str, Any]:
        study, period = self.study, self.period or event_study.DAY
        rng, lost = np.random.default_rng(seed), spreading.spread(study.losses)
        calendars = event_study.redrawn(
            self.times, study.hours, length=study.length, count=PERMUTATIONS, rng=rng, period=period
        )
        usual = event_study.baseline(lost, study.exposed, length=study.length, period=period)
        return {"p_value": event_study.chance(lost, usual, self.times, calendars, hours=study.hours)}


def _hours(moments: pl.Series, start: datetime) -> Hours:
    return (moments - start).dt.total_microseconds().to_numpy().astype(float) / 3.6e9


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
