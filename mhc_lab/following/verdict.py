"""The verdict on a list: whether it may end anybody's spell.

A list that is short because a page failed to load looks like a mass unfollow. So every list is judged before it counts: *complete* ones add
and end spells, *partial* ones only add, *held* ones change nothing until a person decides.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

HELD_SHARE = 0.5
"""A complete list on which more than this share of those now following is missing is held."""


class Kind(StrEnum):
    """What a list may do."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a list may do, and why, in one sentence."""

    kind: Kind
    why: str


def judge(
    listed: Set[UUID],
    *,
    row_count: int,
    now_following: Set[UUID],
    is_declared_complete: bool,
    reported_total: int | None,
) -> Verdict:
    """The verdict on a list of persons, given who was following when it was taken.

    Parameters
    ----------
    row_count
        How many different names the list had, with those that could not be read: they are people too.
    reported_total
        How many the page itself said there are; fewer rows than that is a list broken off.
    """
    if not listed:
        return Verdict(Kind.HELD, "The list has no names: an empty page, or everybody left. Somebody has to decide.")
    if not is_declared_complete:
        return Verdict(Kind.PARTIAL, "Declared incomplete: it adds, and ends nobody's spell.")
    if reported_total is not None and row_count < reported_total:
        return Verdict(Kind.PARTIAL, f"{row_count} names, but the page reported {reported_total}: broken off.")
    missing = len(now_following - listed)
    if missing > HELD_SHARE * len(now_following):
        return Verdict(
            Kind.HELD,
            f"{missing} of {len(now_following)} now following are missing: more than half. Somebody has to decide.",
        )
    return Verdict(Kind.COMPLETE, "It may end spells.")
