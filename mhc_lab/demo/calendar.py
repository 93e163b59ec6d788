"""The demo world's half-year: a list of followers every night around four, a list of the followed every week.

Odd lists are planted at most once in each stretch of days and never near its end, so that no two are neighbours and the days at the end
of each stretch are quiet.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 181
"""January to June."""

_FIRST, _STRETCH, _ODD_PART = 8, 15, 9
STRETCHES = (DAYS - _FIRST) // _STRETCH


def day(number: float) -> datetime:
    """The instant so many days after the start, to the second."""
    return START + timedelta(seconds=round(number * 86_400))


def odd_days(rng: Random) -> list[int]:
    """One day of each stretch, in any order."""
    days = [_FIRST + _STRETCH * stretch + rng.randrange(_ODD_PART) for stretch in range(STRETCHES)]
    rng.shuffle(days)
    return days


def quiet_days(rng: Random, count: int) -> list[int]:
    """Days on which the list is an ordinary one, as are those before and after it."""
    return [
        _FIRST + _STRETCH * stretch + rng.randrange(_ODD_PART + 1, _STRETCH - 1)
        for stretch in rng.sample(range(STRETCHES), count)
    ]


def daily(rng: Random) -> list[datetime]:
    """When the lists of followers were taken."""
    return [day(number + _at_night(rng)) for number in range(DAYS)]


def weekly(rng: Random) -> list[datetime]:
    """When the lists of those whom the broadcaster follows were taken."""
    return [day(number + _at_night(rng)) for number in range(3, DAYS, 7)]


def _at_night(rng: Random) -> float:
    """A part of a day between 03:40 and 04:40."""
    return (220 + rng.randrange(60 * 60) / 60) / 1440
