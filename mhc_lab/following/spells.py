"""Events joined into spells: unbroken stretches of following. A re-follow opens the next spell; the first keeps its dates.

Ten million events are no unusual history, so this works on whole columns: one stable sort by person, and then every row looks at its
neighbours only.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from mhc_lab.core.errors import InternalError

EVENTS: dict[str, pl.DataType | type[pl.DataType]] = {
    "person": pl.UInt32,
    "is_follow": pl.Boolean,
    "at": pl.Datetime("us", "UTC"),
    "not_before": pl.Datetime("us", "UTC"),
    "is_confirmed": pl.Boolean,
}
"""What a frame of events has: persons are numbered; ``not_before`` is ``last_missing_at`` of a follow, ``last_seen_at`` of an unfollow."""


def follow_spells(events: pl.DataFrame) -> pl.DataFrame:
    """The spells of one direction, by person and number.

    A spell began in (``started_after``, ``started_at``] and ended in (``last_seen_at``, ``ended_at``]. ``started_after`` is null for one
    that was open before we looked (left-truncated), ``ended_at`` and ``last_seen_at`` for one that is not over (right-censored).

    Parameters
    ----------
    events
        All events of these persons, with the columns of :data:`EVENTS`, each person's in order of time: they alternate, and begin with
        a follow.

    Returns
    -------
    pl.DataFrame
        ``person``, ``number`` (from 1), ``started_at``, ``started_after``, ``last_seen_at``, ``ended_at``, ``is_confirmed`` (null: not
        over).

    Raises
    ------
    InternalError
        The events of somebody do not alternate.

    Examples
    --------
    >>> day = lambda number: datetime(2026, 1, number, tzinfo=UTC)
    >>> events = pl.DataFrame(
    ...     [(7, True, day(1), None, True), (7, False, day(9), day(8), True), (7, True, day(12), day(11), True)],
    ...     schema=EVENTS, orient="row",
    ... )
    >>> follow_spells(events).select("number", pl.col("started_at", "ended_at").dt.day()).rows()
    [(1, 1, 9), (2, 12, None)]
    """
    ordered = events.sort("person", maintain_order=True)
    _check(ordered)
    is_last = (pl.col("person") != pl.col("person").shift(-1)).fill_null(value=True)
    ended = [
        pl.when(~is_last).then(pl.col(column).shift(-1)).alias(name)
        for name, column in (("last_seen_at", "not_before"), ("ended_at", "at"), ("end_confirmed", "is_confirmed"))
    ]
    spells = ordered.with_columns(ended).filter("is_follow")
    return spells.select(
        "person",
        _numbers(spells["person"]),
        started_at="at",
        started_after="not_before",
        last_seen_at="last_seen_at",
        ended_at="ended_at",
        is_confirmed="end_confirmed",
    )


def _check(ordered: pl.DataFrame) -> None:
    """Neighbours of one person differ, and the first of each is a follow."""
    person, follows = ordered["person"].to_numpy(), ordered["is_follow"].to_numpy()
    is_same = person[1:] == person[:-1]
    turns = np.where(is_same, follows[1:] != follows[:-1], follows[1:])
    if not (turns.all() and follows[:1].all()):
        raise InternalError(
            "Follows and unfollows do not alternate. Compute the history again: `mhc follow recompute`."
        )


def _numbers(person: pl.Series) -> pl.Series:
    """1, 2, 3 … for each person, whose rows are neighbours."""
    values = person.to_numpy()
    row = np.arange(len(values), dtype=np.uint32)
    is_first = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=is_first[1:])
    return pl.Series("number", row - np.maximum.accumulate(np.where(is_first, row, 0)) + 1, dtype=pl.UInt32)
