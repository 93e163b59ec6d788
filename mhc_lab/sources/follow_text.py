"""The names on a follow list that has one name on each line and nothing else.

Such a file cannot say what it is, so it is believed only when it looks like one: at least half of its lines have to be user names, and the
first must not read like the heading of another table or like a short answer of a program that failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.follow_names import HEADINGS, Gathering, ListedNames, listed_name, refused, shown

_LINE_END = re.compile(r"\r\n|\r|\n")
_EXAMINED = 10_000
"""Lines looked at to tell a list from prose."""

NO_NAMES = frozenset({
    # headings of columns that hold no names
    "account", "action", "age", "at", "count", "country", "created_at", "date", "day", "description", "did", "direction",
    "display_name", "email", "fan", "fans", "follow", "followed", "followed_at", "follower", "followers", "following", "gender",
    "id", "ids", "index", "key", "label", "line", "link", "links", "list", "location", "login", "mail", "member", "members",
    "model", "models", "month", "names", "nick", "nickname", "no", "note", "notes", "nr", "num", "number", "observed_at",
    "page", "person", "persons", "pk", "place", "position", "profile", "profiles", "rank", "rid", "role", "room", "rooms",
    "row", "scraped_at", "since", "source", "status", "time", "timestamp", "title", "tokens", "total", "type", "uid",
    "unfollow", "updated_at", "url", "urls", "user_id", "userid", "usernames", "users", "uuid", "value", "viewer", "viewers",
    "year",
    # what programs answer in one word
    "400", "401", "403", "404", "408", "429", "500", "502", "503", "504", "captcha", "denied", "empty", "error", "exception",
    "expired", "failed", "failure", "false", "forbidden", "gone", "invalid", "loading", "maintenance", "nan", "nil", "none",
    "nothing", "null", "ok", "redirect", "timeout", "true", "unauthorized", "unavailable", "undefined", "unknown",
})  # fmt: skip


def names_in_text(text: str, *, is_complete: bool) -> ListedNames:
    """The names in a text with one on each line; the last of a list that is not complete is dropped when its line was not ended.

    Raises
    ------
    RefusedError
        It does not look like a list of names; the message is a sentence about it.
    """
    every = [line.strip() for line in _LINE_END.split(text)]
    lines = [line for line in every if line]
    first = lines[0]
    if first.lower() in NO_NAMES or not _is_mostly_names(lines[:_EXAMINED]):
        raise refused(
            f"It has no column {', '.join(HEADINGS[:-1])} or {HEADINGS[-1]}, and is not one name per line; it begins with {shown(first)!r}."
        )
    is_torn = not is_complete and every[-1] != ""
    gathering = Gathering()
    for line in lines[: -1 if is_torn else None]:
        gathering.add(line)
    return gathering.listed(format="text", is_torn=is_torn)


def _is_mostly_names(lines: Iterable[str]) -> bool:
    verdicts = [_is_name(line) for line in lines]
    return 2 * sum(verdicts) >= len(verdicts) > 0


def _is_name(line: str) -> bool:
    try:
        listed_name(line)
    except RefusedError:
        return False
    return True
