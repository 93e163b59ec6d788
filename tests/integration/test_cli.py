"""`mhc` as somebody types it: answers in words and JSON, exit codes, and one clear sentence when something is wrong."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from mhc_lab import cli
from mhc_lab.core.errors import IntegrityError
from mhc_lab.core.settings import Settings

Mhc = Callable[..., subprocess.CompletedProcess[str]]


def run(settings: Settings, *words: object, **variables: str) -> subprocess.CompletedProcess[str]:
    assert settings.database_url is not None
    environment = {
        **os.environ,
        "MHC_HOME": str(settings.home),
        "MHC_DATABASE_URL": settings.database_url.reveal(),
        "COLUMNS": "200",
        **variables,
    }
    command = [Path(sys.executable).with_name("mhc"), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


@pytest.fixture
def settings(copies, _empty_template: str, tmp_path: Path) -> Settings:  # type: ignore[no-untyped-def]
    """An empty workbench of this test's own."""
    return copies.settings(tmp_path / "home", template=_empty_template)  # type: ignore[no-any-return]


@pytest.fixture
def mhc(settings: Settings) -> Mhc:
    """The command on that workbench."""
    return lambda *words, **variables: run(settings, *words, **variables)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Three lists with a manifest; the second is an error page."""
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "a.csv").write_text("username\nalice\nBob\ncarol\nno name!\nalice\n")
    (folder / "b.csv").write_text("<html><body>Please log in</body></html>")
    (folder / "c.csv").write_text("username\nalice\nbob\n")
    entries = [
        {"file": f"{name}.csv", "scraped_at": f"2026-03-0{day}T10:00:00+01:00", "complete": True}
        for day, name in enumerate("abc", start=1)
    ]
    (folder / "manifest.json").write_text(json.dumps(entries))
    return folder


def test_lists_come_in_once_and_the_refused_one_is_named(mhc: Mhc, lists: Path) -> None:
    first = mhc("follow", "import", lists)
    second = mhc("follow", "import", lists, "--json")

    assert (first.returncode, second.returncode) == (1, 1)  # one of them is an error page
    assert "3 new lists" in first.stdout
    assert "b.csv: refused" in first.stdout
    assert "no name!" in first.stdout
    again = json.loads(second.stdout)
    assert [offered["is_new"] for offered in again["lists"]] == [False, False, False]
    assert again["event_count"] == 4


def test_a_single_file_says_what_it_still_has_to_be_told(mhc: Mhc, lists: Path) -> None:
    untold = mhc("follow", "import", lists / "a.csv")
    local = mhc("follow", "import", lists / "a.csv", "--at", "2026-03-29 02:30")
    told = mhc("follow", "import", lists / "a.csv", "--at", "2026-03-29T10:00+02:00")

    assert (untold.returncode, local.returncode, told.returncode) == (1, 1, 0)
    assert "when the list was taken" in untold.stderr
    assert "not a time with its zone" in local.stderr
    assert "Traceback" not in untold.stderr + local.stderr


@pytest.mark.parametrize(
    "words", [["follow", "import", "/nowhere"], ["media", "ingest", "/nowhere"], ["media", "ingest"]]
)
def test_what_is_not_there_is_one_sentence_and_exit_code_one(mhc: Mhc, words: list[str]) -> None:
    done = mhc(*words)

    assert done.returncode == 1
    assert done.stderr.startswith("mhc: ")
    assert "Traceback" not in done.stderr


def test_an_absent_media_disk_is_offline_and_not_empty(mhc: Mhc, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "note.txt").write_text("hello")
    assert mhc("media", "ingest", disk).returncode == 0
    disk.rename(tmp_path / "unplugged")

    gone = mhc("media", "ingest", disk)
    disk.mkdir()
    another = mhc("media", "ingest", disk)

    assert (gone.returncode, another.returncode) == (1, 1)
    assert not list(disk.iterdir())


def test_files_come_in_once_and_changed_bytes_are_named(mhc: Mhc, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "note.txt").write_text("hello")
    (disk / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    first = json.loads(mhc("media", "ingest", disk, "--json").stdout)
    second = json.loads(mhc("media", "ingest", disk, "--json").stdout)
    (disk / "note.txt").write_text("jello")

    third = mhc("media", "ingest", disk)

    assert (first["new_count"], second["new_count"], second["known_count"]) == (2, 0, 2)
    assert third.returncode == 1
    assert "differs from when it was registered: note.txt" in third.stdout


def test_a_person_is_excluded_and_counted_again_by_the_verbs_of_every_job(mhc: Mhc, lists: Path) -> None:
    mhc("follow", "import", lists)

    plan = json.loads(mhc("exclude", "plan", "alice", "--reason", "spam", "--json").stdout)["plan"]
    shown = mhc("exclude", "show", plan)
    unapproved = mhc("exclude", "apply", plan)
    approved = json.loads(mhc("exclude", "approve", plan, "--by", "ada", "--json").stdout)["approved"]
    receipt = json.loads(mhc("exclude", "apply", approved, "--json").stdout)
    undone = mhc("exclude", "restore", receipt["run"])
    listed = mhc("exclude", "status")

    assert "alice: spam (until now: counted)" in shown.stdout
    assert (unapproved.returncode, "is not approved" in unapproved.stderr) == (1, True)
    assert receipt["title"] == "1 person left out of every figure"
    assert "1 person counted as before" in undone.stdout
    assert [line.split()[3] for line in listed.stdout.splitlines()] == ["done", "restored"]


def test_the_mirror_is_refreshed_verified_and_its_damage_found(mhc: Mhc, tmp_path: Path) -> None:
    assert "No mirror yet" in mhc("mirror", "status").stdout
    assert mhc("mirror", "refresh").returncode == 0
    assert mhc("mirror", "verify").returncode == 0
    (file,) = (tmp_path / "home" / "mirror").glob("mirror-*.duckdb")
    with file.open("r+b") as damaged:
        damaged.seek(5000)
        damaged.write(b"damage")

    assert mhc("mirror", "verify").returncode == 1
    assert mhc("mirror", "refresh").returncode == 0
    assert mhc("mirror", "verify").returncode == 0


def test_status_has_its_documented_shape_and_its_url_works_without_a_password(mhc: Mhc) -> None:
    mhc("mirror", "refresh")

    status = json.loads(mhc("status", "--json").stdout)

    assert {"url", "embedded", "running", "revision"} <= set(status["database"])
    assert {"version", "made_at", "proved"} <= set(status["mirror"])
    assert status["mirror"]["proved"] is True
    assert status["stores"] == []
    with psycopg.connect(status["database"]["url"]) as connection:
        assert connection.execute("SELECT count(*) FROM persons").fetchone() == (0,)


def test_a_downgrade_keeps_the_rows_unless_told_otherwise(mhc: Mhc, lists: Path) -> None:
    mhc("follow", "import", lists)

    refused = mhc("db", "downgrade", "base")
    agreed = mhc("db", "downgrade", "base", "--discard-rows")
    checked = mhc("db", "check")
    behind = mhc("mirror", "refresh")

    assert (refused.returncode, agreed.returncode, checked.returncode, behind.returncode) == (1, 0, 1, 1)
    assert "--discard-rows" in refused.stderr
    assert "Run `mhc db upgrade`" in behind.stderr
    assert mhc("db", "upgrade").returncode == 0


def test_a_wrong_password_reaches_neither_screen(mhc: Mhc) -> None:
    done = mhc("mirror", "refresh", MHC_DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/d")

    assert done.returncode == 1
    assert "hunter2" not in done.stdout + done.stderr


def test_every_command_has_its_help_with_an_example() -> None:
    from mhc_lab.cli import _COMMANDS

    for name in _COMMANDS:
        done = subprocess.run(
            [Path(sys.executable).with_name("mhc"), name, "--help"], capture_output=True, text=True, check=True
        )
        assert "Example: mhc" in done.stdout or "Commands" in done.stdout


def test_a_home_below_a_file_has_a_status(tmp_path: Path, mhc: Mhc) -> None:
    (tmp_path / "file").write_text("x")

    done = mhc("status", MHC_HOME=str(tmp_path / "file" / "home"))

    assert done.returncode == 0
    assert "lies below something that is a file" in done.stdout


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (OSError(errno.ENOSPC, "full"), "the one for temporary files, has no space left"),
        (OSError(errno.EROFS, "read-only", "/h/server.lock"), "/h/server.lock is on a read-only file system"),
        (NotADirectoryError(errno.ENOTDIR, "no folder", "/f/home"), "/f/home lies below something that is a file"),
    ],
)
def test_a_disk_that_fails_in_the_middle_ends_in_one_sentence(
    failure: OSError, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(cli, "app", fail)

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 1
    assert f"{said}. Free it, or set MHC_HOME to another folder" in capsys.readouterr().err


def test_files_that_are_not_what_they_should_be_end_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise IntegrityError("2 files vanished. Apply again to finish the run.")

    monkeypatch.setattr(cli, "app", fail)

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 1
    assert capsys.readouterr().err == "mhc: 2 files vanished. Apply again to finish the run.\n"


def test_a_command_nobody_knows_is_a_usage_error(mhc: Mhc) -> None:
    assert mhc("nonsense").returncode == 2


def test_the_embedded_server_goes_up_and_down(tmp_path: Path) -> None:
    environment = {**os.environ, "MHC_HOME": str(tmp_path / "home")}
    environment.pop("MHC_DATABASE_URL", None)

    def mhc(word: str) -> str:
        command = [Path(sys.executable).with_name("mhc"), word]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    said = [mhc(word) for word in ("status", "up", "status", "down", "down", "status")]

    assert "not running: mhc up" in said[0]
    assert said[1].startswith("PostgreSQL runs")
    assert "revision none" in said[2]
    assert said[3:5] == ["PostgreSQL stopped.\n", "No PostgreSQL was running.\n"]
    assert "not running" in said[5]


def test_a_log_that_was_tampered_with_is_found_by_the_check(mhc: Mhc, settings: Settings, lists: Path) -> None:
    mhc("follow", "import", lists)
    intact = mhc("db", "check")
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url.reveal()) as owner:
        owner.execute("ALTER TABLE audit_log DISABLE TRIGGER audit_log_sealed")
        owner.execute("UPDATE audit_log SET actor = 'nobody'")

    tampered = mhc("db", "check")

    assert (intact.returncode, tampered.returncode) == (0, 1)
    assert "tampered with at line 1" in tampered.stdout


def test_status_survives_a_damaged_pointer(mhc: Mhc, tmp_path: Path) -> None:
    mhc("mirror", "refresh")
    (tmp_path / "home" / "mirror" / "current.json").write_text("garbage")

    status = mhc("status")

    assert status.returncode == 0
    assert "mirror    The mirror's pointer" in status.stdout
    assert "Run `mhc mirror refresh`" in status.stdout


def test_the_published_case_is_built_at_any_scale_and_says_how_to_serve_its_bucket(
    mhc: Mhc, settings: Settings
) -> None:
    built = mhc("demo", "--scale", "legacy/5000")

    assert built.returncode == 0, built.stderr
    assert f'rclone serve s3 "{settings.home / "legacy" / "objects"}"' in built.stdout
    assert (settings.home / "legacy" / "objects" / "media" / ".mhc-store.json").is_file()
    assert (settings.home / "legacy" / "truth.json").is_file()


@pytest.mark.parametrize("scale", ["huge", "legacy/0", "legacy/x"])
def test_a_scale_that_there_is_not_is_refused(mhc: Mhc, scale: str) -> None:
    refused = mhc("demo", "--scale", scale)

    assert refused.returncode == 1
    assert f'There is no scale "{scale}"' in refused.stderr
