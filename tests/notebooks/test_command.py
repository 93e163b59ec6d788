"""``mhc audit``: exit codes and answers for people and for programs."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mhc_lab.audit import notebooks
from mhc_lab.audit.comparison import compare
from mhc_lab.audit.results import AuditResult
from mhc_lab.cli.audit import app
from mhc_lab.services.audit_runs import AuditRun
from mhc_lab.workbench import Workbench
from tests.support.files import NOON


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands on a terminal wide enough for one sentence."""
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


@pytest.mark.parametrize("command", ["run", "all", "list"])
def test_every_command_explains_itself_with_an_example(runner: CliRunner, command: str) -> None:
    answer = runner.invoke(app, [command, "--help"])

    assert f"Example: mhc audit {command}" in answer.output


def test_every_notebook_is_listed_with_its_question(runner: CliRunner) -> None:
    answer = runner.invoke(app, ["list", "--json"])

    listed = {each["name"]: each["title"] for each in json.loads(answer.stdout)}
    assert listed == {notebook.name: notebook.title for notebook in notebooks.catalogue()}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["overvew"], "mhc: No notebook named"),
        (["overview", "--set", "DIRECTON=following"], "Did you mean DIRECTION?"),
        (["exact_duplicates", "--set", "MAX_GROUPS=many"], "MAX_GROUPS needs a whole number"),
        (
            ["overview", "--set", "DIRECTION=postgresql://owner:hunter2@db.example/mhc"],
            "looks like an address with a password",
        ),
    ],
)
def test_what_cannot_be_run_ends_in_one_sentence_and_exit_code_2(
    runner: CliRunner, arguments: list[str], sentence: str
) -> None:
    answer = runner.invoke(app, ["run", *arguments])

    assert answer.exit_code == 2
    assert sentence in answer.stderr
    assert "hunter2" not in answer.output
    assert len(answer.stderr.splitlines()) == 1


def test_a_run_answers_a_program_with_outcome_and_numbers(
    runner: CliRunner, wb: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wb.settings.database_url is not None
    monkeypatch.setenv("MHC_HOME", str(wb.settings.home))
    monkeypatch.setenv("MHC_DATABASE_URL", wb.settings.database_url.reveal())

    answer = runner.invoke(app, ["run", "exact_duplicates", "--set", "MAX_GROUPS=0", "--json"])

    said = json.loads(answer.stdout)
    assert (answer.exit_code, said["outcome"], said["exit_code"]) == (1, "findings", 1)
    assert said["findings"] == [{"message": "More than 0 files have copies", "count": said["recorded"]["groups"]}]
    assert said["parameters"] == {"MAX_GROUPS": 0}
    assert (said["since_before"], len(said["data_fingerprint"])) == (None, 64)


def test_what_changed_since_the_run_before_is_answered_in_words_and_for_programs(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = AuditRun("90_tests/a", {}, "passed", {"files": 3}, "", 1, "1", "a", NOON, NOON)
    now = replace(before, recorded={"files": 5})
    files = (tmp_path / "a.ipynb", tmp_path / "a.html")
    result = AuditResult("Which?", now, (), *files, compare(now, before))
    monkeypatch.setattr("mhc_lab.audit.run.run", lambda *_, **__: result)
    monkeypatch.setattr("mhc_lab.cli.audit.opened", nullcontext)

    words = runner.invoke(app, ["run", "overview", "--stale-ok"]).stdout
    said = json.loads(runner.invoke(app, ["run", "overview", "--stale-ok", "--json"]).stdout)

    assert "1 value changed since 2026-03-01 12:00 UTC, on the same data and code" in words
    assert "files: rose by 2, from 3 to 5" in words
    assert said["since_before"]["changes"] == [{"name": "files", "way": "rose", "before": 3, "now": 5, "difference": 2}]
