"""A proxy before an object store that does to chosen requests what networks, gateways and servers do."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle

PAGE = b"<html><head><title>Welcome to the hotel</title></head><body>Please log in</body></html>"
STALL_SECONDS = 5.0
_CHANGES = cycle(range(1, 256))


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_listing(self) -> bool:
        return self.method == "GET" and "list-type=2" in self.target

    def bytes(self) -> bytes:
        kept = {name: value for name, value in self.headers.items() if name not in {"connection", "expect"}}
        kept["connection"] = "close"
        if self.body or "content-length" in kept:
            kept["content-length"] = str(len(self.body))
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in kept.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + self.body


@dataclass(frozen=True)
class Answer:
    """What goes back; ``promised`` bytes are announced, whatever is sent."""

    status: int
    headers: dict[str, str]
    body: bytes
    promised: int | None = None
    is_stalled: bool = False

    def bytes(self, method: str) -> bytes:
        length = len(self.body) if self.promised is None else self.promised
        headers = {**self.headers, "connection": "close"}
        if method != "HEAD":
            headers["content-length"] = str(length)
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (b"" if method == "HEAD" else self.body)


class ResetError(Exception):
    """Drop the connection."""


def _said(status: int, code: str) -> Callable[[Request], Answer]:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>canary+secret/key0001</Message></Error>".encode()
    return lambda request: Answer(status, {"content-type": "application/xml"}, body)


def _reset(request: Request) -> Answer:
    raise ResetError


def _drop(request: Request, answer: Answer) -> Answer:
    raise ResetError


def _cut(request: Request, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2], promised=len(answer.body))


def _shorten(request: Request, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _change(request: Request, answer: Answer) -> Answer:
    if request.method != "GET" or request.is_listing or answer.status != 200:
        return answer
    return replace(answer, body=_flip(answer.body))


def _flip(body: bytes) -> bytes:
    """One byte is another; the next time it is yet another."""
    middle, by = len(body) // 2, next(_CHANGES)
    return body[:middle] + bytes([body[middle] ^ by]) + body[middle + 1 :] if body else body


def _without_etag(request: Request, answer: Answer) -> Answer:
    body = re.sub(rb"<ETag>.*?</ETag>", b"", answer.body) if b"<ETag>" in answer.body else answer.body
    return replace(answer, headers={k: v for k, v in answer.headers.items() if k != "etag"}, body=body)


def _without(part: Callable[[list[bytes]], list[bytes]]) -> Callable[[Request, Answer], Answer]:
    """A listing with some of its entries only, and said to be whole."""

    def change(request: Request, answer: Answer) -> Answer:
        if not request.is_listing:
            return answer
        entries = re.findall(rb"<Contents>.*?</Contents>", answer.body, re.S)
        rest = re.sub(rb"<Contents>.*</Contents>", b"".join(part(entries)), answer.body, flags=re.S)
        ended = re.sub(rb"<NextContinuationToken>.*?</NextContinuationToken>", b"", rest)
        return replace(answer, body=ended.replace(b"<IsTruncated>true", b"<IsTruncated>false"))

    return change


INSTEAD: dict[str, Callable[[Request], Answer]] = {
    "reset": _reset,
    "500": _said(500, "InternalError"),
    "503": _said(503, "SlowDown"),
    "501": _said(501, "NotImplemented"),
    "403": _said(403, "AccessDenied"),
    "404": _said(404, "NoSuchKey"),
    "409": _said(409, "ConditionalRequestConflict"),
    "412": _said(412, "PreconditionFailed"),
    "page": lambda request: Answer(200, {"content-type": "text/html"}, PAGE),
    "page with an ETag": lambda request: Answer(
        200, {"etag": '"0"', "last-modified": "Fri, 27 Nov 2026 00:00:00 GMT"}, PAGE
    ),
    "redirect": lambda request: Answer(302, {"location": "http://127.0.0.1:9/login"}, PAGE),
    "nothing": lambda request: Answer(200, {}, b""),
    "error with status 200": lambda request: replace(_said(200, "InternalError")(request)),
    "stall": lambda request: Answer(200, {}, b"", is_stalled=True),
}
"""Faults that keep a request from the server."""

AFTER: dict[str, Callable[[Request, Answer], Answer]] = {
    "answer lost": _drop,
    "done but 500": lambda request, answer: _said(500, "InternalError")(request),
    "body cut": _cut,
    "body shorter": _shorten,
    "byte changed": _change,
    "no ETag": _without_etag,
    "stall in the body": lambda request, answer: replace(_cut(request, answer), is_stalled=True),
    "page missing": _without(lambda entries: entries[len(entries) // 2 :]),
    "list ends early": _without(lambda entries: entries[: len(entries) // 2]),
    "list of one": _without(lambda entries: entries[:1]),
}
"""Faults of the answer to a request that was done."""

ON_THE_WAY: dict[str, Callable[[Request], Request]] = {
    "sent byte changed": lambda request: replace(request, body=_flip(request.body)),
    "sent body shorter": lambda request: replace(request, body=request.body[: len(request.body) // 2]),
}
"""Faults of what is sent."""

REPEATED = "page repeated"
FAULTS = (*INSTEAD, *AFTER, *ON_THE_WAY, REPEATED)


@dataclass
class FaultProxy:
    """Running on ``port``; does nothing until told to."""

    upstream: int
    port: int = 0
    requests: list[str] = field(default_factory=list)
    """What was asked since the last fault was set."""
    last: Request | None = None
    _fault: str = ""
    _at: Callable[[int], bool] = lambda number: False
    _last_listing: Answer | None = None

    @contextmanager
    def running(self) -> Iterator[FaultProxy]:
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), loop).result()
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self._end(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    @contextmanager
    def fault(self, name: str, *, at: Callable[[int], bool] = lambda number: True) -> Iterator[None]:
        """``name`` happens to the requests whose number, from 0, ``at`` chooses, for the length of a ``with`` block."""
        self.requests.clear()
        self._fault, self._at = name, at
        try:
            yield
        finally:
            self._fault, self._at = "", lambda number: False

    async def _end(self, server: asyncio.Server) -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.1)  # what was closed takes a turn of the loop to be gone

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read_request(reader, writer)
            if request is not None:
                answer = await self._answer(request)
                writer.write(answer.bytes(request.method))
                await writer.drain()
                if answer.is_stalled:
                    await asyncio.sleep(STALL_SECONDS)
        except (ResetError, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()

    async def _answer(self, request: Request) -> Answer:
        number = len(self.requests)
        self.requests.append(f"{request.method} {request.target}")
        self.last = request
        fault = self._fault if self._at(number) else ""
        if fault == "stall":
            await asyncio.sleep(STALL_SECONDS)
        if fault in INSTEAD:
            return INSTEAD[fault](request)
        answer = await self._forward(ON_THE_WAY[fault](request) if fault in ON_THE_WAY else request)
        before = self._last_listing
        if request.is_listing:
            self._last_listing = answer
            if fault == REPEATED and before is not None:
                return before
        return AFTER[fault](request, answer) if fault in AFTER else answer

    async def _forward(self, request: Request) -> Answer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        writer.write(request.bytes())
        await writer.drain()
        head = await reader.readuntil(b"\r\n\r\n")
        status, headers = _parse(head)
        body = b"" if request.method == "HEAD" else await reader.read()
        writer.close()
        if headers.pop("transfer-encoding", "") == "chunked":
            body = _unchunked(body)
        return Answer(int(status.split()[1]), headers, body)


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, headers = _parse(head)
    if "expect" in headers:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = first.split(" ")
    return Request(method, target, headers, body)


def _parse(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    return first, {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if ": " in line)}


def _unchunked(body: bytes) -> bytes:
    whole = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        count = int(size, 16)
        whole += rest[:count]
        body = rest[count + 2 :] if count else b""
    return whole
