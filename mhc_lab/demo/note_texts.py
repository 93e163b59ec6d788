"""What the demo world's notes say: remarks, chat logs in every form in which they are copied, tip menus, lists of tips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random

REMARKS = (
    "Likes long boots and old soul music.",
    "Asked twice about the Friday show.\nPromised to be back in March.",
    "Birthday in May; works nights.",
    "Prefers to be greeted by name.",
    "Knows a lot about pipes. Ask about the briar one.",
    "Never answers messages on Sundays.",
    "Had trouble with the payment page, was patient.",
    "Might be interested in a private lesson - check in April.",
)
MARKUP = "<b>Wants this in bold</b> & <script>alert('never')</script>\n[a link](javascript:alert(1)) {{ 7 * 7 }} =cmd|'/c'!A1"
RIGHT_TO_LEFT = (
    "שלום: the name \u202eflow\u202c is written from the right\nمرحبا، ويحب الموسيقى القديمة\ne\u0301 is not \u00e9"
)
LONG_LINES = 2500

_LINES = [
    "hello",
    "how are you?",
    "that is a great jacket",
    "what was the song before?",
    "wow :heart",
    "see you tomorrow",
    "10/10",
    "one more please",
]
_NOTICES = (
    "{0} has joined the room.", "Notice: Please be nice.", "room subject changed to \"Relaxed evening\"", "{0} has left the room.",
)  # fmt: skip
_ITEMS = (("Flex", 15), ("Boots on", 50), ("Light a cigar", 111), ("2 songs", 60), ("Name on board", 1000), ("PM", 5))
_MENU_FORMS: tuple[Callable[[str, int], str], ...] = (
    lambda item, tokens: f"{item} - {tokens:,} tokens",
    lambda item, tokens: f"{tokens} - {item}",
    lambda item, tokens: f"{item}: {tokens}",
    lambda item, tokens: f"★ {item} ({tokens})",
    lambda item, tokens: f"{item} ..... {tokens} tk",
)


def public_chat(rng: Random, names: Sequence[str], *, form: int, lines: int = 24) -> str:
    """A log of the public chat as a room copies it: with colons, with badges, without anything between; or as a bookmarklet does."""
    if form % 4 == 3:
        return "\n".join(_structured(rng.choice(names), rng.choice(_LINES), number) for number in range(lines))
    written = [
        _notice(rng, names) if number % 7 == 5 else _said(rng.choice(names), rng.choice(_LINES), form)
        for number in range(lines)
    ]
    return "\n".join([f"{names[0]}: welcome, everybody", *written])


def messages(rng: Random, me: str, other: str, at: datetime, *, with_times: bool) -> str:
    """Private or direct messages between two, with or without their times."""
    speakers = [other, me, other, other, me, other]
    said = [f"{who}: {rng.choice(_LINES)}" for who in speakers]
    if not with_times:
        return "\n".join(said)
    return "\n".join(f"[{at + timedelta(minutes=number):%H:%M}] {line}" for number, line in enumerate(said))


def tip_menu(rng: Random, *, form: int) -> str:
    """A tip menu in one of the forms in which they are typed, under a heading."""
    write = _MENU_FORMS[form % len(_MENU_FORMS)]
    items = rng.sample(_ITEMS, 5)
    return "\n".join(["✨ Tip menu ✨", *(write(item, tokens) for item, tokens in items)])


def tips(rng: Random, names: Sequence[str]) -> str:
    """Who tipped how much, as the room said it."""
    return "\n".join(_tipped(rng, rng.choice(names)) for _ in range(8))


def _said(name: str, line: str, form: int) -> str:
    return (f"{name}: {line}", f"{name}|{17 + len(line)}| {line}", f"{name}{line.capitalize()}")[form % 4]


def _notice(rng: Random, names: Sequence[str]) -> str:
    return _tipped(rng, rng.choice(names)) if rng.random() < 0.5 else rng.choice(_NOTICES).format(rng.choice(names))


def _tipped(rng: Random, name: str) -> str:
    note = rng.choice(("", " -- thank you", " - Boots on"))
    return f"{name} tipped {rng.choice((1, 25, 50, 1111)):,} tokens{note}"


def _structured(name: str, line: str, number: int) -> str:
    return (
        f"ChatType: [PUBLIC] | Timestamp: [2026-05-01 20:{number % 60:02}:00] | Username: [{name}] | Message: [{line}] | "
        f"isBroadcaster: [{'true' if number % 5 == 0 else 'false'}]"
    )
