from __future__ import annotations

import doctest

import numpy as np
import pytest
import surpyval.datasets

from mhc_lab.analytics import groups
from mhc_lab.analytics.groups import interval_test, logrank, p_text
from mhc_lab.core.errors import UserError
from tests.support.published import RADIATION, WITH_CHEMOTHERAPY

LEFT = np.concatenate([RADIATION[0], WITH_CHEMOTHERAPY[0]])
RIGHT = np.concatenate([RADIATION[1], WITH_CHEMOTHERAPY[1]])
ARM = ["radiation"] * 46 + ["with chemotherapy"] * 48


def test_suns_scores_of_the_cosmesis_data_are_the_published_ones() -> None:
    test = interval_test(LEFT, RIGHT, ARM, scores="sun")

    assert list(test.scores.values()) == pytest.approx([-9.141846, 9.141846], abs=5e-7)
    assert test.z == pytest.approx(-2.6684, abs=5e-5)
    assert test.p_value == pytest.approx(0.007622, abs=5e-7)


def test_finkelsteins_scores_of_the_cosmesis_data_are_the_published_ones() -> None:
    test = interval_test(LEFT, RIGHT, ARM, scores="finkelstein")

    assert list(test.scores.values()) == pytest.approx([-9.944182, 9.944182], abs=5e-7)
    assert test.z == pytest.approx(-2.6839, abs=5e-5)
    assert test.p_value == pytest.approx(0.007277, abs=5e-7)


def test_the_logrank_test_of_the_lung_data_is_the_published_one() -> None:
    lung = surpyval.datasets.load_lung()

    test = logrank(lung["time"].to_numpy(), lung["status"].to_numpy() == 1, lung["sex"].to_numpy())

    assert test.statistic == pytest.approx(10.33, abs=5e-3)
    assert test.p_value == pytest.approx(0.0013, abs=5e-5)


def test_groups_that_are_alike_do_not_differ() -> None:
    days, ended = [1, 2, 3, 4] * 2, [True, True, False, True] * 2
    group = ["a"] * 4 + ["b"] * 4

    assert logrank(days, ended, group).p_value == pytest.approx(1)
    assert interval_test(days, np.add(days, 1), group).p_value == pytest.approx(1)


def test_the_scores_of_three_groups_sum_to_nothing() -> None:
    test = interval_test([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 7], list("aabbcc"))

    assert sum(test.scores.values()) == pytest.approx(0)
    assert test.freedom == 2


def test_a_z_is_for_two_groups_only() -> None:
    test = logrank([1, 2, 3], [True] * 3, list("abc"))

    with pytest.raises(UserError, match="these are 3"):
        _ = test.z


def test_one_group_cannot_be_compared() -> None:
    with pytest.raises(UserError, match="there are 1"):
        logrank([1, 2], [True, True], ["a", "a"])


@pytest.mark.parametrize(("p_value", "text"), [(0.04567, "p = 0.0457"), (0.00001, "p < 0.0001"), (1.0, "p = 1.0000")])
def test_a_p_value_is_written_as_it_is_read(p_value: float, text: str) -> None:
    assert p_text(p_value) == text


def test_a_test_shows_itself() -> None:
    test = interval_test(LEFT, RIGHT, ARM)

    assert repr(test) == "Sun's scores: χ² 7.120 on 1, p = 0.0076"
    assert "radiation: ended − expected" in test._repr_html_()


def test_the_examples_in_its_documentation_are_true() -> None:
    results = doctest.testmod(groups)

    assert results.attempted > 0
    assert results.failed == 0
