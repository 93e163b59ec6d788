"""Mirrors in memory that keep the answers which a refresh would have kept in a file."""

from __future__ import annotations

import time
from dataclasses import replace

import duckdb

from mhc_lab.analytics.kept import asked_of_every
from mhc_lab.mirror import answers
from mhc_lab.mirror.connection import Mirror
from mhc_lab.mirror.manifest import Manifest


def refreshed(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> tuple[Mirror, float]:
    """The mirror of the tables in ``connection``, and how many seconds its answers took."""
    mirror, began = Mirror(connection, manifest), time.perf_counter()
    kept = answers.keep(connection, mirror.query, asked_of_every(mirror))
    return Mirror(connection, replace(manifest, answers=kept)), time.perf_counter() - began
