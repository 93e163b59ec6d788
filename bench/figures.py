"""A measured figure beside the one that was asked for, and how commands are timed in turn."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One promise: ``measured`` must not be above ``asked``."""

    name: str
    measured: float
    asked: float
    unit: str
    detail: str

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.measured <= self.asked


def medians(actions: Sequence[Callable[[], float]], *, rounds: int) -> list[float]:
    """The median result of each action, run A B C A B C … after one round that does not count."""
    results: list[list[float]] = [[] for _ in actions]
    for number in range(rounds + 1):
        for action, kept in zip(actions, results, strict=True):
            result = action()
            if number:
                kept.append(result)
    return [statistics.median(kept) for kept in results]


def seconds(action: Callable[[], object]) -> float:
    """How long ``action`` takes."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def command(*words: object) -> Callable[[], float]:
    """An action that runs a command and gives its wall time in seconds."""

    def run() -> None:
        subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return lambda: seconds(run)


def show(figures: Sequence[Figure]) -> str:
    """The figures as a table for a terminal."""
    width = max(len(figure.name) for figure in figures)
    lines = [
        f"{'ok  ' if one.holds else 'OVER'}  {one.name:<{width}}  {one.measured:6.2f} {one.unit} "
        f"(asked: at most {one.asked:.2f})  {one.detail}"
        for one in figures
    ]
    return "\n".join(lines)
