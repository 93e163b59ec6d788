"""The workbench's helper package.

``import mhc_lab`` gives :class:`Workbench`, the errors and the version; everything else is imported by module
(``from mhc_lab.services import people``). All names are lazy, so that the import costs milliseconds.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mhc_lab.core.errors import (
        ConfigurationError,
        ConflictError,
        IntegrityError,
        InternalError,
        MhcError,
        MirrorError,
        NotFoundError,
        RefusedError,
        StalePlanError,
        UserError,
    )
    from mhc_lab.workbench import Workbench

__version__ = "0.1.0"

_HOMES = {"Workbench": "mhc_lab.workbench"}

__all__ = [
    "ConfigurationError",
    "ConflictError",
    "IntegrityError",
    "InternalError",
    "MhcError",
    "MirrorError",
    "NotFoundError",
    "RefusedError",
    "StalePlanError",
    "UserError",
    "Workbench",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "mhc_lab.core.errors")), name)


def __dir__() -> list[str]:
    return sorted(__all__)
