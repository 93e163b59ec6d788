"""What looks like a password, a token or a signed link.

Parameters and recorded values are stored in the clear: in the notebook, in its report and in the ledger. So whatever looks
confidential is refused before it gets there. The rules would rather refuse too much; a digest and a uuid are known and let through.
"""

from __future__ import annotations

import itertools
import re

_NAME = re.compile(
    r"passw(or)?d|passphrase|pwd(?=_|$)(?<!^pwd)(?<!oldpwd)|secret|token$|credential|api_?key|private_?key|cookie|authori[sz]ation",
    re.I,
)
"""Tokens are what viewers tip with, so only a name that ends in "token" is one that opens doors."""
_VALUES = {
    "an address with a password in it": re.compile(r"\w://[^\s/@]*:[^\s/@]+@"),
    "a connection text with a password in it": re.compile(
        r"\b(password|passwd|pwd|secret|token|api_?key)\s*[=:]\s*\S", re.I
    ),
    "a signed link": re.compile(r"[?&]([\w-]*-)?(sig|signature|credential|auth)=", re.I),
    "a private key": re.compile(r"-----BEGIN "),
    "a login header": re.compile(r"\b(bearer|basic)\s+[\w+/=.-]{16,}", re.I),
    "an access key": re.compile(r"\b(AKIA|ASIA|ghp_|xox[abp]-|eyJ)\w{8,}"),
}
_HARMLESS = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+", re.I)
_UNREMARKABLE = {("a", "a"), ("A", "A"), ("0", "0"), ("A", "a")}
_WORD = re.compile(r"[\w+=-]{20,}")


def name_is_confidential(name: str) -> bool:
    """Whether something called ``name`` should never be written down."""
    return _NAME.search(name) is not None


def why_confidential(text: str) -> str | None:
    """What ``text`` looks like when it should never be written down; None when it looks harmless."""
    for looks_like, pattern in _VALUES.items():
        if pattern.search(text):
            return looks_like
    return "a token" if any(_is_random(word) for word in _WORD.findall(text)) else None


def _is_random(word: str) -> bool:
    """Whether a long word begins new capitals and digits more often than words that people write do."""
    kinds = ["A" if char.isupper() else "0" if char.isdigit() else "a" for char in word if char.isalnum()]
    turns = sum(pair not in _UNREMARKABLE for pair in itertools.pairwise(kinds))
    return len(kinds) >= 20 and turns / len(kinds) >= 0.27 and not _HARMLESS.fullmatch(word)
