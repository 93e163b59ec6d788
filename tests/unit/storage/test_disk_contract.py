"""The disk store keeps the promises of every store, with the kernel's rule for paths and without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhc_lab.storage import beneath
from mhc_lab.storage.disk import DiskStore
from tests.support.store_contract import Contract


@pytest.fixture
def store(tmp_path: Path) -> DiskStore:
    root = tmp_path / "disk"
    root.mkdir()
    return DiskStore.create(root)


class TestDiskStore(Contract):
    pass


class TestDiskStoreOnAnOlderKernel(Contract):
    @pytest.fixture(autouse=True)
    def _without_the_calls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(beneath, "_has_openat2", False)
        monkeypatch.setattr(beneath, "_RENAMEAT2", None)
