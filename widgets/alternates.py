"""``Alternates``: which other accounts are the same human's, seen from either side."""

from __future__ import annotations

from mhc_lab.services import alternates
from widgets._pairs import PairsPanel


class Alternates(PairsPanel):
    """The other accounts of a person; one more, a whole group, or one taken away."""

    pairs = alternates.PAIRS
    heading = "The same human as"
