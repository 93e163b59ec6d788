"""A power cut: what was not synced is gone.

A file system on a loop device keeps what was not synced in memory only, so a copy of the file behind it is the disk after the cut. It takes
root to mount one.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.sweep import Scenario, kill, run
from tests.support.mounts import may_mount


def is_possible() -> bool:
    """Whether a file can be mounted as a disk here."""
    if not may_mount() or shutil.which("mkfs.ext4") is None:
        return False
    try:
        with _disk():
            return True
    except subprocess.CalledProcessError:
        return False


def cut_at(scenario: Scenario, call: str | None, *, twin: str = "") -> list[str]:
    """What was wrong after a cut at that call of the job, or right after its end when None."""
    with _disk(scenario.prepare) as (image, place):
        cut = image.with_name("cut.img")
        with _mounted(image, place):
            said = run(scenario.job, place, twin=twin, inject=kill(call) if call else "").said
            shutil.copyfile(image, cut)
        with _mounted(cut, place):
            wrong = scenario.after_kill(place, said)
            if not wrong:
                run(scenario.job, place)
                wrong = scenario.after_recovery(place)
    return [f"cut at {call or 'the end'}: {one}" for one in wrong]


@contextmanager
def _disk(prepare: Callable[[Path], None] = lambda place: None) -> Iterator[tuple[Path, Path]]:
    """A prepared disk that is not mounted: the file behind it, and where it belongs."""
    with tempfile.TemporaryDirectory(prefix="mhc-faults-") as folder:
        image, place = Path(folder) / "disk.img", Path(folder) / "disk"
        place.mkdir()
        with image.open("wb") as file:
            file.truncate(24 << 20)
        _do("mkfs.ext4", "-q", image)
        with _mounted(image, place):
            prepare(place)
        yield image, place


@contextmanager
def _mounted(image: Path, place: Path) -> Iterator[None]:
    _do("mount", "-o", "loop,commit=900", image, place)  # no journal goes to the disk by itself
    try:
        yield
    finally:
        _do("umount", place)


def _do(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
