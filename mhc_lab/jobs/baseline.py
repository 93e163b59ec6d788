"""The baseline gate: whether everybody's pictures can still be shown as they could before.

Pictures are read and decoded, not only looked for: no bytes, or the wrong ones, are no picture. One that is lost, or one more that is
broken, of one single person is a failure; 99 % is a failure. Pictures are counted by their bytes, so that of two copies of a person one
may go. Where the one that stays is another person's, the first has lost it, unless a snapshot of theirs means it; only around a run that
was to do that nothing else counts than that the picture can still be shown, whoever's it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from mhc_lab.core import display
from mhc_lab.core.errors import IntegrityError
from mhc_lab.core.ids import ByteId, PersonId, RunId
from mhc_lab.core.progress import SILENT, Progress
from mhc_lab.jobs import journal
from mhc_lab.jobs.shown_pictures import Bound, shown, shown_by_anybody
from mhc_lab.services import baselines, people
from mhc_lab.services.baselines import Baseline, PersonPictures
from mhc_lab.workbench import Workbench

_NAMED = 5
"""Pictures that a message names."""


GATE_PERSONS = 5
GATE_BOUND = Bound(200, 64 << 20)
"""What stands before and after every job may take seconds: 5 persons, and of each 200 pictures and 64 MiB at most."""


@dataclass(frozen=True, slots=True)
class Worse:
    """A person whose pictures are not what they were."""

    before: PersonPictures
    now: PersonPictures
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.before.username}: {'; '.join(self.reasons)}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A baseline, and what is found of the same persons now."""

    baseline: Baseline
    now: tuple[PersonPictures, ...]
    worse: tuple[Worse, ...]

    @property
    def is_good(self) -> bool:
        """Whether nobody has less than before."""
        return not self.worse

    def __str__(self) -> str:
        checked = display.plural(len(self.now), "person", "persons")
        since = f"since {self.baseline.recorded_at:%Y-%m-%d %H:%M}"
        if self.is_good:
            return f"{checked} compared {since}: everything that could be shown can be shown"
        lines = [f"{len(self.worse):,} of {checked} have less {since}:", *(f"  {one}" for one in self.worse)]
        return "\n".join(lines)


def record(
    wb: Workbench,
    *,
    persons: Iterable[str] = (),
    random: int = 5,
    everybody: bool = False,
    run: RunId | None = None,
    progress: Progress = SILENT,
) -> Baseline:
    """Keep what can be shown of the persons with these names, of as many by chance besides, or of everybody who has pictures.

    Who is chosen by chance follows from the id of the run, or else of the baseline.

    Raises
    ------
    NotFoundError
        Nobody has or had one of the names.
    """
    id_ = uuid4()
    with wb.reader as session:
        by_name = {person.id: person.username for person in (people.get(session, name) for name in persons)}
        limit = None if everybody else random + len(by_name)
        others = baselines.with_pictures(session, seed=str(run or id_), limit=limit)
    left = [person for person in others if person not in by_name][: None if everybody else random]
    chosen = by_name | {person: others[person] for person in left}
    return _kept(wb, id_, chosen, run, None, progress)


def check(
    wb: Workbench, baseline: Baseline | None = None, *, known_only: bool = False, progress: Progress = SILENT
) -> Comparison:
    """Look at the same persons again; without a baseline the newest is meant.

    Of whom not all was read, the same pictures are; with ``known_only`` of everybody: what came since, broken or not, is nothing lost.

    Raises
    ------
    NotFoundError
        Nothing was recorded yet.
    """
    if baseline is None:
        with wb.reader as session:
            baseline = baselines.get(session)
    wanted = [
        (one.person, one.username, one.looked_at if known_only or one.left_out_count else None)
        for one in baseline.persons
    ]
    now = shown(wb, wanted, None, progress)
    both = zip(baseline.persons, now, strict=True)
    worse = tuple(Worse(then, found, reasons) for then, found in both if (reasons := _reasons(then, found)))
    return Comparison(baseline, now, worse)


