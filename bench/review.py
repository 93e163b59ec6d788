"""A plan of 50,000 actions opened for review beside one of 500: what is shown is a page, whatever stands behind it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from bench.figures import Figure, medians
from mhc_lab.jobs.plan import Plan
from widgets.review import PlanReview

FEW, MANY, ROUNDS = 500, 50_000, 11
CLASSES = ("known person", "unknown person", "bare name", "wrong storage", "missing")


@dataclass(frozen=True, slots=True)
class Move:
    """One action."""

    path: str
    group: str

    @property
    def name(self) -> str:
        """The file."""
        return self.path

    @property
    def reason(self) -> str:
        """Why."""
        return f"{self.group}: its row says another place"


@dataclass(frozen=True, slots=True)
class Moves(Plan):
    """Files to be moved."""

    kind: ClassVar[str] = "bench"
    actions: tuple[Move, ...]

    def __str__(self) -> str:
        return f"Move {len(self.actions):,} files"


def measure() -> list[Figure]:
    """The promise, from the plan to a review that can be shown; how fast ticks and words are beside it."""
    few, many = medians([_opening(_plan(FEW)), _opening(_plan(MANY))], rounds=ROUNDS)
    detail = f"{1000 * many:.0f} ms against {1000 * few:.0f} ms for {FEW}"
    return [Figure(f"a plan of {MANY:,} actions opens in the review", many / few, 2.0, "× few", detail)]


def _plan(count: int) -> Moves:
    actions = (Move(f"people/name_{n % 977}/auto/picture_{n}.jpg", CLASSES[n % len(CLASSES)]) for n in range(count))
    return Moves(datetime(2026, 3, 1, tzinfo=UTC), tuple(actions))


def _opening(plan: Moves) -> Callable[[], float]:
    def timed() -> float:
        began = time.perf_counter()
        review = PlanReview(plan, by="ada")
        took = time.perf_counter() - began
        review.close()
        return took

    return timed
