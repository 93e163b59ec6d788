"""The cohort matrix of all spells of ten million events, in a mirror as a refresh leaves it, beside computing these spells."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import numpy as np
import polars as pl

from bench.figures import Figure, medians, seconds
from bench.follow_history import PERSONS, _events
from bench.mirrors import refreshed
from mhc_lab.analytics import cohorts
from mhc_lab.following.spells import follow_spells
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.manifest import Manifest

ASKED = 0.12
"""Of the spells; with the survival curve together 0.2."""
ROUNDS = 5
NOW = datetime(2026, 1, 1, tzinfo=UTC)

# Keys as a mirror has them: 16 bytes, in no order. A feed told when people came.
_TABLES = f"""
    CREATE TABLE persons AS SELECT md5(i::TEXT)::UUID AS id, i % 10000 = 0 AS is_excluded FROM range({PERSONS}) AS t (i);
    CREATE TABLE follow_spells AS
    SELECT
        md5(person::TEXT)::UUID AS person_id, 'followers' AS direction, number::INTEGER AS number, started_at,
        CASE WHEN started_after IS NOT NULL THEN started_at END AS started_after,
        greatest(started_at, coalesce(last_seen_at, TIMESTAMPTZ '2025-10-09')) AS last_seen_at, ended_at,
        CASE WHEN ended_at IS NOT NULL THEN 'confirmed' END AS end_status
    FROM spells;
    CREATE TABLE follow_scrapes AS
    SELECT
        1 AS id, 'followers' AS direction, TIMESTAMPTZ '2025-10-09' AS observed_at, 'complete' AS verdict, '' AS why,
        'a.csv' AS file_name, 1 AS listed_count, 1 AS reported_total;
"""


def measure() -> list[Figure]:
    """The matrix by week, from the table to the frame."""
    events = _events(np.random.default_rng(1))
    mirror, keeping = _mirror(follow_spells(events))
    spells, matrix = medians(
        [lambda: seconds(lambda: follow_spells(events)), lambda: seconds(lambda: cohorts.cohorts(mirror, every="1w"))],
        rounds=ROUNDS,
    )
    mirror.close()
    detail = f"{matrix:.3f} s against {spells:.2f} s; a refresh keeps the answers in {keeping:.2f} s"
    return [Figure("cohort matrix of 10 M events", matrix / spells, ASKED, "× their spells", detail)]


def _mirror(spells: pl.DataFrame) -> tuple[Mirror, float]:
    """The mirror, and what its answers took."""
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("spells", _Stream(spells))
    connection.execute(_TABLES)
    connection.unregister("spells")
    tables = {"persons": PERSONS, "follow_spells": spells.height, "follow_scrapes": 1}
    return refreshed(connection, Manifest(0, ":memory:", NOW, "memory", tables, "", 0, proved=False))


class _Stream:
    """A frame that shows its Arrow stream only: DuckDB then needs no pyarrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)
