"""Two object stores on this machine, each of which forgives what the other does not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mhc_lab.core.secrets import Secret
from mhc_lab.core.settings import Settings

ACCESS_KEY = "CANARYACCESSKEY00001"
SECRET_KEY = "canary+secret/key0001"
BUCKET = "media"
_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class ObjectServer:
    """One that is running; ``folder`` is where it keeps its objects as files, when it does."""

    name: str
    port: int
    folder: Path | None = None
    pid: int = 0

    def known_to(self, settings: Settings) -> Settings:
        """Settings that lead to it."""
        keys = {"s3_access_key": Secret(ACCESS_KEY), "s3_secret_key": Secret(SECRET_KEY)}
        return settings.model_copy(update={**keys, "s3_endpoint": f"http://127.0.0.1:{self.port}"})

    def look_again(self) -> None:
        """Make rclone see files that were put into its folder behind its back."""
        os.kill(self.pid, signal.SIGHUP)


@contextmanager
def rclone(folder: Path, *, folds: bool = False) -> Iterator[ObjectServer]:
    """`rclone serve s3` over ``folder``: ignores conditions on writes, checks signatures, keeps objects as files.

    One that ``folds`` takes names for one that differ by Unicode normalisation only.
    """
    (folder / BUCKET).mkdir(exist_ok=True)
    port = free_port()
    words = ("serve", "s3", folder, "--addr", f"127.0.0.1:{port}", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}")
    names = () if folds else ("--no-unicode-normalization",)
    with _running([_BIN / "rclone", *words, *names, "--config", "/dev/null", "-q"], port) as pid:
        yield ObjectServer("rclone", port, folder / BUCKET, pid)


@contextmanager
def moto() -> Iterator[ObjectServer]:
    """moto's server: honours conditions, checks no signature and no digest, keeps everything in memory."""
    import boto3

    port = free_port()
    with _running([_BIN / "moto_server", "-H", "127.0.0.1", "-p", str(port)], port):
        keys = {"aws_access_key_id": ACCESS_KEY, "aws_secret_access_key": SECRET_KEY}
        boto3.session.Session().client(
            "s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", **keys
        ).create_bucket(Bucket=BUCKET)
        yield ObjectServer("moto", port)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _running(words: Sequence[object], port: int) -> Iterator[int]:
    server = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(server, port)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(1500):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert server.poll() is None, "the object server ended at once"
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"no object server answers on port {port}")
