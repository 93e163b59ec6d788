"""How long people stay: is the curve right under lists that miss every short stay, does its band hold it, how long does it take.

A year in which 3,500 people come, with stays whose risk falls with age (Weibull, shape 0.7, scale 60 days). Nobody sees a stay: lists
do, once a week, or at random times a week apart on average. The usual method, Kaplan and Meier's on the rows as they stand, is beside.

The speed is that on the spells of ten million events in a mirror as a refresh leaves it, with kept answers, against putting these events
together to spells in the same run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import polars as pl

from bench.figures import Figure, medians, seconds
from bench.mirrors import refreshed
from mhc_lab.analytics import hazard
from mhc_lab.analytics.hazard import DAY, Rows
from mhc_lab.analytics.kaplan_meier import kaplan_meier
from mhc_lab.analytics.survival import survival
from mhc_lab.following.spells import EVENTS, follow_spells
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.manifest import Manifest

RUNS = 200
PERSONS, LENGTH = 3_500, 364.0
AGES = np.array([7.0, 14.0, 30.0, 60.0, 90.0, 180.0])
EVENT_COUNT, PERSON_COUNT, YEARS = 10_000_000, 3_000_000, 4
ROUNDS = 5

_PERSONS = """
    CREATE TABLE persons AS
    SELECT md5(range::text)::uuid AS id, range % 10000 = 0 AS is_excluded FROM range($count::bigint)
"""
_SPELLS = """
    CREATE TABLE follow_spells AS
    SELECT
        md5(person::text)::uuid AS person_id, number::integer AS number, 'followers' AS direction, started_at, started_after,
        coalesce(last_seen_at, $end::timestamptz) AS last_seen_at, ended_at,
        CASE WHEN ended_at IS NOT NULL THEN 'confirmed' END AS end_status
    FROM read_parquet($path)
"""


def measure() -> list[Figure]:
    """Bias, coverage, optimality and speed."""
    return [*_curves("weekly lists"), *_curves("lists at random times"), _speed()]


def _curves(name: str) -> Iterator[Figure]:
    truth = np.exp(-((AGES / 60) ** 0.7))
    found, held, naive, gaps = [], [], [], []
    for seed in range(RUNS):
        rows = _seen(seed, at_random=name != "weekly lists")
        fit = hazard.fit(rows)
        curve, lo, hi = fit.at(AGES)
        found.append(curve)
        held.append((lo <= truth) & (truth <= hi))
        naive.append(_naive(rows))
        gaps.append(fit.optimality_gap)
    bias, cover = np.mean(found, axis=0) - truth, np.mean(held, axis=0)
    beside = float(np.abs(np.mean(naive, axis=0) - truth).max())
    yield Figure(
        f"survival, {name}: bias from 7 days on", float(np.abs(bias).max()), 0.03, "",
        f"{np.abs(bias).max():.4f} in {RUNS} runs; Kaplan–Meier on the rows as they stand: {beside:.3f}",
    )  # fmt: skip
    shares = ", ".join(f"{share:.1%} at {age:.0f} d" for share, age in zip(cover, AGES, strict=True))
    yield Figure(f"survival, {name}: 95 % bands hold, off by", abs(float(cover.mean()) - 0.95), 0.03, "", shares)
    yield Figure(f"survival, {name}: largest optimality gap", max(gaps), 1e-8, "", f"{max(gaps):.0e} in {RUNS} fits")


def _seen(seed: int, *, at_random: bool) -> Rows:
    """The rows that lists leave of the stays of a year."""
    rng = np.random.default_rng(seed)
    lists = np.cumsum(rng.exponential(7, 200)) - 7 if at_random else np.arange(0, LENGTH + 1, 7)
    lists = lists[lists <= LENGTH]
    began, stay = rng.uniform(lists[0], lists[-1], PERSONS), 60 * rng.weibull(0.7, PERSONS)
    first, past = np.searchsorted(lists, began), np.searchsorted(lists, began + stay)
    is_seen = past > first
    first, past = first[is_seen], past[is_seen]
    times = np.rint(np.append(lists, np.inf).clip(max=LENGTH + 1) * DAY).astype(np.int64)
    came = times[first]
    right = np.where(past < len(lists), times[past] - came, -1)
    kinds, count = np.unique(
        [came - times[first - 1], 0 * came, times[past - 1] - came, right], axis=1, return_counts=True
    )
    return Rows(*kinds, count.astype(np.float64))


def _naive(rows: Rows) -> np.ndarray:
    """From the first list with somebody to the first without, as if that were the stay."""
    is_over = rows.right >= 0
    curve = kaplan_meier(np.where(is_over, rows.right, rows.left) / DAY, is_over, rows.count)
    return np.array([curve.at(age)[0] for age in AGES])


def _speed() -> Figure:
    events = _events()
    spells = follow_spells(events)
    mirror, keeping = _mirror(spells)
    curve = survival(mirror)
    together, alone = medians(
        [lambda: seconds(lambda: follow_spells(events)), lambda: seconds(lambda: survival(mirror))], rounds=ROUNDS
    )
    detail = (
        f"{alone:.3f} s against {together:.2f} s, {curve.spells:,} spells, optimality gap {curve.optimality_gap:.0e}; "
        f"a refresh keeps the answer in {keeping:.2f} s"
    )
    return Figure("survival curve of 10 M events", alone / together, 0.2, "× putting spells together", detail)


def _events() -> pl.DataFrame:
    """Follows and unfollows told by a feed, each person's alternating."""
    rng = np.random.default_rng(1)
    person = rng.integers(0, PERSON_COUNT, EVENT_COUNT, dtype=np.uint32)
    order = np.argsort(person, kind="stable")
    is_first = np.append(True, np.diff(person[order].astype(np.int64)) != 0)
    row = np.arange(EVENT_COUNT)
    is_follow = np.empty(EVENT_COUNT, dtype=bool)
    is_follow[order] = (row - np.maximum.accumulate(np.where(is_first, row, 0))) % 2 == 0
    at = np.sort(rng.integers(0, YEARS * 365 * DAY, EVENT_COUNT))
    columns = (person, is_follow, at, at, np.ones(EVENT_COUNT, dtype=bool))
    return pl.DataFrame(
        [pl.Series(name, values).cast(kind) for (name, kind), values in zip(EVENTS.items(), columns, strict=True)]
    )


def _mirror(spells: pl.DataFrame) -> tuple[Mirror, float]:
    """A mirror in memory with the columns and types of the real one; some hundred persons are excluded. And what its answers took."""
    end = datetime(1970 + YEARS, 1, 1, tzinfo=UTC)
    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET TimeZone = 'UTC'")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "spells.parquet")
        spells.write_parquet(path)
        connection.execute(_PERSONS, {"count": PERSON_COUNT})
        connection.execute(_SPELLS, {"path": path, "end": end})
    return refreshed(
        connection, Manifest(0, ":memory:", end, "memory", {"persons": 0, "follow_spells": 0}, "", 0, proved=False)
    )
