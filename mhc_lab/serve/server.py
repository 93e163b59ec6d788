"""Starts both servers, waits until they answer, and stops them again."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import mhc_lab
from mhc_lab.core import shipped
from mhc_lab.core.errors import ConfigurationError
from mhc_lab.core.home import prepare, replace_text
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.core.secrets import Secret
from mhc_lab.serve import rules

PATIENCE = 60.0
"""Seconds a server has to answer for the first time."""


@dataclass(frozen=True, slots=True)
class Child:
    """One server: its process, where it listens, and where it writes what it does."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def answers(self, path: str) -> bool:
        """Whether it answers a request for ``path``."""
        connection = http.client.HTTPConnection(rules.LOOPBACK, self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """End it and what it started: by asking, then by force."""
        self.process.terminate()
        try:
            self.process.wait(rules.GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()

    def ended(self) -> ConfigurationError:
        """Why it is no longer there, as far as its log tells."""
        tail = "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
        return ConfigurationError(f"{self.name} has stopped. The end of {self.log} says:\n{tail}", setting="MHC_HOME")


@dataclass(frozen=True, slots=True)
class Served:
    """Both servers, answering. Leaving a ``with`` block stops them."""

    lab: Child
    voila: Child
    token: Secret

    @property
    def lab_link(self) -> str:
        """Where JupyterLab is; whoever has the link is let in."""
        return self._link(self.lab, "/lab")

    @property
    def dashboards_link(self) -> str:
        """Where the list of dashboards is; whoever has the link is let in."""
        return self._link(self.voila, "/")

    def page(self, path: str) -> str:
        """Where the dashboard ``path`` is; whoever has the link is let in."""
        return self._link(self.voila, f"/voila/render/{path}")

    def wait(self) -> None:
        """Serve until Ctrl-C.

        Raises
        ------
        ConfigurationError
            One of the two has stopped by itself; the other is stopped, too.
        """
        try:
            while True:
                for child in (self.lab, self.voila):
                    if child.process.poll() is not None:
                        raise child.ended()
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
        finally:
            self.stop()

    def stop(self) -> None:
        """End both, and every kernel they run."""
        self.voila.stop()
        self.lab.stop()

    def _link(self, child: Child, path: str) -> str:
        return f"http://{rules.LOOPBACK}:{child.port}{path}?token={self.token.reveal()}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    home: Path,
    *,
    notebooks: Path | None = None,
    lab_port: int = 8888,
    dashboard_port: int = 8866,
    token: Secret | None = None,
    progress: Progress = SILENT,
) -> Served:
    """JupyterLab and the dashboards over the workbench in ``home``, once both answer.

    They show ``notebooks``, by default the shipped ones. A port that is taken is replaced by a free one. The token is made once and
    kept in ``home``, so that a bookmarked link works after a restart; another one can be given.

    Raises
    ------
    ConfigurationError
        One of them does not start; the message ends with what its log says.
    """
    folder = prepare(home) / "serve"
    folder.mkdir(mode=0o700, exist_ok=True)
    key = _token(folder, token)
    _write_rules(folder, notebooks or shipped.folder("notebooks"), key)
    progress(0, 2, "starting JupyterLab and the dashboards")
    lab = _start("JupyterLab", "jupyterlab", home=home, port=("ServerApp", lab_port), log=folder / "lab.log")
    voila = _start("Voila", "voila", home=home, port=("Voila", dashboard_port), log=folder / "dashboards.log")
    served = Served(lab, voila, key)
    try:
        for done, (child, path) in enumerate(((voila, "/login"), (lab, "/api")), start=1):
            _await(child, path)
            progress(done, 2, "starting JupyterLab and the dashboards")
    except BaseException:
        served.stop()
        raise
    return served


def _token(folder: Path, given: Secret | None) -> Secret:
    kept = folder / "token"
    if given is None and kept.exists() and (text := kept.read_text(encoding="ascii").strip()):
        return Secret(text)
    token = given or Secret(secrets.token_urlsafe(24))
    replace_text(kept, token.reveal())
    return token


def _write_rules(folder: Path, notebooks: Path, token: Secret) -> None:
    (folder / "labconfig").mkdir(mode=0o700, exist_ok=True)
    _write(folder / "voila.json", rules.voila(token, notebooks))
    _write(folder / "jupyter_server_config.json", rules.lab(token, notebooks))
    _write(folder / "labconfig" / "page_config.json", rules.LAB_PAGE)


def _write(path: Path, settings: dict[str, Any]) -> None:
    replace_text(path, json.dumps(settings, indent=2) + "\n")


def _start(name: str, module: str, *, home: Path, port: tuple[str, int], log: Path) -> Child:
    owner, wanted = port
    number = _free(wanted)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments, no shell
            [sys.executable, "-m", "mhc_lab.serve.leash", module, f"--{owner}.port={number}"],
            cwd=log.parent,
            env=_environment(home),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,  # Ctrl-C in the terminal is for us; we stop them in order
        )
    return Child(name, process, number, log)


def _environment(home: Path) -> dict[str, str]:
    """Our own environment, with the home named, and Jupyter looking for its settings there only."""
    checkout = Path(mhc_lab.__file__).parents[1] / "share" / "jupyter"
    paths = [str(checkout)] if checkout.is_dir() else []
    paths += filter(None, [os.environ.get("JUPYTER_PATH")])
    return os.environ | {
        "MHC_HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "serve"),
        "JUPYTER_PATH": os.pathsep.join(paths),
    }


def _free(wanted: int) -> int:
    """``wanted``, or any other port when something listens there already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((rules.LOOPBACK, wanted))
        except OSError:
            probe.bind((rules.LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _await(child: Child, path: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not child.answers(path):
        if child.process.poll() is not None:
            raise child.ended()
        if time.monotonic() > deadline:
            raise ConfigurationError(
                f"{child.name} does not answer after {PATIENCE:.0f} s. Its log is {child.log}.", setting="MHC_HOME"
            )
        time.sleep(0.1)
