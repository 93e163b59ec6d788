"""Errors are for people: one paragraph, near names, no stack."""

from __future__ import annotations

import mhc_lab
from mhc_lab.core import errors


def test_a_missing_name_suggests_near_ones() -> None:
    error = errors.NotFoundError("person", "alcie", known=["alice", "bob"])

    assert str(error) == 'No person named "alcie". Did you mean alice?'
    assert (error.what, error.key, error.near) == ("person", "alcie", ("alice",))


def test_what_a_person_can_act_on_is_shown_without_a_traceback() -> None:
    error = errors.RefusedError("Not that.", rule="r")

    assert error._render_traceback_() == ["RefusedError: Not that."]


def test_a_bug_keeps_its_traceback() -> None:
    assert not hasattr(errors.IntegrityError("x"), "_render_traceback_")


def test_the_front_door_exports_the_workbench_every_error_and_the_version() -> None:
    exported = {name: getattr(mhc_lab, name) for name in mhc_lab.__all__}

    tree = {
        name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, errors.MhcError)
    }
    assert set(exported) == tree | {"Workbench", "__version__"}
