"""What may be set in a notebook, and the check of what somebody wants to set.

The declarations are the notebook's own: the cell tagged ``parameters``, read as syntax and never run. Papermill itself takes
unknown names with a shrug and a name with code in it as code; both are refused here.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mhc_lab.audit import confidential, notebooks
from mhc_lab.core.errors import InternalError, NotFoundError, RefusedError

type_of: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
Value = str | int | float | bool

_YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name that may be set: its type, its default, and the comment beside it."""

    name: str
    type: str
    default: Value
    comment: str


def declared(path: Path) -> tuple[Parameter, ...]:
    """The parameters of the notebook at ``path``, in its order; none when it has no such cell.

    Raises
    ------
    InternalError
        A line of the cell is not ``NAME: type = literal`` of a type that can be given as text.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", ())]
    source = notebooks.source(tagged[0]) if tagged else ""
    return tuple(_parameter(statement, source.splitlines()) for statement in ast.parse(source).body)


def parse(known: Sequence[Parameter], assignments: Iterable[str]) -> dict[str, Value]:
    """The values in ``assignments`` (``NAME=value``), each of its declared type.

    Raises
    ------
    NotFoundError
        A name is not declared.
    RefusedError
        An assignment has no ``=``, a value is not of its type, or looks confidential.
    """
    values: dict[str, Value] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise RefusedError(f'"{assignment}" sets nothing. Write it as NAME=value.', rule="assignment")
        values[name.strip()] = _converted(_known(known, name.strip()), text)
    return check(known, values)


def check(known: Sequence[Parameter], values: Mapping[str, Value]) -> dict[str, Value]:
    """``values``, when every name is declared, every type is right and nothing looks confidential."""
    for name, value in values.items():
        parameter = _known(known, name)
        if type(value) is not type_of[parameter.type] or (isinstance(value, float) and not math.isfinite(value)):
            raise _wrong_type(parameter, repr(value))
        looks_like = confidential.why_confidential(value) if isinstance(value, str) else None
        if looks_like:
            raise RefusedError(
                f"The value for {name} looks like {looks_like}, and parameters are stored in the clear. "
                "Put it in an MHC_* setting instead.",
                rule="no secrets in parameters",
            )
    return dict(values)


def _known(known: Sequence[Parameter], name: str) -> Parameter:
    if confidential.name_is_confidential(name):
        raise RefusedError(
            f'"{_shown(name)}" sounds like a secret, and parameters are stored in the clear. Put it in an MHC_* setting instead.',
            rule="no secrets in parameters",
        )
    by_name = {parameter.name: parameter for parameter in known}
    if name not in by_name:
        listed = f"It has {', '.join(by_name)}." if by_name else "This notebook has none."
        raise NotFoundError("parameter", _shown(name), known=by_name, hint=listed)
    return by_name[name]


def _converted(parameter: Parameter, text: str) -> Value:
    try:
        return _YES_NO[text.strip().lower()] if parameter.type == "bool" else type_of[parameter.type](text)
    except (KeyError, ValueError):
        raise _wrong_type(parameter, f'"{_shown(text)}"') from None


def _wrong_type(parameter: Parameter, shown: str) -> RefusedError:
    wanted = {"str": "a text", "int": "a whole number", "float": "a finite number", "bool": "true or false"}[
        parameter.type
    ]
    example = f"{parameter.name}={parameter.default}"
    return RefusedError(f"{parameter.name} needs {wanted}, not {shown}: for example {example}.", rule="parameter type")


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _parameter(statement: ast.stmt, lines: Sequence[str]) -> Parameter:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id=type_), value=ast.expr() as value):
            default = _literal(value)
            if default is not None and type(default) is type_of.get(type_):
                _, _, comment = lines[statement.lineno - 1].partition("  #")
                return Parameter(name, type_, default, comment.strip())
    raise InternalError(
        f'"{ast.unparse(statement)}" declares no parameter. Write NAME: type = literal with one of {", ".join(type_of)}.'
    )


def _literal(expression: ast.expr) -> Value | None:
    try:
        return cast("Value", ast.literal_eval(expression))
    except ValueError:
        return None
