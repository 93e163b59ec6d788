"""Runs a program that ends when the process that started it does.

``python -m mhc_lab.serve.leash voila …`` runs the module ``voila`` and watches its own standard input. The parent holds the other end
and writes nothing: when the parent is gone, however it went, the kernel closes that end, and the program is asked to stop.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

from mhc_lab.serve.rules import GRACE


def main() -> None:
    """Run the module named first on the command line, with the rest as its arguments."""
    sys.argv = sys.argv[1:]
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _stop_with_parent() -> None:
    os.read(0, 1)  # comes back only when the other end is closed
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)


if __name__ == "__main__":
    main()
