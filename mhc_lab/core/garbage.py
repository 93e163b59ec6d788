"""Python's search for reference cycles, put off while hundreds of thousands of objects are made that have none.

It looks at all objects there are each time their number has grown by a quarter: a third of the time of a large listing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No such search in this process until the end of the ``with`` block; what nobody refers to is freed all the same."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
