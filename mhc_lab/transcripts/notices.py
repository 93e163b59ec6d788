"""The lines in which the room itself speaks: who came and went, its subject, its goals, its apps and toys.

Every sentence is held to the beginning of the line, and to its end where its words are words of ordinary chat as well. A line that only
contains "subscribed" or "has shared" is somebody's; so is one that begins with a name the room has glued to its message
(``aliceHe has left the room``).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

_NAME = "(?-i:[A-Za-z0-9_][a-z0-9_]{0,24}+)"
_END = r"[.!]*\Z"
_OWN = rf"(?:the |this |your |my |our |{_NAME}['’]s )?"
_MEDIA = r"(?:photo|picture|pic|video|album|set|ticket|pass|snap|show|content|media)s?"
_TOY = r"(?:lovense|lush|domi|hush|ohmibod|kiiroo|toys?|vibrators?)"
_MOVES = (
    r"(?:vibrat(?:es?|ing|ions?)|react(?:s|ing)|(?:de)?activated|(?:dis)?connected|levels?|seconds?|secs?|responding)"
)
_CLUB = r"(?:fan ?club|subscription)"
_MADE = r"(?:made|granted|given|revoked|removed as|promoted to)"
_SUBJECT = r"(?:subject|topic|title)"

_CAME = rf"(?:has (?:joined|left|entered)(?: the (?:room|chat))?|(?:joined|left|entered) the (?:room|chat)){_END}"
_SHOW = (
    r"(?:true |premium )?(?:private|spy|group|ticket|hidden|password|exclusive)(?: show| chat| mode)?(?: with [A-Za-z0-9_]++)? "
    r"(?:has |was |is )?(?:just |now )?"
    rf"(?:started|ended|begun|finished|stopped|over|starting|ending|requested|declined)(?: (?:by|with|for) [^.!]{{1,60}})?{_END}"
)
_TOY_MOVES = rf"{_TOY}\b[^:]{{0,60}}?\b{_MOVES}\b"

_AFTER_A_NAME = (
    _CAME,
    rf"has (?:un)?followed you{_END}",
    rf"(?:has )?(?:changed|set) the (?:room )?{_SUBJECT}\b",
    rf"(?:has )?(?:started|ended|requested|entered|joined|left) (?:a |the |your )?(?:private|spy|group|ticket|hidden) (?:show|chat){_END}",
    rf"(?:has )?(?:just )?(?:purchased|bought|unlocked) [^.!]{{0,60}}\b{_MEDIA}(?: (?:from|for|by|to) [^.!]{{1,60}}| [\"“(].*)?{_END}",
    rf"(?:has |is now )?(?:just )?(?:subscribed to|joined|renewed|a member of|cancelled|left) {_OWN}{_CLUB}[^.!]{{0,60}}{_END}",
    rf"has (?:just )?subscribed(?: to {_OWN}(?:broadcaster|room|channel|{_NAME}))?(?: for [^.!]{{1,40}})?{_END}",
    rf"has (?:just )?shared (?:(?:a|an|the|new|some|their|her|his|[0-9]{{1,4}}) ){{0,3}}{_MEDIA}\b",
    r"is (?:now )?(?:the )?(?:new )?king of the room\b",
    rf"(?:has been|was|is (?:now|no longer)) (?:{_MADE} )?(?:a |as a )?moderator\b[^.!]{{0,60}}{_END}",
    rf"(?:was|has been|is) (?:now )?(?:un)?(?:silenced|muted|banned|kicked)(?: (?:by|for|from|out|and) [^!]{{1,120}})?{_END}",
)
_AFTER_WHOSE = (_SHOW, _TOY_MOVES, rf"tip \S.{{0,60}}?\b(?:{_TOY}|{_MOVES})\b")
_OF_THE_ROOM = (
    # under a label
    r"(?:notice|goal|system|rules)\s?[:\uff1a]",
    r"(?-i:Broadcaster) \S",
    rf"(?-i:User) (?:{_NAME} )?(?:has|was)\b",
    rf"welcome to {_OWN}(?:chat ?)?room\b",
    # subject, state, goals
    rf"(?:the )?(?:room )?{_SUBJECT} (?:has been |has |was |is )?(?:now )?(?:changed|set) to\b",
    rf"(?:the )?room {_SUBJECT}(?: is(?: now)?)?\s?[:\uff1a]",
    r"(?:the |this )room is (?:now|currently) ",
    _OWN + _SHOW,
    r"(?:(?:current|next|new|final|tip|multi)[ -])?goal(?: #?[0-9]{1,4})?(?: (?:is|was|has been))?(?: now)? (?:reached|met|completed?)\b",
    r"(?:current|next|new|final|tip|multi)[ -]goal(?: is)?\s?[:\uff1a]",
    r"(?:the )?(?:new )?king of the room\b",
    # apps, toys, and how to use the keyboard
    r"(?:the )?(?:following )?(?:apps?|bots?)(?: and bots?)? (?:are |is )?(?:currently |now )?(?:running|active)\b",
    r"(?:now |currently )?running (?:apps?|bots?)\b",
    rf"(?:the )?apps? \S[^.!]{{0,60}} (?:has |was )?(?:been )?(?:started|stopped|launched|activated|deactivated){_END}",
    rf"(?:my |the |her |his )?{_TOY_MOVES}",
    r"vibrating (?:at|for|on|with) .{0,60}?\b(?:level|low|medium|high|seconds?|secs?)\b",
    r"(?:to [^,]{1,60}, )?press (?:ctrl|cmd|command|alt|shift)\s?\+",
    r"type /[a-z]{1,20} (?:to|for) ",
)
_ROOM_WORDS = frozenset({
    "app", "apps", "bot", "bots", "broadcaster", "current", "currently", "domi", "exclusive", "final", "following", "goal", "group",
    "her", "hidden", "his", "hush", "king", "kiiroo", "lovense", "lush", "multi", "my", "new", "next", "notice", "now", "ohmibod",
    "our", "password", "premium", "press", "private", "room", "rules", "running", "spy", "subject", "system", "the", "this",
    "ticket", "tip", "title", "to", "topic", "toy", "toys", "true", "type", "user", "vibrating", "vibrator", "vibrators", "welcome",
    "your",
})  # fmt: skip
_VERBS = frozenset({
    "bought", "cancelled", "changed", "ended", "entered", "has", "is", "joined", "just", "left", "purchased", "renewed",
    "requested", "s", "set", "started", "subscribed", "unlocked", "was",
})  # fmt: skip
"""The first word of what the room says, or the second after a name ("s" for "name's"): most lines have neither and are done with."""


def _any_of(shapes: Iterable[str]) -> str:
    return "|".join(f"(?:{shape})" for shape in shapes)


_FLAGS = re.IGNORECASE | re.ASCII
_NAMED = re.compile(
    rf"@?(?:user |broadcaster )?{_NAME}(?: (?:{_any_of(_AFTER_A_NAME)})|['’]s (?:{_any_of(_AFTER_WHOSE)}))", _FLAGS
)
_ROOM = re.compile(_any_of(_OF_THE_ROOM), _FLAGS)
_WORDS = re.compile(r"@?([A-Za-z0-9_]++)(?: ([a-z]++)|['’](s) |)")
_ARRIVAL = re.compile(rf"(?:user |broadcaster )?({_NAME}) {_CAME}", _FLAGS)
_IN_SHORT = re.compile(rf"({_NAME}) (?:joined|left|entered){_END}", _FLAGS)
_BRACKETED = re.compile(r"[\[(](?:notice|system)[\])]", _FLAGS)
_REMAINING = re.compile(r"\[[0-9,]{1,13} tokens? (?:remaining|left|to go)\]\Z", _FLAGS)
_RULER = re.compile(r"([-=_*~–—])\1{4,}+")
_SHORTEST = 5


def is_notice(line: str, known: Container[str] = ()) -> bool:
    """Whether the room itself says ``line``; "bob left" without more words only when bob is ``known``."""
    if len(line) < _SHORTEST:
        return False
    if line[-1] == "]" and not _may_be_glued(line[0]) and _REMAINING.search(line, max(0, len(line) - 60)):
        return True
    if not (line[0].isascii() and line[0].isalnum()):
        if _BRACKETED.match(line) or _RULER.fullmatch(line):
            return True
        line = _undecorated(line)
    words = _WORDS.match(line)
    if words is None:
        return False
    if words[1].lower() in _ROOM_WORDS and (_ROOM.match(line) or _NAMED.match(line)):
        return True
    if (words[2] or words[3]) not in _VERBS:
        return False
    if _NAMED.match(line):
        return True
    came = _IN_SHORT.match(line)
    return came is not None and came[1] in known


def arrived(line: str) -> str | None:
    """The name, as written, in a line that says who came or went."""
    if len(line) < _SHORTEST or ("joined" not in line and "left" not in line and "entered" not in line):
        return None
    match = _ARRIVAL.match(line)
    return match and match[1]


def _may_be_glued(char: str) -> bool:
    """Whether a name may begin with ``char``, as the room writes names."""
    return "a" <= char <= "z" or "0" <= char <= "9" or char == "_"


def _undecorated(line: str) -> str:
    """``line`` without the few stars, bolts and hearts that apps begin theirs with."""
    for place, char in enumerate(line[:8]):
        if char.isalnum() or char in '_"@':
            return line[place:]
    return line[8:]
