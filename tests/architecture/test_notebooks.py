"""Every notebook has its parts: one question, declared parameters, short cells, recorded numbers, and nothing left from a run."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from mhc_lab.audit import notebooks, parameters
from mhc_lab.core import shipped

NOTEBOOKS = sorted(shipped.folder("notebooks").glob("[0-9]*/*.ipynb"))
DOORS = {
    "about_a_person", "are_they_one_person", "exclude_a_person", "which_facts_we_keep", "who_is_what_to_me", "whom_to_look_at_next",
}  # fmt: skip
"""Forms: they change something and have nothing to record."""

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str = "") -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if kind in cell["cell_type"]]


def code(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in cells(path, "code")]


@every_notebook
def test_a_notebook_is_named_by_its_subject_and_what_it_asks(path: Path) -> None:
    place = path.relative_to(shipped.folder("notebooks")).as_posix()

    assert re.fullmatch(r"\d\d_[a-z]+/[a-z_]+\.ipynb", place)


def test_no_two_notebooks_share_a_short_name() -> None:
    names = [notebook.short_name for notebook in notebooks.catalogue()]

    assert len(names) == len(set(names)) == len(NOTEBOOKS)


@every_notebook
def test_a_notebook_asks_one_question_in_its_title(path: Path) -> None:
    titles = [line for cell in cells(path, "markdown") for line in cell["source"] if line.startswith("# ")]

    assert len(titles) == 1
    assert titles[0].strip().endswith("?")


@every_notebook
def test_the_parameters_come_second_with_type_default_and_comment(path: Path) -> None:
    second = cells(path)[1]

    declared = parameters.declared(path)

    assert second["metadata"]["tags"] == ["parameters"]
    assert len(declared) == len(second["source"])
    assert all(parameter.name.isupper() and parameter.comment for parameter in declared)


@every_notebook
def test_the_workbench_is_opened_third(path: Path) -> None:
    third = "".join(cells(path)[2]["source"])

    assert "wb = open_workbench()" in third
    assert sum("open_workbench()" in source for source in code(path)) == 1


@every_notebook
def test_a_code_cell_has_at_most_ten_lines_and_defines_nothing(path: Path) -> None:
    parsed = [ast.parse(source) for source in code(path)]

    statements = [node for tree in parsed for node in ast.walk(tree)]

    assert max(len(source.splitlines()) for source in code(path)) <= 10
    assert not [node for node in statements if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While)]


@every_notebook
def test_a_notebook_ends_with_what_it_records_unless_it_is_a_door(path: Path) -> None:
    records = "record(" in code(path)[-1]

    assert records is (path.stem not in DOORS)


@every_notebook
def test_a_notebook_is_kept_without_outputs(path: Path) -> None:
    run = [cell for cell in cells(path, "code") if cell["outputs"] or cell["execution_count"] is not None]

    assert run == []


@every_notebook
def test_a_cell_keeps_a_name_of_its_own(path: Path) -> None:
    ids = [cell["id"] for cell in cells(path)]

    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z-]+", name) for name in ids)


@every_notebook
def test_no_notebook_chooses_a_chart_renderer(path: Path) -> None:
    text = path.read_text("utf-8")

    assert "mimetype" not in text
    assert "renderers" not in text


@every_notebook
def test_a_notebook_names_no_kernel_but_the_plain_one(path: Path) -> None:
    metadata = json.loads(path.read_text("utf-8"))["metadata"]

    assert metadata["kernelspec"] == {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert set(metadata) == {"kernelspec", "language_info", "mhc"}
    assert metadata["language_info"] == {"name": "python"}


def test_the_start_set_is_the_overview_who_left_and_the_duplicates() -> None:
    start = [notebook.short_name for notebook in notebooks.start_set()]

    assert start == ["overview", "who_left_and_when", "exact_duplicates"]
