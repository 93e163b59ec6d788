"""A folder to be a store, and the store in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhc_lab.storage.disk import DiskStore


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


@pytest.fixture
def store(root: Path) -> DiskStore:
    return DiskStore.create(root)
