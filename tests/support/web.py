"""An https server on this machine, for downloads that are really made."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from time import sleep

import trustme

from mhc_lab.sources.downloads import Address, Web

HOST = "pictures.example.com"


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered at one path."""

    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] | None = None
    announced: int | None = None
    """The length that is claimed; None: the right one."""
    pause: float = 0.0
    """Seconds before every kilobyte."""
    hesitation: float = 0.0
    """Seconds before every byte of the headers."""


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, and what lets a download find and trust it."""

    port: int
    web: Web
    asked: list[str]
    """Paths asked for, in order."""

    def url(self, path: str) -> str:
        return f"https://{HOST}:{self.port}{path}"


class _Quiet(ThreadingHTTPServer):
    """A download that is broken off is no news."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def site(pages: Mapping[str, Page], *, names: Mapping[str, str] | None = None) -> Iterator[Site]:
    """Serves ``pages``; ``names`` says which host has which address, beside :data:`HOST` at 127.0.0.1."""
    asked: list[str] = []
    authority = trustme.CA()
    server = _Quiet(("127.0.0.1", 0), _handler(pages, asked))
    inner, outer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(HOST).configure_cert(inner)
    authority.configure_trust(outer)
    server.socket = inner.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    known = {HOST: "127.0.0.1", **(names or {})}
    web = Web(lambda host, port: _looked_up(known, host), lambda address: str(address) == "127.0.0.1", outer)
    try:
        yield Site(server.server_address[1], web, asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _looked_up(known: Mapping[str, str], host: str) -> list[Address]:
    if host not in known:
        raise OSError(-2, "Name or service not known")
    return [ip_address(known[host])]


def _handler(pages: Mapping[str, Page], asked: list[str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            page = pages.get(self.path, Page(b"not here", 404))
            self.send_response(page.status)
            for name, value in (page.headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.content) if page.announced is None else page.announced))
            for byte in b"X-Slow: 0123456789\r\n" if page.hesitation else b"":
                sleep(page.hesitation)
                self.flush_headers()
                self.wfile.write(bytes([byte]))
            self.end_headers()
            for start in range(0, len(page.content), 1024):
                sleep(page.pause)
                self.wfile.write(page.content[start : start + 1024])

        def log_message(self, *_: object) -> None:
            pass

    return Handler
