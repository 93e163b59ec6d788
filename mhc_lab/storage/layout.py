"""What a path below ``people/`` says: whose file it is and where it came from.

``people/{username}/{auto|uploads|snaps|profile|following}/…``: the folder names the source.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.names import username

SOURCES = {
    "auto": "affiliate_api",
    "uploads": "manual_upload",
    "snaps": "screensnap",
    "profile": "profile",
    "following": "following_snap",
}


def owner_and_source(relative_path: str) -> tuple[str | None, str]:
    """The user name a path belongs to (None: it does not say) and the source its folder stands for."""
    parts = PurePosixPath(relative_path).parts
    if len(parts) < 3 or parts[0] != "people":
        return None, "imported"
    try:
        owner = username(parts[1])
    except RefusedError:
        return None, "imported"
    return owner, SOURCES.get(parts[2], "imported")
