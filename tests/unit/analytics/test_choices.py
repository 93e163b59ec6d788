from __future__ import annotations

import pytest

from mhc_lab.analytics.choices import Filter, check
from mhc_lab.core.errors import UserError


def test_a_filter_lets_everything_through_until_something_is_asked() -> None:
    assert Filter().is_open
    assert not Filter(role="MODEL").is_open
    assert set(Filter().params.values()) == {None}


def test_a_name_is_asked_for_as_people_write_it() -> None:
    assert Filter(name_prefix=" @Bo ").params["name_prefix"] == "bo"


@pytest.mark.parametrize("asked", [{"role": "FAN"}, {"source": "rumour"}])
def test_a_word_that_is_no_choice_is_refused_with_the_choices(asked: dict[str, str]) -> None:
    with pytest.raises(UserError, match="Choose one of: "):
        Filter(**asked)  # type: ignore[arg-type]


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(UserError, match="The smaller number comes first"):
        Filter(least_days=9, most_days=2)


def test_a_choice_passes_and_another_word_does_not() -> None:
    check("direction", "followers", ["followers", "following"])

    with pytest.raises(UserError, match=r'"fans" is no direction\. Choose one of: followers, following\.'):
        check("direction", "fans", ["followers", "following"])
