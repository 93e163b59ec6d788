"""What a notebook declares, and what is refused when somebody sets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mhc_lab.audit import parameters
from mhc_lab.audit.parameters import Parameter
from mhc_lab.core.errors import InternalError, NotFoundError, RefusedError
from tests.support.notebooks import write_notebook

DECLARED = (
    Parameter("SINCE", "str", "2026-01-01", "first day, UTC"),
    Parameter("MAX_GROUPS", "int", -1, "-1: any number"),
    Parameter("SHARE", "float", 0.5, ""),
    Parameter("APPLY", "bool", False, ""),
)


def test_declarations_are_read_with_type_default_and_comment(tmp_path: Path) -> None:
    path = write_notebook(
        tmp_path, 'SINCE: str = "2026-01-01"  # first day, UTC\nMAX_GROUPS: int = -1  # -1: any number'
    )

    assert parameters.declared(path) == DECLARED[:2]


def test_a_notebook_without_a_parameters_cell_declares_none(tmp_path: Path) -> None:
    path = write_notebook(tmp_path)

    assert parameters.declared(path) == ()


def test_declarations_are_never_run(tmp_path: Path) -> None:
    path = write_notebook(tmp_path, "SINCE: str = open('/etc/passwd').read()")

    with pytest.raises(InternalError, match="declares no parameter"):
        parameters.declared(path)


def test_texts_become_values_of_the_declared_types() -> None:
    given = ["SINCE=2026-03-01", "MAX_GROUPS=12", "SHARE=0.25", "APPLY=yes"]

    assert parameters.parse(DECLARED, given) == {"SINCE": "2026-03-01", "MAX_GROUPS": 12, "SHARE": 0.25, "APPLY": True}


def test_a_value_may_contain_an_equals_sign() -> None:
    assert parameters.parse(DECLARED, ["SINCE=a=b"]) == {"SINCE": "a=b"}


def test_an_unknown_name_is_refused_and_near_ones_are_suggested() -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean SINCE\?.*It has SINCE, MAX_GROUPS, SHARE, APPLY") as refused:
        parameters.parse(DECLARED, ["SINC=2026-03-01"])

    assert refused.value.near == ("SINCE",)


@pytest.mark.parametrize("name", ["x=1; import os; y", "x\nimport os", "", "SINCE;"])
def test_code_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(NotFoundError):
        parameters.check(DECLARED, {name: "1"})


@pytest.mark.parametrize("assignment", ["MAX_GROUPS=many", "MAX_GROUPS=1.5", "SHARE=half", "APPLY=maybe"])
def test_a_value_of_another_type_is_refused(assignment: str) -> None:
    with pytest.raises(RefusedError, match="needs"):
        parameters.parse(DECLARED, [assignment])


def test_a_python_value_of_another_type_is_refused() -> None:
    with pytest.raises(RefusedError, match="MAX_GROUPS needs a whole number"):
        parameters.check(DECLARED, {"MAX_GROUPS": True})


@pytest.mark.parametrize("share", ["nan", "inf"])
def test_a_number_that_is_not_finite_is_refused(share: str) -> None:
    with pytest.raises(RefusedError, match="SHARE needs a finite number"):
        parameters.parse(DECLARED, [f"SHARE={share}"])


def test_an_assignment_without_equals_sign_is_refused() -> None:
    with pytest.raises(RefusedError, match="NAME=value"):
        parameters.parse(DECLARED, ["SINCE"])


def test_a_value_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(RefusedError, match="MHC_") as refused:
        parameters.parse(DECLARED, ["SINCE=postgresql://owner:hunter2@db.example/mhc"])

    assert "hunter2" not in str(refused.value)


def test_a_name_that_sounds_like_a_secret_is_refused_without_repeating_its_value() -> None:
    with pytest.raises(RefusedError, match="secret") as refused:
        parameters.parse(DECLARED, ["API_TOKEN=hunter2"])

    assert "hunter2" not in str(refused.value)
