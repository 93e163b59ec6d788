"""Whether the broadcaster follows somebody, from a saved page of that person's profile.

Both buttons, to follow and to unfollow, are always in the page; only one of them is to be seen. A button that exists says nothing, and one
in a navigation says nothing about this profile. What cannot be told apart is unknown, and unknown changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from mhc_lab.sources.follow_feed import FollowObservation
from mhc_lab.sources.follow_names import Direction, refused, text_of
from mhc_lab.sources.markup import Tag
from mhc_lab.sources.saved_page import CALLED, SavedPage, saved_page

_BUTTONS = {"followbutton": False, "unfollowbutton": True}
"""What the buttons are called, without dashes and capitals, and whether who sees one follows already."""

_ABOUT = ("data-room", "data-username", "data-slug")
_NO_LETTERS = re.compile(r"[-_]")


@dataclass(frozen=True, slots=True)
class ProfileObservation(FollowObservation):
    """The broadcaster followed somebody, or did not, when the page was saved."""

    direction: Direction = "following"
    source: str = "profile_scrape"


def read_profile(content: bytes, *, username: str, at: datetime) -> ProfileObservation | None:
    """Whether the page of ``username``, saved at ``at``, shows that they are followed; None when it does not show it.

    Raises
    ------
    RefusedError
        It is no page, a login page, or the page of somebody else.
    """
    text = text_of(content)
    if not text.lstrip().startswith("<"):
        raise refused("It is no web page.")
    page = saved_page(text)
    if page.has_password_field:
        raise refused("It is a web page with a password field: a login page. Save it again while you are signed in.")
    whose = _whose(page)
    if whose is not None and whose != username:
        raise refused(f"It is the page of {whose}, not of {username}.")
    seen = {
        is_following
        for tag in page.called_follow
        for is_following in _meanings(tag)
        if not tag.marks & {"card", "furniture", "hidden"} and _is_about(tag, username)
    }
    if len(seen) != 1:
        return None
    return ProfileObservation(username, seen.pop(), at, reference=hashlib.sha256(content).hexdigest())


def _whose(page: SavedPage) -> str | None:
    """Whose page its address says it is; links, headings and titles say too many other things."""
    segments = page.address.segments if page.address else []
    named = segments[1:] if segments[:1] == ["p"] else segments
    return named[0].lower() if len(named) == 1 and "-" not in named[0] else None


def _meanings(tag: Tag) -> set[bool]:
    called = " ".join(tag.attributes.get(key, "") for key in CALLED).lower().split()
    return {_BUTTONS[name] for one in called if (name := _NO_LETTERS.sub("", one)) in _BUTTONS}


def _is_about(tag: Tag, username: str) -> bool:
    named = {tag.attributes[key].lower() for key in _ABOUT if tag.attributes.get(key)}
    return not named or username in named
