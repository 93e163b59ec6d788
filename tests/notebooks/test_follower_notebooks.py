"""The notebooks on following record what was planted in the demo world."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mhc_lab.audit import notebooks
from mhc_lab.audit.results import Outcome
from mhc_lab.audit.run import run
from mhc_lab.demo import Truth
from mhc_lab.demo.truth import ExpectedEvent
from mhc_lab.workbench import Workbench
from tests.support.truth import at_end_of, in_window

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
EVER = datetime(2027, 1, 1, tzinfo=UTC)


def follows(truth: Truth) -> list[ExpectedEvent]:
    """Everybody who came, without those who were there before we looked."""
    return [
        one for one in truth.events if one.direction == "followers" and one.action == "follow" and not one.is_baseline
    ]


def unfollows(truth: Truth) -> list[ExpectedEvent]:
    return [one for one in truth.events if one.direction == "followers" and one.action == "unfollow"]


def has_left_before(came: ExpectedEvent, truth: Truth) -> bool:
    return any(left.username == came.username and left.at < came.at for left in unfollows(truth))


def began_in_our_time(left: ExpectedEvent, truth: Truth) -> bool:
    """Whether the stay that ended had begun while we looked."""
    return any(came.username == left.username and came.at < left.at for came in follows(truth))


def test_what_changed_since_a_day_is_what_was_planted_since_then(wb: Workbench, truth: Truth) -> None:
    came = [one for one in follows(truth) if one.at > APRIL]
    back = [one for one in came if has_left_before(one, truth)]
    since = in_window(truth, APRIL, EVER)

    result = run(wb, notebooks.find("what_changed"), values={"SINCE": "2026-04-01"})

    assert result.outcome is Outcome.PASSED, result.message
    first = min(one.observed_at for one in truth.lists if one.direction == "followers")
    expected = {
        "came": len(came) - len(back),
        "came_back": len(back),
        "left": since.unfollows,
        "left_provisional": since.provisional,
        "at_end": at_end_of(truth),
        "gains": len(follows(truth)),
        "losses": len(unfollows(truth)),
        "net": at_end_of(truth) - at_end_of(truth, first),
    }
    assert {name: result.recorded[name] for name in expected} == expected
    assert result.recorded["renamed"] == sum(rename.at > APRIL for rename in (truth.rename, truth.untold_rename))


def test_cohorts_are_those_who_came(wb: Workbench, truth: Truth) -> None:
    came = follows(truth)

    result = run(wb, notebooks.find("cohorts"))

    assert result.outcome is Outcome.PASSED, result.message
    recorded = result.recorded
    assert recorded["cohorts"] == len({(one.at.year, one.at.month) for one in came})
    assert recorded["members"] == len(came)
    assert recorded["completed_stays"] == sum(began_in_our_time(left, truth) for left in unfollows(truth))
    assert recorded["refollows"] == sum(has_left_before(one, truth) for one in came)
    assert recorded["refollow_share"] == pytest.approx(recorded["refollows"] / len(came))


def test_every_planted_list_has_its_verdict(wb: Workbench, truth: Truth) -> None:
    planted = [one for one in truth.lists if one.direction == "followers"]

    result = run(wb, notebooks.find("list_quality"))

    assert result.outcome is Outcome.PASSED, result.message
    verdicts = [one.verdict for one in planted]
    assert result.recorded == {
        "lists": len(planted),
        **{kind: verdicts.count(kind) for kind in ("complete", "partial", "held", "refused")},
        "stale": 0,
        "rejected_rows": sum(one.rejected_count for one in planted),
    }
