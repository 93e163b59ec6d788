"""Where files lie in quarantine: every path has a place there, and no two have the same."""

from __future__ import annotations

from uuid import UUID

import pytest

from mhc_lab.core.ids import RunId
from mhc_lab.services.quarantine import place
from mhc_lab.storage.store import new_path

RUN = RunId(UUID(int=1))
LONG = "/".join(["a" * 200] * 5)


def test_a_plain_path_is_kept() -> None:
    assert place(RUN, "people/ann/auto/ä b.jpg") == f".mhc-quarantine/{RUN}/people/ann/auto/ä b.jpg"


@pytest.mark.parametrize("path", ["a\\b.jpg", "..\\..\\b", "con", "a?.jpg", "x\x01", ".DS_Store", ".mhc-put-1", LONG])
def test_what_not_every_store_can_keep_lies_under_its_digest(path: str) -> None:
    there = place(RUN, path)

    assert new_path(there) == there
    assert len(there) == len(place(RUN, "other\\path"))


def test_no_two_paths_of_a_run_have_the_same_place() -> None:
    paths = ["a?.jpg", "a_.jpg", "a_~1.jpg", "a*.jpg", "a\\.jpg", LONG, f"{LONG}b", "A?.jpg"]

    assert len({place(RUN, path) for path in paths}) == len(paths)
