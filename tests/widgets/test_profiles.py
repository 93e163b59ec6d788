"""The profile of a person in the browser: every field with who says so, edited, given back, set back."""

from __future__ import annotations

import pytest

from mhc_lab.core.ids import PersonId
from mhc_lab.services import people, profiles
from mhc_lab.services.profile_values import FIELDS
from mhc_lab.services.profiles import Profile
from mhc_lab.workbench import Workbench
from widgets.profiles import ProfileFields, ProfileForm


@pytest.fixture
def alice(empty_wb: Workbench) -> PersonId:
    """Somebody whose bio a service knows."""
    with empty_wb.transaction() as session:
        alice = people.find_or_create(session, ["alice"], at=empty_wb.clock.now())["alice"]
        profiles.take(session, alice, {"bio": "theirs", "tags": ["a", "b"]}, source="affiliate_api")
    return alice


def form(wb: Workbench) -> ProfileFields:
    found: ProfileFields = ProfileForm(wb, person="alice").form
    return found


def profile(wb: Workbench, who: PersonId) -> Profile:
    with wb.reader as session:
        return profiles.get(session, who)


def edit(wb: Workbench, who: PersonId, **changes: object) -> None:
    with wb.transaction() as session:
        profiles.edit(session, who, changes)


def test_every_field_is_there_with_its_value_and_who_says_so(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)

    assert set(shown.inputs) == set(FIELDS)
    assert (shown.inputs["bio"].value, shown.inputs["tags"].value, shown.inputs["rating"].value) == (
        "theirs",
        "a, b",
        "0",
    )
    assert "affiliate_api, " in shown.origins["bio"].value
    assert len({field.description for field in shown.inputs.values()}) == len(FIELDS)


def test_what_was_typed_is_saved_by_hand_and_shown(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)
    typed = {
        "bio": "mine",
        "rating": "4",
        "age": "27",
        "tags": "x, y",
        "social_links": "Twitter: https://twitter.com/alice",
    }
    for field, text in typed.items():
        shown.inputs[field].value = text

    shown.save.click()

    saved = profile(empty_wb, alice)
    assert [saved[field] for field in typed] == ["mine", 4, 27, ["x", "y"], {"Twitter": "https://twitter.com/alice"}]
    assert "bio: theirs → mine, manual" in shown.outcome.value
    assert "by hand, " in shown.origins["bio"].value
    assert shown.inputs["bio"].value == "mine"


def test_only_what_was_typed_is_saved(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)
    edit(empty_wb, alice, bio="newer")
    shown.inputs["location"].value = "Rome"

    shown.save.click()

    assert (profile(empty_wb, alice)["bio"], profile(empty_wb, alice)["location"]) == ("newer", "Rome")
    assert shown.inputs["bio"].value == "newer"


def test_two_versions_of_one_field_are_shown_and_saving_again_decides(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)
    edit(empty_wb, alice, bio="hers")
    shown.inputs["bio"].value = "mine"

    shown.save.click()

    assert profile(empty_wb, alice)["bio"] == "hers"
    assert "changed bio meanwhile" in shown.outcome.value
    assert "hers" in shown.outcome.value
    assert shown.inputs["bio"].value == "mine"
    shown.save.click()
    assert profile(empty_wb, alice)["bio"] == "mine"


@pytest.mark.parametrize(
    ("field", "text", "told"),
    [
        ("age", "twenty", "from 1 to 150"),
        ("social_links", "Twitter: javascript:alert(1)", "is not a link that can be kept"),
        ("social_links", "https://twitter.com/alice", "a line for each link"),
    ],
)
def test_what_cannot_be_kept_is_said_under_the_button_and_stays(
    empty_wb: Workbench, alice: PersonId, field: str, text: str, told: str
) -> None:
    shown = form(empty_wb)
    shown.inputs[field].value = text

    shown.save.click()

    assert told in shown.outcome.value
    assert shown.inputs[field].value == text
    assert profile(empty_wb, alice)[field] is None


def test_undo_sets_back_values_and_their_sources(empty_wb: Workbench, alice: PersonId) -> None:
    shown = form(empty_wb)
    shown.inputs["bio"].value, shown.inputs["rating"].value = "mine", "5"
    shown.save.click()

    shown.undo.click()

    assert (profile(empty_wb, alice)["bio"], profile(empty_wb, alice)["rating"]) == ("theirs", 0)
    assert "affiliate_api" in shown.origins["bio"].value
    assert (shown.inputs["bio"].value, shown.undo.disabled) == ("theirs", True)


def test_a_field_edited_by_hand_can_be_given_back_and_that_undone(empty_wb: Workbench, alice: PersonId) -> None:
    edit(empty_wb, alice, bio="mine")
    shown = form(empty_wb)
    button = shown.returns["bio"]
    assert button in shown.rows["bio"].children
    assert shown.returns["location"] not in shown.rows["location"].children

    button.click()

    assert profile(empty_wb, alice)["bio"] == shown.inputs["bio"].value == "theirs"
    assert button not in shown.rows["bio"].children
    shown.undo.click()
    assert profile(empty_wb, alice)["bio"] == "mine"


def test_giving_back_one_field_keeps_what_is_typed_in_another(empty_wb: Workbench, alice: PersonId) -> None:
    edit(empty_wb, alice, bio="mine")
    shown = form(empty_wb)
    shown.inputs["location"].value = "Ro"

    shown.returns["bio"].click()

    assert shown.inputs["location"].value == "Ro"
    assert form(empty_wb).inputs["location"].value == "Ro"


def test_a_field_that_was_emptied_and_not_saved_is_empty_after_a_reload(empty_wb: Workbench, alice: PersonId) -> None:
    form(empty_wb).inputs["bio"].value = ""

    assert form(empty_wb).inputs["bio"].value == ""


def test_any_change_of_the_history_is_set_back(empty_wb: Workbench, alice: PersonId) -> None:
    edit(empty_wb, alice, bio="mine")
    edit(empty_wb, alice, location="Rome")
    shown = form(empty_wb)
    shown.history.change.value = shown.history.changes[1].id

    shown.history.back.click()

    assert (profile(empty_wb, alice)["bio"], profile(empty_wb, alice)["location"]) == ("theirs", "Rome")
    assert shown.inputs["bio"].value == "theirs"


def test_what_comes_from_outside_is_escaped(empty_wb: Workbench, alice: PersonId) -> None:
    with empty_wb.transaction() as session:
        profiles.take(session, alice, {"bio": "<img src=x onerror=alert(1)>"}, source="<b>service</b>")

    shown = form(empty_wb)

    assert "&lt;img" in shown.history.all.value
    assert "&lt;b&gt;" in shown.origins["bio"].value
    assert "<img" not in shown.history.all.value
