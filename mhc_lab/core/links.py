"""Which links are accepted: http and https, to a host, with nothing hidden in them.

Links come wrapped by the site they stood on, and the wrapper may hold anything; what is kept is the real target. A link that does not
pass is refused, never repaired.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qs, urlsplit

from mhc_lab.core.errors import RefusedError

LONGEST = 2000
_HOST = re.compile(r"(?!-)[\w-]{1,63}(\.[\w-]{1,63})+")
_WRAPPER = "/external_link"
_WRAPPERS = 5
"""More wrappers than that around one link are a trap."""


def link(text: str) -> str:
    """The http(s) target of ``text``, taken out of ``/external_link/?url=…`` when it is wrapped in that.

    Raises
    ------
    RefusedError
        It is no link, has another scheme, carries a login, or hides characters.
    """
    url = text.strip()
    for _ in range(_WRAPPERS):
        parts = _split(url)
        if parts.path.rstrip("/") != _WRAPPER:
            return url
        url = parse_qs(parts.query).get("url", [""])[0].strip()
    raise _refused(text, "It is wrapped too often.")


def _split(url: str) -> SplitResult:
    if not url.startswith("/") and not re.match(r"(?i)https?://", url):
        raise _refused(url, "It begins with https:// or http://.")
    if len(url) > LONGEST:
        raise _refused(url, f"It has at most {LONGEST:,} characters.")
    if not url.isprintable() or re.search(r"[\s\\<>\"]", url):
        raise _refused(url, "It holds no blanks, quotes, backslashes or invisible characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _refused(url, "Its address cannot be read.") from None
    if not parts.scheme and not parts.netloc and parts.path.rstrip("/") == _WRAPPER:
        return parts
    if parts.username is not None or not parts.scheme or not _HOST.fullmatch(host or ""):
        raise _refused(url, "It names a site, as in https://example.com/name, and no login.")
    return parts


def _refused(url: str, why: str) -> RefusedError:
    shown = url if len(url) <= 80 else f"{url[:80]}…"
    return RefusedError(f'"{shown}" is not a link that can be kept. {why}', rule="http links")
