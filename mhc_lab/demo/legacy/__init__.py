"""The case that was published: a library of half a million files in which rows, disk and object store have drifted apart, at any scale.

How many of what there are, and what a reconciliation has to make of each, stands in ``truth.json``.
"""

from __future__ import annotations

from mhc_lab.demo.legacy.truth import Counts, Truth
from mhc_lab.demo.legacy.world import BUCKET, FOLDER, OBJECTS, SSD, build
from mhc_lab.demo.saved import FILE

__all__ = ["BUCKET", "FILE", "FOLDER", "OBJECTS", "SSD", "Counts", "Truth", "build"]
