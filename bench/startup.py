"""What it costs to be there: importing the package and asking `mhc` for help, against Python doing nothing."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.figures import Figure, command, medians

ROUNDS = 9


def measure() -> list[Figure]:
    """Seconds more than ``python -c pass``, with the ratio beside them."""
    python = sys.executable
    nothing, package, help_ = medians(
        [
            command(python, "-c", "pass"),
            command(python, "-c", "import mhc_lab"),
            command(Path(python).with_name("mhc"), "--help"),
        ],
        rounds=ROUNDS,
    )
    return [
        Figure(name, took - nothing, 0.4, "s more", f"{took / nothing:.1f} × python -c pass")
        for name, took in (("import mhc_lab", package), ("mhc --help", help_))
    ]
