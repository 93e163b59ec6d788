"""Kill a job at each of its system calls that change something, look at what is left, go on, and look again.

``strace`` counts the calls of each name and delivers the signal when the n-th is entered, so that call does not happen; the state after
it is that before the next. Needs no hook in the program.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CHANGING = (
    "write,pwrite64,writev,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,"
    "ftruncate,copy_file_range,sendfile,fchmod,utimensat"
)


_SAME_CALLS = {"PYTHONDONTWRITEBYTECODE": "1"}
"""The processes that a job starts write no compiled modules, either: the second run would have fewer calls than the first."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A job, how its disk is prepared, and what is wrong with the disk after it was killed and after it was done again."""

    job: str
    prepare: Callable[[Path], None]
    after_kill: Callable[[Path, Sequence[str]], list[str]]
    """Given what the job had said it was sure of."""
    after_recovery: Callable[[Path], list[str]]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a job under strace ended."""

    code: int
    said: tuple[str, ...]


def has_strace() -> bool:
    """Whether there is one that may be used."""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True, check=False).returncode == 0


def run(job: str, root: Path, *, twin: str = "", inject: str = "", trace: Path = Path(os.devnull)) -> Ended:
    """The job in a process of its own, with ``inject`` done to it."""
    tracing = ["strace", "-f", "-qq", "-o", str(trace), "-e", f"trace={inject.partition(':')[0] or CHANGING}"]
    injecting = ["-e", f"inject={inject}"] if inject else ["--seccomp-bpf"]
    words = [*tracing, *injecting, sys.executable, "-m", "faults.jobs", job, str(root), *([twin] if twin else [])]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1], env=os.environ | _SAME_CALLS
    )
    return Ended(done.returncode, tuple(done.stdout.split("\n")[:-1]))


def points(scenario: Scenario, *, twin: str = "") -> list[str]:
    """Every call of the job that changes something, in order, as strace names it: ``fsync:when=3`` is a thread's third of that name."""
    with _disk(scenario) as root, tempfile.NamedTemporaryFile() as trace:
        ended = run(scenario.job, root, twin=twin, trace=Path(trace.name))
        if ended.code != 0:
            raise RuntimeError(f"the job {scenario.job} {twin} fails by itself")
        made = re.findall(r"^(\d+) +(\w+)\(", Path(trace.name).read_text(), re.M)
    counted: Counter[tuple[str, str]] = Counter()
    calls: dict[str, None] = {}
    for thread, name in made:
        counted[thread, name] += 1
        calls[f"{name}:when={counted[thread, name]}"] = None
    return list(calls)


def sweep(scenario: Scenario, at: Iterable[str], *, twin: str = "") -> list[str]:
    """What was wrong after kills at those calls."""
    return [f"{call}: {wrong}" for call in at for wrong in _killed(scenario, call, twin)]


def kill(call: str) -> str:
    """The injection that ends a job when it enters ``call``."""
    return call.replace(":", ":signal=KILL:")


def _killed(scenario: Scenario, call: str, twin: str) -> list[str]:
    with _disk(scenario) as root:
        ended = run(scenario.job, root, twin=twin, inject=kill(call))
        if ended.code == 0:
            return [f"was never reached by {scenario.job}"]
        wrong = scenario.after_kill(root, ended.said)
        if not wrong:
            run(scenario.job, root)
            wrong = scenario.after_recovery(root)
        return wrong


def injected(scenario: Scenario, inject: str, *, twin: str = "") -> list[str]:
    """What was wrong after an error or a lie of the system, given as strace takes it."""
    with _disk(scenario) as root:
        ended = run(scenario.job, root, twin=twin, inject=inject)
        wrong = scenario.after_kill(root, ended.said)
        return wrong or ([] if run(scenario.job, root).code == 0 else ["it does not recover"])


@contextmanager
def _disk(scenario: Scenario) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mhc-faults-") as folder:
        root = Path(folder) / "disk"
        root.mkdir()
        scenario.prepare(root)
        yield root
