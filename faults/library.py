"""A library that is killed while files are taken in: what has to hold of rows and files then, and after the next ingest.

Each try has a disk, a home and a database of its own, on one server for all of them.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from faults.sweep import Scenario
from mhc_lab.core import home
from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings
from mhc_lab.db import embedded, migrate
from mhc_lab.db.engine import Database
from mhc_lab.schema.media import media_locator
from mhc_lab.workbench import Workbench
from tests.conftest import Copies
from tests.support.pictures import picture

FILES = {
    "people/ann/auto/a.jpg": picture(),
    "people/ann/auto/b.png": picture("PNG", width=90),
    "people/bob/uploads/a.jpg": picture(width=60),
    "notes.txt": b"no picture",
    "people/bob/snaps/cut.jpg": picture()[:900],
}
SHOWN = {"a.jpg": "readable", "b.png": "readable", "notes.txt": "opaque", "cut.jpg": "corrupt"}
"""What looking into each file has to find, by name."""


def opened(root: Path) -> Workbench:
    """The workbench of a try."""
    said = json.loads((root / "settings.json").read_text())
    return Workbench.open(Settings(home=root / "home", database_url=Secret(said["database_url"]), user="faults"))


def disk(root: Path) -> Path:
    """The folder that is taken in."""
    return root / "disk"


def prepare(root: Path, files: Mapping[str, bytes] = FILES) -> None:
    """A disk with ``files``, and a workbench that knows nothing of them."""
    for path, content in files.items():
        (disk(root) / path).parent.mkdir(parents=True, exist_ok=True)
        (disk(root) / path).write_bytes(content)
    copies, template = _server()
    settings = copies.settings(home.prepare(root / "home"), template=template)
    url = cast("Secret", settings.database_url).reveal()
    (root / "settings.json").write_text(json.dumps({"database_url": url}))
    opened(root).close()  # makes the roles


def _after_kill(root: Path, said: Sequence[str]) -> list[str]:
    """No byte on the disk changed, and what rows say of a file is so."""
    wrong = [f"{path} changed on the disk" for path, content in FILES.items() if not _holds(disk(root) / path, content)]
    for path, byte_id, size, verdict, examined_at in _rows(root):
        content = FILES.get(path, b"")
        if (byte_id, size) != (hashlib.sha256(content).hexdigest(), len(content)):
            wrong.append(f"the row of {path} tells of other bytes")
        if (examined_at is None) != (verdict is None) or (verdict and verdict != SHOWN[Path(path).name]):
            wrong.append(f"the row of {path} says {verdict}")
    return [*wrong, *(_incomplete(root) if said else [])]


def _after_recovery(root: Path) -> list[str]:
    return [*_after_kill(root, []), *_incomplete(root)]


def _incomplete(root: Path) -> list[str]:
    """What is missing of a library that was taken in as a whole."""
    rows = _rows(root)
    wrong = [f"{path} has no row" for path in FILES.keys() - {path for path, *_ in rows}]
    wrong += [f"{path} was never looked into" for path, _, _, _, examined_at in rows if examined_at is None]
    return [*wrong, *(["a file has two rows"] if len(rows) > len(FILES) else [])]


def _rows(root: Path) -> list[tuple[str, str, int, str | None, object]]:
    columns = (media_locator.c[name] for name in ("relative_path", "byte_id", "size_bytes", "verdict", "examined_at"))
    with opened(root) as wb, wb.reader as session:
        return [tuple(row) for row in session.execute(sa.select(*columns))]


def _holds(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content


@cache
def _server() -> tuple[Copies, str]:
    """Databases on a server that lives as long as this process, and the name of one without rows."""
    folder = Path(tempfile.mkdtemp(prefix="mhc-faults-"))
    server = embedded.start(home.prepare(folder))
    for place in (folder, server.cluster.parent, server.socket):
        atexit.register(shutil.rmtree, place, ignore_errors=True)
    atexit.register(embedded.stop, folder)  # first of these
    copies = Copies(folder)
    database = Database.open(copies.settings(folder / "template"))
    migrate.upgrade(database)
    database.close()
    return copies, database.owner.database


INGEST = Scenario("ingest", prepare, _after_kill, _after_recovery)
