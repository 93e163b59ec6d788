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
"""At most this share of the hours after events may be at hours of the week that are never without an event."""

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

    def row(self, kind: str, *, seed: int) -> dict[str, Any]:
        """What can be said about ``kind``."""
        times = self._whole(kind)
        reach = self._reach(times)
        lost = spreading.spread(self.losses)
        certain, possible = spreading.bounds(self.losses, reach)
        counted: dict[str, Any] = {
            "kind": kind,
            "event_count": times.size,
            "left_out_count": int(np.count_nonzero(self.times[kind] >= 0)) - times.size,
            "observed": reach.total(lost),
            "certain": certain,
            "possible": possible,
        }
        if times.size < FEWEST_EVENTS:
            return counted | {
                "why_not": f"{display.plural(times.size, 'event')} in the window: at least {FEWEST_EVENTS} are needed."
            }
        expected = self._expected(reach)
        counted["expected"] = reach.total(expected)
        why_not = self._why_not(reach, **{name: counted[name] for name in ("observed", "possible", "expected")})
        if why_not:
            return counted | {"why_not": why_not}
        return counted | self._ratios(reach, expected) | {"p_value": self._chance(lost, times, seed=seed)}

    def lags(self, kind: str) -> pl.DataFrame:
        """Losses, expectation and their ratio in each step before and after the events of ``kind``."""
        times = self._whole(kind)
        begin, end = np.array(LAGS[:-1]) * self.hours, np.array(LAGS[1:]) * self.hours
        steps = [
            spreading.after(times, last, length=self.length, begin=first)
            for first, last in zip(begin, end, strict=True)
        ]
        expected, lost = self._expected(self._reach(times)), spreading.spread(self.losses)
        seen, usual = (np.array([step.total(rising) for step in steps]) for rising in (lost, expected))
        low, high = event_study.poisson_interval(seen, usual)
        columns = {"from_hours": begin, "to_hours": end, "observed": seen, "expected": usual}
        columns |= {"ratio": seen / usual, "ratio_lo": low, "ratio_hi": high}
        return pl.DataFrame(columns).select(pl.lit(kind).alias("kind"), pl.all())

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

    def _whole(self, kind: str) -> Hours:
        """The events whose hours lie wholly in the window."""
        times = self.times[kind]
        whole: Hours = times[(times >= 0) & (times + self.hours <= self.length)]
        return whole

    def _reach(self, times: Hours) -> Spans:
        return spreading.after(times, self.hours, length=self.length)

    def _outside(self) -> Spans:
        """What no usual rate is taken from: the hours after any event of any kind."""
        return self._reach(np.concatenate(list(self.times.values())))

    def _expected(self, reach: Spans) -> Rising:
        return event_study.disentangled(self.losses, self.exposed, reach, outside=self._outside(), length=self.length)

    def _why_not(self, reach: Spans, *, observed: float, possible: float, expected: float) -> str | None:
        """Why these lists and events cannot tell; None when they can."""
        if event_study.uncontrolled_share(reach, self._outside(), length=self.length) > LARGEST_UNCONTROLLED:
            return (
                "most hours that follow an event follow one in every week, so there is no hour of the week without one to compare with."
                " Ask for fewer hours."
            )
        if max(observed, expected) < FEWEST_LOSSES or not expected:
            return f"{observed:.1f} left where {expected:.1f} were to be expected: too few to tell."
        if observed < SHARPEST_SHARE * possible:
            return (
                f"of {possible:,.0f} losses that can lie within {self.hours:g} h after one, {observed:.1f} do when spread evenly:"
                " the lists are too far apart. Ask for more hours, or take lists more often."
            )
        return None

    def _ratios(self, reach: Spans, expected: Rising) -> dict[str, Any]:
        seen, usual = np.array([reach.total(spreading.spread(self.losses))]), np.array([reach.total(expected)])
        low, high = event_study.poisson_interval(seen, usual)
        ratio, rate_low, rate_high = event_study.rate_ratio(self.losses, expected, reach, length=self.length)
        return {
            "ratio": float(seen[0] / usual[0]), "ratio_lo": float(low[0]), "ratio_hi": float(high[0]),
            "rate_ratio": _finite(ratio), "rate_ratio_lo": rate_low, "rate_ratio_hi": _finite(rate_high),
        }  # fmt: skip

    def _chance(self, lost: Rising, times: Hours, *, seed: int) -> float:
        rng = np.random.default_rng(seed)
        calendars = event_study.redrawn(times, self.hours, length=self.length, count=PERMUTATIONS, rng=rng)
        usual = event_study.baseline(lost, self.exposed, length=self.length)
        return event_study.chance(lost, usual, times, calendars, hours=self.hours)


def _hours(moments: pl.Series, start: datetime) -> Hours:
    return (moments - start).dt.total_microseconds().to_numpy().astype(float) / 3.6e9


def _finite(number: float) -> float | None:
    return number if np.isfinite(number) else None
