"""A workbench for forms that save and read persons and drafts only: one for all tests, emptied before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from mhc_lab.workbench import Workbench
from tests.conftest import Copies
from tests.support.clock import FrozenClock


@pytest.fixture(scope="session")
def _lasting_wb(home: Path, _empty_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    copies = Copies(home)
    settings = copies.settings(tmp_path_factory.mktemp("lasting"), template=_empty_template)
    with Workbench.open(settings, clock=FrozenClock()) as wb:
        yield wb
    copies.drop()


@pytest.fixture
def emptied_wb(_lasting_wb: Workbench) -> Workbench:
    """A workbench without persons, what is known about them, and drafts; a copied one takes a second more."""
    with _lasting_wb.transaction() as session:
        session.execute(sa.text("DELETE FROM persons"))
        session.execute(sa.text("DELETE FROM form_drafts"))
    return _lasting_wb
