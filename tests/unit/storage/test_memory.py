from __future__ import annotations

import pytest

from mhc_lab.core.errors import ConfigurationError, RefusedError
from mhc_lab.storage.memory import MemoryStore
from tests.support.store_contract import Contract, put


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


class TestMemoryStore(Contract):
    pass


def test_a_file_is_no_folder_and_a_folder_no_file(store: MemoryStore) -> None:
    put(store, "a/b.jpg")

    with pytest.raises(RefusedError):
        put(store, "a/b.jpg/c.jpg")
    with pytest.raises(FileExistsError):
        put(store, "a")
    with pytest.raises(RefusedError, match="not a file"):
        store.read("a")


def test_taken_out_it_is_offline(store: MemoryStore) -> None:
    put(store, "a.jpg")
    store.is_offline = True

    for use in (store.files, lambda: store.read("a.jpg"), lambda: put(store, "b.jpg")):
        with pytest.raises(ConfigurationError, match="offline"):
            use()
