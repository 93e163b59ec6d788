"""All pairs among many look ids that differ in a few bits only: exactly, and without comparing each with each.

Two numbers that differ in at most four bits are equal in at least one of five chunks of their bits (Norouzi, Punjani and Fleet, *Fast
search in Hamming space with multi-index hashing*, 2012). So for each chunk the numbers are sorted by it, and compared within its runs.
Pictures come in clusters, and a chunk that very many share would bring back the square: such a long run is searched in the same way by
the bits in which its members differ.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Looks: TypeAlias = npt.NDArray[np.uint64]
Numbers: TypeAlias = npt.NDArray[np.int64]
_Pairs: TypeAlias = tuple[Numbers, Numbers]

FARTHEST = 9
"""From ten bits on chance finds as many pairs as likeness does."""
_LONG = 2048
"""A run of more than so many is searched by other bits."""
_BLOCK = 8192
"""So many numbers stay in the processor's nearest cache while they are compared with their neighbours."""


@dataclass(frozen=True, slots=True)
class NearPairs:
    """Which look ids are near each other; identical ones are one group, however many."""

    looks: Looks
    """Each look id once, in order."""
    groups: Numbers
    """Of each value that was given, its place in :attr:`looks`."""
    first: Numbers
    second: Numbers
    """Each pair once, in order, as places in :attr:`looks`."""
    distances: npt.NDArray[np.uint8]
    """In how many bits the two differ: at least one."""


def pairs(values: Looks, *, distance: int = 4) -> NearPairs:
    """Every pair of distinct values that differ in at most ``distance`` bits, of at most :data:`FARTHEST`."""
    if not 0 <= distance <= FARTHEST:
        raise ValueError(f"distance is {distance}; it has to be from 0 to {FARTHEST}")
    looks, groups = np.unique(values, return_inverse=True)
    found = [np.stack(pair) for pair in _search(looks, np.arange(len(looks)), distance)]
    both = np.sort(np.concatenate([np.empty((2, 0), np.int64), *found], axis=1), axis=0)
    first, second = both[:, np.lexsort(both[::-1])]
    return NearPairs(looks, groups, first, second, np.bitwise_count(looks[first] ^ looks[second]))


def _search(looks: Looks, members: Numbers, distance: int) -> Iterator[_Pairs]:
    """The near pairs among ``members``, each from the first chunk that its two have in common."""
    if len(members) <= _LONG:
        yield from _compared(looks, members, np.uint64(0), distance)
        return
    chunks = _chunks(looks[members], distance + 1)
    for place, chunk in enumerate(chunks):
        for pair in _by_chunk(looks, members, chunk, distance):
            yield _new(looks, pair, chunks[:place])


def _by_chunk(looks: Looks, members: Numbers, chunk: np.uint64, distance: int) -> Iterator[_Pairs]:
    """The near pairs that are equal in ``chunk``."""
    keys = looks[members] & chunk
    order = np.argsort(keys, kind="stable")
    members, keys = members[order], keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    lengths = np.diff(starts, append=len(keys))
    for start, length in zip(starts[lengths > _LONG], lengths[lengths > _LONG], strict=True):
        yield from _search(looks, members[start : start + length], distance)
    yield from _compared(looks, members[np.repeat(lengths <= _LONG, lengths)], chunk, distance)


def _compared(looks: Looks, members: Numbers, chunk: np.uint64, distance: int) -> Iterator[_Pairs]:
    """The near pairs among ``members``, which are sorted by ``chunk``, that are equal in it: each with those that follow it in its run."""
    values = looks[members]
    keys = values & chunk
    behind = np.searchsorted(keys, keys, side="right") - np.arange(len(keys)) - 1
    for start in range(0, len(values), _BLOCK):
        found = []
        for step in range(1, int(behind[start : start + _BLOCK].max()) + 1):
            end = min(start + _BLOCK, len(values) - step)
            differing = values[start:end] ^ values[start + step : end + step]
            near = np.flatnonzero(np.bitwise_count(differing) <= distance)
            if len(near):
                near = near[differing[near] & chunk == 0] + start
                found.append(np.stack([near, near + step]))
        if found:
            first, second = members[np.concatenate(found, axis=1)]
            yield first, second


def _chunks(looks: Looks, count: int) -> list[np.uint64]:
    """The bits in which ``looks`` differ, in so many shares, as masks."""
    differing = int(np.bitwise_or.reduce(looks ^ looks[0]))
    bits = [1 << place for place in range(64) if differing >> place & 1]
    return [np.uint64(sum(bits[share::count])) for share in range(count)]


def _new(looks: Looks, pair: _Pairs, earlier: list[np.uint64]) -> _Pairs:
    """Those of the pairs that have no earlier chunk in common, where they were found before."""
    first, second = pair
    differing = looks[first] ^ looks[second]
    is_new = np.ones(len(first), bool)
    for chunk in earlier:
        is_new &= differing & chunk != 0
    return first[is_new], second[is_new]
