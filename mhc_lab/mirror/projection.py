"""How each PostgreSQL type crosses into DuckDB without losing anything.

A column becomes one expression that PostgreSQL evaluates, the DuckDB type its result is stored as, and, where that type is the
narrower of the two, the condition of a value it cannot hold. A type that is not classified here is refused by name: a silent
approximation would be believed.
"""

from __future__ import annotations

from dataclasses import dataclass

from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror.sql import quoted
from mhc_lab.mirror.tables import Column

WIDEST_DECIMAL = 38

_AS_THEY_ARE = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "uuid": "UUID",
    "bytea": "BLOB",
    "date": "DATE",
    "time": "TIME",
    "timetz": "TIME WITH TIME ZONE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "interval": "INTERVAL",
}

_CAST = {
    "oid": ("int8", "UINTEGER"),
    "json": ("text", "JSON"),
    "jsonb": ("text", "JSON"),
    "money": ("numeric::text", "VARCHAR"),
}

_AS_TEXT = frozenset({
    "bit", "box", "bpchar", "char", "cidr", "circle", "inet", "jsonpath", "line", "lseg", "macaddr", "macaddr8", "name", "path",
    "pg_lsn", "point", "polygon", "regclass", "tsquery", "tsvector", "varbit", "xid8", "xml",
})  # fmt: skip
_KINDS_AS_TEXT = frozenset("emr")  # enums, multiranges, ranges

_NOT_IN_ARRAYS = frozenset({"bytea", "money", "oid", "timetz"})

# True of the values that PostgreSQL has and DuckDB's type has not. DuckDB's timestamps end in January 294247.
_MISFITS = {
    "numeric": "{} = 'NaN'",
    "timestamp": "isfinite({0}) AND {0} >= '294247-01-01'",
    "timestamptz": "isfinite({0}) AND {0} >= '294247-01-01 00:00+00'",
    "interval": "NOT isfinite({})",
}


@dataclass(frozen=True, slots=True)
class Projection:
    """How one column crosses."""

    source: str
    """What PostgreSQL is asked for."""
    type: str
    """What DuckDB stores it as."""
    misfit: str | None = None
    """PostgreSQL's condition of a value that ``type`` cannot hold."""


def project(column: Column) -> Projection:
    """How ``column`` crosses.

    Raises
    ------
    MirrorError
        Its type is not classified.
    """
    if column.arrays > 1 or (column.arrays and column.type in _NOT_IN_ARRAYS):
        raise _unknown(column)
    cast, type_ = _crossing(column)
    brackets = "[]" * column.arrays
    name = quoted(column.name)
    source = f"{name}::{cast}{brackets}" if cast else name
    misfit = _MISFITS.get(column.type) if type_ != "VARCHAR" else None
    return Projection(
        source, type_ + brackets, _in_array(name, misfit) if column.arrays else misfit and misfit.format(name)
    )


def _crossing(column: Column) -> tuple[str | None, str]:
    """The cast PostgreSQL applies to a single value, if any, and DuckDB's type for it."""
    if column.kind in _KINDS_AS_TEXT or column.type in _AS_TEXT:
        return "text", "VARCHAR"
    if column.type == "numeric":
        return "text", _decimal(column.modifier)
    if column.type in _CAST:
        return _CAST[column.type]
    if column.kind == "b" and column.type in _AS_THEY_ARE:
        return None, _AS_THEY_ARE[column.type]
    raise _unknown(column)


def _decimal(modifier: int) -> str:
    """DuckDB's type for a numeric: DECIMAL when it is bounded and fits, else its text, which is exact."""
    if modifier < 0:
        return "VARCHAR"
    packed = modifier - 4
    precision, scale = packed >> 16, ((packed & 0x7FF) ^ 0x400) - 0x400  # the scale is a signed number of 11 bits
    fraction = max(scale, 0)
    digits = max(precision - scale, 0) + fraction
    return f"DECIMAL({digits},{fraction})" if digits <= WIDEST_DECIMAL else "VARCHAR"


def _in_array(name: str, misfit: str | None) -> str:
    """DuckDB's lists have one dimension and begin at 1; what their elements cannot hold, they cannot either."""
    shape = f"array_ndims({name}) > 1 OR array_lower({name}, 1) <> 1"
    if misfit is None:
        return shape
    return f"{shape} OR EXISTS (SELECT FROM unnest({name}) AS element (value) WHERE {misfit.format('element.value')})"


def _unknown(column: Column) -> MirrorError:
    return MirrorError(
        f'The mirror does not know the type {column.declared or column.type} of "{column.table}.{column.name}". '
        "Change the type, classify it in mhc_lab/mirror/projection.py, or revoke the analyst's SELECT on the column to leave it out."
    )
