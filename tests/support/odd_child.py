"""A process as the one that decodes, in which what a file says happens: ``hang``, ``eat``, ``crash``, ``wait``, ``write``, ``call``."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import Any, BinaryIO

from mhc_lab.media.child import confine, looked, serve


def answer(stream: BinaryIO, *, size: int, longest: int, is_known: bool = False) -> tuple[dict[str, Any], bytes]:
    match stream.read(20):
        case b"hang":
            while True:
                pass
        case b"eat":
            bytearray(1 << 30)
        case b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"wait":
            time.sleep(60)
        case b"slow":
            time.sleep(0.5)
        case b"write":
            with open("/tmp/mhc-never-written", "w") as file:  # noqa: PTH123
                file.write("x" * 100)
        case b"call":
            socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=1)
    stream.seek(0)
    return looked(stream, size=size, longest=longest, is_known=is_known)


if __name__ == "__main__":
    confine()
    with socket.socket(fileno=int(sys.argv[-1])) as connection:
        serve(connection, answer)
