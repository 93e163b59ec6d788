"""Small notebooks for tests."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

OPEN = "from mhc_lab.notebook import finding, open_workbench, record\nwb = open_workbench()"


def write_notebook(folder: Path, parameters: str = "", *code: str, title: str = "A question?") -> Path:
    """A notebook ``90_tests/a_question`` below ``folder`` with these cells behind its title."""
    tagged = [new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters else []
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [new_markdown_cell(f"# {title}"), *tagged, *map(new_code_cell, code)]
    path = folder / "90_tests" / "a_question.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells, metadata=kernel), path)
    return path
