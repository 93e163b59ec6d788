"""A file fetched from the web: over https, from public addresses, within limits.

A name is looked up once, its addresses are judged, and then one of these is connected to: a name that answers otherwise the second time
gains nothing. Each redirect is judged like the first address. What the file is, its bytes say afterwards; the server is not asked.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, BinaryIO, Self, TypeAlias

import httpx

from mhc_lab.core import display
from mhc_lab.core.errors import RefusedError
from mhc_lab.core.ids import ByteId
from mhc_lab.core.links import link

Address: TypeAlias = IPv4Address | IPv6Address

_NAT64 = IPv6Network("64:ff9b::/96")
_PATIENCE = 10.0
"""Seconds that a server may say nothing at all."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "mhc_lab", "Accept": "image/*,video/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one download may take."""

    size_bytes: int = 2 << 30
    seconds: float = 300.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """What arrived, whole."""

    url: str
    """Where it was in the end."""
    size_bytes: int
    byte_id: ByteId


def is_public(address: Address) -> bool:
    """Whether ``address`` is somewhere on the Internet, and nothing inside of it leads back here."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast


def _lookup(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(place[0]) for *_, place in dict.fromkeys(found)]


@dataclass(frozen=True, slots=True)
class Web:
    """What stands between this machine and the web: who is looked up how, which addresses are let through, whose certificates count."""

    lookup: Callable[[str, int], list[Address]] = _lookup
    is_allowed: Callable[[Address], bool] = is_public
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)


def fetch(url: str, into: BinaryIO, *, web: Web | None = None, limits: Limits | None = None) -> Fetched:
    """Write what is at ``url`` into ``into``, hashed on the way.

    Raises
    ------
    RefusedError
        The address is none that may be asked, or the answer is none, too long, too slow, or cut; ``into`` may hold a part of it.
    """
    web, limits = web or Web(), limits or Limits()
    target = link(url)
    transport = httpx.HTTPTransport(verify=web.trust)
    with (
        _Deadline(limits.seconds) as deadline,
        httpx.Client(transport=transport, timeout=_PATIENCE, trust_env=False, headers=_HEADERS) as client,
    ):
        for _ in range(limits.redirects + 1):
            with _answer(client, target, web, deadline) as answer:
                if answer.status_code not in _REDIRECTS:
                    return _received(answer, target, into, limits, deadline)
                target = link(str(httpx.URL(target).join(answer.headers.get("location", ""))))
    raise _refused(url, f"it leads on more than {limits.redirects} times", rule="redirects")


class _Deadline:
    """Ends every connection when the time is over, whatever a server is at: one that says a byte now and then is waited for without end."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.is_over = seconds, False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def watch(self, event: str, about: dict[str, Any]) -> None:
        """Called by httpx with all that happens: a new connection is one to end."""
        if event == "connection.connect_tcp.complete":
            with self._lock:
                self._sockets.append(about["return_value"].get_extra_info("socket").dup())
            if self.is_over:
                self._end()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for one in self._sockets:
                one.close()


@contextmanager
def _answer(client: httpx.Client, target: str, web: Web, deadline: _Deadline) -> Iterator[httpx.Response]:
    """The answer to one request, from an address that was judged."""
    try:
        request = _request(client, target, web)
        request.extensions["trace"] = deadline.watch
        _refuse_late(target, deadline)
        answer = client.send(request, stream=True)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as failure:
        _refuse_late(target, deadline)
        raise _refused(target, f"nobody answers ({_why(failure)})", rule="download") from failure
    with closing(answer):
        yield answer


def _request(client: httpx.Client, target: str, web: Web) -> httpx.Request:
    """A request to the address itself; its certificate has to be that of the name."""
    url = httpx.URL(target)
    if url.scheme != "https":
        raise _refused(target, "it is not https", rule="https")
    try:
        addresses = web.lookup(url.host, url.port or 443)
    except OSError as failure:
        raise _refused(target, f"nobody knows {url.host} ({failure.strerror})", rule="download") from failure
    if not addresses or not all(map(web.is_allowed, addresses)):
        raise _refused(target, f"{url.host} is no public address", rule="public addresses")
    return client.build_request(
        "GET",
        url.copy_with(host=str(addresses[0])),
        headers={"Host": url.netloc.decode("ascii")},
        extensions={"sni_hostname": url.host},
    )


def _received(answer: httpx.Response, target: str, into: BinaryIO, limits: Limits, deadline: _Deadline) -> Fetched:
    if answer.status_code != httpx.codes.OK:
        raise _refused(target, f"the answer is {answer.status_code} {answer.reason_phrase}".rstrip(), rule="download")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise _refused(target, "the answer is packed although that was not asked for", rule="download")
    most = f"it is larger than {display.bytes_text(limits.size_bytes)}"
    if _announced(answer) > limits.size_bytes:
        raise _refused(target, most, rule="size of a download")
    digest, size = hashlib.sha256(), 0
    try:
        for block in answer.iter_raw():
            size += len(block)
            if size > limits.size_bytes:
                raise _refused(target, most, rule="size of a download")
            _refuse_late(target, deadline)
            digest.update(block)
            into.write(block)
        _refuse_late(target, deadline)  # a connection that was ended may look like the end of a file
    except httpx.HTTPError as failure:
        _refuse_late(target, deadline)
        raise _refused(target, f"it broke off after {size:,} bytes ({_why(failure)})", rule="download") from failure
    return Fetched(target, size, ByteId(digest.hexdigest()))


def _announced(answer: httpx.Response) -> int:
    length = answer.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 19 else 0


def _refuse_late(target: str, deadline: _Deadline) -> None:
    if deadline.is_over:
        raise _refused(target, f"it takes longer than {deadline.seconds:g} s", rule="time of a download")


def _why(failure: Exception) -> str:
    return str(failure).strip() or type(failure).__name__


def _refused(url: str, why: str, *, rule: str) -> RefusedError:
    whole = url.partition("?")[0]  # what comes behind may be a key
    shown = whole if len(whole) <= 80 else f"{whole[:80]}…"
    return RefusedError(f"{shown} was not fetched: {why}. Nothing was saved.", rule=rule)
