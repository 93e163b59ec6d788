"""All near pairs among a million look ids, beside comparing each with each in numpy, which is measured on 20,000 and reckoned up."""

from __future__ import annotations

import numpy as np

from bench.figures import Figure, medians, seconds
from mhc_lab.media import near
from mhc_lab.media.near import Looks

MANY, FEW, PLANTED, ROUNDS = 1_000_000, 20_000, 50_000, 2


def measure() -> list[Figure]:
    """Once for values that are all distinct but for near ones that were planted, once when a fifth of them are one and the same."""
    values = _values()
    with_one_group = values.copy()
    with_one_group[: MANY // 5] = values[0]
    few = values[-FEW:]
    brute, distinct, grouped = medians(
        [
            lambda: seconds(lambda: _one_by_one(few)),
            lambda: seconds(lambda: near.pairs(values)),
            lambda: seconds(lambda: near.pairs(with_one_group)),
        ],
        rounds=ROUNDS,
    )
    count = len(near.pairs(values).first)
    return [
        _figure("near pairs of 1,000,000 look ids", distinct, _reckoned(brute, values), f", {count:,} pairs"),
        _figure("the same when 20 % are identical", grouped, _reckoned(brute, with_one_group), ""),
    ]


def _figure(name: str, ours: float, theirs: float, found: str) -> Figure:
    return Figure(name, ours / theirs, 1 / 50, "× brute force", f"{ours:.1f} s against {theirs:,.0f} s{found}")


def _reckoned(brute: float, values: Looks) -> float:
    """What comparing each distinct value with each would take."""
    return brute * (len(np.unique(values)) / FEW) ** 2


def _values() -> Looks:
    """Random values, and some of them again with one to five bits turned."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 2**64, MANY, dtype=np.uint64)
    turned = values[-PLANTED:].copy()
    for count in range(1, 6):
        some = slice((count - 1) * PLANTED // 5, None)
        turned[some] ^= np.uint64(1) << rng.integers(0, 64, len(turned[some]), dtype=np.uint64)
    values[-2 * PLANTED : -PLANTED] = turned
    return rng.permutation(values)


def _one_by_one(values: Looks) -> int:
    return sum(
        np.count_nonzero(np.bitwise_count(values[number + 1 :] ^ value) <= 4) for number, value in enumerate(values)
    )


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
