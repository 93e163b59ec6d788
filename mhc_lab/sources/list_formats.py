"""Which format a follow list has, seen from its content and never from its name, and the names in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources import follow_json
from mhc_lab.sources.follow_csv import first_line, has_heading, names_in_csv
from mhc_lab.sources.follow_names import Direction, Gathering, ListedNames, refused, text_of
from mhc_lab.sources.follow_pages import names_in_pages
from mhc_lab.sources.follow_text import names_in_text
from mhc_lab.sources.room_events import is_feed


def names_in(
    contents: Sequence[bytes], *, is_complete: bool, direction: Direction, owner: str | None = None
) -> ListedNames:
    """The names in the files of one list, read in their order as one.

    Parameters
    ----------
    owner
        The broadcaster, who stands in pages of their own lists without being on them.

    Raises
    ------
    RefusedError
        One of them is no list, or they are not of one format; the message is a sentence about it.
    """
    texts = [text_of(content) for content in contents]
    formats = {_format(text) for text in texts}
    if len(formats) > 1:
        raise refused(f"Its files are of different formats: {', '.join(sorted(formats))}.")
    if formats == {"html"}:
        return names_in_pages(texts, direction=direction, owner=owner)
    listed = [_names_in_text(text, is_complete=is_complete) for text in texts]
    return listed[0] if len(listed) == 1 else _joined(listed)


def is_feed_content(content: bytes) -> bool:
    """Whether a file holds events and no list."""
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return False
    try:
        text = text_of(content)
    except RefusedError:
        return False
    for candidate in (text, first_line(text)):
        try:
            return is_feed(follow_json.loaded(candidate))
        except RefusedError:
            continue
    return False


def _format(text: str) -> str:
    beginning = text.lstrip()[:1]
    if beginning == "<":
        return "html"
    if beginning and beginning in "[{":
        return "json"
    return "csv" if has_heading(first_line(text)) else "text"


def _names_in_text(text: str, *, is_complete: bool) -> ListedNames:
    form = _format(text)
    if form == "json":
        return follow_json.names_in_json(follow_json.loaded(text))
    return (names_in_csv if form == "csv" else names_in_text)(text, is_complete=is_complete)


def _joined(listed: Sequence[ListedNames]) -> ListedNames:
    gathering = Gathering()
    for one in listed:
        for name in one.names:
            gathering.add(name, numeric_id=one.numeric_ids.get(name))
        for row in one.rejected_rows:
            gathering.reject(row)
    joined = gathering.listed(format=listed[0].format, is_torn=any(one.is_torn for one in listed))
    return replace(joined, duplicate_count=joined.duplicate_count + sum(one.duplicate_count for one in listed))
