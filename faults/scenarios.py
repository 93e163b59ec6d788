"""What has to hold of a disk after a job on it was killed, and after it was done again."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from faults.jobs import NEW, OLD, SHOWN_AFTER, SHOWN_BEFORE
from faults.sweep import Scenario
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.links import build_views


def _prepare_put(root: Path) -> None:
    store = DiskStore.create(root)
    for path, content in OLD.items():
        store.put(path, io.BytesIO(content))


def _after_put(root: Path, said: Sequence[str]) -> list[str]:
    """Nothing is lost, nothing is half, and what was said to be there is."""
    found = _contents(root)
    wrong = [f"{path} is not what was put there" for path in found if found[path] != {**OLD, **NEW}.get(path)]
    return wrong + [f"{path} is lost" for path in (*OLD, *said) if path not in found]


def _after_put_again(root: Path) -> list[str]:
    return [] if _contents(root) == {**OLD, **NEW} else ["it does not recover"]


def _contents(root: Path) -> dict[str, bytes]:
    store = DiskStore.open(root, marker=None)
    contents = {}
    for file in store.files():
        with store.read(file.relative_path) as stream:
            contents[file.relative_path] = stream.read()
    return contents


PUT = Scenario("put", _prepare_put, _after_put, _after_put_again)


def _prepare_views(root: Path) -> None:
    store = DiskStore.create(root)
    for path in {*SHOWN_BEFORE, *SHOWN_AFTER}:
        store.put(path, io.BytesIO(path.encode()))
    build_views(store, lambda: SHOWN_BEFORE)


def _after_views(root: Path, said: Sequence[str]) -> list[str]:
    """No file is lost, no link dangles, and each view is the old one or the new one."""
    wrong = [f"{path} is lost" for path in {*SHOWN_BEFORE, *SHOWN_AFTER} if path not in _contents(root)]
    for view, before in _BEFORE.items():
        now, after = _links(root / view), _AFTER[view]
        if now not in ([after] if said else [before, after]):
            wrong.append(f"{view} shows {sorted(now)}")
    return wrong + [f"{link} leads nowhere" for link in root.rglob("*") if link.is_symlink() and not link.exists()]


def _after_views_again(root: Path) -> list[str]:
    left = [str(path) for path in root.rglob(".mhc-view-*")]
    return [*left, *_after_views(root, ["views"])]


def _links(view: Path) -> dict[str, str]:
    """Each link of a view and the path it leads to, told by what the file says."""
    return {link.name: link.read_text() for link in view.iterdir() if link.exists()} if view.exists() else {}


_BEFORE = {
    "all": {"a_1.jpg": "people/a/auto/1.jpg", "a_2.jpg": "people/a/auto/2.jpg", "b_1.jpg": "people/b/auto/1.jpg"},
    "people/a/all": {"1.jpg": "people/a/auto/1.jpg", "2.jpg": "people/a/auto/2.jpg"},
    "people/b/all": {"1.jpg": "people/b/auto/1.jpg"},
    "people/c/all": {},
}
_AFTER = {
    "all": {
        "a_1.jpg": "people/a/auto/1.jpg",
        "a_1~a.uploads.jpg": "people/a/uploads/1.jpg",
        "c_1.jpg": "people/c/auto/1.jpg",
        "c_2.jpg": "people/c/auto/2.jpg",
    },
    "people/a/all": {"1.jpg": "people/a/auto/1.jpg", "1~uploads.jpg": "people/a/uploads/1.jpg"},
    "people/b/all": {},
    "people/c/all": {"1.jpg": "people/c/auto/1.jpg", "2.jpg": "people/c/auto/2.jpg"},
}

VIEWS = Scenario("views", _prepare_views, _after_views, _after_views_again)
