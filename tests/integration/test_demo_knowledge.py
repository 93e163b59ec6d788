"""What the demo world knows about people, as the services find it, compared with what was planted."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

import pytest
import sqlalchemy as sa

from mhc_lab.demo import Truth, rooms
from mhc_lab.demo.stories import (
    ExpectedKnowledge,
    ExpectedMoment,
    ExpectedNote,
    ExpectedPair,
    ExpectedRelationship,
)
from mhc_lab.demo.world import invent
from mhc_lab.schema.happenings import event_logs, interactions
from mhc_lab.services import (
    alternates,
    attribute_definitions,
    attributes,
    collaborations,
    lookups,
    notes,
    people,
    profiles,
    relationships,
    timeline,
)  # fmt: skip
from mhc_lab.services.timeline import Moment
from mhc_lab.workbench import Workbench


@pytest.fixture(scope="module")
def known(truth: Truth) -> ExpectedKnowledge:
    return truth.knowledge


def test_every_event_of_a_room_is_kept_once_whatever_its_shape(wb: Workbench, known: ExpectedKnowledge) -> None:
    statement = sa.select(event_logs.c.method, sa.func.count()).group_by(event_logs.c.method)
    with wb.reader as session:
        found = {str(method): int(count) for method, count in session.execute(statement)}

    assert found == known.room_events


def test_no_row_holds_the_token_of_the_feed(wb: Workbench) -> None:
    holds_it = sa.cast(event_logs.c.raw_event, sa.Text).contains(rooms.TOKEN)
    with wb.reader as session:
        found = session.scalar(sa.select(sa.func.count()).select_from(event_logs).where(holds_it))

    assert found == 0


def test_interactions_are_made_from_events_and_entered_by_hand(wb: Workbench, known: ExpectedKnowledge) -> None:
    is_by_hand = interactions.c.event_log_id.is_(None)
    statement = sa.select(is_by_hand, sa.func.count()).group_by(is_by_hand)
    with wb.reader as session:
        found = {bool(by_hand): int(count) for by_hand, count in session.execute(statement)}

    assert found == {False: known.interactions, True: known.manual_interactions}


def test_notes_are_the_planted_ones(wb: Workbench, known: ExpectedKnowledge) -> None:
    with wb.reader as session:
        every = list(notes.every(session, with_deleted=True))

    found = [
        ExpectedNote(
            one.username, one.category, one.noted_at, hashlib.sha256(one.content.encode()).hexdigest(), one.is_deleted
        )
        for one in every
    ]
    assert Counter(found) == Counter(known.notes)


def test_attributes_are_the_planted_ones_and_those_that_profiles_let_derive(
    wb: Workbench, known: ExpectedKnowledge
) -> None:
    with wb.reader as session:
        keys = [one.key for one in attribute_definitions.listed(session)]
        found = {(holder.username, key) for key in keys for holder in attributes.holders(session, key)}

    assert found == set(known.attributes)


def test_pairs_are_the_planted_ones(wb: Workbench, known: ExpectedKnowledge) -> None:
    for service, planted in ((collaborations, known.collaborations), (alternates, known.alternates)):
        with wb.reader as session:
            names = sorted({name for pair in planted for name in (pair.one, pair.other)})
            ids = people.find(session, names)
            found = {
                ExpectedPair(min(name, other.username), max(name, other.username), other.first_seen_at)
                for name in names
                for other in service.of(session, ids[name])
            }

        assert found == set(planted)


def test_relationships_ended_as_planted_after_as_many_changes(wb: Workbench, known: ExpectedKnowledge) -> None:
    found = set()
    with wb.reader as session:
        ids = people.find(session, {name for one in known.relationships for name in (one.username, one.related)})
        for planted in known.relationships:
            (tie,) = relationships.between(session, ids[planted.username], ids[planted.related])
            changes = relationships.history(session, relationship=tie.id)
            found.add(
                ExpectedRelationship(
                    planted.username, planted.related, tie.terms.type, tie.terms.status, tie.terms.tier, len(changes)
                )
            )

    assert found == set(known.relationships)


def test_profiles_say_what_was_entered_by_hand(wb: Workbench, known: ExpectedKnowledge) -> None:
    with wb.reader as session:
        ids = people.find(session, {person for person, _, _ in known.fields})
        sheets = {person: profiles.get(session, key) for person, key in ids.items()}

    assert {(person, name, json.dumps(sheets[person][name])) for person, name, _ in known.fields} == set(known.fields)


def test_names_to_look_at_are_the_planted_ones(wb: Workbench, known: ExpectedKnowledge) -> None:
    with wb.reader as session:
        found = sorted((one.username, one.priority_level) for one in lookups.listed(session))

    assert found == list(known.lookups)


def test_one_timeline_tells_each_planted_thing_once(wb: Workbench, truth: Truth) -> None:
    with wb.reader as session:
        person = people.get(session, truth.timeline.username)
        told = timeline.page(session, person.id, limit=10_000).moments
        counted = timeline.counts(session, person.id)

    planted = Counter(_key(one) for one in truth.timeline.moments)
    dated = {(one.kind, one.at) for one in truth.timeline.moments}
    assert Counter(_key(_expected(one, dated)) for one in told) == planted
    assert counted == Counter(one.kind for one in told)


def _expected(moment: Moment, dated: set[tuple[str, object]]) -> ExpectedMoment:
    """``moment`` as it would be planted: without its time when that is the time of the build, and without what is said about a follow."""
    at = moment.at if (moment.kind, moment.at) in dated else None
    return ExpectedMoment(at, moment.kind, "" if moment.kind == "follow" else moment.text, moment.tokens)


def _key(moment: ExpectedMoment) -> tuple[object, ...]:
    return (moment.at, moment.kind, moment.text[: timeline.LONGEST_TEXT], moment.tokens)


@pytest.mark.parametrize("seed", range(6))
def test_every_world_knows_something_of_each_kind(seed: int) -> None:
    truth = invent(seed).truth

    known = truth.knowledge
    assert {note.category for note in known.notes} == {"note", "pm", "dm", "public_chat", "tip_menu", "tips"}
    assert len(known.relationships) == 7
    assert known.repeated_interactions == 5
    assert {one.kind for one in truth.timeline.moments} >= set(timeline.KINDS) - {"purchase", "room"}
