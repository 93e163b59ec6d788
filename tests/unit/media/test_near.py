"""Near pairs: all of them, each once, whatever the numbers look like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.media import near
from mhc_lab.media.near import Looks

WORDS = st.lists(st.integers(0, 2**64 - 1), max_size=30)
FEW_BITS = st.lists(st.integers(0, 2**10 - 1), max_size=60)


def one_by_one(values: Looks, distance: int) -> list[tuple[int, int]]:
    """The pairs, each number compared with each."""
    looks = [int(value) for value in np.unique(values)]
    return [
        (looks[one], looks[other])
        for one in range(len(looks))
        for other in range(one + 1, len(looks))
        if (looks[one] ^ looks[other]).bit_count() <= distance
    ]


def found(values: Looks, distance: int = 4) -> list[tuple[int, int]]:
    pairs = near.pairs(values, distance=distance)
    return list(zip(pairs.looks[pairs.first].tolist(), pairs.looks[pairs.second].tolist(), strict=True))


@given(numbers=WORDS | FEW_BITS, distance=st.integers(0, 9))
def test_every_pair_is_found_once(numbers: list[int], distance: int) -> None:
    values = np.array(numbers, dtype=np.uint64)

    assert found(values, distance) == one_by_one(values, distance)


def planted(*, seed: int, shared: int) -> Looks:
    """Random numbers, some of them again with up to five bits turned, and a cluster of numbers with ``shared`` bits in common."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 2**64, 400, dtype=np.uint64)
    turned = values[:50].copy()
    copies = []
    for _ in range(5):
        turned = turned ^ (np.uint64(1) << rng.integers(0, 64, 50, dtype=np.uint64))
        copies.append(turned)
    cluster = np.uint64(0xABCDEF << 40) | rng.integers(0, 2 ** (64 - shared), 400, dtype=np.uint64)
    return np.concatenate([values, *copies, cluster])


@pytest.mark.parametrize(("seed", "shared"), [(1, 24), (2, 50)])
def test_a_long_run_is_divided_by_other_bits_and_nothing_is_lost(
    seed: int, shared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "_LONG", 16)
    monkeypatch.setattr(near, "_BLOCK", 32)
    values = planted(seed=seed, shared=shared)

    assert found(values) == one_by_one(values, 4)


def test_identical_numbers_are_one_group_and_no_pairs() -> None:
    values = np.array([7] * 100_000 + [6, 7], dtype=np.uint64)

    pairs = near.pairs(values)

    assert pairs.looks.tolist() == [6, 7]
    assert pairs.groups.tolist() == [1] * 100_000 + [0, 1]
    assert (pairs.first.tolist(), pairs.second.tolist(), pairs.distances.tolist()) == ([0], [1], [1])


@pytest.mark.parametrize("distance", [-1, 10])
def test_a_distance_that_says_nothing_is_refused(distance: int) -> None:
    with pytest.raises(ValueError, match="from 0 to 9"):
        near.pairs(np.array([1, 2], dtype=np.uint64), distance=distance)
