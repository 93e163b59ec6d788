"""A program on the leash ends with whoever holds the other end."""

from __future__ import annotations

import signal
import subprocess
import sys


def test_the_program_ends_when_the_parent_is_gone() -> None:
    command = [sys.executable, "-m", "mhc_lab.serve.leash", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdin is not None
        program.stdin.close()  # what the kernel does for a parent that was killed

        program.wait(timeout=60)

    assert program.returncode == -signal.SIGTERM
