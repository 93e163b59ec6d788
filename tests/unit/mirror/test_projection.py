from __future__ import annotations

import pytest

from mhc_lab.core.errors import MirrorError
from mhc_lab.mirror.projection import Projection, project
from mhc_lab.mirror.tables import Column


def _numeric(precision: int, scale: int) -> int:
    """A numeric's modifier as PostgreSQL packs it."""
    return ((precision << 16) | (scale & 0x7FF)) + 4


def test_a_plain_type_crosses_as_it_is() -> None:
    assert project(Column("t", "a", "int4")) == Projection('"a"', "INTEGER")


def test_a_name_is_quoted() -> None:
    assert project(Column("t", 'odd"name', "text")).source == '"odd""name"'


def test_json_crosses_as_its_text_and_stays_json() -> None:
    assert project(Column("t", "a", "jsonb")) == Projection('"a"::text', "JSON")


@pytest.mark.parametrize(
    ("precision", "scale", "stored"),
    [
        (12, 2, "DECIMAL(12,2)"),
        (38, 10, "DECIMAL(38,10)"),
        (5, -2, "DECIMAL(7,0)"),
        (3, 5, "DECIMAL(5,5)"),
        (39, 2, "VARCHAR"),
    ],
)
def test_a_bounded_numeric_is_a_decimal_wherever_one_is_wide_enough(precision: int, scale: int, stored: str) -> None:
    assert project(Column("t", "a", "numeric", modifier=_numeric(precision, scale))).type == stored


def test_an_unbounded_numeric_is_its_text() -> None:
    assert project(Column("t", "a", "numeric")) == Projection('"a"::text', "VARCHAR")


def test_a_decimal_says_which_values_it_cannot_hold() -> None:
    assert project(Column("t", "a", "numeric", modifier=_numeric(5, 2))).misfit == "\"a\" = 'NaN'"


@pytest.mark.parametrize("kind", ["e", "r", "m"])
def test_enums_and_ranges_are_their_text(kind: str) -> None:
    assert project(Column("t", "a", "mood", kind=kind)) == Projection('"a"::text', "VARCHAR")


def test_an_array_is_a_list_of_one_dimension_that_begins_at_one() -> None:
    texts = project(Column("t", "a", "text", arrays=1))

    assert texts.type == "VARCHAR[]"
    assert texts.misfit == 'array_ndims("a") > 1 OR array_lower("a", 1) <> 1'


@pytest.mark.parametrize(
    "column",
    [
        Column("pets", "shape", "hull", kind="c", declared="hull"),
        Column("pets", "shape", "public.hstore", declared="hstore"),
        Column("pets", "shape", "bytea", arrays=1, declared="bytea[]"),
        Column("pets", "shape", "int4", arrays=2, declared="matrix[]"),
    ],
)
def test_a_type_that_is_not_classified_is_refused_by_name(column: Column) -> None:
    with pytest.raises(MirrorError, match=r'of "pets\.shape"'):
        project(column)
