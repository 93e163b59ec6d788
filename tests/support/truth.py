"""Figures worked out from what was planted, for comparison with figures from the mirror."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import UTC, datetime

from mhc_lab.demo import Truth
from mhc_lab.demo.truth import ExpectedEvent

EVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Expected:
    """What came and went in a window."""

    follows: int
    unfollows: int
    provisional: int
    median_days_followed: float


def at_end_of(truth: Truth, until: datetime = EVER, direction: str = "followers") -> int:
    """How many followed after all events at ``until``."""
    past = [event for event in truth.events if event.direction == direction and event.at <= until]
    return sum(1 if event.action == "follow" else -1 for event in past)


def in_window(truth: Truth, since: datetime, until: datetime, direction: str = "followers") -> Expected:
    """What came and went after ``since``, up to and with ``until``."""
    events = [event for event in truth.events if event.direction == direction and event.at <= until]
    gone = [event for event in events if event.action == "unfollow" and event.at > since]
    stays = [(event.at - _began(event, events)).total_seconds() / 86400 for event in gone]
    return Expected(
        follows=sum(event.action == "follow" and event.at > since and not event.is_baseline for event in events),
        unfollows=len(gone),
        provisional=sum(event.status == "provisional" for event in gone),
        median_days_followed=statistics.median(stays),
    )


def _began(left: ExpectedEvent, events: list[ExpectedEvent]) -> datetime:
    """When the spell that ``left`` ended had begun."""
    return max(
        event.at
        for event in events
        if event.action == "follow" and event.username == left.username and event.at < left.at
    )
