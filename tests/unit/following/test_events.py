"""Lists in, events out: the rules of honest following."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mhc_lab.core.ids import ScrapeId
from mhc_lab.following.events import Action, ListTaken, Observation, Source, State, Status, follow_events
from mhc_lab.following.verdict import Kind
from tests.support.lists import START, lists, person, seen, shown, spells


def test_the_first_complete_list_is_the_baseline() -> None:
    taken = lists("""
        day | who | kind
        1   | a b | complete
    """)

    history = follow_events(taken)

    assert sorted(shown(history.events)) == ["1 a follow baseline", "1 b follow baseline"]


def test_an_unfollow_lies_between_the_last_list_with_the_name_and_the_first_complete_one_without() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b c | partial
        4   | a b   | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[3:] == ["4 c unfollow (2, 4] provisional"]


def test_an_unfollow_is_confirmed_by_a_second_complete_list_without_the_name() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete
        3   | a b   | partial
        4   | a b   | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[3:] == ["2 c unfollow (1, 2] confirmed"]


def test_a_refollow_before_the_confirmation_leaves_the_unfollow_provisional() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete
        3   | a b c | complete
        4   | a b c | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[3:] == ["2 c unfollow (1, 2] provisional", "3 c follow"]


def test_a_refollow_opens_a_second_spell_and_the_first_keeps_its_dates() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete
        3   | a b   | complete
        5   | a b c | complete
    """)

    history = follow_events(taken)

    assert spells(history)[2:] == [("c", 1, "1", "-", "2"), ("c", 2, "5", "3", "-")]


def test_a_list_declared_incomplete_ends_nobodys_spell() -> None:
    taken = lists("""
        day | who     | kind
        1   | a b c   | complete
        2   | a d     | partial
    """)

    history = follow_events(taken)

    assert shown(history.events)[3:] == ["2 d follow"]


def test_fewer_names_than_the_page_reported_make_a_list_partial() -> None:
    taken = lists("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete of 3
    """)

    history = follow_events(taken)

    assert history.verdicts[taken[1].scrape].verdict.kind is Kind.PARTIAL
    assert "reported 3" in history.verdicts[taken[1].scrape].verdict.why
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

    assert history.verdicts[taken[1].scrape].verdict.kind is Kind.HELD
    assert len(history.events) == 4


def test_a_list_that_drops_exactly_half_counts() -> None:
    taken = lists("""
        day | who     | kind
        1   | a b c d | complete
        2   | a b     | complete
    """)

    history = follow_events(taken)

    assert history.verdicts[taken[1].scrape].verdict.kind is Kind.COMPLETE


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

    found = spells(history)

    follows = sum(event.action is Action.FOLLOW for event in history.events)
    unfollows = sum(event.action is Action.UNFOLLOW for event in history.events)
    assert follows - unfollows == sum(end == "-" for *_, end in found) == len(history.last_seen)
    assert len({(name, number) for name, number, *_ in found}) == len(found) == follows


@given(_any_lists())
def test_leaving_out_the_held_lists_changes_no_event(taken: list[ListTaken]) -> None:
    history = follow_events(taken)
    held: set[ScrapeId] = {scrape for scrape, judged in history.verdicts.items() if judged.verdict.kind is Kind.HELD}

    without = follow_events([one for one in taken if one.scrape not in held])

    assert without.events == history.events


@given(_any_lists())
def test_an_unfollow_is_confirmed_only_by_a_later_complete_list(taken: list[ListTaken]) -> None:
    history = follow_events(taken)
    complete = [one for one in taken if history.verdicts[one.scrape].verdict.kind is Kind.COMPLETE]

    for event in history.events:
        if event.action is Action.UNFOLLOW and event.status is Status.CONFIRMED:
            assert any(one.observed_at > event.at and event.person not in one.people for one in complete)


def test_the_event_feed_knows_the_instant() -> None:
    taken = seen("""
        day | who | kind
        1   | a b | complete
        2   | c   | feed follows
        3   | a   | feed left
        4   | b c | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[2:] == ["2 c follow", "3 a unfollow exactly confirmed"]
    assert spells(history)[0] == ("a", 1, "1", "-", "3")
    assert spells(history)[2] == ("c", 1, "2", "2", "-")


def test_a_change_that_a_list_showed_just_before_the_feed_is_the_same_change_told_exactly() -> None:
    taken = seen("""
        day | who     | kind
        1   | a b c d | complete
        2   | a b e   | complete
        2+3 | c       | feed left
        2+4 | e       | feed follows
        3   | a b e   | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[4:] == [
        "2 d unfollow (1, 2] confirmed",
        "2+3 c unfollow exactly confirmed",
        "2+4 e follow",
    ]


def test_a_list_that_is_late_does_not_overrule_the_feed() -> None:
    taken = seen("""
        day | who   | kind
        1   | a b c | complete
        2   | a     | feed left
        2   | d     | feed follows
        2+4 | a b c | complete
        3   | b c d | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[3:] == ["2 a unfollow exactly confirmed", "2 d follow"]


def test_beyond_the_tolerance_a_list_shows_a_refollow() -> None:
    taken = seen("""
        day | who   | kind
        1   | a b c | complete
        2   | a     | feed left
        2+6 | a b c | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[3:] == ["2 a unfollow exactly confirmed", "2+6 a follow"]
    assert spells(history)[1] == ("a", 2, "2+6", "2", "-")


def test_the_feed_twice_and_an_unfollow_of_a_stranger_change_nothing() -> None:
    taken = seen("""
        day | who | kind
        1   | a   | feed follows
        2   | a   | feed follows
        3   | z   | feed left
        4   | a   | feed left
        5   | a   | feed left
    """)

    history = follow_events(taken)

    assert shown(history.events) == ["1 a follow", "4 a unfollow exactly confirmed"]


def test_a_gap_in_the_feed_is_caught_by_the_next_list() -> None:
    taken = seen("""
        day | who | kind
        1   | a b | feed follows
        2   | b   | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[2:] == ["2 a unfollow (1, 2] provisional"]


def test_a_profile_page_shows_how_things_stand_and_a_second_look_confirms() -> None:
    taken = seen("""
        day | who | kind
        1   | a b | complete
        2   | c   | page follows
        3   | a   | page left
        4   | a   | page left
        5   | b   | page left
        6   | c   | complete
    """)

    history = follow_events(taken)

    assert shown(history.events)[2:] == [
        "2 c follow",
        "3 a unfollow (1, 3] confirmed",
        "5 b unfollow (1, 5] confirmed",
    ]
    assert history.verdicts[ScrapeId(uuid.UUID(int=5))].verdict.kind is Kind.COMPLETE


def test_the_same_page_again_within_minutes_confirms_nothing() -> None:
    taken = seen("""
        day | who | kind
        1   | a b | complete
        3   | a   | page left
        3+4 | a   | page left
    """)

    history = follow_events(taken)

    assert shown(history.events)[2:] == ["3 a unfollow (1, 3] provisional"]


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (
            "complete",
            ["2 b unfollow (1, 2] confirmed", "2 c unfollow (1, 2] confirmed", "2 d unfollow (1, 2] provisional"],
        ),
        ("partial", ["3 b unfollow (1, 3] provisional", "3 c unfollow (1, 3] provisional"]),
        ("refused", ["3 b unfollow (1, 3] provisional", "3 c unfollow (1, 3] provisional"]),
    ],
)
def test_a_decision_counts_in_place_of_the_verdict(decision: str, expected: list[str]) -> None:
    taken = lists(f"""
        day | who     | kind
        1   | a b c d | complete
        2   | a       | complete, decided {decision}
        3   | a d     | complete
    """)

    history = follow_events(taken)

    left = [line for line in shown(history.events) if "unfollow" in line]
    assert left == expected
    assert history.verdicts[taken[1].scrape].verdict.why == "Decided by ada: because"


@st.composite
def _anything_seen(draw: st.DrawFn) -> list[ListTaken | Observation]:
    kinds = ["complete", "complete", "partial", "complete, decided complete", "complete, decided refused",
             "feed follows", "feed left", "page follows", "page left", "typed left"]  # fmt: skip
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(1, 12), st.integers(0, 8), st.sets(st.sampled_from("abcdef")), st.sampled_from(kinds)
            ),
            max_size=16,
        )
    )
    lines = [f"{day}+{minutes}|{' '.join(sorted(who))}|{kind}" for day, minutes, who, kind in rows]
    return seen("day|who|kind\n" + "\n".join(lines))


