from __future__ import annotations

import doctest

import numpy as np
import pytest
import surpyval.datasets

from mhc_lab.analytics import kaplan_meier as module
from mhc_lab.analytics.kaplan_meier import kaplan_meier
from mhc_lab.core.errors import UserError

HAND = ([3, 5, 5, 8, 10, 12, 12, 20, 20, 20], [1, 1, 0, 1, 1, 1, 0, 0, 0, 0])


@pytest.fixture(scope="module")
def lung() -> dict[str, np.ndarray]:
    """North Central Cancer Treatment Group (Loprinzi 1994), as R's survival package has it."""
    frame = surpyval.datasets.load_lung()
    return {name: frame[name].to_numpy() for name in ("time", "status", "sex")}


def test_the_hand_example_comes_out_to_its_digits() -> None:
    curve = kaplan_meier(*HAND)

    falling = curve.frame.filter(curve.frame["ended"] > 0)["survival"].to_numpy()
    assert falling == pytest.approx([0.9, 0.8, 0.685714, 0.571429, 0.457143], abs=5e-7)
    assert curve.median == 12
    assert curve.at(12)[1:] == pytest.approx((0.1430, 0.7298), abs=5e-5)


def test_the_lung_data_give_the_published_median_with_either_transform(lung: dict[str, np.ndarray]) -> None:
    log = kaplan_meier(lung["time"], lung["status"] == 1, transform="log")
    log_log = kaplan_meier(lung["time"], lung["status"] == 1, transform="log-log")

    assert (log.frame["ended"].sum(), len(lung["time"])) == (165, 228)
    assert log.median == log_log.median == 310
    assert log.median_interval == (285, 363)
    assert log_log.median_interval == (284, 361)
    assert log.at(365) == pytest.approx((0.4092, 0.3447, 0.4858), abs=5e-5)


@pytest.mark.parametrize(("sex", "median"), [(1, 270), (2, 426)])
def test_the_lung_data_give_the_published_medians_by_sex(lung: dict[str, np.ndarray], sex: int, median: float) -> None:
    rows = lung["sex"] == sex

    assert kaplan_meier(lung["time"][rows], lung["status"][rows] == 1).median == median


def test_a_count_stands_for_so_many_rows() -> None:
    once = kaplan_meier([1, 1, 1, 2, 2], [True, True, True, False, False])
    counted = kaplan_meier([1, 2], [True, False], [3, 2])

    assert once.frame.equals(counted.frame)


def test_who_entered_later_is_at_risk_only_from_then_on() -> None:
    curve = kaplan_meier([2, 3, 5], [True, True, True], entry=[0, 2, 0])

    assert curve.frame["at_risk"].to_list() == [2, 2, 1]
    assert curve.frame["survival"].to_list() == [0.5, 0.25, 0]


def test_when_nobody_ends_there_is_no_median() -> None:
    curve = kaplan_meier([5, 9], [False, False])

    assert curve.median is None
    assert curve.at(9) == (1, 1, 1)


def test_before_the_first_time_everybody_is_there() -> None:
    assert kaplan_meier([5], [True]).at(4.9) == (1, 1, 1)


def test_nothing_gives_an_empty_curve() -> None:
    curve = kaplan_meier([], [])

    assert curve.frame.height == 0
    assert curve.median is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, 2], [True]), "same height"),
        (([-1], [True]), "from 0 up"),
        (([float("nan")], [True]), "from 0 up"),
        (([1], [True], [0]), "count above 0"),
    ],
)
def test_columns_that_are_no_lengths_are_refused(columns: tuple[list[float], ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        kaplan_meier(*columns)


def test_an_entry_at_the_own_end_is_refused() -> None:
    with pytest.raises(UserError, match="only from the own end on"):
        kaplan_meier([3], [True], entry=[3])


def test_a_curve_shows_itself() -> None:
    curve = kaplan_meier(*HAND)

    assert repr(curve) == "5 of 10 ended · median 12.0"
    assert "log-log transform" in curve._repr_html_()


def test_the_examples_in_its_documentation_are_true() -> None:
    results = doctest.testmod(module)

    assert results.attempted > 0
    assert results.failed == 0
