"""Which notebooks become pages, and in which order they are listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mhc_lab.serve.dashboards import Dashboard, dashboards, subjects


def notebook(path: Path, *, about: dict[str, object] | None, heading: str = "# Why?\n\nBecause.") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    metadata = {} if about is None else {"mhc": about}
    cells = [{"cell_type": "markdown", "source": heading.splitlines(keepends=True)}]
    path.write_text(json.dumps({"metadata": metadata, "cells": cells}), encoding="utf-8")


def test_a_notebook_that_calls_itself_a_dashboard_is_one(tmp_path: Path) -> None:
    notebook(tmp_path / "20_x" / "why.ipynb", about={"dashboard": "Why", "order": 20})

    assert dashboards(tmp_path) == (Dashboard(20, "Why", "20_x/why.ipynb", "Why?"),)


def test_all_others_are_not(tmp_path: Path) -> None:
    notebook(tmp_path / "plain.ipynb", about=None)
    notebook(tmp_path / "start.ipynb", about={"start": True})

    assert dashboards(tmp_path) == ()


def test_they_stand_in_their_order_and_without_one_at_the_end(tmp_path: Path) -> None:
    notebook(tmp_path / "a.ipynb", about={"dashboard": "Last"})
    notebook(tmp_path / "b.ipynb", about={"dashboard": "Second", "order": 20})
    notebook(tmp_path / "c.ipynb", about={"dashboard": "First", "order": 10})

    assert [one.title for one in dashboards(tmp_path)] == ["First", "Second", "Last"]


def test_without_a_heading_the_title_is_the_question(tmp_path: Path) -> None:
    notebook(tmp_path / "a.ipynb", about={"dashboard": "Bare"}, heading="No heading here.")

    assert dashboards(tmp_path)[0].question == "Bare"


def test_a_checkpoint_is_not_a_second_one(tmp_path: Path) -> None:
    notebook(tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb", about={"dashboard": "Old"})

    assert dashboards(tmp_path) == ()


def test_a_half_written_notebook_is_left_out_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "torn.ipynb").write_text('{"cells": [', encoding="utf-8")

    assert dashboards(tmp_path) == ()
    assert "torn.ipynb" in caplog.text


def test_every_shipped_dashboard_has_a_title_of_its_own() -> None:
    shown = dashboards()

    assert len({one.title for one in shown}) == len(shown) > 0


def test_dashboards_are_gathered_by_their_folder_and_one_alone_names_its_subject(tmp_path: Path) -> None:
    notebook(tmp_path / "30_old_pictures" / "b.ipynb", about={"dashboard": "Second", "order": 40})
    notebook(tmp_path / "30_old_pictures" / "a.ipynb", about={"dashboard": "First", "order": 5})
    notebook(tmp_path / "00_start" / "overview.ipynb", about={"dashboard": "Overview", "order": 10})

    told = [(one.name, [page.title for page in one.dashboards]) for one in subjects(tmp_path)]

    assert told == [("Old pictures", ["First", "Second"]), ("Overview", ["Overview"])]
