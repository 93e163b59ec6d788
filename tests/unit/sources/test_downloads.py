"""Downloads: what may be asked for, and when an answer counts."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest

from mhc_lab.core.errors import RefusedError
from mhc_lab.sources.downloads import Fetched, Limits, fetch, is_public
from tests.support.web import HOST, Page, Site, site

CONTENT = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def here() -> Iterator[Site]:
    pages = {
        "/a.jpg": Page(CONTENT),
        "/empty": Page(b""),
        "/moved": Page(status=302, headers={"Location": "/a.jpg"}),
        "/round": Page(status=302, headers={"Location": "/round"}),
        "/inside": Page(status=302, headers={"Location": "https://router.example.com/"}),
        "/plain": Page(status=302, headers={"Location": f"http://{HOST}/a.jpg"}),
        "/nowhere": Page(status=302),
        "/odd": Page(status=302, headers={"Location": "https://[::1/"}),
        "/named": Page(status=302, headers={"Location": "https://xn--.com/"}),
        "/hesitates": Page(CONTENT, hesitation=0.1),
        "/hesitates/on": Page(status=302, hesitation=0.01, headers={"Location": "/hesitates/on"}),
        "/cut": Page(CONTENT, announced=len(CONTENT) + 5),
        "/long": Page(CONTENT, announced=10**12),
        "/packed": Page(CONTENT, headers={"Content-Encoding": "gzip"}),
        "/slow": Page(CONTENT, pause=0.05),
        "/?key=secret": Page(b"", status=403),
    }
    with site(pages, names={"router.example.com": "192.168.1.1"}) as running:
        yield running


def fetched(here: Site, path: str, **limits: float) -> tuple[Fetched, bytes]:
    into = io.BytesIO()
    result = fetch(here.url(path), into, web=here.web, limits=Limits(**limits))  # type: ignore[arg-type]
    return result, into.getvalue()


def test_a_file_arrives_whole_and_hashed(here: Site) -> None:
    result, content = fetched(here, "/a.jpg")

    assert content == CONTENT
    assert (result.size_bytes, result.byte_id) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def test_a_redirect_is_followed(here: Site) -> None:
    result, content = fetched(here, "/moved")

    assert (result.url, content) == (here.url("/a.jpg"), CONTENT)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/round", "leads on more than 5 times"),
        ("/inside", "router.example.com is no public address"),
        ("/plain", "it is not https"),
        ("/odd", "Invalid URL"),
        ("/named", "Malformed A-label"),
        ("/missing", "the answer is 404"),
        ("/cut", r"broke off after 10,240 bytes"),
        ("/long", "larger than 2"),
        ("/packed", "packed although"),
    ],
)
def test_what_is_no_whole_answer_from_a_public_address_is_refused(here: Site, path: str, why: str) -> None:
    with pytest.raises(RefusedError, match=rf"was not fetched: .*{why}.*Nothing was saved"):
        fetched(here, path)


def test_nothing_is_asked_of_an_address_inside(here: Site) -> None:
    here.asked.clear()

    with pytest.raises(RefusedError, match="no public address"):
        fetch(f"https://router.example.com:{here.port}/a.jpg", io.BytesIO(), web=here.web)

    assert here.asked == []


def test_a_download_ends_at_its_limits(here: Site) -> None:
    with pytest.raises(RefusedError, match="larger than"):
        fetched(here, "/a.jpg", size_bytes=len(CONTENT) - 1)
    with pytest.raises(RefusedError, match="takes longer than"):
        fetched(here, "/slow", seconds=0.1)
    fetched(here, "/a.jpg", size_bytes=len(CONTENT))


@pytest.mark.parametrize("path", ["/hesitates", "/hesitates/on", "/slow"])
def test_a_server_that_says_a_little_again_and_again_holds_nobody_longer(here: Site, path: str) -> None:
    began = time.monotonic()

    with pytest.raises(RefusedError, match=r"it takes longer than 0\.3 s"):
        fetched(here, path, seconds=0.3)

    assert time.monotonic() - began < 1.2


def test_a_certificate_of_another_name_is_none(here: Site) -> None:
    web = replace(here.web, lookup=lambda host, port: [ip_address("127.0.0.1")])

    with pytest.raises(RefusedError, match=r"nobody answers .*certificate"):
        fetch(f"https://other.example.com:{here.port}/a.jpg", io.BytesIO(), web=web)


def test_what_may_be_a_key_is_not_repeated(here: Site) -> None:
    with pytest.raises(RefusedError, match="403") as refused:
        fetched(here, "/?key=secret")

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/a",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "https://localhost/a",
        "",
        "https://xn--.com/a",
        "https://\u0660.example.com/a",
    ],
)
def test_what_is_no_https_link_to_a_site_is_refused(url: str) -> None:
    with pytest.raises(RefusedError):
        fetch(url, io.BytesIO())


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_that_leads_back_here_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_others_are(address: str) -> None:
    assert is_public(ip_address(address))
