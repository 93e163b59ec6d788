"""Where results are shown: alive in a browser, or still in a report.

A live panel needs a kernel behind it; a report is a file that must be complete by itself. The audit runner says ``report`` in
``MHC_SURFACE``; everything else is live.
"""

from __future__ import annotations

import os
from enum import StrEnum

VARIABLE = "MHC_SURFACE"


class Surface(StrEnum):
    """What the reader has in front of them."""

    LIVE = "live"
    REPORT = "report"


def surface() -> Surface:
    """The surface of this process."""
    return Surface(os.environ.get(VARIABLE, Surface.LIVE))
