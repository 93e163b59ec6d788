"""Single files brought back from quarantine, outside of what a run as a whole can restore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.db.session import undisturbed
from mhc_lab.jobs import setting_aside, views
from mhc_lab.jobs.stepwise import Signed
from mhc_lab.services import quarantine
from mhc_lab.services.quarantine import QuarantinedFile
from mhc_lab.workbench import Workbench

_SHORTEST = 6
"""Digits by which a file may be named."""


@dataclass(frozen=True, slots=True)
class BroughtBack:
    """What became of the files that were named."""

    files: tuple[QuarantinedFile, ...]
    refused: tuple[str, ...]
    """Place and reason of those that were not brought back."""

    def __str__(self) -> str:
        back = display.plural(len(self.files) - len(self.refused), "file")
        return "\n".join([f"{back} brought back", *(f"  not brought back: {why}" for why in self.refused)])


def bring_back(wb: Workbench, names: Sequence[str]) -> BroughtBack:
    """Put files back to where they lay, with their records; what a keeper took over from them stays with the keeper.

    Raises
    ------
    NotFoundError, RefusedError
        An id, or its first digits, means none or several.
    """
    brought = undisturbed(partial(_brought_back, wb, names))
    views.follow(wb, {file.storage for file in brought.files})
    return brought


def _brought_back(wb: Workbench, names: Sequence[str]) -> BroughtBack:
    with wb.transaction() as session:
        named = {file.id: file for file in (_named(session, name) for name in names)}
        files = sorted(setting_aside.hold(session, named), key=_by_run)
        refused = [f"{file.place}: it was brought back before" for file in files if file.state == "back"]
        for run, some in groupby(files, key=lambda file: file.run_id):
            signed = Signed(wb, run, wb.user, wb.clock.now())
            refused += setting_aside.come_back(session, signed, [file.id for file in some])
    return BroughtBack(tuple(files), tuple(refused))


def _by_run(file: QuarantinedFile) -> tuple[str, str]:
    return str(file.run_id), file.place


def _named(session: Session, name: str) -> QuarantinedFile:
    digits = name.strip().lower()
    found = quarantine.beginning(session, digits)
    if not found:
        raise NotFoundError("file in quarantine", name, hint="List them with `mhc quarantine list`.")
    if len(found) > 1 or len(digits) < _SHORTEST:
        raise RefusedError(f'"{name}" is too short to mean one file. Give more of its id.', rule="file id")
    return found[0]
