"""Spells out of the mirror as rows that a likelihood can be written for: millions of spells become some thousands of kinds.

The query counts in whole steps of 2^30 microseconds, because a shift is all that such a step costs; here they become halves of it, so that what
lies between two lists stands in the middle of its step, and what is known exactly fills the whole step that has it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import polars as pl

from mhc_lab.analytics.choices import Direction, check
from mhc_lab.analytics.hazard import Rows
from mhc_lab.analytics.window import Window
from mhc_lab.mirror.connection import Mirror

By: TypeAlias = Literal["joined", "role", "reciprocity"]
"""The quarter in which they came (with many quarters the year); what they are; before and after the following was mutual."""
Provisional: TypeAlias = Literal["ended", "open"]
"""What is made of an unfollow that only one complete list shows: the end that it probably is, or nothing yet."""

MOST_GROUPS = 6
"""More lines than this are not told apart."""

_EVER = Window.parse("1970-01-01", "9999-01-01")
_PRECISE = 64
"""Of spells with a known start, lengths are kept to one part in so many."""
_WIDE = 32
"""The query counts those in steps of so many halves."""
_MOST_KINDS = 8_000
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
    window = window or _EVER
    asked = {"direction": direction, "since": window.start, "until": window.end, "provisional": provisional}
    if by is None:
        frame = mirror.query("followers/spell_lengths", **asked).with_columns(group_name=pl.lit(direction))
    else:
        check("grouping", by, get_args(By))
        frame = _fewer(mirror.query("followers/spell_lengths_by", **asked, by=by))
    watched = frame.filter(pl.col("gap_steps").is_not_null())
    groups = watched.partition_by("group_name", as_dict=True)
    return SpellLengths(
        {str(name): rows(group) for (name,), group in sorted(groups.items())},
        int(frame["spell_count"].sum() - watched["spell_count"].sum()),
    )


def rows(frame: pl.DataFrame) -> Rows:
    """The rows of the query, without those there before we looked, in the steps of :mod:`mhc_lab.analytics.hazard`.

    Examples
    --------
    Of lists a step apart: seen on two and missing on the third; and one who came and left while a feed was watched.

    >>> frame = pl.DataFrame({"gap_steps": [1, 0], "entry_steps": [0, 0], "left_steps": [1, 32], "doubt_steps": [1, 0], "spell_count": [4, 1]})
    >>> found = rows(frame)
    >>> found.gap.tolist(), found.left.tolist(), found.right.tolist(), found.count.tolist()
    ([0, 3], [64, 3], [96, 6], [1.0, 4.0])
    """
    is_moment = (pl.col("doubt_steps") == 0).fill_null(value=False)
    halves = frame.select(
        _middle("gap_steps").alias("gap"),
        _middle("entry_steps").alias("entry"),
        pl.when(is_moment).then(2 * pl.col("left_steps")).otherwise(_middle("left_steps")).alias("left"),
        _middle("doubt_steps").alias("doubt"),
        pl.col("spell_count").cast(pl.Float64),
    )
    unit, kinds = 1, _kinds(halves, 1)
    while kinds.height > _MOST_KINDS:
        unit *= 2
        kinds = _kinds(halves, unit)
    return Rows(*(kinds[name].to_numpy() for name in kinds.columns))


def _middle(name: str) -> pl.Expr:
    """The middle of a step, in halves; nothing stays nothing."""
    return pl.when(pl.col(name) == 0).then(0).otherwise(2 * pl.col(name) + 1).cast(pl.Int64)


def _kinds(halves: pl.DataFrame, unit: int) -> pl.DataFrame:
    """Rounded to multiples of ``unit``, and of more where a known start makes a long length more exact than a smooth curve can notice."""
    is_exact, is_open, is_moment = pl.col("gap") == 0, pl.col("doubt").is_null(), pl.col("doubt") == 0
    places = (pl.max_horizontal("left", 1).log(2).floor() - math.log2(_PRECISE)).clip(lower_bound=math.log2(_WIDE))
    unit_ = pl.when(is_exact).then(2.0**places).otherwise(float(unit)).cast(pl.Int64)
    left = pl.when(is_moment).then(pl.col("left") // unit_ * unit_).otherwise(_nearest(pl.col("left"), unit_))
    moment, later = left + unit_.clip(lower_bound=2), _nearest(pl.col("left") + pl.col("doubt"), unit_)
    right = pl.when(is_open).then(-1).when(is_moment).then(moment).otherwise(pl.max_horizontal(later, left + unit_))
    rounded = halves.select(
        pl.when(is_exact).then(0).otherwise(_nearest(pl.col("gap"), unit_).clip(lower_bound=unit_)).alias("gap"),
        pl.min_horizontal(_nearest(pl.col("entry"), unit_), left).alias("entry"),
        left.alias("left"),
        right.alias("right"),
        "spell_count",
    )
    names = ["gap", "entry", "left", "right"]
    return rounded.group_by(names).agg(pl.col("spell_count").sum()).sort(names)


def _nearest(value: pl.Expr, unit: pl.Expr) -> pl.Expr:
    return (value + unit // 2) // unit * unit


def _fewer(frame: pl.DataFrame) -> pl.DataFrame:
    """Quarters as years where there are too many, and what came before the newest years as one group."""
    if frame["group_name"].n_unique() <= MOST_GROUPS:
        return frame
    years = frame.with_columns(pl.col("group_name").str.slice(0, 4))
    names = years["group_name"].unique().sort()
    oldest = names[-(MOST_GROUPS - 1)] if len(names) > MOST_GROUPS else names[0]
    is_old = pl.col("group_name") < oldest
    return years.with_columns(pl.when(is_old).then(pl.lit(f"before {oldest}")).otherwise("group_name").alias("group_name"))
