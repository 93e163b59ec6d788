"""Links: the real target of whatever was wrapped around it, and nothing that could run or deceive."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.links import link

TARGET = "https://twitter.com/alice?lang=en#top"


def wrapped(url: str, *, site: str = "https://chaturbate.com") -> str:
    return f"{site}/external_link/?url={quote(url, safe='')}"


@pytest.mark.parametrize("url", [TARGET, "HTTP://Example.com:8080/a", "https://bücher.example/ä", "http://1.2.3.4/x"])
def test_a_plain_link_stays_as_it_is(url: str) -> None:
    assert link(f"  {url} ") == url


@pytest.mark.parametrize(
    "url", [wrapped(TARGET), wrapped(TARGET, site=""), wrapped(wrapped(TARGET)), wrapped(TARGET).replace("/?", "?")]
)
def test_a_wrapped_link_is_its_target(url: str) -> None:
    assert link(url) == TARGET


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>", "vbscript:x",
        "file:///etc/passwd", "ftp://example.com/", "mailto:a@example.com", "//example.com/x", "/alice/", "example.com", "",
        "https://", "https:///x", "https://localhost/", "https://twitter.com@evil.example/", "https://a:b@evil.example/",
        "https://exa mple.com", "https://example.com/\x00", "https://example.com\\@evil.example", "https://example.com/\u202egpj",
        "https://example.com/'\"><img src=x>", "https://[::1", "https://example.com:port/", "https://example.com/" + "a" * 2000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("dress", [str, wrapped], ids=["plain", "wrapped"])
def test_what_is_no_link_to_a_site_is_refused_also_when_wrapped(url: str, dress) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RefusedError, match="is not a link that can be kept"):
        link(dress(url))


def test_a_wrapper_around_nothing_and_one_around_itself_without_end_are_refused() -> None:
    endless = TARGET
    for _ in range(5):
        endless = wrapped(endless)

    for url in ("https://chaturbate.com/external_link/", endless):
        with pytest.raises(RefusedError):
            link(url)


@given(st.text(max_size=40).map(lambda tail: f"https://example.com/{tail}") | st.text(max_size=60))
def test_whatever_passes_is_http_and_passes_again_unchanged(text: str) -> None:
    try:
        accepted = link(text)
    except RefusedError:
        return

    assert accepted.lower().startswith(("http://", "https://"))
    assert link(accepted) == accepted
