"""Follow lists and what feeds tell of, taken in in one transaction.

It says what became of every single thing that was offered, and taking the same in twice does nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.services import audit_log, follow_history, following, happenings, people
from mhc_lab.services.follow_history import Computed
from mhc_lab.services.following import AddedList
from mhc_lab.sources import follow_lists
from mhc_lab.sources.follow_feed import FollowObservation
from mhc_lab.sources.follow_lists import FollowList, RefusedList
from mhc_lab.sources.follow_names import Direction
from mhc_lab.sources.room_events import RoomEvent
from mhc_lab.workbench import Workbench

_FAST_CLOCK = timedelta(minutes=5)
"""A clock may be so fast; what is dated later than that is a mistake."""

_FIRST_DAY = datetime(2011, 1, 1, tzinfo=UTC)
"""Before this the site was not there."""

_NEVER = datetime.max.replace(tzinfo=UTC)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OfferedList:
    """What became of one list: its verdict now, or why it was refused."""

    file_name: str
    direction: str
    observed_at: datetime | None
    is_new: bool
    verdict: str
    why: str
    name_count: int = 0
    rejected_rows: tuple[str, ...] = ()
    duplicate_count: int = 0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of follow lists did."""

    lists: tuple[OfferedList, ...]
    event_count: int
    observation_count: int = 0
    """Statements about single persons that were offered: of the event feed, of profile pages."""
    new_observation_count: int = 0
    rejected_rows: tuple[str, ...] = ()
    """What was offered beside lists and could not be read, one by one."""
    duplicate_count: int = 0
    room_event_count: int = 0
    """What was offered of what happened in rooms, follows and unfollows among it."""
    new_room_event_count: int = 0

    def count(self, verdict: str) -> int:
        """How many of the lists offered have this verdict now."""
        return sum(offered.verdict == verdict for offered in self.lists)

    @property
    def new_count(self) -> int:
        """How many lists were not here before."""
        return sum(offered.is_new for offered in self.lists)

    def __str__(self) -> str:
        known = len(self.lists) - self.new_count
        verdicts = ", ".join(
            f"{n} {kind}" for kind in ("complete", "partial", "held", "refused") if (n := self.count(kind))
        )
        told = [
            f"; {new:,} of {display.plural(count, noun)} new"
            for new, count, noun in (
                (self.new_observation_count, self.observation_count, "observation"),
                (self.new_room_event_count, self.room_event_count, "room event"),
            )
            if count
        ]
        return (
            f"{display.plural(self.new_count, 'new list')}, {known} known before ({verdicts or 'none'})"
            f"{''.join(told)}; {display.plural(self.event_count, 'event')} in the history"
        )


def import_lists(
    wb: Workbench,
    *paths: Path,
    observed_at: datetime | None = None,
    direction: str | None = None,
    complete: bool | None = None,
    profile_of: str | None = None,
    progress: Progress = SILENT,
) -> Imported:
    """Take in lists, observations and room events of files and folders, and bring the history up to date: all of it, or nothing.

    The keyword values serve files that have no manifest; they are ignored where one speaks. With ``profile_of`` the files are saved
    profile pages of that person.
    """
    mine = _broadcaster(wb)
    read = [
        follow_lists.read_path(
            path,
            observed_at=observed_at,
            direction=direction,
            complete=complete,
            broadcaster=mine,
            profile_of=profile_of,
        )
        for path in paths
    ]
    return take_in(wb, read, progress=progress)


def import_pasted(
    wb: Workbench,
    text: str,
    *,
    observed_at: datetime,
    direction: Direction,
    complete: bool,
    progress: Progress = SILENT,
) -> Imported:
    """Take in the list that somebody pasted, as if it were a file."""
    pasted = follow_lists.read_pasted(
        text, observed_at=observed_at, direction=direction, complete=complete, broadcaster=_broadcaster(wb)
    )
    return take_in(wb, [follow_lists.Offered(lists=(pasted,))], progress=progress)


