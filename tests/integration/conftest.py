"""A session for tests that need rows and no commit: they share one database, and each leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import pytest
from sqlalchemy.orm import Session

from mhc_lab.db.engine import Database
from mhc_lab.db.roles import Role
from mhc_lab.db.session import transaction
from mhc_lab.jobs import shown_pictures
from mhc_lab.media.examine import Examiner
from tests.conftest import Copies


@pytest.fixture(scope="session")
def shared_database(home: Path, _empty_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A migrated database that nobody commits to."""
    copies = Copies(home)
    opened = Database.open(copies.settings(tmp_path_factory.mktemp("shared"), template=_empty_template))
    yield opened
    opened.close()
    copies.drop()


@pytest.fixture
def passing(shared_database: Database) -> Iterator[Session]:
    """A session as app that is rolled back."""
    with transaction(shared_database) as session:
        yield session
        session.rollback()


@pytest.fixture
def passing_owner(shared_database: Database) -> Iterator[Session]:
    """A session as the owner of all tables that is rolled back."""
    with Session(shared_database.engine(Role.OWNER)) as session:
        yield session
        session.rollback()


@pytest.fixture(scope="session")
def _lasting_examiner() -> Iterator[Examiner]:
    with Examiner() as examiner:
        yield examiner


@pytest.fixture
def one_examiner(_lasting_examiner: Examiner, monkeypatch: pytest.MonkeyPatch) -> Examiner:
    """One process looks into the pictures of all baselines, one after the other: starting one takes a second."""
    turn = Lock()

    @contextmanager
    def taken() -> Iterator[Examiner]:
        with turn:
            yield _lasting_examiner

    monkeypatch.setattr(shown_pictures, "Examiner", taken)
    return _lasting_examiner
