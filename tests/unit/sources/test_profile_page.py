from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.profile_page import read_profile

AT = datetime(2026, 1, 8, 19, 20, tzinfo=UTC)
HIDDEN = 'style="display: none;"'
SHOWN = 'style="display: inline;"'


def buttons(follow: str = "", unfollow: str = "") -> str:
    return (
        f'<div class="followButton" data-testid="follow-button" {follow}>+ Follow</div>'
        f'<div class="unfollowButton" data-testid="unfollow-button" {unfollow}>- Unfollow</div>'
    )


def follows(body: str) -> bool | None:
    page = f"""<html><head><title>alice</title></head><body><header><a id="followed_tab">Following</a></header>
        <div id="profile"><h1>alice</h1>{body}</div></body></html>"""
    seen = read_profile(page.encode(), username="alice", at=AT)
    return None if seen is None else seen.is_following


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (buttons(HIDDEN, SHOWN), True),
        (buttons(SHOWN, HIDDEN), False),
        (buttons(HIDDEN, ""), True),
        (buttons("", "style='color:red;DISPLAY:none'"), False),
        (buttons("", "style='visibility: hidden'"), False),
        (buttons("hidden", ""), True),
        ('<a class="btn follow_button hidden">x</a><a class="btn unfollow_button">x</a>', True),
        ('<div style="display:none"><a id="follow-button">x</a></div><button id="unfollow-button">x</button>', True),
        (buttons(SHOWN, HIDDEN) + buttons(SHOWN, HIDDEN), False),
    ],
)
def test_the_button_that_is_to_be_seen_decides(body: str, expected: bool) -> None:
    assert follows(body) is expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        buttons(),
        buttons(SHOWN, SHOWN),
        buttons(HIDDEN, HIDDEN),
        buttons(SHOWN, HIDDEN) + buttons(HIDDEN, SHOWN),
        buttons("style='--display: none'", ""),
        f"<nav>{buttons(HIDDEN, SHOWN)}</nav>",
        f'<div style="display:none">{buttons(SHOWN, HIDDEN)}</div>',
        f'<ul><li class="room_list_room">{buttons(HIDDEN, SHOWN)}</li></ul>',
        f"<template>{buttons(HIDDEN, SHOWN)}</template><script>'{buttons(HIDDEN, SHOWN)}'</script>",
        '<div class="followButton" style="display:none"></div><div class="unfollowButton" data-room="bob"></div>',
        '<span class="followed_text">Following</span><a data-testid="following-tab">Following</a>',
    ],
)
def test_what_cannot_be_told_apart_is_unknown(body: str) -> None:
    assert follows(body) is None


def test_an_observation_says_who_was_seen_where_and_when() -> None:
    content = buttons(HIDDEN, SHOWN).encode()

    seen = read_profile(content, username="alice", at=AT)
    again = read_profile(content, username="alice", at=AT)

    assert seen is not None
    assert (seen.username, seen.direction, seen.source, seen.at) == ("alice", "following", "profile_scrape", AT)
    assert (seen == again, len(seen.reference)) == (True, 64)


@pytest.mark.parametrize("path", ["/alice/", "/p/alice/", "/followed-cams/", "/p/alice/photos/", "/"])
def test_the_page_may_say_that_it_is_of_that_person(path: str) -> None:
    head = f'<link rel="canonical" href="https://site.invalid{path}">'

    assert read_profile((head + buttons(HIDDEN, SHOWN)).encode(), username="alice", at=AT) is not None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'<link rel="canonical" href="https://site.invalid/bob/">', "the page of bob, not of alice"),
        (b"<input type=password>", "login page"),
        (b"username\nalice\n", "no web page"),
        (b"", "empty"),
    ],
)
def test_what_is_no_page_of_that_person_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        read_profile(content, username="alice", at=AT)
