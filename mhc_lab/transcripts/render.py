"""Chat logs and tip menus as safe HTML.

Everything that was pasted is escaped here and nothing of it becomes markup. A name has one colour, made from its letters alone, so that it
is the same in every log; the stylesheet turns the hue into a colour that reads on light and on dark.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.transcripts.events import ChatEvent, MenuItem

PAGE_EVENTS = 500
"""A page shows at most this many events, however long the log."""

OPEN_GROUPS = 40
"""Of a page, this many groups stand open; the others are folded away until somebody asks for them."""

SHOWN_CHARACTERS = 1_000
"""Of one message, this many are shown, and how many more there are."""

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{1,25}+)(?!\w)")
_UNSHOWABLE = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_UNSHOWABLE |= dict.fromkeys([*range(0x80, 0xA0), *range(0xD800, 0xE000)], 0xFFFD)
_GUESSED = "<span class='mhc-mark' title='The copy has no sign between name and text: who said this was guessed.'>guessed</span> "


def hue(name: str) -> int:
    """The colour of a name, in degrees: the same in every log."""
    digest = hashlib.blake2b(name.lower().encode(errors="replace"), digest_size=4).digest()
    return int.from_bytes(digest) % 360


def readable(text: str) -> str:
    """``text`` with a picture in place of every control character: a page may hold none."""
    return text.translate(_UNSHOWABLE)


def chat(events: Sequence[ChatEvent], *, page: int = 1) -> str:
    """One page of a log: what somebody said in a row under one name, tips in their place, guessed names marked.

    Raises
    ------
    RefusedError
        There is no such page.
    """
    pages = max(1, -(-len(events) // PAGE_EVENTS))
    if not 1 <= page <= pages:
        raise RefusedError(f"There is no page {page}: the log has {display.plural(pages, 'page')}.", rule="page")
    first = (page - 1) * PAGE_EVENTS
    shown = events[first : first + PAGE_EVENTS]
    groups = [_group(name, list(said)) for name, said in groupby(shown, key=lambda event: event.name)]
    folded = "".join(groups[OPEN_GROUPS:])
    if folded:
        more = display.plural(len(groups) - OPEN_GROUPS, "more group", "more")
        folded = f"<details class='mhc-more'><summary>{more}</summary>{folded}</details>"
    where = f"Events {first + 1:,} to {first + len(shown):,} of {len(events):,}; page {page:,} of {pages:,}."
    foot = display.note(where) if pages > 1 else ""
    return (
        f"<div class='mhc-chat' role='group' aria-label='Chat log'>{''.join(groups[:OPEN_GROUPS])}{folded}</div>{foot}"
    )


def menu(items: Sequence[MenuItem]) -> str:
    """A tip menu as a table, in the order of its text."""
    import polars as pl

    rows = {"item": [readable(one.item) for one in items], "tokens": [one.tokens for one in items]}
    return display.table(pl.DataFrame(rows, schema={"item": pl.String, "tokens": pl.Int64}), caption="Tip menu")


def _group(name: str, events: Iterable[ChatEvent]) -> str:
    said = list(events)
    is_broadcaster = any(event.is_broadcaster for event in said)
    mark = " <span class='mhc-mark'>broadcaster</span>" if is_broadcaster else ""
    return f"<div class='mhc-said'><p class='mhc-who'>{_name(name, name)}{mark}</p>{''.join(map(_event, said))}</div>"


def _event(event: ChatEvent) -> str:
    time = f"<span class='mhc-when'>{_escaped(event.time[:SHOWN_CHARACTERS])}</span> " if event.time else ""
    before = time + (_GUESSED if event.is_guessed else "")
    said = f"<span dir='auto'>{_text(event.text)}</span>{_cut(event.text)}"
    if event.kind == "tip":
        return f"<p class='mhc-line mhc-tip'>{before}<strong>{display.plural(event.tokens or 0, 'token')}</strong> {said}</p>"
    return f"<p class='mhc-line'>{before}{said}</p>"


def _text(text: str) -> str:
    """What was said, with the people it mentions in their colours."""
    pieces = _MENTION.split(text[:SHOWN_CHARACTERS])
    return "".join(_name(piece, f"@{piece}") if place % 2 else _escaped(piece) for place, piece in enumerate(pieces))


def _cut(text: str) -> str:
    more = len(text) - SHOWN_CHARACTERS
    return f" <span class='mhc-mark'>… {display.plural(more, 'more character', 'more')}</span>" if more > 0 else ""


def _name(name: str, shown: str) -> str:
    return f"<bdi class='mhc-name' style='--mhc-hue: {hue(name)}'>{_escaped(shown)}</bdi>"


def _escaped(text: str) -> str:
    return html.escape(readable(text))
