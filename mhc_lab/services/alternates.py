"""Which accounts are the same human's: pairs of persons, in no order. ``alternates.of(session, alice)`` and so on."""

from __future__ import annotations

from mhc_lab.schema.pairs import alternate_accounts
from mhc_lab.services.pairs import Pairs

PAIRS = Pairs(
    alternate_accounts,
    noun="alternate_account",
    other="alternate",
    alone="An account is not an alternate of itself: name two different ones.",
)
of, are, add, add_group, remove, put_back = (
    PAIRS.of, PAIRS.are, PAIRS.add, PAIRS.add_group, PAIRS.remove, PAIRS.put_back,
)  # fmt: skip
