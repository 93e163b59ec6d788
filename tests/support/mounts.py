"""Small file systems that can be filled, made read-only and pulled; only root may mount, so tests without it are skipped and say so."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True, capture_output=True)


def may_mount() -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False)
        if tried.returncode == 0:
            run("umount", folder)
        return tried.returncode == 0


needs_mounts = pytest.mark.skipif(not may_mount(), reason="NOT TESTED: real disks need root, which may mount a tmpfs")


@contextmanager
def small_disk(folder: Path, *, size: str = "1m") -> Iterator[Path]:
    """A tmpfs of its own at ``folder``."""
    folder.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)
