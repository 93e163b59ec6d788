"""Frames that DuckDB sees as tables for a while."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import polars as pl


@contextmanager
def registered(connection: duckdb.DuckDBPyConnection, frames: Mapping[str, pl.DataFrame]) -> Iterator[None]:
    """Let ``connection`` see ``frames`` as tables for the length of a ``with`` block."""
    for name, frame in frames.items():
        connection.register(name, _Stream(frame))
    try:
        yield
    finally:
        for name in frames:
            connection.unregister(name)


class _Stream:
    """A frame that shows its Arrow stream only: for anything that looks like polars DuckDB asks for pyarrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)
