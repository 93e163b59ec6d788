"""``Collaborations``: who was on camera with a person, seen from either side."""

from __future__ import annotations

from mhc_lab.services import collaborations
from widgets._pairs import PairsPanel


class Collaborations(PairsPanel):
    """Everybody who was on camera with a person; one more, a whole group, or one taken away."""

    pairs = collaborations.PAIRS
    heading = "On camera with"
