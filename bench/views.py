"""Views of 50,000 files, two links each, beside the bare calls that make as many links; and a listing of those files.

No link is deleted before the end: ext4 looks at each deleted inode again for a while before it makes a new one, which would drown all else.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

from bench.figures import Figure, medians
from mhc_lab.storage.disk import DiskStore
from mhc_lab.storage.links import build_views

PERSONS, FILES = 1_000, 50
ROUNDS = 2


def measure() -> list[Figure]:
    """The promise about links; the listing is what a re-scan costs before anything is compared."""
    folder = Path(tempfile.mkdtemp(prefix="mhc-bench-"))
    try:
        store = DiskStore.create(folder)
        paths = _fill(folder)
        numbers = count()
        built, bare = medians([_building(store, paths, numbers), _bare(folder, paths, numbers)], rounds=ROUNDS)
        listed, walked = medians([_listing(store), _walking(folder)], rounds=5)
    finally:
        shutil.rmtree(folder)
    return [
        Figure(f"views of {2 * len(paths):,} links", built / bare, 1.5, "× bare symlink calls", f"{built:.2f} s against {bare:.2f} s"),
        Figure(f"a listing of {len(paths):,} files", listed / walked, 4, "× bare calls", f"{listed:.2f} s against {walked:.2f} s"),
    ]  # fmt: skip


def _fill(root: Path) -> list[str]:
    paths = []
    for person in range(PERSONS):
        name = f"name_{person:04d}"
        folder = f"people/{name}/auto"
        (root / folder).mkdir(parents=True)
        for number in range(FILES):
            paths.append(f"{folder}/{name}_17000000{number:05d}_0123abcd.jpg")
            (root / paths[-1]).touch()
    return paths


def _building(store: DiskStore, paths: list[str], numbers: Iterator[int]) -> Callable[[], float]:
    def timed() -> float:
        began = time.perf_counter()
        views = build_views(store, lambda: paths)
        took = time.perf_counter() - began
        assert views.link_count == 2 * len(paths)
        aside = store.folder / f".mhc-old-{next(numbers)}"
        aside.mkdir()
        for number, place in enumerate(views.rebuilt):
            (store.folder / place).rename(aside / str(number))
        return took

    return timed


def _bare(root: Path, paths: list[str], numbers: Iterator[int]) -> Callable[[], float]:
    """The same links into folders that are there already: nothing but the calls."""

    def timed() -> float:
        place = root / f".mhc-bare-{next(numbers)}"
        by_folder = _links(place, paths)
        handles = {folder: os.open(folder, os.O_RDONLY | os.O_DIRECTORY) for folder in by_folder}
        began = time.perf_counter()
        for folder, links in by_folder.items():
            handle = handles[folder]
            for name, target in links:
                os.symlink(target, name, dir_fd=handle)
        took = time.perf_counter() - began
        for handle in handles.values():
            os.close(handle)
        return took

    return timed


def _listing(store: DiskStore) -> Callable[[], float]:
    def timed() -> float:
        began = time.perf_counter()
        store.files()
        return time.perf_counter() - began

    return timed


def _walking(root: Path) -> Callable[[], float]:
    """The calls a listing cannot do without: every folder read, every file looked at."""

    def timed() -> float:
        began = time.perf_counter()
        folders: list[str | os.DirEntry[str]] = [str(root / "people")]
        while folders:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry)
                    else:
                        entry.stat(follow_symlinks=False)
        return time.perf_counter() - began

    return timed


def _links(place: Path, paths: list[str]) -> dict[Path, list[tuple[str, str]]]:
    """The same folders with the same names and targets as the views have, the folders made."""
    links: dict[Path, list[tuple[str, str]]] = {place / "all": []}
    for path in paths:
        _, person, inner = path.split("/", 2)
        name = path.rpartition("/")[2]
        links.setdefault(place / person, []).append((name, f"../{inner}"))
        links[place / "all"].append((f"{person}_{name}", f"../{path}"))
    for folder in links:
        folder.mkdir(parents=True)
    return links


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
