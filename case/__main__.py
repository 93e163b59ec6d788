"""`make case`: the published case, built, reconciled, taken back, deduplicated, taken back; found beside planted.

The whole takes about an hour, most of it for moving files in the bucket; `python -m case 1/100` is a hundredth of it. Exit code 1 at any
difference.
"""

from __future__ import annotations

import sys
import time
from fractions import Fraction

from bench.temporary import temporary_settings
from case.course import Line, lines, served
from mhc_lab.cli.output import progress


def main(scale: str = "1") -> int:
    """Go through it and say a line for everything that is compared."""
    began = time.perf_counter()
    with (
        progress() as shown,
        temporary_settings() as settings,
        served(settings, scale=Fraction(scale), progress=shown) as (wb, truth),
    ):
        print(f"{truth}, built in {time.perf_counter() - began:,.0f} s", flush=True)
        holds = [_tell(line) for line in lines(wb, truth)]
    print(
        f"{'All as planted' if all(holds) else 'NOT AS PLANTED'}, in {time.perf_counter() - began:,.0f} s", flush=True
    )
    return 0 if all(holds) else 1


def _tell(line: Line) -> bool:
    print(line, flush=True)
    return line.holds


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
