from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.sources import follow_csv, follow_lists
from mhc_lab.sources.follow_lists import FollowList, RefusedList, read_lists

GOOD = {"file": "good.csv", "scraped_at": "2026-03-29T10:00:00+02:00", "complete": True}
AT = datetime(2026, 3, 29, 8, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.csv").write_text("username\nalice\nbob\n")
    return tmp_path


def manifest(folder: Path, *entries: object) -> Path:
    (folder / "manifest.json").write_text(json.dumps(entries))
    return folder


def why(offered: FollowList | RefusedList) -> str:
    assert isinstance(offered, RefusedList)
    return offered.why


def test_a_list_is_read_as_the_manifest_describes_it(folder: Path) -> None:
    manifest(folder, GOOD | {"direction": "following", "reported_total": 7, "scraper": "of some kind"})

    assert read_lists(folder) == (
        FollowList(
            file_name="good.csv",
            file_digest=hashlib.sha256(b"username\nalice\nbob\n").hexdigest(),
            direction="following",
            observed_at=AT,
            is_declared_complete=True,
            reported_total=7,
            names=("alice", "bob"),
            rejected_rows=(),
            duplicate_count=0,
            is_torn=False,
        ),
    )


@pytest.mark.parametrize(
    "entry",
    [
        {},
        "good.csv",
        None,
        GOOD | {"scraped_at": "2026-03-29T10:00:00"},
        GOOD | {"scraped_at": "yesterday"},
        GOOD | {"scraped_at": 1774771200},
        GOOD | {"scraped_at": "0001-01-01T00:00:00+14:00"},
        GOOD | {"complete": "yes"},
        GOOD | {"direction": "sideways"},
        GOOD | {"reported_total": -1},
        GOOD | {"reported_total": 10**12},
        GOOD | {"reported_total": True},
        GOOD | {"file": "../good.csv"},
        GOOD | {"file": "/etc/passwd"},
        GOOD | {"file": "a\0b"},
        GOOD | {"file": "\ud800.csv"},
        GOOD | {"file": 7},
        GOOD | {"file": "."},
    ],
)
def test_a_bad_entry_is_refused_by_name_and_the_others_are_read(folder: Path, entry: object) -> None:
    (folder / "other.csv").write_text("username\ncarol\n")
    manifest(folder, entry, GOOD | {"file": "other.csv"})

    bad, other = read_lists(folder)

    assert why(bad).startswith("manifest.json, entry 1: ")
    assert isinstance(other, FollowList)


def test_a_missing_file_is_refused_with_its_time(folder: Path) -> None:
    manifest(folder, GOOD | {"file": "gone.csv"})

    (gone,) = read_lists(folder)

    assert gone == RefusedList("gone.csv", "", "followers", AT, "It cannot be read: No such file or directory.")


def test_a_file_that_is_something_else_is_refused_with_its_digest(folder: Path) -> None:
    (folder / "page.csv").write_text("<html>Log in</html>")
    manifest(folder, GOOD | {"file": "page.csv"}, GOOD)

    page, good = read_lists(folder)

    assert (page.file_digest, "web page" in why(page)) == (hashlib.sha256(b"<html>Log in</html>").hexdigest(), True)
    assert isinstance(good, FollowList)


def test_a_file_named_twice_is_refused_because_nobody_knows_which_time_is_right(folder: Path) -> None:
    manifest(folder, GOOD, GOOD | {"file": "./good.csv", "scraped_at": "2026-03-30T10:00:00Z"})

    assert [why(one) for one in read_lists(folder)] == [
        "manifest.json names it 2 times; say once when it was taken."
    ] * 2


def test_a_link_a_pipe_and_a_folder_are_not_read(folder: Path) -> None:
    (folder / "link.csv").symlink_to(folder / "good.csv")
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.csv")
    manifest(folder, *(GOOD | {"file": name} for name in ("link.csv", "sub", "pipe.csv")))

    assert {why(one) for one in read_lists(folder)} == {"It is a link, or not a file."}


def test_a_list_below_a_linked_folder_is_not_read(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "good.csv").write_text("username\nalice\n")
    (folder / "sub").symlink_to(outside)
    manifest(folder, GOOD | {"file": "sub/good.csv"})

    assert [why(one) for one in read_lists(folder)] == ["It is a link, or not a file."]


def test_a_file_beyond_the_limit_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow_lists, "SIZE_LIMIT", 1 << 20)
    (folder / "good.csv").write_bytes(b"username\n" + b"x" * (1 << 20))
    small = follow_csv.SIZE_LIMIT

    offered = read_lists(folder / "good.csv", observed_at=AT, complete=True)

    assert [why(one) for one in offered] == ["It cannot be read: it is larger than 1 MiB."]
    assert small == 64 << 20


@pytest.mark.parametrize("content", ["", "{", "[1", '{"file": "good.csv"}', "7", "[" * 100_000, "\xff"])
def test_a_manifest_that_cannot_be_read_is_said_so(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content, encoding="latin-1")

    with pytest.raises(RefusedError, match=r"manifest\.json .*import again"):
        read_lists(folder)


def test_a_folder_without_a_manifest_is_refused(folder: Path) -> None:
    with pytest.raises(RefusedError, match=r"has no manifest\.json"):
        read_lists(folder)


def test_a_single_file_is_told_its_time(folder: Path) -> None:
    local = AT.astimezone(timezone(timedelta(hours=2)))

    (one,) = read_lists(folder / "good.csv", observed_at=local, complete=False)

    assert isinstance(one, FollowList)
    assert (one.observed_at.tzinfo, one.observed_at, one.direction, one.is_declared_complete) == (
        UTC,
        AT,
        "followers",
        False,
    )


@pytest.mark.parametrize(
    "told",
    [
        {"complete": True},
        {"observed_at": AT},
        {"observed_at": AT.replace(tzinfo=None), "complete": True},
        {"observed_at": AT, "complete": True, "direction": "sideways"},
    ],
)
def test_a_single_file_without_its_circumstances_is_refused(folder: Path, told: dict[str, object]) -> None:
    with pytest.raises(RefusedError, match="Say when the list was taken, and whether it is complete or partial"):
        read_lists(folder / "good.csv", **told)  # type: ignore[arg-type]


def test_a_path_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="No file or folder named"):
        read_lists(tmp_path / "gone.csv", observed_at=AT, complete=True)
