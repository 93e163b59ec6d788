"""How long people stay: the share of those who came that still follows so many days later, as lists and feeds let it be known.

Three things make the counting of rows wrong, and all three are in the likelihood here (:mod:`mhc_lab.analytics.hazard`): nobody knows
the day on which somebody left, only two lists around it (Turnbull 1976); nor, often, the day on which they came; and who came and left
between two lists was never seen at all. Those who stood on the first list are in no curve: nobody knows how long they had been there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mhc_lab.analytics import hazard
from mhc_lab.analytics.choices import Direction
from mhc_lab.analytics.groups import GroupTest, p_text, tested
from mhc_lab.analytics.hazard import DAY, Fit, Rows
from mhc_lab.analytics.kaplan_meier import Numbers, first_at_most
from mhc_lab.analytics.npmle import Places
from mhc_lab.analytics.spell_lengths import By, Provisional, spell_lengths
from mhc_lab.analytics.window import Window
from mhc_lab.core import display
from mhc_lab.mirror.connection import Mirror

if TYPE_CHECKING:
    from mhc_lab.analytics.charts import Chart

MILESTONES = (7, 30, 90, 180, 365)
"""The days that are looked at first."""

_TITLES = {"followers": "How long followers stay", "following": "How long I go on following"}
_HEADINGS = {
    "days": "days after coming",
    "share_staying": "still follow",
    "share_gone": "left by then",
    "at_risk": "watched so long",
}


@dataclass(frozen=True, slots=True, repr=False)
class SurvivalCurve:
    """One group's curve, and how sure it is."""

    group: str
    frame: pl.DataFrame
    """One row per day: ``days``, ``survival`` with its 95 % interval ``lo`` and ``hi``, and ``at_risk``, how many were watched so long."""
    spells: int
    """How many were watched."""
    came: int
    """How many of them from their first day; the others were of another group before."""
    ended: int
    """How many left."""
    inferred_below_days: float
    """Shorter stays than this no list could see, but for a twentieth of the spells: below it the curve goes on as the trend does."""
    optimality_gap: float
    """How much the mean log-likelihood of a spell would still rise, at first order, per unit of any coefficient: 0 at the top."""
    iterations: int

    @property
    def median(self) -> float | None:
        """After so many days half have left; None when more than half stay as long as anybody was watched."""
        return first_at_most(self.frame, "survival", 0.5)

    @property
    def median_interval(self) -> tuple[float | None, float | None]:
        """Where the limits of the curve pass one half; None: beyond the last day."""
        return first_at_most(self.frame, "lo", 0.5), first_at_most(self.frame, "hi", 0.5)

    def at(self, days: float) -> tuple[float, float, float] | None:
        """S(days) as (survival, lo, hi); None when nobody was watched for so long."""
        past = self.frame.filter(pl.col("days") <= days)
        return past.select("survival", "lo", "hi").row(-1) if days <= self.frame["days"][-1] else None

    def unfollow_rate(self, days: float) -> tuple[float, float, float] | None:
        """Of those who come, the share that leaves within ``days``, as (rate, lo, hi): 1 − S."""
        found = self.at(days)
        return found and (1 - found[0], 1 - found[2], 1 - found[1])

    def __repr__(self) -> str:
        return f"{self.group}: {display.plural(self.spells, 'spell')}, {self.ended:,} ended · median {display.text(self.median)} days"


