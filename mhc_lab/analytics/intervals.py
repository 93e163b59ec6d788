"""How sure a count is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_LEAST = 1e-12


def poisson_interval(count: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """The exact 95 % interval of the mean of Poisson variables that came out as ``count`` (Garwood 1936), also between whole numbers.

    >>> low, high = poisson_interval(10)
    >>> round(float(low), 4), round(float(high), 4)
    (4.7954, 18.3904)
    """
    from scipy import special  # most of a second, and a page without rates does not need it

    seen = np.asarray(count, dtype=float)
    low = np.where(seen > 0, special.gammaincinv(np.maximum(seen, _LEAST), 0.025), 0.0)
    return low, special.gammaincinv(seen + 1, 0.975)
