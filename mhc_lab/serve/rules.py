"""What JupyterLab and Voila are told: who may come in, what a page may load, what is served.

Each server reads one JSON file. The rules are the same for both where they can be: loopback only, always a token, no request to any
other host. A page may run no script but our own, and an event handler in a piece of text never runs.
"""

from __future__ import annotations

import logging
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mhc_lab.core import display
from mhc_lab.core.secrets import Secret
from mhc_lab.serve.dashboards import subjects

LOOPBACK = "127.0.0.1"

GRACE = 10.0
"""Seconds a server has to stop by itself."""

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # widgets and Vega compile at run time
        "script-src-attr 'none'",  # the line that stops onerror= and its kind
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' blob: data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
}

_LOGGING = {
    "filters": {"tokenless": {"()": "mhc_lab.serve.rules.Tokenless"}},
    "handlers": {"console": {"filters": ["tokenless"]}},
    "loggers": {"tornado": {"handlers": ["console"]}},
}

_EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]

_IDLE_KERNELS = {"cull_idle_timeout": 900, "cull_interval": 60}  # seconds; a page left open keeps its kernel


class Tokenless(logging.Filter):
    """Takes the token out of every line of a log: the servers quote the links that were asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let ``record`` pass without its token."""
        record.msg, record.args = re.sub(r"\btoken=[\w-]+", "token=***", record.getMessage()), ()
        return True


def voila(token: Secret, notebooks: Path) -> dict[str, Any]:
    """The settings of Voila, which serves the dashboards out of the folder ``notebooks``."""
    return {
        "Voila": {
            "ip": LOOPBACK,
            "port_retries": 0,
            "open_browser": False,
            "root_dir": str(notebooks),
            "token": token.reveal(),
            "logging_config": _LOGGING,
            # With remote access Voila answers to any Host header, and a foreign page could reach it by DNS rebinding.
            "tornado_settings": {"headers": _HEADERS, "allow_remote_access": False},
        },
        "VoilaConfiguration": {
            "template": "mhc",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "classic_tree": True,
            "file_allowlist": [],  # the default serves every picture below the notebooks without a token
            "strip_sources": True,
            "show_tracebacks": False,
            "preheat_kernel": False,  # a page drawn ahead would show old figures
            "extension_allowlist": _EXTENSIONS,
            "extension_config": {"mhc_lab": {"subjects": [asdict(one) for one in subjects(notebooks)]}},
            "resources": {"mhc_style": display.style()},
        },
        "VoilaExecutor": {
            "cell_error_instruction": "Open this page's notebook in JupyterLab and run it: it says there what is wrong."
        },
        "MappingKernelManager": _IDLE_KERNELS,
    }


def lab(token: Secret, notebooks: Path) -> dict[str, Any]:
    """The settings of JupyterLab over the folder ``notebooks``."""
    return {
        "ServerApp": {
            "ip": LOOPBACK,
            "port_retries": 0,
            "open_browser": False,
            "root_dir": str(notebooks),
            "allow_remote_access": False,
            "allow_root": True,  # as in a container; loopback and token hold all the same
            "quit_button": False,
            "logging_config": _LOGGING,
            # The dashboards have a server and rules of their own.
            "jpserver_extensions": {"voila.server_extension": False},
        },
        "IdentityProvider": {"token": token.reveal()},
        # What a notebook has shown is about real people; the shipped ones stay as they are committed.
        "ContentsManager": {"pre_save_hook": "mhc_lab.serve.rules.without_outputs"},
        "LabApp": {"extension_manager": "readonly"},  # the other one asks a package index
    }


def without_outputs(model: dict[str, Any], **_: object) -> None:
    """Take outputs and counts out of a notebook before JupyterLab saves it."""
    if model["type"] != "notebook" or not model.get("content"):
        return
    for cell in model["content"]["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


LAB_PAGE = {
    "disabledExtensions": {
        "@jupyterlab/apputils-extension:announcements": True,  # fetched from another host, after a question to every new user
        "@voila-dashboards/jupyterlab-preview": True,
    }
}
"""Parts of JupyterLab's page that are left out."""
