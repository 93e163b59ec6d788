"""`make faults`: jobs killed at every call, cut off at every call, and lied to; and twins without one safeguard, which must be found out.

Exit code 1 when anything was lost or half, or when a twin passed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from faults import power
from faults.audits import DEDUP, PURGE, QUARANTINE_BACK, RECONCILE, REPAIR
from faults.library import INGEST
from faults.scenarios import PUT, VIEWS
from faults.sweep import has_strace, injected, points, sweep

LIE = "write:retval=262144:when=1"
"""Says that the first block was written, and did nothing."""


def main() -> int:
    """Run everything and say a line for each part."""
    if not has_strace():
        print(
            "No strace found, or it may not trace: nothing was tested. Install it with your system's package manager."
        )
        return 1
    parts = [*_kills(), *_errors(), *(_cuts() if power.is_possible() else _without_cuts())]
    return 0 if all(parts) else 1


def _kills() -> Iterator[bool]:
    for scenario, twin in (
        (PUT, "written under its name"),
        (VIEWS, "changed in place"),
        (INGEST, "rows in two steps"),
        (DEDUP, "moved by hand"),
        (RECONCILE, "moved by hand"),
        (REPAIR, "moved by hand"),
        (QUARANTINE_BACK, "moved by hand"),
        (PURGE, "purged at once"),
    ):
        calls = points(scenario)
        yield _tell(f"{scenario.job}: killed at each of {len(calls)} calls", sweep(scenario, calls))
        yield _tell_twin(f"{scenario.job}, {twin}", sweep(scenario, points(scenario, twin=twin), twin=twin))


def _errors() -> Iterator[bool]:
    for inject in (
        "fsync:error=EIO",
        "write:error=ENOSPC",
        "write:error=EIO",
        "mkdirat:error=ENOSPC",
        "renameat2:error=EIO",
    ):
        wrong = [one for number in range(1, 9) for one in injected(PUT, f"{inject}:when={number}")]
        yield _tell(f"put: {inject} at each call", wrong)
    yield _tell("put: a write that lies", injected(PUT, LIE))
    yield _tell_twin("put, not read again", injected(PUT, LIE, twin="not read again"))


def _cuts() -> Iterator[bool]:
    calls = points(PUT)
    wrong = [one for call in (*calls, None) for one in power.cut_at(PUT, call)]
    yield _tell(f"put: power cut at each of {len(calls)} calls and at the end", wrong)
    yield _tell_twin("put, not synced", power.cut_at(PUT, None, twin="not synced"))


def _without_cuts() -> Iterator[bool]:
    print("NOT TESTED: power cuts need root, which may mount a file as a disk.")
    yield True


def _tell(what: str, wrong: list[str]) -> bool:
    print("\n".join([f"{'BAD ' if wrong else 'ok  '}  {what}", *(f"      {one}" for one in wrong)]), flush=True)
    return not wrong


def _tell_twin(what: str, wrong: list[str]) -> bool:
    print(
        f"{'ok  ' if wrong else 'BAD '}  {what}: {f'found out at {len(wrong)} points' if wrong else 'NOT FOUND OUT'}",
        flush=True,
    )
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
