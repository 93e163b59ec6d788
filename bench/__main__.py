"""`make bench`: every promise that has a figure, measured on this machine in one run.

Machines differ and are noisy, so what is compared runs in turn and medians are compared; the figure asked for stands beside the one
measured. Exit code 1 when one falls short.
"""

from __future__ import annotations

import sys

from bench import (
    cohorts,
    dashboard,
    duplicates,
    effects,
    follow_history,
    follow_lists,
    identities,
    ingest,
    near,
    pairs,
    reconciliation,
    review,
    startup,
    survival,
    transcripts,
    uploads,
    views,
)
from bench.figures import Figure, show


def main() -> int:
    """Measure everything and show the figures of each part when it is done."""
    parts = (
        startup, dashboard, follow_lists, effects, follow_history, cohorts, survival, transcripts, pairs, ingest, identities, uploads,
        views, duplicates, near, reconciliation, review,
    )  # fmt: skip
    figures: list[Figure] = []
    for part in parts:
        measured = part.measure()
        print(show(measured), flush=True)
        figures += measured
    return 0 if all(figure.holds for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
