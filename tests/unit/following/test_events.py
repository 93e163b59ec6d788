"""Lists in, events out: the rules of honest following."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.ids import ScrapeId
from mhc_lab.following.events import Action, ListTaken, Status, follow_events
from mhc_lab.following.spells import follow_spells
from mhc_lab.following.verdict import Kind
from tests.support.lists import lists, person, shown


def test_the_first_complete_list_is_the_baseline() -> None:
    taken = lists("""
        day | who | kind
        1   | a b | complete
    """)

    history = follow_events(taken)

    assert sorted(shown(history.events, "a", "b")) == ["1 a follow baseline", "1 b follow baseline"]


def test_an_unfollow_lies_between_the_last_list_with_the_name_and_the_first_complete_one_without() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b c | partial
        4   | a b   | complete
    """)

    history = follow_events(taken)

    assert shown(history.events, "a", "b", "c")[3:] == ["4 c unfollow (2, 4] provisional"]


def test_an_unfollow_is_confirmed_by_a_second_complete_list_without_the_name() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete
        3   | a b   | partial
        4   | a b   | complete
    """)

    history = follow_events(taken)

    assert shown(history.events, "a", "b", "c")[3:] == ["2 c unfollow (1, 2] confirmed"]


def test_a_refollow_before_the_confirmation_leaves_the_unfollow_provisional() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete
        3   | a b c | complete
        4   | a b c | complete
    """)

    history = follow_events(taken)

    assert shown(history.events, "a", "b", "c")[3:] == ["2 c unfollow (1, 2] provisional", "3 c follow"]


def test_a_refollow_opens_a_second_spell_and_the_first_keeps_its_dates() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete
        3   | a b   | complete
        5   | a b c | complete
    """)

    spells = [spell for spell in follow_spells(follow_events(taken)) if spell.person == person("c")]

    assert [(spell.number, spell.started_at.day, spell.ended_at and spell.ended_at.day) for spell in spells] == [
        (1, 2, 3),
        (2, 6, None),
    ]
    assert [spell.started_after and spell.started_after.day for spell in spells] == [None, 4]


def test_a_list_declared_incomplete_ends_nobodys_spell() -> None:
    taken = lists("""
        day | who     | kind
        1   | a b c   | complete
        2   | a d     | partial
    """)

    history = follow_events(taken)

    assert shown(history.events, "a", "b", "c", "d")[3:] == ["2 d follow"]


def test_fewer_names_than_the_page_reported_make_a_list_partial() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete of 3
    """)

    history = follow_events(taken)

    assert history.verdicts[taken[1].scrape].kind is Kind.PARTIAL
    assert "reported 3" in history.verdicts[taken[1].scrape].why
    assert len(history.events) == 3


@pytest.mark.parametrize("who", ["", "a z"])
def test_an_empty_list_and_one_that_drops_more_than_half_change_nothing(who: str) -> None:
    taken = lists(f"""
        day | who     | kind
        1   | a b c d | complete
        2   | {who}   | complete
        3   | a b c d | complete
    """)

    history = follow_events(taken)

    assert history.verdicts[taken[1].scrape].kind is Kind.HELD
    assert len(history.events) == 4


def test_a_list_that_drops_exactly_half_counts() -> None:
    taken = lists("""
        day | who     | kind
        1   | a b c d | complete
        2   | a b     | complete
    """)

    history = follow_events(taken)

    assert history.verdicts[taken[1].scrape].kind is Kind.COMPLETE


def test_two_lists_of_one_instant_end_nobody_seen_at_that_instant() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b c | complete
        2   | a b   | complete
    """)

    history = follow_events(taken)

    assert len(history.events) == 3


@st.composite
def _any_lists(draw: st.DrawFn) -> list[ListTaken]:
    names = "abcdef"
    rows = draw(
        st.lists(
            st.tuples(st.integers(1, 20), st.sets(st.sampled_from(names)), st.sampled_from(["complete", "partial"])),
            max_size=12,
        )
    )
    return lists("day|who|kind\n" + "\n".join(f"{day}|{' '.join(sorted(who))}|{kind}" for day, who, kind in rows))


@given(_any_lists(), st.randoms())
def test_the_order_of_import_changes_nothing(taken: list[ListTaken], shuffler: random.Random) -> None:
    shuffled = list(taken)
    shuffler.shuffle(shuffled)

    assert follow_events(shuffled) == follow_events(taken)


@given(_any_lists())
def test_the_events_of_a_person_alternate_and_every_unfollow_has_its_interval(taken: list[ListTaken]) -> None:
    history = follow_events(taken)

    for one in {event.person for event in history.events}:
        theirs = [event for event in history.events if event.person == one]
        assert [event.action for event in theirs] == [Action.FOLLOW, Action.UNFOLLOW] * (len(theirs) // 2) + [
            Action.FOLLOW
        ] * (len(theirs) % 2)
        assert all(
            event.last_seen_at < event.first_missing_at == event.at
            for event in theirs
            if event.action is Action.UNFOLLOW and event.last_seen_at and event.first_missing_at
        )


@given(_any_lists())
def test_follows_less_unfollows_are_those_in_an_open_spell(taken: list[ListTaken]) -> None:
    history = follow_events(taken)

    spells = follow_spells(history)

    follows = sum(event.action is Action.FOLLOW for event in history.events)
    unfollows = sum(event.action is Action.UNFOLLOW for event in history.events)
    assert follows - unfollows == sum(spell.ended_at is None for spell in spells)
    assert len({(spell.person, spell.number) for spell in spells}) == len(spells) == follows


@given(_any_lists())
def test_leaving_out_the_held_lists_changes_no_event(taken: list[ListTaken]) -> None:
    history = follow_events(taken)
    held: set[ScrapeId] = {scrape for scrape, verdict in history.verdicts.items() if verdict.kind is Kind.HELD}

    without = follow_events([one for one in taken if one.scrape not in held])

    assert without.events == history.events


@given(_any_lists())
def test_an_unfollow_is_confirmed_only_by_a_later_complete_list(taken: list[ListTaken]) -> None:
    history = follow_events(taken)
    complete = [one for one in taken if history.verdicts[one.scrape].kind is Kind.COMPLETE]

    for event in history.events:
        if event.action is Action.UNFOLLOW and event.status is Status.CONFIRMED:
            assert any(one.observed_at > event.at and event.person not in one.people for one in complete)
