"""What people put around a line to make it pretty: emoji, bullets, and the pictures that are written ``:code``."""

from __future__ import annotations

import re
import unicodedata

_SIGNS = "-–—+~<>=≈\u2796\u2795"
"""What belongs to a number directly behind it."""
_BEFORE = frozenset("*•‣⁃∙●▪»›→|_-–—+~<>=")
_BEHIND = frozenset("*•‣⁃∙●▪«‹←|_-–—=<>~")
_PICTURE_BEFORE = re.compile(r":[A-Za-z_]\w*+:?(?=\s|\Z)\s*+")
_PICTURE_BEHIND = re.compile(r"(?:(?<=\s)|\A):[A-Za-z_]\w{0,40}:?\Z")
_CODE = re.compile(r"\s:[A-Za-z_]")
_LONGEST_PICTURE = 44

LETTERS = r"[^\W\d_]|[\u24b6-\u24e9\U0001f130-\U0001f189]"
"""Letters as a pattern: also those in a circle or a square, which Unicode counts as pictures."""

_LETTER = re.compile(LETTERS)


class _Kinds(dict[str, bool]):
    """Of characters outside of ASCII, whether they are pictures or belong to one; each is looked up once."""

    def __missing__(self, char: str) -> bool:
        joins = "\ufe00" <= char <= "\ufe0f" or char == "\u20e3"
        drawn = unicodedata.category(char) in {"So", "Sk", "Cf"} and not _LETTER.match(char)
        self[char] = found = not char.isascii() and (joins or drawn)
        return found


class _Bars(dict[int, int]):
    """A translation of emoji to bars."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        is_emoji = unicodedata.category(char) == "So" and not _LETTER.match(char)
        self[code] = found = ord("|") if is_emoji else code
        return found


_PICTURES = _Kinds()
_EMOJI_AS_BARS = _Bars()


def barred(line: str) -> str:
    """``line`` with a bar in place of every emoji, for those who part a line by them."""
    return line if line.isascii() else line.translate(_EMOJI_AS_BARS)


def undecorated(line: str) -> str:
    """``line`` without blanks and decoration around it; a sign directly before a number is none."""
    if line[:1].isalnum() and (line[-1].isalnum() or line[-1] in ")]") and not (":" in line and _CODE.search(line)):
        return line  # as most are
    start = _start(line)
    return line[start : _end(line, start)]


def _start(line: str) -> int:
    start = 0
    while start < len(line):
        char = line[start]
        if char in _SIGNS and line[start + 1 : start + 2].isdecimal():
            break
        if char.isspace() or char in _BEFORE or _PICTURES[char]:
            start += 1
        elif char == ":" and (match := _PICTURE_BEFORE.match(line, start)):
            start = match.end()
        else:
            break
    return start


def _end(line: str, start: int) -> int:
    end = len(line)
    has_code = line.find(":", start) >= 0
    while start < end:
        char = line[end - 1]
        if char.isspace() or char in _BEHIND or _PICTURES[char]:
            end -= 1
        elif has_code and (match := _PICTURE_BEHIND.search(line, max(start, end - _LONGEST_PICTURE), end)):
            end = match.start()
        else:
            break
    return end
