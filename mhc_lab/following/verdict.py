"""The verdict on a list: whether it may end anybody's spell.

A list that is short because a page failed to load looks like a mass unfollow. So every list is judged before it counts: *complete* ones add
and end spells, *partial* ones only add, *held* ones change nothing until a person decides, *refused* ones were set aside by a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mhc_lab.following.guards import LEAST_LISTS, LEAST_NAMES, LEAST_PAGE, LossRate, run_improbability

HELD_SHARE = 0.5
"""A complete list on which more than this share of those now following is missing is held."""

ALARM = 5e-4
"""Losses that chance brings about less often than this hold a list: each guard gives at most so many false alarms."""

_TINY = 1e-9
"""What is less probable than this is not told apart: no model is as exact."""


class Kind(StrEnum):
    """What a list may do."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a list may do, and why, in one sentence."""

    kind: Kind
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Who was following when a list was taken, who of them is not on it, and what is known about losses."""

    at_risk: int
    """How many followed just before."""
    missing: int
    """How many of them are not on the list."""
    days: float
    """Since the last complete list that was believed; 0 when there was none."""
    rate: LossRate
    missing_places: Sequence[int]
    """Where the missing ones stood on that list: sorted, from 0 at the top."""
    previous_length: int
    """How many names that list had."""


def judge(
    *,
    row_count: int,
    name_count: int,
    is_declared_complete: bool,
    reported_total: int | None,
    standing: Standing,
) -> Verdict:
    """The verdict on a list of persons, given who was following when it was taken.

    Parameters
    ----------
    row_count
        How many different names the list had, with those that could not be read: they are people too.
    name_count
        How many of them could be read.
    reported_total
        How many the page itself said there are; fewer rows than that is a list broken off.
    """
    if not name_count:
        return Verdict(Kind.HELD, "The list has no names: an empty page, or everybody left. Somebody has to decide.")
    if not is_declared_complete:
        return Verdict(Kind.PARTIAL, "Declared incomplete: it adds, and ends nobody's spell.")
    if reported_total is not None and row_count < reported_total:
        return Verdict(Kind.PARTIAL, f"{row_count} names, but the page reported {reported_total}: broken off.")
    if standing.missing > HELD_SHARE * standing.at_risk:
        return Verdict(
            Kind.HELD,
            f"{standing.missing} of {standing.at_risk} now following are missing: more than half. Somebody has to decide.",
        )
    doubt = _doubt(standing)
    return (
        Verdict(Kind.HELD, f"{doubt} Somebody has to decide.")
        if doubt
        else Verdict(Kind.COMPLETE, "It may end spells.")
    )


def _doubt(standing: Standing) -> str | None:
    """Why chance does not explain who is missing; None when it does, when too few are, or when too little is known."""
    rate = standing.rate
    if rate.list_count < LEAST_LISTS or standing.at_risk < LEAST_NAMES or standing.missing < LEAST_PAGE:
        return None
    missing = f"{standing.missing:,} of {standing.at_risk:,} are missing"
    by_number = rate.improbability(standing.missing, at_risk=standing.at_risk, days=standing.days)
    expected = rate.expected(at_risk=standing.at_risk, days=standing.days)
    if by_number is not None and by_number < ALARM:
        return f"{missing} where {expected:,.0f} were to be expected in {standing.days:,.1f} days: improbable ({_p(by_number)})."
    by_place = run_improbability(standing.missing_places, length=standing.previous_length)
    if by_place < ALARM:
        return (
            f"{missing}, many of them next to each other on the list before, as when a page is lost ({_p(by_place)})."
        )
    return None


def _p(improbability: float) -> str:
    return f"p = {improbability:.1g}" if improbability >= _TINY else f"p < {_TINY:.0g}"
