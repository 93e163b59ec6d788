"""How the demo world's follow lists look as files: as programs, a spreadsheet, a person and a browser save them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

BAD_ROWS = ("not a name!", "zwölf")
REPEATED_ROWS = 3

LOGIN_PAGE = b"""<!doctype html><html><head><title>Log in</title></head><body><h1>Log in</h1>
<form action="/auth/login/" method="post"><input name="username"><input type="password" name="password"></form></body></html>
"""
WITHOUT_NAMES = b"id,when\n1,2026-01-01\n2,2026-01-02\n"


def csv(names: Sequence[str], *, heading: str, separator: str, torn: str = "") -> bytes:
    """A row for each name with its place; ``torn`` is where the last line broke off."""
    lines = [f"{heading}{separator}place"]
    lines += [f"{name}{separator}{place}" for place, name in enumerate(names, start=1)]
    return ("\n".join(lines) + "\n" + torn).encode()


def untidy(names: Sequence[str]) -> bytes:
    """As a spreadsheet and a person leave it: byte order mark, CR LF, semicolons, an ``@``, a link, capitals, repeated and bad rows."""
    first, second, third, *others = names
    written = [
        f"@{first}",
        f"https://chaturbate.com/{second}/",
        third.upper(),
        *others,
        *BAD_ROWS,
        *names[:REPEATED_ROWS],
    ]
    lines = ["Place;User", *(f"{place};{name}" for place, name in enumerate(written, start=1))]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")


def with_ids(names: Sequence[str], ids: Mapping[str, int]) -> bytes:
    """As a program saves it: each name with the platform's number, which a rename does not change."""
    return json.dumps([{"username": name, "id": ids[name]} for name in names], indent=1).encode() + b"\n"


def plain(names: Sequence[str]) -> bytes:
    """One name per line."""
    return ("\n".join(names) + "\n").encode()


def page(names: Sequence[str], *, account: str, totals: Sequence[int]) -> bytes:
    """The page of the site with ``totals`` on it, as a browser saves it, navigation and script included."""
    said = "".join(f"<p class='count'>{total:,} followers</p>" for total in totals)
    rows = "\n".join(f'<li class="follower"><a href="/{name}/">{name}</a></li>' for name in names)
    return f"""<!doctype html>
<html lang="en"><head><title>Followers of {account}</title><script>var room = "/somebody_else/";</script></head>
<body>
<header><nav>
<a href="/">Home</a> <a href="/tags/">Tags</a> <a href="/followed-cams/">Followed</a> <a href="/auth/logout/">Log out</a>
</nav></header>
<main><h1>Followers of {account}</h1>{said}
<ul class="followers">
{rows}
</ul></main>
<footer><a href="/terms/">Terms</a> <a href="/privacy/">Privacy</a></footer>
</body></html>
""".encode()
