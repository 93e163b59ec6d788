"""The kernel that audits run in: this interpreter, this workbench's settings, and a report as its surface.

It depends on no installed kernel specification, on nobody's IPython profile, and on nothing that is configured for notebooks
elsewhere, so that a report made today can be made again.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Dict
from traitlets.config import Config

from mhc_lab.core import surface
from mhc_lab.core.surface import Surface
from mhc_lab.db.roles import Role

if TYPE_CHECKING:
    from mhc_lab.workbench import Workbench

_ARGUMENTS = ["-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=CRITICAL"]


class ReportKernel(AsyncKernelManager):
    """A kernel of this very interpreter; ``variables`` come on top of its environment."""

    variables = Dict().tag(config=True)

    @property
    def kernel_spec(self) -> KernelSpec:
        """How to start it; its channels are encrypted, so other users of the machine can neither read nor write them."""
        environment = {name: value.replace("$", "$$") for name, value in self.variables.items()}
        return KernelSpec(
            argv=[sys.executable, *_ARGUMENTS],
            env=environment,
            language="python",
            metadata={"supported_encryption": ["curve"]},
        )


def config(wb: Workbench) -> Config:
    """What makes a :class:`ReportKernel` open the same workbench as ``wb``."""
    return Config({"ReportKernel": {"variables": _variables(wb), "transport_encryption": "required"}})


def _variables(wb: Workbench) -> dict[str, str]:
    """The settings of ``wb`` as text; the database address names the password file and holds no password."""
    settings = wb.settings
    return {
        surface.VARIABLE: Surface.REPORT,
        "MHC_HOME": str(settings.home),
        "MHC_DATABASE_URL": "" if wb.database.embedded else wb.database.url(Role.OWNER),
        "MHC_MEDIA_ROOT": str(settings.media_root or ""),
        "MHC_BROADCASTER": settings.broadcaster or "",
        "MHC_USER": settings.user,
        "IPYTHONDIR": str(wb.folder("cache") / "ipython"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # the debugger's remark about frozen modules would be printed into the report
    }
