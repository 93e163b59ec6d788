from __future__ import annotations

from pathlib import Path

import altair as alt
import polars as pl
import pytest

from mhc_lab.analytics import charts


@pytest.fixture
def chart() -> charts.Chart:
    """A bar."""
    frame = pl.DataFrame({"who": ["ann <b>"], "many": [3]})
    bars = alt.Chart(frame).mark_bar(color=charts.ACCENT).encode(x="many:Q", y="who:N")
    return charts.finished(bars, title="How many & <i>who</i>?", description='One bar, "ann" <script>.')


def test_a_still_chart_takes_the_colours_of_its_page(chart: charts.Chart) -> None:
    picture = charts.still(chart)

    assert 'fill="currentColor"' in picture
    assert 'stroke="currentColor"' in picture
    assert 'fill="white"' not in picture
    assert "#000" not in picture


def test_a_still_chart_is_complete_and_escaped(chart: charts.Chart) -> None:
    picture = charts.still(chart)

    assert picture.startswith('<svg role="img" aria-label="One bar, &quot;ann&quot; &lt;script&gt;."')
    assert "<script" not in picture
    assert "<b>" not in picture
    assert "<i>" not in picture
    assert "<image" not in picture


def test_a_live_chart_brings_its_script_and_asks_no_other_host(chart: charts.Chart, tmp_path: Path) -> None:
    widget = charts.live(chart, cache=tmp_path)

    assert "esm.sh" not in widget._esm
    assert "cdn." not in widget._esm
    assert widget.embed_options == {"renderer": "svg", "actions": False}


def test_the_script_is_made_once_and_kept(chart: charts.Chart, tmp_path: Path) -> None:
    charts.live(chart, cache=tmp_path)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}

    charts.live(chart, cache=tmp_path)

    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept
    assert len(kept) == 1


@pytest.mark.parametrize("colour", charts.PALETTE)
@pytest.mark.parametrize("paper", ["#ffffff", "#16181d"])
def test_accents_stand_out_on_light_and_dark_paper(colour: str, paper: str) -> None:
    light, dark = sorted((_luminance(colour), _luminance(paper)), reverse=True)

    assert (light + 0.05) / (dark + 0.05) >= 3


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
