"""The audits of files run as notebooks on the demo world: numbers that fit together, and findings where something is wrong."""

from __future__ import annotations

from mhc_lab.audit import notebooks
from mhc_lab.audit.run import run_all
from mhc_lab.demo import Truth
from mhc_lab.workbench import Workbench

AUDITS = ("reconcile", "near_duplicates", "verify", "baseline", "storage_report")


def test_the_audits_of_files_agree_about_the_demo_world(wb: Workbench, truth: Truth) -> None:
    summary = run_all(wb, [notebooks.find(name) for name in AUDITS])

    said = {result.run.notebook.rpartition("/")[2]: result for result in summary.results}
    numbers = {name: result.recorded for name, result in said.items()}
    assert {name: str(result.outcome) for name, result in said.items()} == {
        "reconcile": "findings",
        "near_duplicates": "passed",
        "verify": "findings",
        "baseline": "passed",
        "storage_report": "passed",
    }
    assert numbers["reconcile"]["row_in_order"] + numbers["reconcile"]["row_missing"] == truth.file_count
    assert numbers["verify"]["looked_at"] == numbers["storage_report"]["files"] == truth.file_count
    assert numbers["verify"]["missing"] == numbers["verify"]["problems"] == numbers["reconcile"]["row_missing"]
    assert numbers["baseline"]["persons"] == 5
    assert [name for name, result in said.items() if "data:image/jpeg" in result.report.read_text("utf-8")] == []
    assert "By class" in said["reconcile"].report.read_text("utf-8")
