"""Data of published examples, whose answers are known to many digits."""

from __future__ import annotations

import numpy as np

FAY_SHAW = ([2, 5, 1, 1, 9, 8, 10], [3, 6, 7, 7, 12, 10, 13])
"""Fay and Shaw (2010), example 1: left and right ends."""

_RADIATION = """
    45- 6-10 0-7 46- 46- 7-16 17- 7-14 37-44 0-8 4-11 15- 11-15 22- 46- 46- 25-37 46- 26-40 46- 27-34 36-44 46-
    36-48 37- 40- 17-25 46- 11-18 38- 5-12 37- 0-5 18- 24- 36- 5-11 19-35 17-25 24- 32- 33- 19-26 37- 34- 36-
"""
_WITH_CHEMOTHERAPY = """
    8-12 0-22 24-31 17-27 17-23 24-30 16-24 13- 11-13 16-20 18-25 17-26 32- 23- 44-48 14-17 0-5 5-8 12-20 11- 33-40
    31- 13-39 19-32 34- 13- 16-24 35- 15-22 11-17 22-32 10-35 30-34 13- 10-17 8-21 4-9 11- 14-19 4-8 34- 30-36
    18-24 16-60 35-39 21- 11-20 48-
"""


def _ends(text: str) -> tuple[np.ndarray, np.ndarray]:
    pairs = [pair.split("-") for pair in text.split()]
    return np.array([float(left) for left, _ in pairs]), np.array([float(right or "inf") for _, right in pairs])


RADIATION = _ends(_RADIATION)
"""Breast cosmesis (Finkelstein and Wolfe 1985), months, 46 women: left and right ends."""
WITH_CHEMOTHERAPY = _ends(_WITH_CHEMOTHERAPY)
"""The other 48."""