@dataclass(frozen=True, slots=True, repr=False)
class Survival:
    """The curves of all groups, and whether they differ."""

    curves: tuple[SurvivalCurve, ...]
    """In the order of their names; none when nobody came."""
    left_truncated: int
    """Spells that are in no curve, because they were open before we looked; of a window, those for whom that was in it."""
    difference: GroupTest | None
    """Between groups, when there are two or more."""
    window: Window | None
    direction: Direction
    by: By | None
    provisional: Provisional

    @property
    def frame(self) -> pl.DataFrame:
        """All curves one below the other, with their ``group``."""
        empty = {
            "group": pl.String,
            "days": pl.Int64,
            "survival": pl.Float64,
            "lo": pl.Float64,
            "hi": pl.Float64,
            "at_risk": pl.Int64,
        }
        named = [curve.frame.select(pl.lit(curve.group).alias("group"), pl.all()) for curve in self.curves]
        return pl.concat(named) if named else pl.DataFrame(schema=empty)

    @property
    def spells(self) -> int:
        """How many came."""
        return sum(curve.came for curve in self.curves)

    @property
    def ended(self) -> int:
        """How many of them left."""
        return sum(curve.ended for curve in self.curves)

    @property
    def median(self) -> float | None:
        """Of the first curve, the days after which half have left; None when that is not known, or nobody came."""
        return self.curves[0].median if self.curves else None

    @property
    def optimality_gap(self) -> float | None:
        """The largest of all fits; None when nobody came."""
        return max((curve.optimality_gap for curve in self.curves), default=None)

    def at(self, days: float) -> tuple[float, float, float] | None:
        """Of the first curve, S(days) as (survival, lo, hi); None when nobody was watched for so long, or nobody came."""
        return self.curves[0].at(days) if self.curves else None

    def share_staying(self, days: float) -> float | None:
        """Of the first curve, S(days) alone."""
        found = self.at(days)
        return found[0] if found else None

    @property
    def milestones(self) -> pl.DataFrame:
        """One row per group and day of :data:`MILESTONES` that was reached: the shares that stay and have left, with their intervals."""
        drawn = self.frame.filter(pl.col("days").is_in(MILESTONES))
        return drawn.select(
            "group",
            "days",
            _percent("survival", "lo", "hi").alias("share_staying"),
            _percent(1 - pl.col("survival"), 1 - pl.col("hi"), 1 - pl.col("lo")).alias("share_gone"),
            "at_risk",
        )

    def chart(self) -> Chart:
        """The curves with their bands, and below them how many were watched so long."""
        from mhc_lab.analytics import survival_charts  # altair costs a second, and a table waits for no chart

        return survival_charts.curves(self.frame, inferred_below=self._inferred_below(), title=_TITLES[self.direction])

    def headline(self) -> str:
        """The numbers that are looked at first, as safe HTML."""
        if not self.curves:
            return display.note("Nobody came in this window, so nobody knows how long they stay.")
        pairs: list[tuple[str, object]] = [("came", self.spells), ("of them left", self.ended)]
        pairs += [
            (f"days until half have left{f' · {curve.group}' if self.by else ''}", _with_interval(curve))
            for curve in self.curves
        ]
        if self.left_truncated:
            pairs.append(("there before we looked (in no curve)", self.left_truncated))
        if self.difference:
            pairs.append(("if the groups were alike", p_text(self.difference.p_value)))
        return display.facts(str(self.window) if self.window else "All who ever came", pairs)

    def table(self) -> str:
        """Who still follows after a week, a month, a quarter …, as safe HTML."""
        if not self.curves:
            return ""
        shown = self.milestones if self.by else self.milestones.drop("group")
        return display.table(shown, caption="Of those who came (with 95 % intervals)", headings=_HEADINGS)

    def _inferred_below(self) -> float:
        return max((curve.inferred_below_days for curve in self.curves), default=0.0)

    def __repr__(self) -> str:
        gap = f" · optimality gap {self.optimality_gap:.0e}" if self.optimality_gap is not None else ""
        return (" | ".join(map(repr, self.curves)) or "nobody came") + gap

    def _repr_html_(self) -> str:
        return self.headline() + self.table()


def survival(
    mirror: Mirror,
    *,
    window: Window | None = None,
    direction: Direction = "followers",
    by: By | None = None,
    provisional: Provisional = "ended",
) -> Survival:
    """How long those stay who came in ``window``, as far as could be known at its end; without a window, all who ever came.

    With ``by="reciprocity"`` a stay counts as one-sided up to the day from which I followed them too, and as mutual from then on: who is
    followed back has stayed until then, and comparing by what happened later would give those days to following back.

    Parameters
    ----------
    by
        Curves by the time of coming, by what they are, or by whether it is mutual. Excluded persons are in none.
    provisional
        "ended" takes an unfollow that only one complete list shows as one; "open" as not happened yet. The truth lies between the two.

    Raises
    ------
    UserError
        A word is none of its choices.

    Examples
    --------
    >>> stays = survival(mirror)
    >>> stays.spells, stays.ended, stays.left_truncated
    (40, 20, 2)
    >>> stays.optimality_gap < 1e-8
    True
    """
    found = spell_lengths(mirror, window=window, direction=direction, by=by, provisional=provisional)
    curves = tuple(_curve(group, rows) for group, rows in found.groups.items())
    difference = compared(found.groups) if len(curves) > 1 else None
    return Survival(curves, found.left_truncated, difference, window, direction, by, provisional)


