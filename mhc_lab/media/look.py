"""The look id: what a picture looks like, as 64 bits, for suggestions to a person and for nothing else.

A picture is reduced to 32 × 32 gray values, transformed by a cosine transform, and each of the 64 lowest frequencies is compared with
their median (Zauner, *Implementation and Benchmarking of Perceptual Image Hash Functions*, 2010, §3.2.1). Everything behind the decoder
is arithmetic of whole numbers, so that no library version can move a bit. Blank pictures all look alike, whatever their colour: who
searches among a million groups those with the same look id first.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image

from mhc_lab.core.ids import LookId
from mhc_lab.media.plain import plain, thinned

EDGE = 64
"""A picture need not be decoded larger than this for its look id."""
_SIDE, _LOW = 32, 8
_ENOUGH = 1024
"""Of a larger picture not every pixel is looked at."""
_VERSION = "phash1:"
_COSINES = np.array(
    [[round(4096 * math.cos(math.pi * u * (2 * x + 1) / (2 * _SIDE))) for x in range(_SIDE)] for u in range(_LOW)],
    dtype=np.int64,
)


def look_id(picture: Image.Image) -> LookId:
    """The look id of a decoded picture, as it is coded: a picture that is turned has another one."""
    gray = np.asarray(plain(thinned(picture, _ENOUGH)).convert("L"), dtype=np.int64)
    low = _COSINES @ _reduced(_reduced(gray).T).T @ _COSINES.T
    values = np.sort(low, axis=None)
    bits = (2 * low > values[31] + values[32]).astype(np.uint8)
    return LookId(_VERSION + np.packbits(bits).tobytes().hex())


def _reduced(
    values: np.ndarray[tuple[int, int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Means of 32 bands of rows, each row in one of them; with fewer rows some are in several."""
    rows = len(values)
    if rows < _SIDE:
        return values[np.arange(_SIDE) * rows // _SIDE]
    bands, counts = _bands(rows)
    reduced: np.ndarray[tuple[int, int], np.dtype[np.int64]] = (bands @ values).astype(np.int64) * 16 // counts
    return reduced


@lru_cache(maxsize=256)
def _bands(
    rows: int,
) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int, int], np.dtype[np.int64]]]:
    """In which of 32 bands each row is, as ones and zeros, and how many rows each has.

    In floating point, whose product is the fast one; sums of whole numbers below 2^53 are exact in it.
    """
    starts = np.arange(_SIDE) * rows // _SIDE
    counts = np.diff(np.append(starts, rows))
    return np.repeat(np.eye(_SIDE), counts, axis=1), counts[:, np.newaxis]
