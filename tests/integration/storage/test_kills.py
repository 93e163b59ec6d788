"""A sample of `make faults`: jobs killed at some calls, lied to, and cut off; and twins without a safeguard, which are found out."""

from __future__ import annotations

import pytest

from faults import power
from faults.__main__ import LIE
from faults.audits import PURGE
from faults.library import INGEST
from faults.scenarios import PUT, VIEWS
from faults.sweep import Scenario, has_strace, injected, points, sweep

pytestmark = pytest.mark.skipif(not has_strace(), reason="NOT TESTED: kills need strace, which may trace")

needs_power = pytest.mark.skipif(not power.is_possible(), reason="NOT TESTED: power cuts need root and a loop device")
SAMPLED = 4


@pytest.mark.parametrize("scenario", [PUT, VIEWS], ids=["put", "views"])
def test_a_job_killed_anywhere_leaves_nothing_half_and_goes_on(scenario: Scenario) -> None:
    calls = points(scenario)

    assert len(calls) > 2 * SAMPLED
    assert sweep(scenario, calls[:: len(calls) // SAMPLED]) == []


@pytest.mark.parametrize(
    ("scenario", "twin", "call"),
    [(PUT, "written under its name", "write:when=1"), (VIEWS, "changed in place", "symlinkat:when=2")],
    ids=["put", "views"],
)
def test_a_job_that_works_in_place_is_found_out(scenario: Scenario, twin: str, call: str) -> None:
    assert sweep(scenario, [call], twin=twin) != []


@pytest.mark.parametrize("call", ["write:when=2", "pwrite64:when=12"], ids=["marker", "digests"])
def test_an_ingest_killed_anywhere_changes_no_file_and_is_finished_by_the_next(call: str) -> None:
    assert sweep(INGEST, [call]) == []


def test_an_ingest_that_writes_rows_in_two_steps_is_found_out() -> None:
    assert sweep(INGEST, ["write:when=4"], twin="rows in two steps") != []


def test_a_purge_killed_anywhere_frees_what_it_says_and_nothing_else() -> None:
    assert sweep(PURGE, ["unlinkat:when=2"]) == []


def test_a_purge_that_tells_before_it_does_is_found_out() -> None:
    assert sweep(PURGE, ["unlinkat:when=2"], twin="purged at once") != []


@pytest.mark.parametrize(
    "inject", [LIE, "fsync:error=EIO:when=1", "fsync:error=EIO:when=4", "write:error=ENOSPC:when=2"]
)
def test_a_disk_that_fails_or_lies_gets_no_file(inject: str) -> None:
    assert injected(PUT, inject) == []


def test_a_put_that_does_not_read_again_is_found_out() -> None:
    assert injected(PUT, LIE, twin="not read again") != []


@needs_power
def test_what_was_put_survives_a_power_cut() -> None:
    assert power.cut_at(PUT, None) == []


@needs_power
def test_a_put_that_does_not_sync_is_found_out() -> None:
    assert power.cut_at(PUT, None, twin="not synced") != []
