"""What a run recorded beside what the run before recorded."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mhc_lab.audit.comparison import compare
from mhc_lab.services.audit_runs import AuditRun

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)


def a_run(recorded: dict[str, object] | None = None, *, code: str = "1", data: str = "a") -> AuditRun:
    return AuditRun("90_tests/a", {}, "passed", recorded or {}, "", 1, code, data, NINE, NINE)


@pytest.mark.parametrize(
    ("before", "now", "way", "said"),
    [
        ({"files": 1_000}, {"files": 1_204}, "rose", "rose by 204, from 1,000 to 1,204"),
        ({"files": 3}, {"files": 1}, "fell", "fell by 2, from 3 to 1"),
        ({"share": 0.5}, {"share": 2}, "rose", "rose by 1.5, from 0.5 to 2"),
        ({"at": "monday"}, {"at": "tuesday"}, "changed", "changed, from monday to tuesday"),
        ({"ok": True}, {"ok": False}, "changed", "changed, from yes to no"),
        ({"n": 1}, {"n": True}, "changed", "changed, from 1 to yes"),
        ({"n": None}, {"n": 5}, "changed", "changed, from – to 5"),
        ({}, {"files": 7}, "new", "new, 7"),
        ({"files": 7}, {}, "gone", "gone, 7"),
    ],
)
def test_what_changed_is_said_in_its_own_way(
    before: dict[str, object], now: dict[str, object], way: str, said: str
) -> None:
    [change] = compare(a_run(now), a_run(before)).changes

    assert (change.way, str(change)) == (way, said)


def test_what_is_as_it_was_is_not_told() -> None:
    compared = compare(a_run({"a": 1, "b": "x", "c": None}), a_run({"a": 1, "b": "x", "c": None}))

    assert compared.changes == ()
    assert str(compared) == "nothing changed since 2026-03-01 09:00 UTC, on the same data and code"


@pytest.mark.parametrize(
    ("code", "data", "said"),
    [
        ("1", "b", "on other data"),
        ("2", "a", "on other code"),
        ("2", "b", "on other data and other code"),
        ("1", "", "on other data"),
    ],
)
def test_it_is_said_whether_data_or_code_are_others(code: str, data: str, said: str) -> None:
    compared = compare(a_run({"a": 2}, code=code, data=data), a_run({"a": 1}, data=data and "a"))

    assert str(compared) == f"1 value changed since 2026-03-01 09:00 UTC, {said}"
