"""A run leaves a report, a notebook and a row in the ledger, whatever came of it; nothing private is in any of them."""

from __future__ import annotations

import getpass
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.audit import notebooks
from mhc_lab.audit.notebooks import Notebook
from mhc_lab.audit.results import Outcome
from mhc_lab.audit.run import run, run_all
from mhc_lab.core.errors import NotFoundError
from mhc_lab.schema import operations
from mhc_lab.services import audit_runs
from mhc_lab.services.audit_runs import AuditRun
from mhc_lab.workbench import Workbench
from tests.support.notebooks import OPEN, write_notebook

CANARY = "canary-in-the-mine"
HOSTILE = "<img src=x onerror=alert(1)>"


def ledger(wb: Workbench) -> list[sa.Row[tuple[object, ...]]]:
    with wb.reader as session:
        return list(session.execute(sa.select(operations.audit_runs)))


def a_notebook(folder: Path, *code: str, parameters: str = "", title: str = "A question?") -> Notebook:
    return Notebook.read(write_notebook(folder, parameters, *code, title=title))


def test_a_run_is_entered_in_the_ledger_with_what_it_was_made_from(empty_wb: Workbench, tmp_path: Path) -> None:
    notebook = a_notebook(tmp_path, OPEN, 'record("answer", LIMIT)', parameters="LIMIT: int = 1  # how many")

    run(empty_wb, notebook, values={"LIMIT": 42})

    [row] = ledger(empty_wb)
    assert (row.notebook, row.outcome, row.message) == ("90_tests/a_question", "passed", "")
    assert (row.parameters, row.recorded) == ({"LIMIT": 42}, {"answer": 42})
    assert (row.mirror_version, row.code_version.partition("+")[0]) == (1, "0.1.0")
    assert row.data_fingerprint == empty_wb.mirror.manifest.fingerprint != ""
    assert row.finished_at == empty_wb.clock.now()


def test_the_files_lie_in_the_folder_of_the_day(empty_wb: Workbench, tmp_path: Path) -> None:
    result = run(empty_wb, a_notebook(tmp_path, "1 + 1"))

    day = empty_wb.settings.home / "reports" / f"{empty_wb.clock.now():%Y-%m-%d}"
    assert sorted(day.iterdir()) == [day / "a_question.html", day / "a_question.ipynb"]
    assert (result.executed, result.report) == (day / "a_question.ipynb", day / "a_question.html")


def test_a_run_is_compared_with_the_last_one_that_had_the_same_parameters_and_did_not_break(
    empty_wb: Workbench, tmp_path: Path
) -> None:
    notebook = a_notebook(tmp_path, OPEN, 'record("answer", LIMIT + 1)', parameters="LIMIT: int = 1  # how many")
    at = empty_wb.clock.now() - timedelta(days=3)
    oldest = AuditRun(notebook.name, {}, "passed", {"answer": 9}, "", 1, "1", "a", at, at)
    meant = replace(oldest, recorded={"answer": 1}, outcome="findings", started_at=at + timedelta(days=1))
    broke = replace(oldest, recorded={}, outcome="broken", started_at=at + timedelta(days=2))
    other = replace(broke, outcome="passed", parameters={"LIMIT": 50})
    with empty_wb.transaction() as session:
        for each in (meant, oldest, broke, other):
            audit_runs.add(session, each)

    result = run(empty_wb, notebook)

    assert result.comparison is not None
    assert result.comparison.before == meant
    assert [str(change) for change in result.comparison.changes] == ["rose by 1, from 1 to 2"]
    assert "rose by 1, from 1 to 2" in result.report.read_text("utf-8")


def test_a_run_with_parameters_set_keeps_files_of_its_own(empty_wb: Workbench, tmp_path: Path) -> None:
    notebook = a_notebook(tmp_path, "LIMIT", parameters="LIMIT: int = 1  # how many")

    results = [
        run(empty_wb, notebook, folder=tmp_path / "out", values=values) for values in ({}, {"LIMIT": 2}, {"LIMIT": 3})
    ]

    assert len({result.report for result in results}) == 3


def test_a_notebook_that_breaks_leaves_notebook_report_and_row(empty_wb: Workbench, tmp_path: Path) -> None:
    result = run(empty_wb, a_notebook(tmp_path, OPEN, 'record("first", 1)', "1 / 0", 'record("last", 2)'))

    assert (result.outcome, result.exit_code) == (Outcome.BROKEN, 2)
    assert result.message == "ZeroDivisionError: division by zero"
    assert "ZeroDivisionError" in result.report.read_text("utf-8")
    assert "ZeroDivisionError" in result.executed.read_text("utf-8")
    assert [(row.outcome, row.recorded) for row in ledger(empty_wb)] == [("broken", {"first": 1})]


