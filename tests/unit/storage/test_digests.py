"""The digest cache: never wrong about a file that changed, and never in the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mhc_lab.core.ids import ByteId
from mhc_lab.storage.digests import DigestCache
from mhc_lab.storage.store import FoundFile, Stamp

BYTES = ByteId("ab" * 32)
HOUR_NS = 3_600_000_000_000
BEGAN = 1_760_000_000_000_000_000


def found(
    *, inode: int = 7, device: int = 1, size: int = 10, mtime: int = BEGAN - HOUR_NS, ctime: int = BEGAN - HOUR_NS
) -> FoundFile:
    return FoundFile(f"{inode}.jpg", size, mtime, Stamp(device, inode, mtime, ctime))


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[DigestCache]:
    with DigestCache.open(tmp_path / "digests.sqlite") as opened:
        opened.remember([(found(), BYTES)], began_ns=BEGAN)
        yield opened


def test_a_file_that_is_as_it_was_need_not_be_read(cache: DigestCache) -> None:
    assert cache.recall([found(inode=8), found(), found(device=2)]) == [None, BYTES, None]


@pytest.mark.parametrize("change", [{"size": 11}, {"mtime": BEGAN - HOUR_NS + 1}, {"ctime": BEGAN - HOUR_NS + 1}])
def test_any_other_size_or_time_means_it_must(cache: DigestCache, change: dict[str, int]) -> None:
    assert cache.recall([found(**change)]) == [None]


@pytest.mark.parametrize("time_", ["mtime", "ctime"])
def test_what_was_written_right_before_it_was_read_is_read_again(cache: DigestCache, time_: str) -> None:
    just_now = found(inode=9, **{time_: BEGAN - 1_900_000_000})

    cache.remember([(just_now, BYTES)], began_ns=BEGAN)

    assert cache.recall([just_now]) == [None]


def test_a_file_read_again_is_kept_as_it_is_now(cache: DigestCache) -> None:
    cache.remember([(found(size=12), ByteId("cd" * 32))], began_ns=BEGAN)

    assert cache.recall([found(), found(size=12)]) == [None, "cd" * 32]


def test_numbers_of_64_bits_are_kept(cache: DigestCache) -> None:
    largest = found(inode=(1 << 64) - 1, device=(1 << 63) + 5)

    cache.remember([(largest, BYTES)], began_ns=BEGAN)

    assert cache.recall([largest]) == [BYTES]


def test_what_has_no_stamp_is_never_known(cache: DigestCache) -> None:
    stampless = FoundFile("a.jpg", 10, BEGAN)

    cache.remember([(stampless, BYTES)], began_ns=BEGAN)

    assert cache.recall([stampless]) == [None]


def test_it_outlives_the_process(tmp_path: Path, cache: DigestCache) -> None:
    with DigestCache.open(tmp_path / "digests.sqlite") as second:
        assert second.recall([found()]) == [BYTES]


@pytest.mark.parametrize("content", [b"no database at all, but text" * 10, b""])
def test_a_file_that_is_no_cache_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "digests.sqlite"
    path.write_bytes(content)

    with DigestCache.open(path) as opened:
        opened.remember([(found(), BYTES)], began_ns=BEGAN)

        assert opened.recall([found()]) == [BYTES]


def test_pages_that_are_damaged_are_found_when_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "digests.sqlite"
    many = [found(inode=inode) for inode in range(5000)]
    with DigestCache.open(path) as opened:
        opened.remember([(file, BYTES) for file in many], began_ns=BEGAN)
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(path.stat().st_size - 8192))

    with DigestCache.open(path) as opened:
        assert opened.recall(many) == [None] * 5000
        opened.remember([(many[0], BYTES)], began_ns=BEGAN)
        assert opened.recall(many[:1]) == [BYTES]


def test_files_that_lie_close_together_and_far_apart_are_known_alike(cache: DigestCache) -> None:
    close = [found(inode=100 + number, size=number) for number in range(30)]
    far = [found(inode=1_000_000 * number, size=number) for number in range(1, 30)]
    cache.remember([(file, BYTES) for file in close + far], began_ns=BEGAN)

    for files in (close, far, close + far, close[::-7], [far[3]]):
        assert cache.recall(files) == [BYTES] * len(files)
    assert cache.recall([found(inode=100, size=99), found(inode=99, size=0)]) == [None, None]
