"""``mhc media verify | repair | baseline | report``: answers for people and programs, and exit code 1 for findings."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mhc_lab.cli import checks, verbs
from mhc_lab.cli.media import app
from mhc_lab.jobs import ingest, stores
from mhc_lab.services import people
from mhc_lab.workbench import Workbench
from tests.support.pictures import picture

pytestmark = pytest.mark.usefixtures("one_examiner")

NAME = "people/ann/auto/a.jpg"


@pytest.fixture
def disk(emptied_wb: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two registered disks, each with the same picture of ann and a note; the commands work on that workbench."""
    for module in (checks, verbs):
        monkeypatch.setattr(module, "opened", lambda: nullcontext(emptied_wb))
    with emptied_wb.transaction() as session:
        people.find_or_create(session, ["ann"], at=emptied_wb.clock.now())
    for root in (tmp_path / "ssd", tmp_path / "attic"):
        (root / NAME).parent.mkdir(parents=True)
        (root / NAME).write_bytes(picture())
        (root / "note.txt").write_text(root.name)
        ingest.register(emptied_wb, *stores.adopt(emptied_wb, str(root), name=root.name))
    return tmp_path / "ssd"


def mhc(*words: object) -> Result:
    return CliRunner().invoke(app, list(map(str, words)))


def test_verify_ends_with_one_when_a_file_is_not_as_registered(disk: Path) -> None:
    good = mhc("verify")
    (disk / NAME).write_bytes(b"")
    bad, part = mhc("verify"), mhc("verify", "ssd", "--read-data", "--json")

    assert (good.exit_code, bad.exit_code, part.exit_code) == (0, 1, 1)
    assert "ssd: 2 files looked for and measured, nothing wrong" in good.stdout
    assert f"  {NAME}: 0 bytes instead of " in bad.stdout
    (said,) = json.loads(part.stdout)
    assert (said["storage"], said["counts"]) == ("ssd", {"of another size": 1})


def test_a_store_that_is_away_is_a_finding(disk: Path) -> None:
    disk.rename(disk.with_name("unplugged"))

    verified = mhc("verify", "ssd")

    assert verified.exit_code == 1
    assert "It could not be verified to the end. The store at" in verified.stdout


def test_a_repair_goes_from_plan_to_restore(disk: Path) -> None:
    (disk / NAME).unlink()
    mhc("verify")
    planned = json.loads(mhc("repair", "plan", "--json").stdout)
    approved = json.loads(mhc("repair", "approve", planned["plan"], "--by", "ada", "--json").stdout)

    applied = mhc("repair", "apply", approved["approved"])

    assert "1 file mended from good copies · undo: mhc media repair restore " in applied.stdout
    assert (disk / NAME).read_bytes() == picture()
    run = json.loads(mhc("repair", "status", "--json").stdout)[0]["id"]
    assert "1 file as bad as before" in mhc("repair", "restore", run).stdout
    assert not (disk / NAME).exists()


def test_a_check_ends_with_one_when_somebody_has_less(disk: Path) -> None:
    recorded = json.loads(mhc("baseline", "record", "ANN", "--json").stdout)
    good = mhc("baseline", "check", recorded["id"])
    (disk / NAME).unlink()
    one_left = mhc("baseline", "check")
    (disk.with_name("attic") / NAME).unlink()
    bad, plain = mhc("baseline", "check"), json.loads(mhc("baseline", "check", "--json").stdout)

    assert (good.exit_code, one_left.exit_code, bad.exit_code) == (0, 0, 1)
    assert recorded["persons"][0]["working_count"] == 1
    assert "ann: 1 of 1 working pictures is lost" in bad.stdout
    assert (plain["is_good"], plain["now"][0]["working_count"]) == (False, 0)


def test_the_report_shows_every_table_and_who_is_near_the_limit(
    emptied_wb: Workbench, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = mhc("report", "--limit-bytes", "100").stdout
    monkeypatch.setattr(emptied_wb, "refresh_mirror", lambda: None)  # once is enough
    plain = json.loads(mhc("report", "--json").stdout)

    assert "near the limit: 1" in words
    assert "By storage and source" in words
    assert (plain["file_count"], plain["near_limit"]) == (4, [])
