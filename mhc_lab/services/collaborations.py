"""Who was on camera together: pairs of persons, in no order. ``collaborations.of(session, alice)`` and so on."""

from __future__ import annotations

from mhc_lab.schema.pairs import collaborations
from mhc_lab.services.pairs import Pairs

PAIRS = Pairs(
    collaborations,
    noun="collaboration",
    other="collaborator",
    alone="Nobody appears with themselves: name two different persons.",
)
of, are, add, add_group, remove, put_back = (
    PAIRS.of, PAIRS.are, PAIRS.add, PAIRS.add_group, PAIRS.remove, PAIRS.put_back,
)  # fmt: skip
