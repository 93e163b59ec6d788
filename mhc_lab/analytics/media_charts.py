"""Charts of files: frames in, charts out."""

from __future__ import annotations

import altair as alt
import polars as pl

from mhc_lab.analytics import charts
from mhc_lab.analytics.charts import Chart
from mhc_lab.core import display

CHARTED_GROUPS = 20
"""The chart draws this many of the groups that would save most."""

_LABEL = 16
"""So many characters of a name are shown."""


def savings(frame: pl.DataFrame) -> Chart:
    """The files whose copies take most room, a bar for what one copy of each would save."""
    drawn = frame.head(CHARTED_GROUPS).with_columns(
        (pl.int_range(1, pl.len() + 1).cast(pl.String) + "  " + _short(pl.col("paths").list.first())).alias("file"),
        pl.col("paths").list.join(", ").alias("places"),
        pl.col("reclaimable_bytes").map_elements(display.bytes_text, return_dtype=pl.String).alias("saving"),
    )
    bars = (
        alt.Chart(drawn)
        .mark_bar(color=charts.ACCENT)
        .encode(
            x=alt.X("reclaimable_bytes:Q", title="reclaimable bytes", axis=alt.Axis(format="~s")),
            y=alt.Y("file:N", sort=drawn["file"].to_list(), title=None, axis=alt.Axis(labelLimit=140)),
            tooltip=[
                alt.Tooltip("places:N", title="copies"),
                alt.Tooltip("copy_count:Q", title="how many"),
                alt.Tooltip("saving:N"),
            ],
        )
    )
    return charts.finished(
        bars.properties(height=alt.Step(20)),
        title="Which copies take the most room?",
        note=f"The first {drawn.height} of {frame.height:,}." if frame.height > drawn.height else "",
        description=f"A bar for each of {display.plural(drawn.height, 'file')} with copies: the bytes that one copy each would save.",
    )


def _short(path: pl.Expr) -> pl.Expr:
    """The name of a file without its ending; of a long one its beginning and its end."""
    name = path.str.split("/").list.last().str.replace(r"(.)\.[^.]*$", "$1")
    ends = pl.concat_str(name.str.head(_LABEL // 2 - 1), pl.lit("…"), name.str.tail(_LABEL // 2))
    return pl.when(name.str.len_chars() > _LABEL).then(ends).otherwise(name)


def growth(frame: pl.DataFrame) -> Chart:
    """How large the library was after each month."""
    drawn = frame.with_columns(
        pl.col("total_bytes").map_elements(display.bytes_text, return_dtype=pl.String).alias("size"),
    )
    line = (
        alt.Chart(drawn)
        .mark_line(color=charts.ACCENT, interpolate="step-after", point=True)
        .encode(
            x=alt.X("month_on:T", title=None),
            y=alt.Y("total_bytes:Q", title="bytes", axis=alt.Axis(format="~s")),
            tooltip=[
                alt.Tooltip("month_on:T", title="month", format="%B %Y"),
                alt.Tooltip("size:N"),
                alt.Tooltip("total_count:Q", title="files", format=","),
                alt.Tooltip("file_count:Q", title="came that month", format=","),
            ],
        )
    )
    return charts.finished(
        line.properties(height=220),
        title="How did the library grow?",
        description=f"A step for each of {display.plural(drawn.height, 'month')}: the bytes of all files that had come by then.",
    )


def sources(frame: pl.DataFrame) -> Chart:
    """How much came from each source, by storage."""
    drawn = frame.with_columns(
        pl.col("source").str.replace_all("_", " "),
        pl.col("size_bytes").map_elements(display.bytes_text, return_dtype=pl.String).alias("size"),
    )
    bars = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=alt.X("size_bytes:Q", title="bytes", axis=alt.Axis(format="~s"), stack=True),
            y=alt.Y("source:N", sort="-x", title=None),
            color=alt.Color("storage:N", title="storage"),
            tooltip=[
                alt.Tooltip("source:N"),
                alt.Tooltip("storage:N"),
                alt.Tooltip("size:N"),
                alt.Tooltip("file_count:Q", title="files", format=","),
            ],
        )
    )
    return charts.finished(
        bars.properties(height=alt.Step(24)),
        title="How much came from where?",
        description="A bar for each source: the bytes of its files, parted by the storage they lie in.",
    )
