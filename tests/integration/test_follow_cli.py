"""`mhc follow` as somebody types it: the planted world comes out exactly, lists are reviewed, and the answers have the documented shape."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mhc_lab.core.settings import Settings
from mhc_lab.demo import Truth
from mhc_lab.workbench import Workbench
from tests.support.truth import at_end_of, in_window


@pytest.fixture
def settings(wb: Workbench) -> Settings:
    """The demo world."""
    return wb.settings


def mhc(settings: Settings, *words: object) -> subprocess.CompletedProcess[str]:
    assert settings.database_url is not None
    environment = {
        **os.environ,
        "MHC_HOME": str(settings.home),
        "MHC_DATABASE_URL": settings.database_url.reveal(),
        "COLUMNS": "200",
    }
    command = [Path(sys.executable).with_name("mhc"), "follow", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


def answer(settings: Settings, *words: object) -> dict[str, object]:
    done = mhc(settings, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("direction", ["followers", "following"])
def test_the_planted_events_come_out_exactly(settings: Settings, truth: Truth, direction: str) -> None:
    said = answer(settings, "events", "--direction", direction)

    planted = [event for event in truth.events if event.direction == direction]
    moment = datetime.fromisoformat
    assert {
        (one["event"], one["username"], moment(one["at"]), one.get("baseline", False), one.get("status", "confirmed"))
        for one in said["events"]
    } == {(one.action, one.username, one.at, one.is_baseline, one.status) for one in planted}
    assert {
        (one["username"], moment(one["last_seen_at"]), moment(one["first_missing_at"]))
        for one in said["events"]
        if one["event"] == "unfollow"
    } == {(one.username, one.last_seen_at, one.first_missing_at) for one in planted if one.action == "unfollow"}
    assert len(said["current"]) == at_end_of(truth, direction=direction)
    for key, verdict in (("held_for_approval", "held"), ("refused_files", "refused")):
        assert said[key] == [
            one.file_name for one in truth.lists if one.verdict == verdict and one.direction == direction
        ]


def test_the_figures_of_a_window_are_those_of_the_planted_events(settings: Settings, truth: Truth) -> None:
    since, until = datetime.fromisoformat("2026-02-01T00:00Z"), datetime.fromisoformat("2026-06-01T00:00Z")

    said = answer(settings, "stats", "--since", since.isoformat(), "--until", until.isoformat())

    expected = in_window(truth, since, until)
    assert (said["at_start"], said["at_end"]) == (at_end_of(truth, since), at_end_of(truth, until))
    assert (said["follows"], said["unfollows"]) == (expected.follows, expected.unfollows)
    assert said["rate_of_start"] == expected.unfollows / at_end_of(truth, since)
    assert said["rate_of_exposed"] == expected.unfollows / (at_end_of(truth, since) + expected.follows)
    assert said["median_days_followed"] == pytest.approx(expected.median_days_followed, abs=1e-9)


def test_a_held_list_is_looked_at_decided_and_taken_back(settings: Settings, truth: Truth) -> None:
    short = next(one for one in truth.lists if one.oddity == "short")

    waiting = mhc(settings, "review")
    looked = mhc(settings, "review", short.file_name)
    decided = answer(settings, "review", short.file_name, "--decide", "complete", "--reason", "a purge")
    taken_back = answer(settings, "review", short.file_name, "--decide", "automatic", "--reason", "no purge")

    assert short.file_name in waiting.stdout
    assert "Followed just before and not on it" in looked.stdout
    assert (decided["taken"]["verdict"], decided["taken"]["why"]) == ("complete", "Decided by tester: a purge")
    assert taken_back["taken"]["verdict"] == "held"
    assert decided["event_count"] > taken_back["event_count"] == len(truth.events)


def test_computing_everything_again_changes_nothing(settings: Settings, truth: Truth) -> None:
    said = answer(settings, "recompute")

    assert (said["lists"], said["events"]) == (len(truth.lists), len(truth.events))


def test_a_list_from_the_future_is_refused_and_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("username\nann\n")
    tomorrow = datetime.now().astimezone() + timedelta(days=1)

    done = mhc(settings, "import", path, "--at", tomorrow.isoformat())

    assert done.returncode == 1
    assert "still to come. Correct its time" in done.stdout