def test_a_kernel_that_dies_is_a_broken_notebook(empty_wb: Workbench, tmp_path: Path) -> None:
    result = run(empty_wb, a_notebook(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))

    assert (result.outcome, result.exit_code) == (Outcome.BROKEN, 2)
    assert "kernel died" in result.message
    assert result.report.exists()


def test_a_user_error_breaks_a_notebook_in_one_sentence_without_a_stack(empty_wb: Workbench, tmp_path: Path) -> None:
    wrong = 'from mhc_lab.analytics.window import Window\nWindow.parse("soon", "later")'

    result = run(empty_wb, a_notebook(tmp_path, wrong))

    assert result.message.startswith('UserError: "soon" is not a time.')
    assert "Traceback" not in result.report.read_text("utf-8")


def test_a_finding_is_told_on_the_page_and_by_the_exit_code(empty_wb: Workbench, tmp_path: Path) -> None:
    result = run(empty_wb, a_notebook(tmp_path, OPEN, 'finding("Lists are too old", count=3)'))

    assert (result.outcome, result.exit_code, result.message) == (Outcome.FINDINGS, 1, "Lists are too old")
    assert "Lists are too old (3)" in result.report.read_text("utf-8")


def test_one_broken_notebook_keeps_no_other_from_running(empty_wb: Workbench, tmp_path: Path) -> None:
    which = [a_notebook(tmp_path / "a", "1 / 0"), a_notebook(tmp_path / "b", "1 + 1")]

    summary = run_all(empty_wb, which, folder=tmp_path / "out")

    assert [result.outcome for result in summary.results] == [Outcome.BROKEN, Outcome.PASSED]
    assert (summary.exit_code, repr(summary)) == (2, "2 notebooks: 1 passed, 1 broken")


def test_a_refused_parameter_runs_nothing_and_enters_nothing(empty_wb: Workbench, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        run(empty_wb, a_notebook(tmp_path, "1 + 1"), values={"LIMIT": 2}, folder=tmp_path / "out")

    assert ledger(empty_wb) == []
    assert not (tmp_path / "out").exists()


def test_an_unknown_notebook_is_refused_and_near_ones_are_suggested() -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean .*overview"):
        notebooks.find("overvew")


def test_nothing_private_is_in_what_a_run_leaves(
    empty_wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATBATE_TOKEN", CANARY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    leaks = (
        OPEN,
        "import os; print(dict(os.environ))",
        "wb.settings",
        "wb.settings.home",
        f'raise ValueError("{CANARY}")',
    )

    result = run(empty_wb, a_notebook(tmp_path, *leaks, 'raise ValueError(os.environ["STATBATE_TOKEN"])'))

    left = result.executed.read_text("utf-8") + result.report.read_text("utf-8") + str(ledger(empty_wb))
    assert empty_wb.settings.database_url is not None
    assert CANARY not in left
    assert re.search(r"postgresql://[^\s/@]*:(?!\*\*\*)[^\s/@]+@", left) is None
    assert empty_wb.settings.database_url.reveal() not in left
    assert str(empty_wb.settings.home) not in left
    assert str(Path.home()) not in left
    assert f"/home/{getpass.getuser()}" not in left


def test_a_report_is_complete_by_itself_and_runs_nothing(empty_wb: Workbench, tmp_path: Path) -> None:
    hostile = f'import polars as pl\npl.DataFrame({{"{HOSTILE}": ["{HOSTILE}"]}})'
    notebook = a_notebook(
        tmp_path, OPEN, hostile, f'print("{HOSTILE}")', f'"{HOSTILE}"', f'raise ValueError("{HOSTILE}")'
    )

    page = run(empty_wb, notebook).report.read_text("utf-8")

    assert re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"|url\((?!data:)|@import|<script", page) == []
    assert "default-src 'none'" in page
    assert HOSTILE not in page
    assert "&lt;img src=x" in page


def test_a_title_with_markup_is_escaped(empty_wb: Workbench, tmp_path: Path) -> None:
    page = run(empty_wb, a_notebook(tmp_path, "1 + 1", title="</title><b>Who?")).report.read_text("utf-8")

    assert "<title>&lt;/title&gt;" in page


def test_a_report_shows_no_code_and_no_noise(empty_wb: Workbench, tmp_path: Path) -> None:
    result = run(empty_wb, a_notebook(tmp_path, OPEN, 'record("answer", 42)'))

    page = result.report.read_text("utf-8")
    assert "open_workbench" not in page
    assert 'class="mhc-output"' not in page
    assert 'class="mhc-stream"' not in page