def take_in(wb: Workbench, read: Sequence[follow_lists.Offered], *, progress: Progress = SILENT) -> Imported:
    """What was read, taken in, and the history brought up to date."""
    offered = sorted((one for every in read for one in every.lists), key=lambda one: one.observed_at or _NEVER)
    now = wb.clock.now()
    offered = [_of_a_possible_time(one, now) for one in offered]
    observed = [one for every in read for one in every.observations]
    believed = [one for one in observed if _is_possible(one.at, now)]
    told = [event for every in read for event in every.events]
    happened = [event for event in told if _is_possible(event.happened_at, now)]
    with wb.transaction() as session:
        added = []
        for count, one in enumerate(offered, start=1):
            added.append(following.add_list(session, one, at=now))
            progress(count, len(offered), "follow lists")
        new = following.add_observations(session, believed, at=now)
        recorded = happenings.record(session, happened, at=now)
        computed = follow_history.update(session, at=now)
        imported = Imported(
            lists=tuple(_outcome(one, result, computed) for one, result in zip(offered, added, strict=True)),
            event_count=computed.event_count,
            observation_count=len(observed),
            new_observation_count=new,
            rejected_rows=(
                *(row for every in read for row in every.rejected_rows),
                *_of_impossible_times(observed, told, now),
            ),
            duplicate_count=sum(every.duplicate_count for every in read),
            room_event_count=len(told),
            new_room_event_count=recorded.new_count,
        )
        _log(wb, session, imported)
    return imported


def _broadcaster(wb: Workbench) -> str | None:
    with wb.reader as session:
        return people.whose(session)


def _of_a_possible_time(one: FollowList | RefusedList, now: datetime) -> FollowList | RefusedList:
    """A list that says it was taken after now, or before there was a site, was taken by a wrong clock: it would come before all others."""
    if one.observed_at is None or _is_possible(one.observed_at, now):
        return one
    said = f"It says it was taken at {one.observed_at:%Y-%m-%d %H:%M} UTC, which"
    why = (
        f"{said} {'is still to come' if one.observed_at > now else 'cannot be'}. Correct its time and import it again."
    )
    return RefusedList(one.file_name, one.file_digest, one.direction, None, why)


def _of_impossible_times(
    observed: Iterable[FollowObservation], told: Iterable[RoomEvent], now: datetime
) -> Iterable[str]:
    """What cannot have happened when it says; a follow in a feed is one thing, although it is read twice."""
    dated = [(one.username, one.at) for one in observed]
    dated += [(event.username.lower() or event.method, event.happened_at) for event in told]
    odd = dict.fromkeys(one for one in dated if not _is_possible(one[1], now))
    return [f"{name}: dated {at:%Y-%m-%d %H:%M}, which cannot be" for name, at in odd]


def _is_possible(at: datetime, now: datetime) -> bool:
    return _FIRST_DAY <= at <= now + _FAST_CLOCK


def _log(wb: Workbench, session: Session, imported: Imported) -> None:
    if imported.new_count or imported.new_observation_count or imported.new_room_event_count:
        details = {
            "lists": imported.new_count,
            "observations": imported.new_observation_count,
            "room_events": imported.new_room_event_count,
            "events": imported.event_count,
        }
        audit_log.append(session, actor=wb.user, action="follow.import", subject="follow lists", details=details)


def _outcome(one: FollowList | RefusedList, result: AddedList, computed: Computed) -> OfferedList:
    verdict = computed.verdicts.get(result.scrape) if result.scrape else None
    if isinstance(one, RefusedList) or verdict is None:
        why = one.why if isinstance(one, RefusedList) else "It was refused before."
        return OfferedList(
            one.file_name, one.direction, one.observed_at, is_new=result.is_new, verdict="refused", why=why
        )
    return OfferedList(
        one.file_name,
        one.direction,
        one.observed_at,
        is_new=result.is_new,
        verdict=str(verdict.kind),
        why=" ".join(filter(None, (verdict.why, result.differs))),
        name_count=len(one.names),
        rejected_rows=one.rejected_rows,
        duplicate_count=one.duplicate_count,
    )
