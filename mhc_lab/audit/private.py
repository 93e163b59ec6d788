"""What must not leave this machine in a report: secrets, and where its folders are.

A report is made to be passed on. Texts that are known to be private are replaced by a name wherever they stand in the executed
notebook; this comes after the refusals of :mod:`mhc_lab.audit.confidential`, not instead of them.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import mhc_lab
from mhc_lab.audit import confidential
from mhc_lab.core.settings import Settings

HIDDEN = "***"
_SHORTEST_SECRET = 6
_PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)([^\s/@:]*):[^\s/@]+@")


class Censor:
    """Replaces private texts in anything made of texts, lists and mappings."""

    def __init__(self, names: Mapping[str, str]) -> None:
        longest_first = sorted((text for text in names if text), key=len, reverse=True)
        self._names = names
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    @classmethod
    def of(cls, settings: Settings) -> Censor:
        """The censor for a workbench with these settings, in this process."""
        return cls({**dict(_folders(settings)), **dict.fromkeys(_secrets(settings), HIDDEN)})

    def __call__(self, value: Any) -> Any:
        """``value`` with every private text in it replaced; what it is made of is made anew."""
        if isinstance(value, str):
            return _PASSWORD_IN_ADDRESS.sub(rf"\1:{HIDDEN}@", self._pattern.sub(self._name, value))
        if isinstance(value, Mapping):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self(item) for item in value]
        return value

    def _name(self, found: re.Match[str]) -> str:
        return self._names[found.group()]


def _folders(settings: Settings) -> Iterator[tuple[str, str]]:
    if len(Path.home().parts) > 1:  # a user without a folder of their own has "/", which is in every path
        yield str(Path.home()), "~"
    yield sys.prefix, "PYTHON"
    yield str(Path(mhc_lab.__file__).parent.parent), "MHC_LAB"
    if settings.media_root:
        yield str(settings.media_root), "MHC_MEDIA_ROOT"
    yield str(settings.home), "MHC_HOME"


def _secrets(settings: Settings) -> Iterable[str]:
    named = {value for name, value in os.environ.items() if confidential.name_is_confidential(name)}
    if settings.database_url:
        address = settings.database_url.reveal()
        named |= {address, unquote(urlsplit(address).password or "")}
    return {secret for secret in named if len(secret) >= _SHORTEST_SECRET}
