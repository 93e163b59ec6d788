"""What a person pastes, read like a file."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.follow_lists import FollowList, RefusedList, read_pasted

AT = datetime(2026, 3, 29, 8, tzinfo=UTC)
FEED = '{"events": [{"method": "follow", "id": "1774771200000-0", "object": {"user": {"username": "alice"}}}]}'


def test_what_was_pasted_is_read_like_a_file_and_never_torn() -> None:
    pasted = read_pasted("@Alice\nbob", observed_at=AT, direction="following", complete=False, reported_total=9)

    assert pasted == FollowList(
        file_name="pasted",
        file_digest=hashlib.sha256(b"@Alice\nbob").hexdigest(),
        direction="following",
        observed_at=AT,
        is_declared_complete=False,
        reported_total=9,
        names=("alice", "bob"),
        rejected_rows=(),
        duplicate_count=0,
        is_torn=False,
        format="text",
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("Please log in", "not one name per line"),
        (FEED, "a feed of events"),
        ("a\0b", "not a text file"),
    ],
)
def test_what_was_pasted_and_is_no_list_is_refused(text: str, reason: str) -> None:
    refused = read_pasted(text, observed_at=AT, direction="followers", complete=True)

    assert isinstance(refused, RefusedList)
    assert reason in refused.why


def test_a_pasted_list_needs_a_time_with_its_zone() -> None:
    with pytest.raises(RefusedError, match="no time with its zone"):
        read_pasted("alice", observed_at=AT.replace(tzinfo=None), direction="followers", complete=True)


def test_a_pasted_list_of_another_account_is_refused() -> None:
    text = '<html><body><h1>Followers of quiet_river</h1><li><a href="/alice/">alice</a></li></body></html>'

    pasted = read_pasted(text, observed_at=AT, direction="followers", complete=True, broadcaster="cast_owner")

    assert isinstance(pasted, RefusedList)
    assert pasted.why == "It is the list of quiet_river, not of cast_owner."
