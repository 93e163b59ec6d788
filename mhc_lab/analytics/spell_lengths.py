"""Spells out of the mirror as rows that a likelihood can be written for: millions of spells become some thousands of kinds.

Two lists that are the first with a person and the last with them make one kind, however many persons there are. A start that is known
exactly makes a kind of its own: such lengths are rounded, and more the longer they are, to what a smooth curve can still notice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.analytics.hazard import Rows
from mhc_lab.analytics.window import EVER, Window
from mhc_lab.mirror.connection import Mirror

By: TypeAlias = Literal["joined", "role", "reciprocity"]
"""The quarter in which they came (with many quarters the year); what they are; before and after the following was mutual."""
Provisional: TypeAlias = Literal["ended", "open"]
"""What is made of an unfollow that only one complete list shows: the end that it probably is, or nothing yet."""

MOST_GROUPS = 6
"""More lines than this are not told apart."""

_STEP = 2**34
"""In microseconds, the step in which the query counts spells with a known start."""
_PRECISE = 32
"""Here they are rounded to one part in so many."""
_MOMENT = 2**30
"""In microseconds, what stands for the moment of an end that is known exactly."""
_MOST_KINDS = 4_000
"""Where lists are many and irregular, lengths are rounded until there are no more kinds of spells than this."""


@dataclass(frozen=True, slots=True)
class SpellLengths:
    """Spells by group."""

    groups: dict[str, Rows]
    left_truncated: int
    """Spells that are in no group: they were open before we looked, nobody knows since when."""


def spell_lengths(
    mirror: Mirror,
    *,
    window: Window | None = None,
    direction: Direction = "followers",
    by: By | None = None,
    provisional: Provisional = "ended",
) -> SpellLengths:
    """How long those who came in ``window`` had stayed at its end; without a window, all who ever came, up to now.

    Raises
    ------
    UserError
        A word is none of its choices.
    """
    check("direction", direction, get_args(Direction))
    check("reading of provisional unfollows", provisional, get_args(Provisional))
    window = window or EVER
    asked: dict[str, Any] = {
        "direction": direction,
        "since": window.start,
        "until": window.end,
        "provisional": provisional,
    }
    if by is None:
        frame = mirror.query("followers/spell_lengths", **asked).with_columns(group_name=pl.lit(direction))
    else:
        check("grouping", by, get_args(By))
        frame = _fewer(mirror.query("followers/spell_lengths_by", **asked, by=by))
    watched = frame.filter(pl.col("gap_us").is_not_null())
    groups = watched.partition_by("group_name", as_dict=True)
    return SpellLengths(
        {str(name): rows(group) for (name,), group in sorted(groups.items())},
        int(frame.filter(pl.col("gap_us").is_null())["spell_count"].sum()),
    )


def rows(frame: pl.DataFrame) -> Rows:
    """The rows of the query, without those there before we looked, as :mod:`mhc_lab.analytics.hazard` takes them.

    Examples
    --------
    Of lists 9 µs apart: seen on two and missing on the third. And one who came and is still here, watched by a feed.

    >>> frame = pl.DataFrame({"gap_us": [9, 0], "entry_us": [0, 0], "left_us": [9, 2**34], "doubt_us": [9, None], "spell_count": [4, 1]})
    >>> found = rows(frame)
    >>> found.gap.tolist(), found.left.tolist(), found.right.tolist(), found.count.tolist()
    ([0, 9], [17179869184, 9], [-1, 18], [1.0, 4.0])
    """
    unit, kinds = 1, _kinds(frame, 1)
    while kinds.height > _MOST_KINDS:
        unit = max(2 * unit, _MOMENT)
        kinds = _kinds(frame, unit)
    return Rows(*(kinds[name].to_numpy() for name in kinds.columns))


def _kinds(frame: pl.DataFrame, unit: int) -> pl.DataFrame:
    """Rounded to multiples of ``unit``, and where the start is known exactly to what a smooth curve can notice."""
    is_exact, is_open, is_moment = pl.col("gap_us") == 0, pl.col("doubt_us").is_null(), pl.col("doubt_us") == 0
    doublings = (pl.max_horizontal("left_us", 1).log(2).floor() - math.log2(_PRECISE)).clip(
        lower_bound=math.log2(_STEP)
    )
    grain = pl.when(is_exact).then(2.0**doublings).otherwise(float(unit)).cast(pl.Int64)
    left = pl.when(is_moment).then(pl.col("left_us") // grain * grain).otherwise(_nearest(pl.col("left_us"), grain))
    moment, later = left + grain.clip(lower_bound=_MOMENT), _nearest(pl.col("left_us") + pl.col("doubt_us"), grain)
    right = pl.when(is_open).then(-1).when(is_moment).then(moment).otherwise(pl.max_horizontal(later, left + grain))
    rounded = frame.select(
        pl.when(is_exact).then(0).otherwise(_nearest(pl.col("gap_us"), grain).clip(lower_bound=grain)).alias("gap"),
        pl.min_horizontal(_nearest(pl.col("entry_us"), grain), left).alias("entry"),
        left.alias("left"),
        right.alias("right"),
        pl.col("spell_count").cast(pl.Float64),
    )
    names = ["gap", "entry", "left", "right"]
    return rounded.group_by(names).agg(pl.col("spell_count").sum()).sort(names)


def _nearest(value: pl.Expr, grain: pl.Expr) -> pl.Expr:
    return (value + grain // 2) // grain * grain


def _fewer(frame: pl.DataFrame) -> pl.DataFrame:
    """Quarters as years where there are too many, and what came before the newest years as one group."""
    if frame["group_name"].n_unique() <= MOST_GROUPS:
        return frame
    years = frame.with_columns(pl.col("group_name").str.slice(0, 4))
    names = years["group_name"].unique().sort()
    oldest = names[-(MOST_GROUPS - 1)] if len(names) > MOST_GROUPS else names[0]
    is_old = pl.col("group_name") < oldest
    return years.with_columns(
        pl.when(is_old).then(pl.lit(f"before {oldest}")).otherwise("group_name").alias("group_name")
    )