def compared(groups: Mapping[str, Rows]) -> GroupTest:
    """Whether the groups differ: the score test of proportional hazards, against the one curve of all of them.

    A score is what Finkelstein's (1986) is for intervals alone: the slope of a spell's log-likelihood when its group's hazard is
    multiplied. Its variance is that of the scores beside those of the curve itself, so groups may have been watched for different times.
    """
    everybody = hazard.together(groups.values())
    fit = hazard.fit(everybody)
    ends = np.cumsum([len(rows) for rows in groups.values()])
    member = np.searchsorted(ends, np.arange(ends[-1]), side="right")[:, None] == np.arange(len(ends))
    own, shape = fit.scores.sum(axis=1)[:, None] * member, fit.scores
    weighted = everybody.count[:, None]
    beside = np.linalg.lstsq((weighted * shape).T @ shape + fit.penalty, (weighted * shape).T @ own, rcond=None)[0]
    left = own - shape @ beside
    return tested("Score test", np.array(list(groups)), (weighted * left).sum(axis=0), (weighted * left).T @ left)


def _curve(group: str, rows: Rows) -> SurvivalCurve:
    fit = hazard.fit(rows)
    horizon = int(rows.left.max() // DAY)
    return SurvivalCurve(
        group=group, frame=_frame(fit, rows, np.arange(horizon + 1)),
        spells=int(rows.count.sum()), came=int(rows.count[rows.entry == 0].sum()), ended=int(rows.count[rows.right >= 0].sum()),
        inferred_below_days=_unseen(rows), optimality_gap=fit.optimality_gap, iterations=fit.iterations,
    )  # fmt: skip


def _frame(fit: Fit, rows: Rows, days: Places) -> pl.DataFrame:
    """The curve at ``days``; at risk are those who were watched from then or before, and seen then or later."""
    survival, lo, hi = fit.at(days)
    watched = _reaching(rows.left, rows.count, days * DAY) - _reaching(rows.entry, rows.count, days * DAY + 1)
    columns = {"days": days, "survival": survival, "lo": lo, "hi": hi, "at_risk": watched}
    return pl.DataFrame(columns).cast({"at_risk": pl.Int64})


def _reaching(ages: Places, count: Numbers, bounds: Places) -> Numbers:
    """How many have an age of each bound or more."""
    order = np.argsort(ages)
    below = np.concatenate([[0.0], np.cumsum(count[order])])
    reached: Numbers = below[-1] - below[np.searchsorted(ages[order], bounds)]
    return reached


def _unseen(rows: Rows) -> float:
    """The gap, in days, that all but a twentieth of the spells have at least."""
    order = np.argsort(rows.gap)
    share = np.cumsum(rows.count[order]) / rows.count.sum()
    return float(rows.gap[order][np.searchsorted(share, 0.05)] / DAY)


def _percent(value: str | pl.Expr, lo: str | pl.Expr, hi: str | pl.Expr) -> pl.Expr:
    """A share and its interval as a person reads them."""
    parts = [(100 * (pl.col(part) if isinstance(part, str) else part)).round(1) for part in (value, lo, hi)]
    return pl.format("{}\u00a0%\u00a0({}\u00a0–\u00a0{})", *parts)


def _with_interval(curve: SurvivalCurve) -> str:
    """The median and its interval, whole days; what lies beyond the last day is open."""
    if curve.median is None:
        return f"more than {curve.frame['days'][-1]:,.0f}"
    lo, hi = (f"{limit:,.0f}" if limit is not None else "…" for limit in curve.median_interval)
    return f"{curve.median:,.0f} ({lo} – {hi})"
