"""Fixtures on the real thing: one embedded server for the whole run and all its workers, one database copied per test.

``wb`` is the demo world with its proven mirror, built once and copied; ``empty_wb`` has tables and no rows; ``database`` is migrated, for
what needs no workbench; ``session`` is rolled back.
"""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import settings
from psycopg import sql
from sqlalchemy.orm import Session

from mhc_lab import demo
from mhc_lab.core.home import locked, prepare
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings
from mhc_lab.db import embedded, migrate, passfile
from mhc_lab.db.engine import Database
from mhc_lab.db.session import transaction
from mhc_lab.demo import Truth
from mhc_lab.workbench import Workbench
from tests.support.clock import FrozenClock

for name in [name for name in os.environ if name.startswith("MHC_") and name != "MHC_REQUIRE_BROWSER"]:
    del os.environ[name]  # what the person at the keyboard has set must not reach a test
os.environ["MHC_USER"] = "tester"

settings.register_profile("ours", deadline=None)  # how long an example takes is measured in bench/, never asserted
settings.load_profile("ours")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Path]:
    """A home of its own with a running embedded server, shared by all workers; the last one out removes it."""
    run = tmp_path_factory.getbasetemp() if worker_id == "master" else tmp_path_factory.getbasetemp().parent
    note, here = run / "server", run / f"uses-server-{worker_id}"
    with locked(run / "server.lock"):
        folder = Path(note.read_text()) if note.exists() else _started()
        note.write_text(str(folder))
        here.touch()
    yield folder
    with locked(run / "server.lock"):
        here.unlink()
        if not any(run.glob("uses-server-*")):
            note.unlink()
            _removed(folder)


def _started() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="mhc-tests-"))
    embedded.start(prepare(folder))
    for setting in (
        "fsync",
        "full_page_writes",
        "synchronous_commit",
    ):  # a power cut takes what the next run makes again
        Copies(folder).run("ALTER SYSTEM SET {} = off", setting)
    Copies(folder).run(
        "ALTER SYSTEM SET {} = 400", "max_connections"
    )  # pages keep theirs as long as their kernels live
    embedded.stop(folder)
    embedded.start(folder)
    return folder


def _removed(folder: Path) -> None:
    server = embedded.locate(folder)
    embedded.stop(folder)
    for place in (folder, server.cluster.parent, server.socket):
        shutil.rmtree(place, ignore_errors=True)


@dataclass(frozen=True)
class Seeded:
    """The demo world: a template database and the home files that belong to it."""

    database: str
    home: Path
    truth: Truth


class Copies:
    """Makes databases from templates on the test server, and the settings that lead to them as their owner."""

    def __init__(self, server_home: Path) -> None:
        server = embedded.locate(server_home)
        password = passfile.password(server_home, server.owner)
        assert password is not None
        self.login, self.password = server.owner, password
        self._superuser = (server.cluster.parent / "superuser").read_text()
        self._made: list[str] = []

    def settings(self, home: Path, *, template: str = "template1") -> Settings:
        name = f"t_{uuid.uuid4().hex[:12]}"
        self.run("CREATE DATABASE {} OWNER {} TEMPLATE {}", name, self.login.role, template)
        self._made.append(name)
        url = f"postgresql://{self.login.role}:{self.password.reveal()}@/{name}?host={self.login.host}"
        return Settings(home=prepare(home), database_url=Secret(url), user="tester")

    def run(self, statement: str, *names: str) -> None:
        """One statement as the server's superuser; ``{}`` are names."""
        with psycopg.connect(
            host=self.login.host, port=self.login.port, dbname="postgres", user="mhc_server", password=self._superuser,
            autocommit=True,
        ) as connection:  # fmt: skip
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def drop(self) -> None:
        for name in self._made:
            self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
            self.run("DROP ROLE IF EXISTS {}, {}", f"{name}_app", f"{name}_analyst")
        self._made.clear()


@pytest.fixture(scope="session")
def _empty_template(home: Path) -> str:
    """A migrated database without rows, made by the first worker that needs it."""
    note = home / "empty-template"
    with locked(home / "empty-template.lock"):
        if not note.exists():
            database = Database.open(Copies(home).settings(home / "empty"))
            migrate.upgrade(database)
            database.close()
            note.write_text(database.owner.database)
    return note.read_text()


@pytest.fixture(scope="session")
def seeded(home: Path, _empty_template: str) -> Seeded:
    """The demo world, built by the first worker that needs it."""
    note = home / "seeded.pickle"
    with locked(home / "seeded.lock"):
        if not note.exists():
            settings = Copies(home).settings(home / "seeded", template=_empty_template)
            with Workbench.open(settings, clock=FrozenClock()) as wb:
                truth = demo.build(wb, seed=1)
                wb.refresh_mirror()
                note.write_bytes(pickle.dumps(Seeded(wb.database.owner.database, settings.home, truth)))
    built: Seeded = pickle.loads(note.read_bytes())
    return built


@pytest.fixture
def copies(home: Path) -> Iterator[Copies]:
    """Databases of this test, dropped at its end."""
    made = Copies(home)
    yield made
    made.drop()


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands still."""
    return FrozenClock()


@pytest.fixture
def database(copies: Copies, _empty_template: str, tmp_path: Path) -> Iterator[Database]:
    """A migrated database of this test's own."""
    opened = Database.open(copies.settings(tmp_path / "home", template=_empty_template))
    yield opened
    opened.close()


@pytest.fixture
def empty_wb(copies: Copies, _empty_template: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Workbench]:
    """A workbench with tables and no rows."""
    with Workbench.open(copies.settings(tmp_path / "home", template=_empty_template), clock=clock) as wb:
        yield wb


@pytest.fixture(scope="session")
def _lasting_wb(home: Path, _empty_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    copies = Copies(home)
    settings = copies.settings(tmp_path_factory.mktemp("lasting"), template=_empty_template)
    with Workbench.open(settings, clock=FrozenClock()) as opened:
        yield opened
    copies.drop()


_ABOUT_FILES = (
    "quarantined_files", "media_verifications", "media_baselines", "job_runs", "snapshot_pictures",
)  # fmt: skip


@pytest.fixture
def emptied_wb(_lasting_wb: Workbench) -> Workbench:
    """A workbench without files, persons, what is known about them, and drafts; a copied one takes a second more."""
    with _lasting_wb.transaction() as session:
        for table in (*_ABOUT_FILES, "media_locator", "file_storages", "persons", "form_drafts"):
            session.execute(sa.text(f"DELETE FROM {table}"))
    shutil.rmtree(_lasting_wb.folder("previews"))
    return _lasting_wb


@pytest.fixture
def session(empty_wb: Workbench) -> Iterator[Session]:
    """A session as app that is rolled back."""
    with transaction(empty_wb.database) as session:
        yield session
        session.rollback()


@pytest.fixture
def wb(copies: Copies, seeded: Seeded, tmp_path: Path, clock: FrozenClock) -> Iterator[Workbench]:
    """The demo world, this test's own copy: database, home files and mirror."""
    settings = copies.settings(tmp_path / "home", template=seeded.database)
    for part in ("mirror", "demo"):
        shutil.copytree(seeded.home / part, settings.home / part, symlinks=True)
    with Workbench.open(settings, clock=clock) as opened:
        yield opened


@pytest.fixture(scope="session")
def truth(seeded: Seeded) -> Truth:
    """Everything that was planted in the demo world."""
    return seeded.truth