@given(_anything_seen())
def test_from_any_sources_the_events_of_a_person_alternate_and_spells_have_a_length(
    taken: list[ListTaken | Observation],
) -> None:
    history = follow_events(taken)

    for one in {event.person for event in history.events}:
        theirs = [event for event in history.events if event.person == one]
        assert [event.action for event in theirs[::2]] == [Action.FOLLOW] * len(theirs[::2])
        assert [event.action for event in theirs[1::2]] == [Action.UNFOLLOW] * len(theirs[1::2])
        assert all(before.at < after.at for before, after in zip(theirs[::2], theirs[1::2], strict=False))
        assert (one in history.last_seen) == (len(theirs) % 2 == 1)


@given(_anything_seen(), st.integers(0, 16))
def test_a_fold_that_stopped_and_went_on_is_the_fold_of_everything(
    taken: list[ListTaken | Observation], stop: int
) -> None:
    ordered = sorted(taken, key=lambda one: one.order)
    state = State()

    follow_events(ordered[:stop], state=state)
    went_on = follow_events(ordered[stop:], state=state)

    whole = follow_events(taken)
    assert went_on.last_seen == whole.last_seen
    touched = {event.person for event in went_on.events}
    assert list(went_on.events) == [event for event in whole.events if event.person in touched]


def test_who_leaves_in_the_instant_in_which_they_came_was_never_here() -> None:
    history = follow_events(seen("""
        day | who | kind
        1   | a b | complete
        2   | c   | feed follows
        2   | c   | feed leaves
    """))  # fmt: skip

    assert [line for line in shown(history.events) if " c " in line] == []
    assert len(history.last_seen) == 2


def test_who_comes_back_in_the_instant_in_which_they_left_follows() -> None:
    history = follow_events(seen("""
        day | who | kind
        1   | a b | complete
        2   | b   | feed leaves
        2   | b   | feed follows
    """))  # fmt: skip

    assert shown(history.events)[2:] == ["2 b unfollow exactly confirmed", "2 b follow"]


def test_events_of_one_instant_go_as_their_source_counts_them() -> None:
    second = START + timedelta(days=2)
    came, left = (
        Observation(person("c"), second, is_following, Source.FEED, second, key, sequence)
        for is_following, key, sequence in ((True, b"z", 5), (False, b"a", 6))
    )

    history = follow_events([left, came])

    assert (history.events, history.last_seen) == ((), {})


def test_a_doubt_that_a_follow_of_no_length_had_ended_is_open_again() -> None:
    history = follow_events(seen("""
        day | who   | kind
        1   | a b c | complete
        2   | a b   | complete
        3   | c     | feed follows
        3   | c     | feed leaves
        4   | a b   | complete
    """))  # fmt: skip

    assert shown(history.events)[3:] == ["2 c unfollow (1, 2] confirmed"]
