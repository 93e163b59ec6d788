"""How charts look and how they reach the reader: alive in a browser without any network, or still in a report.

Lines and letters are drawn in ``currentColor``, so that a chart follows the page into the dark. Marks have an accent that stands out
on both, and colour never carries a meaning alone: a shape, a dash or a side says it too.
"""

from __future__ import annotations

import hashlib
import html
import importlib.resources
import textwrap
from functools import cache as remembered
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import altair as alt
import vl_convert

from mhc_lab.core.errors import InternalError
from mhc_lab.core.home import replace_text

Chart: TypeAlias = alt.Chart | alt.LayerChart

ACCENT = "#2f7fd6"
CONTRAST = "#c7640a"
PALETTE = (ACCENT, CONTRAST, "#2f8f63", "#8e63d2", "#d04a6a", "#7a7f87")
"""Colours that keep a contrast of 3 to 1 on white and on black paper."""

STILL_WIDTH = 760
"""Pixels of a chart in a report; a browser scales it down where there is less room."""

_NOTE_WIDTH = 52
"""Letters of a note on one line: on a telephone a longer one would take the width from the chart."""

_VEGA_LITE = alt.SCHEMA_VERSION.removeprefix("v").rpartition(".")[0]
_EMBED = {"renderer": "svg", "actions": False}
_FITTED = """
async function fitted({ model, el }) {
  new ResizeObserver(() => window.dispatchEvent(new Event("resize"))).observe(el);
  return render({ model, el });
}
export default { render: fitted }"""
"""A chart that is drawn before it hangs in the page is 0 wide, and Vega looks again only when the window changes."""
_CSS = ".vega-embed { display: block; width: 100%; overflow: visible; }"


def theme() -> dict[str, Any]:
    """The look of every chart, as Vega-Lite's configuration."""
    ink = {"labelColor": "currentColor", "titleColor": "currentColor"}
    letters = {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"}
    lines = {"domainColor": "currentColor", "tickColor": "currentColor", "gridColor": "currentColor"}
    return {
        "background": "transparent",
        "padding": {"left": 8, "top": 4, "right": 12, "bottom": 4},
        "font": "system-ui, sans-serif",
        "view": {"stroke": None},
        "title": {"color": "currentColor", "subtitleColor": "currentColor", "anchor": "start", "fontSize": 14, "offset": 12},
        "axis": {
            **ink, **letters, **lines, "gridOpacity": 0.12, "domainOpacity": 0.4, "tickOpacity": 0.4, "labelLimit": 220,
        },
        "legend": {**ink, **letters, "orient": "top", "symbolBaseFillColor": "currentColor", "symbolBaseStrokeColor": "currentColor"},
        "text": {"color": "currentColor"},
        "range": {"category": list(PALETTE)},
    }  # fmt: skip


def finished(chart: Chart, *, title: str, description: str, note: str = "") -> Chart:
    """``chart`` in the look of the house, as wide as there is room, with words for those who do not see it."""
    lines = textwrap.wrap(note, _NOTE_WIDTH)
    subtitle = lines if len(lines) > 1 else note
    heading = alt.TitleParams(title, subtitle=subtitle) if note else alt.TitleParams(title)
    sized = chart.properties(title=heading, description=description, width="container")
    dressed: Chart = sized.configure(**theme(), autosize=alt.AutoSizeParams(type="fit-x", contains="padding"))
    return dressed


def live(chart: Chart, *, cache: Path) -> alt.JupyterChart:
    """``chart`` as a widget that draws itself without a network; ``cache`` keeps the script that does, made once in about 3 s."""
    parts = [version("altair"), version("vl-convert-python"), hashlib.sha256(_FITTED.encode()).hexdigest()[:8]]
    return _widget(cache / f"chart-{'-'.join(parts)}.js")(chart, embed_options=_EMBED)


def still(chart: Chart) -> str:
    """``chart`` as an SVG picture that is complete by itself; its colours are those of the page it is put into."""
    spec = {**chart.to_dict(), "width": STILL_WIDTH}
    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE)
    label = html.escape(str(spec.get("description", "")))
    return drawn.replace(
        "<svg ", f'<svg role="img" aria-label="{label}" style="max-width:100%;height:auto;overflow:visible" ', 1
    )


@remembered
def _widget(script: Path) -> type[alt.JupyterChart]:
    """Altair's widget with its script and all that this needs in one text, instead of addresses on the internet."""
    if not script.exists():
        replace_text(script, _bundle())
    return type("HouseChart", (alt.JupyterChart,), {"_esm": script.read_text(encoding="utf-8"), "_css": _CSS})


def _bundle() -> str:
    source = (importlib.resources.files("altair.jupyter") / "js" / "index.js").read_text(encoding="utf-8")
    ours = "\n".join(line for line in source.splitlines() if not line.startswith("import "))
    drawn = ours.replace("export default { render }", _FITTED)
    if drawn == ours:
        raise InternalError(
            "Altair's script ends in another way than it did: mhc_lab.analytics.charts has to be adapted to it."
        )
    bundled: str = vl_convert.javascript_bundle(drawn, vl_version=_VEGA_LITE)
    return bundled
