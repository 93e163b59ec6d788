"""What was seen of following, taken in: lists, single observations, and what a person decides about a list.

None of it is ever changed. What follows from it is computed by :mod:`mhc_lab.services.follow_history`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.ids import PersonId, ScrapeId
from mhc_lab.schema.following import follow_decisions, follow_observations, follow_scrape_names, follow_scrapes
from mhc_lab.schema.following import follow_spells as spells_table
from mhc_lab.schema.people import persons
from mhc_lab.services import audit_log, follow_history, people
from mhc_lab.services.follow_history import KEYS, newest_decisions, serialise
from mhc_lab.sources.follow_lists import FollowList, RefusedList

if TYPE_CHECKING:
    from mhc_lab.sources.follow_feed import FollowObservation

Choice = Literal["complete", "partial", "refused", "automatic"]
"""What a person can decide about a list; automatic: let the rules judge it again."""

_KEY_SHOWN = 8
"""So many letters of its key name a list."""

_ROLES = {"followers": "VIEWER", "following": "MODEL"}


@dataclass(frozen=True, slots=True)
class AddedList:
    """One list that was offered; ``is_new`` is False when it was here already and nothing changed."""

    scrape: ScrapeId | None
    is_new: bool
    name_count: int
    differs: str = ""
    """How it was described when it came in, when that is not how it is described now."""


@dataclass(frozen=True, slots=True)
class TakenList:
    """A list that was taken in, with its verdict and the numbers behind it."""

    scrape: ScrapeId
    file_name: str
    direction: str
    observed_at: datetime
    listed_count: int
    reported_total: int | None
    verdict: str
    why: str
    at_risk_count: int | None
    missing_count: int | None
    expected_missing: float | None
    decided_by: str | None
    decided_at: datetime | None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has to decide before it counts."""
        return self.verdict == "held"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was recorded, and what the history says with it."""

    taken: TakenList
    event_count: int

    def __str__(self) -> str:
        return f"{self.taken.file_name} is {self.taken.verdict} now. {self.taken.why}"


def add_list(session: Session, offered: FollowList | RefusedList, *, at: datetime) -> AddedList:
    """``offered`` as a row with its names, unless the same list is here already; :func:`follow_history.update` is due afterwards.

    A refused list whose time nobody knows has no place in the history: it gets no row. The verdict of a new list stays open (held)
    until the history is computed; a refused one has no names and never counts.
    """
    serialise(session)
    if offered.observed_at is None:
        return AddedList(None, is_new=False, name_count=0)
    scrape = _scrape_id(offered.direction, offered.observed_at, offered.file_digest or offered.file_name)
    known = session.execute(sa.select(follow_scrapes).where(follow_scrapes.c.id == scrape)).one_or_none()
    if isinstance(offered, FollowList) and _forget_refusals(session, offered, scrape):
        known = None
    if known is not None:
        return AddedList(scrape, is_new=False, name_count=0, differs=_difference(known, offered))
    if isinstance(offered, RefusedList):
        session.execute(sa.insert(follow_scrapes).values(**_refused(offered), id=scrape, imported_at=at))
        return AddedList(scrape, is_new=True, name_count=0)
    session.execute(sa.insert(follow_scrapes).values(**_taken(offered), id=scrape, imported_at=at))
    found = people.by_numeric_id(session, offered.numeric_ids, at=offered.observed_at) if offered.numeric_ids else {}
    others = [name for name in offered.names if name not in found]
    found |= people.find_or_create(session, others, at=offered.observed_at, role=_ROLES[offered.direction])
    if offered.numeric_ids:
        people.remember_ids(session, offered.numeric_ids, found)
    _insert_names(session, scrape, offered.names, found)
    return AddedList(scrape, is_new=True, name_count=len(offered.names))


def _forget_refusals(session: Session, offered: FollowList, scrape: ScrapeId) -> bool:
    """Remove what was refused under the name and time of ``offered``: it can be read now; whether ``scrape`` itself was among it."""
    taken = follow_scrapes.c
    same_file = sa.and_(
        taken.direction == offered.direction,
        taken.observed_at == offered.observed_at,
        taken.file_name == offered.file_name,
        taken.verdict == "refused",
    )
    never_read = sa.and_(taken.is_folded, taken.at_risk_count.is_(None))
    gone = sa.delete(follow_scrapes).where(never_read, sa.or_(taken.id == scrape, same_file)).returning(taken.id)
    return scrape in session.scalars(gone).all()


def add_observations(session: Session, observed: Sequence[FollowObservation], *, at: datetime) -> int:
    """How many of ``observed`` are new and have a row now; the same reference twice is one. :func:`follow_history.update` is due then."""
    serialise(session)
    if not observed:
        return 0
    found = people.behind(session, [(one.username, one.at) for one in observed], role="VIEWER")
    rows = [
        {
            "id": uuid.uuid5(KEYS, f"{one.direction} {one.source} {one.reference}"),
            "person_id": found[one.username, one.at],
            "direction": one.direction,
            "source": one.source,
            "is_following": one.is_following,
            "at": one.at,
            "username": one.username,
            "reference": one.reference,
            "imported_at": at,
        }
        for one in observed
    ]
    new = insert(follow_observations).on_conflict_do_nothing().returning(follow_observations.c.id)
    return len(session.scalars(new, rows).all())


def decide(session: Session, scrape: ScrapeId, choice: str, *, reason: str, by: str, at: datetime) -> Decided:
    """Record what ``by`` decided about a list, and compute the history again with it.

    Raises
    ------
    NotFoundError
        There is no such list.
    RefusedError
        The choice is none of :data:`Choice`, there is no reason, or the list could not be read when it came in.
    """
    if choice not in get_args(Choice):
        raise RefusedError(f'"{choice}" is no decision. Choose one of: {", ".join(get_args(Choice))}.', rule="decision")
    if not reason.strip():
        raise RefusedError("A decision needs its reason: somebody will ask for it later.", rule="decision")
    serialise(session)
    before = taken_list(session, scrape)
    if before.at_risk_count is None:
        raise RefusedError(
            f"{before.file_name} could not be read: {before.why} Import a readable one.", rule="decision"
        )
    session.execute(
        sa.insert(follow_decisions).values(
            scrape_id=scrape, decision=choice, reason=reason.strip(), decided_by=by, decided_at=at
        )
    )
    details = {"list": before.file_name, "decision": choice, "was": before.verdict, "reason": reason.strip()}
    audit_log.append(session, actor=by, action="follow.decide", subject=str(scrape), details=details)
    computed = follow_history.recompute(session, at=at, directions=[before.direction])
    return Decided(taken_list(session, scrape), computed.event_count)


def taken_list(session: Session, scrape: ScrapeId) -> TakenList:
    """The list with that key.

    Raises
    ------
    NotFoundError
        There is none.
    """
    row = session.execute(_lists().where(follow_scrapes.c.id == scrape)).one_or_none()
    if row is None:
        raise NotFoundError("follow list", str(scrape))
    return TakenList(*row)


def taken_lists(session: Session, *, verdict: str | None = None, decided: bool = False) -> list[TakenList]:
    """The lists that were taken in, newest first: all, those with a ``verdict``, or those a person decided about."""
    statement = _lists().order_by(follow_scrapes.c.observed_at.desc(), follow_scrapes.c.id)
    if verdict is not None:
        statement = statement.where(follow_scrapes.c.verdict == verdict)
    found = [TakenList(*row) for row in session.execute(statement)]
    return [one for one in found if one.decided_by] if decided else found


def find_list(session: Session, name: str) -> TakenList:
    """The list called ``name``: its file name, or its key or the beginning of that.

    Raises
    ------
    NotFoundError
        There is none of that name, or several; then it says how to tell them apart.
    """
    known = taken_lists(session)
    is_key = len(name) >= _KEY_SHOWN
    matching = [one for one in known if one.file_name == name or (is_key and str(one.scrape).startswith(name.lower()))]
    if len(matching) != 1:
        hint = "; ".join(
            f"{str(one.scrape)[:8]} of {one.observed_at:%Y-%m-%d %H:%M} ({one.direction})" for one in matching
        )
        raise NotFoundError(
            "follow list", name, known=[one.file_name for one in known],
            hint=f"Several have that name, so say which: {hint}." if hint else "",
        )  # fmt: skip
    return matching[0]


def missing_names(session: Session, taken: TakenList, *, limit: int = 20) -> list[str]:
    """Who followed just before ``taken`` and is not on it, by name: what a decision is about."""
    spell, listed = spells_table.c, follow_scrape_names.c
    is_open = sa.and_(
        spell.direction == taken.direction,
        spell.started_at < taken.observed_at,
        sa.or_(spell.ended_at.is_(None), spell.ended_at >= taken.observed_at),
    )
    on_it = sa.exists().where(listed.scrape_id == taken.scrape, listed.person_id == spell.person_id)
    statement = (
        sa.select(persons.c.username)
        .join(spells_table, spell.person_id == persons.c.id)
        .where(is_open, ~on_it)
        .order_by(persons.c.username)
        .limit(limit)
    )
    return list(session.scalars(statement))


def _lists() -> sa.Select[Any]:
    taken, decided = follow_scrapes.c, newest_decisions()
    return sa.select(
        taken.id, taken.file_name, taken.direction, taken.observed_at, taken.listed_count, taken.reported_total,
        taken.verdict, taken.why, taken.at_risk_count, taken.missing_count, taken.expected_missing,
        decided.c.decided_by, decided.c.decided_at,
    ).outerjoin(decided, decided.c.scrape_id == taken.id)  # fmt: skip


def _scrape_id(direction: str, observed_at: datetime, file_digest: str) -> ScrapeId:
    return ScrapeId(uuid.uuid5(KEYS, f"{direction} {observed_at.astimezone(UTC).isoformat()} {file_digest}"))


def _difference(known: sa.Row[Any], offered: FollowList | RefusedList) -> str:
    """What was said about the same list when it came in, when it was something else."""
    if isinstance(offered, RefusedList) or known.verdict == "refused":
        return ""
    was = (known.is_declared_complete, known.reported_total)
    if was == (offered.is_declared_complete, offered.reported_total):
        return ""
    kind = "complete" if known.is_declared_complete else "partial"
    total = "" if known.reported_total is None else f", of {known.reported_total} reported"
    return f"It is here already, declared {kind}{total}; that stays. To overrule it: mhc follow review."


def _refused(offered: RefusedList) -> dict[str, object]:
    return {
        "direction": offered.direction,
        "observed_at": offered.observed_at,
        "listed_count": 0,
        "verdict": "refused",
        "why": offered.why,
        "file_name": offered.file_name,
        "file_digest": offered.file_digest,
        "is_folded": True,
    }


def _taken(offered: FollowList) -> dict[str, object]:
    return {
        "direction": offered.direction,
        "observed_at": offered.observed_at,
        "listed_count": len(offered.names),
        "reported_total": offered.reported_total,
        "is_declared_complete": offered.is_declared_complete,
        "verdict": "held",
        "why": "Not judged yet.",
        "file_name": offered.file_name,
        "file_digest": offered.file_digest,
        "rejected_rows": list(offered.rejected_rows),
        "doubts": list(offered.notes),
        "duplicate_count": offered.duplicate_count,
    }


def _insert_names(session: Session, scrape: ScrapeId, names: Iterable[str], found: Mapping[str, PersonId]) -> None:
    """The names in list order; two names of one person (a rename seen from both sides) are one row, the upper one."""
    first: dict[PersonId, tuple[int, str]] = {}
    for place, name in enumerate(names, start=1):
        first.setdefault(found[name], (place, name))
    if not first:
        return
    columns = (
        sa.func.unnest(
            sa.literal(list(first), sa.ARRAY(sa.Uuid)),
            sa.literal([place for place, _ in first.values()], sa.ARRAY(sa.Integer)),
            sa.literal([name for _, name in first.values()], sa.ARRAY(sa.Text)),
        )
        .table_valued("person_id", "place", "username")
        .render_derived()
    )
    rows = sa.select(sa.literal(scrape), columns.c.person_id, columns.c.place, columns.c.username)
    session.execute(sa.insert(follow_scrape_names).from_select(["scrape_id", "person_id", "place", "username"], rows))
