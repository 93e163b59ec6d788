"""What the house promises about itself: layers, exports, headings, dependencies, and what is never committed."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    """The files of the project: those git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / line for line in listed if (ROOT / line).is_file()]


def test_the_layers_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("statement", ["import mhc_lab", "import mhc_lab.cli"])
def test_the_front_doors_import_nothing_heavy(statement: str) -> None:
    heavy = {"duckdb", "polars", "sqlalchemy", "altair", "numpy", "PIL", "papermill", "IPython", "psycopg"}
    code = f"import sys; {statement}; print(*sorted({heavy!r} & set(sys.modules)))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert loaded == []


def test_nothing_is_opened_on_import() -> None:
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in tracked("mhc_lab/*.py", "widgets/*.py")
        if "migrations" not in path.parts and path.name != "__init__.py"
    ]
    code = f"""
import importlib, sys

name = ""

def watch(event, args):
    writes = event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")
    if writes or event in ("socket.connect", "subprocess.Popen"):
        raise SystemExit(f"{{event}} {{args}} while importing {{name}}")

sys.dont_write_bytecode = True
sys.addaudithook(watch)
for name in {modules!r}:
    importlib.import_module(name)
"""

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]


def test_every_module_begins_with_its_idea() -> None:
    without = [path for path in tracked("mhc_lab/*.py", "widgets/*.py") if not path.read_text().startswith('"""')]

    assert without == []


def test_every_module_is_named_on_the_page_about_structure() -> None:
    page = (ROOT / "docs" / "structure.md").read_text()
    modules = [
        path
        for path in tracked("mhc_lab/*.py", "widgets/*.py")
        if path.name != "__init__.py" and "migrations" not in path.parts
    ]

    assert [path for path in modules if not re.search(rf"`(\w+\.)?{path.stem}`", page)] == []


def test_no_module_is_longer_than_five_hundred_lines() -> None:
    long = [path for path in tracked("*.py") if len(path.read_text().splitlines()) > 500]

    assert long == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "helpers", "common", "manager", "data", "info", "process", "handle", "misc"}

    assert [path for path in tracked("mhc_lab/*.py", "widgets/*.py") if path.stem.strip("_") in empty] == []


def test_nothing_is_printed_from_the_packages() -> None:
    printing = [
        path for path in tracked("mhc_lab/*.py", "widgets/*.py") if re.search(r"^\s*print\(", path.read_text(), re.M)
    ]

    assert printing == []


def test_now_comes_from_the_clock_only() -> None:
    asking = [
        path
        for path in tracked("mhc_lab/*.py", "widgets/*.py")
        if re.search(r"datetime\.(now|utcnow|today)\(|date\.today\(", path.read_text()) and path.name != "clock.py"
    ]

    assert asking == []


def test_every_query_is_tested_and_listed() -> None:
    names = [str(path.relative_to(ROOT / "queries").with_suffix("")) for path in tracked("queries/*.sql")]
    specs = "\n".join(path.read_text() for path in tracked("tests/spec/*.py"))
    listed = (ROOT / "queries" / "README.md").read_text()

    assert names
    assert [name for name in names if f'"{name}"' not in specs] == []
    assert [name for name in names if name not in listed] == []


def test_every_command_has_an_example() -> None:
    command = re.compile(r"@app\.command\(.*?\)\ndef (\w+)\(.*?\"\"\"(.*?)\"\"\"", re.S)
    commands = [found for path in tracked("mhc_lab/cli/*.py") for found in command.findall(path.read_text())]

    assert len(commands) > 15
    assert [name for name, help_ in commands if "Example: mhc " not in help_] == []


def test_every_command_answers_in_json_too() -> None:
    command = re.compile(r"@app\.command\(.*?\)\ndef (\w+)\((.*?)\) -> None:", re.S)
    commands = [found for path in tracked("mhc_lab/cli/*.py") for found in command.findall(path.read_text())]

    assert [name for name, parameters in commands if "as_json: Json" not in parameters] == []


def test_conda_gets_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())

    *from_conda, from_pip = conda["dependencies"]
    assert f"python{project['requires-python']}" in from_conda
    assert {re.split(r"[<>=]", name)[0] for name in from_conda} == {"python", "make", "pip"}
    assert from_pip == {"pip": ['-e ".[dev]"']}
    assert set(conda["channels"]) == {"conda-forge", "nodefaults"}


def test_every_dependency_is_pinned_by_a_plain_constraint() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    pinned = {
        line.split("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
    }

    assert {re.split(r"[\[<>=]", name)[0].lower() for name in wanted} <= pinned
    assert re.search(r"://|@ |--", (ROOT / "constraints.txt").read_text()) is None


def test_no_index_address_and_no_lock_file_is_committed() -> None:
    address = re.compile(r"--(extra-)?index-url|index-url\s*=|/simple/|registry\s*=\s*\"http")
    naming = [
        path
        for path in tracked()
        if path.suffix not in {".png", ".md"} and address.search(path.read_text(errors="replace"))
    ]

    assert [path for path in naming if path != Path(__file__)] == []
    assert [path for path in tracked() if path.name == "uv.lock"] == []


def test_shipped_folders_are_found_in_a_checkout_and_named_for_the_wheel() -> None:
    from mhc_lab.core.shipped import folder

    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]

    for name in ("queries", "notebooks"):
        assert folder(name) == ROOT / name
        assert wheel["force-include"][name] == f"mhc_lab/{name}"


def test_the_wheel_carries_queries_notebooks_template_and_migrations(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")

    carried = {name.split("/data/", 1)[-1] for name in zipfile.ZipFile(wheel).namelist()}

    shipped = {f"mhc_lab/{path.relative_to(ROOT)}" for path in tracked("queries/*.sql", "notebooks/*.ipynb")}
    template = {str(path.relative_to(ROOT)) for path in tracked("share/jupyter/*")}
    beside = {str(path.relative_to(ROOT)) for path in tracked("mhc_lab/*", "widgets/*")}
    assert shipped | template | beside <= carried
