"""What is asked of every mirror in the same words and looks at every spell: a refresh asks it once, and keeps the answers.

How long people stay, all who ever came, and the cohorts by week and by month. A window, groups and another reading of provisional
unfollows are worked out when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from mhc_lab.analytics.choices import PERIODS, Direction
from mhc_lab.analytics.refollows import newest_complete
from mhc_lab.analytics.window import EVER
from mhc_lab.mirror.answers import Question
from mhc_lab.mirror.connection import Mirror


def asked_of_every(mirror: Mirror) -> Iterator[Question]:
    """The questions, as :func:`~mhc_lab.analytics.survival.survival` and :func:`~mhc_lab.analytics.cohorts.cohorts` ask them."""
    for direction in get_args(Direction):
        ever = {"direction": direction, "since": EVER.start, "until": EVER.end, "provisional": "ended"}
        yield Question("followers/spell_lengths", ever)
        as_of = newest_complete(mirror, direction)
        for every in ("1w", "1mo"):
            cohorts = {"direction": direction, "as_of": as_of, "every": PERIODS[every]}
            yield Question("followers/cohorts", cohorts)
