"""What a notebook may hand over, and how it is read back."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from mhc_lab.audit import records
from mhc_lab.audit.records import Finding
from mhc_lab.core.errors import RefusedError


def executed(*bundles: dict[str, object]) -> dict[str, object]:
    outputs = [{"output_type": "display_data", "data": bundle} for bundle in bundles]
    return {"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": outputs}]}


def test_recorded_values_are_read_back_by_name() -> None:
    notebook = executed(records.record_bundle("at_start", 12), records.record_bundle("share", 0.5))

    assert records.recorded(notebook) == {"at_start": 12, "share": 0.5}


def test_a_value_recorded_twice_counts_as_recorded_last() -> None:
    notebook = executed(records.record_bundle("at_start", 12), records.record_bundle("at_start", 13))

    assert records.recorded(notebook) == {"at_start": 13}


def test_a_time_is_recorded_as_iso_text() -> None:
    notebook = executed(records.record_bundle("made_at", datetime(2026, 6, 30, 4, tzinfo=UTC)))

    assert records.recorded(notebook) == {"made_at": "2026-06-30T04:00:00+00:00"}


def test_findings_are_read_back_in_order() -> None:
    notebook = executed(records.finding_bundle("too many", count=3), records.finding_bundle("too old", count=1))

    assert records.findings(notebook) == (Finding("too many", 3), Finding("too old", 1))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(RefusedError, match="finite"):
        records.record_bundle("share", value)


def test_a_value_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(RefusedError, match="share is a complex"):
        records.record_bundle("share", 1j)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"), [("api_token", "x"), ("address", "postgresql://owner:hunter2@db.example/mhc")]
)
def test_a_secret_is_refused_without_repeating_it(name: str, value: str) -> None:
    with pytest.raises(RefusedError) as refused:
        records.record_bundle(name, value)

    assert "hunter2" not in str(refused.value)


def test_a_name_with_markup_is_refused() -> None:
    with pytest.raises(RefusedError, match="no name"):
        records.record_bundle("<b>", 1)