@dataclass(frozen=True, slots=True)
class PictureGate:
    """Records before a run, compares after it.

    A run may find files that nobody knew, broken ones, too: the pictures that were there before are compared. What a restore brings back
    may be as bad as it was before the run that it undoes.
    """

    across_persons: bool = False
    """Whether a picture may become another person's."""
    is_reversible: bool = True
    """Whether what a run of the job did can be undone."""

    def before(self, wb: Workbench, run: RunId) -> None:
        """Record five persons by chance, the same ones for a run and its restore; once."""
        with wb.reader as session:
            if baselines.of_run(session, run):
                return
            seed = str(journal.one(session, run).restores or run)
            chosen = baselines.with_pictures(session, seed=seed, limit=GATE_PERSONS)
        _kept(wb, uuid4(), chosen, run, GATE_BOUND, SILENT)

    def after(self, wb: Workbench, run: RunId) -> None:
        """``IntegrityError`` when any of them has less than before, with how to undo the run."""
        with wb.reader as session:
            this = journal.one(session, run)
            before = baselines.of_run(session, run)
            earlier = baselines.of_run(session, this.restores) if this.restores else None
        comparison = self._compared(wb, before) if before else None
        if comparison is None or comparison.is_good or (earlier and self._compared(wb, earlier).is_good):
            return
        undo = f"Undo: mhc {this.kind} restore {run}"
        look = "There is no undo of this. Look at what is there: mhc media verify --read-data"
        raise IntegrityError(f"{comparison}\n{undo if self.is_reversible and not this.restores else look}")

    def _compared(self, wb: Workbench, baseline: Baseline) -> Comparison:
        compared = check(wb, baseline, known_only=True)
        return _whosoever(wb, compared) if self.across_persons and not compared.is_good else compared


GATE = PictureGate()
GATE_WITHOUT_UNDO = PictureGate(is_reversible=False)
GATE_ACROSS_PERSONS = PictureGate(across_persons=True)


def _whosoever(wb: Workbench, compared: Comparison) -> Comparison:
    """The same without what can still be shown as another person's, and without all that is said of single persons."""
    lost = {worse: set(worse.before.working) - set(worse.now.working) for worse in compared.worse}
    still = shown_by_anybody(wb, set().union(*lost.values()))
    worse = [replace(one, reasons=(_lost(one.before, gone - still),)) for one, gone in lost.items() if gone - still]
    return replace(compared, worse=tuple(worse))


def _kept(
    wb: Workbench, id_: UUID, chosen: Mapping[PersonId, str], run: RunId | None, bound: Bound | None, progress: Progress
) -> Baseline:
    found = shown(wb, [(person, name, None) for person, name in chosen.items()], bound, progress)
    baseline = Baseline(id_, wb.clock.now(), wb.user, run, found)
    with wb.transaction() as session:
        baselines.add(session, baseline)
    return baseline


# whether it is worse


def _reasons(before: PersonPictures, now: PersonPictures) -> tuple[str, ...]:
    """What is worse than it was."""
    lost = set(before.working) - set(now.working)
    out_of_reach, gone = lost & set(now.unseen), lost - set(now.unseen)
    broken_count = len(set(now.broken) - set(before.unseen))
    has_lost_primary = before.primary is not None and (now.primary is None or (before.is_chosen and not now.is_chosen))
    said = {
        _lost(before, gone): gone,
        f"{len(out_of_reach):,} cannot be looked at, because their storage is offline or out of use": out_of_reach,
        f"{broken_count:,} are broken, {len(before.broken):,} were": broken_count > len(before.broken),
        f"{now.left_out_count:,} pictures besides, {before.left_out_count:,} were": (
            now.left_out_count < before.left_out_count
        ),
        "the primary picture is lost": has_lost_primary,
    }
    return tuple(words for words, is_so in said.items() if is_so)


def _lost(before: PersonPictures, gone: set[ByteId]) -> str:
    named = ", ".join(sorted(gone)[:_NAMED])
    verb = f"{'is' if len(gone) == 1 else 'are'} lost ({named}{', …' if len(gone) > _NAMED else ''})"
    return f"{len(gone):,} of {len(before.working):,} working pictures {verb}"
