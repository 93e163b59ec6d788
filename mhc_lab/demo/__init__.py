"""The demo world: an invented broadcaster's half-year, taken in through the same doors as real input.

Everything follows from the seed, and everything that was planted stands in ``truth.json``, worked out beside the code under test and not
by it.
"""

from __future__ import annotations

from mhc_lab.demo.truth import Truth
from mhc_lab.demo.world import build, is_wanted

__all__ = ["Truth", "build", "is_wanted"]
