"""``RenameForm``: give a person the name they carry now, and take that back. ``MergeForm``: make persons one, and part them again."""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import ConflictError, RefusedError
from mhc_lab.core.ids import PersonId
from mhc_lab.jobs.merge import MERGE, MergePlan, plan_merge
from mhc_lab.services import people
from mhc_lab.services.people import FormerName, Person
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._form import Form
from widgets._view import told
from widgets.review import JobReview


@dataclass(frozen=True, slots=True)
class NewName:
    """Who, and what they are called now."""

    username: str
    new: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """Who was renamed, and every name they had before."""

    person: PersonId
    username: str
    former: tuple[FormerName, ...]

    def __str__(self) -> str:
        before = ", ".join(one.name for one in self.former)
        return f"{self.username} is what they are called now; before: {before or 'nothing else'}."


class RenameForm(Form[NewName, Renamed]):
    """Give a person another name; everything known about them stays theirs, under both."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        self.person = PersonPicker(wb, value=person, description="Called until now")
        self.new = ipw.Text(description="Called now", placeholder="user name")
        super().__init__(wb, self.person, self.new, verb="Rename", subject=person)
        self.undo = ipw.Button(description="Undo rename", disabled=True, tooltip="Let them be called as before")
        self.undo.on_click(lambda _: self._undo())
        self.children = [self.person, self.new, ipw.HBox([self.save, self.undo]), self.outcome, self.draft]

    @property
    def value(self) -> NewName:
        """What the fields say."""
        return NewName(self.person.value, self.new.value.strip())

    def submit(self, session: Session) -> Renamed:
        """Rename from now on."""
        said = self.value
        person = people.get(session, said.username)
        if said.new.lower() == person.username:
            raise RefusedError(f'"{person.username}" is called that already.', rule="nothing to do")
        people.rename(session, person.id, to=said.new, at=self.wb.clock.now(), by=self.wb.user)
        self.undo.disabled = False
        return _renamed(session, person.id)

    def disputed(self, conflict: ConflictError) -> str:
        """Somebody carries that name: said in one sentence, there are no versions to compare."""
        return display.note(str(conflict), kind="bad")

    def _undo(self) -> None:
        if self.result is None:
            return
        self.undo.disabled = True
        with told(self.outcome), self.wb.transaction() as session:
            people.take_rename_back(session, self.result.person, at=self.wb.clock.now(), by=self.wb.user)
            self.outcome.value = self.shown(_renamed(session, self.result.person))


def _renamed(session: Session, person: PersonId) -> Renamed:
    now: Person = people.locked(session, [person])[person]
    return Renamed(person, now.username, tuple(people.names(session, person)))


@dataclass(frozen=True, slots=True)
class NewMerge:
    """Who stays, who is the same person, and why."""

    keep: str
    others: tuple[str, ...]
    why: str


class MergeForm(Form[NewMerge, MergePlan]):
    """Plan to make persons one, look through it, approve it, do it, and take it back."""

    def __init__(self, wb: Workbench, *, person: str = "") -> None:
        self.keep = PersonPicker(wb, value=person, description="Who stays")
        self.others = ipw.Textarea(description="Who is the same person", placeholder="user names, one a line")
        self.why = ipw.Textarea(description="Why", placeholder="How do you know?")
        super().__init__(wb, self.keep, self.others, self.why, verb="Plan the merge", subject=person)
        self.job: JobReview[MergePlan] | None = None
        self.place = ipw.VBox([])
        self.children = [self.keep, self.others, self.why, self.save, self.outcome, self.draft, self.place]

    @property
    def value(self) -> NewMerge:
        """What the fields say."""
        names = tuple(dict.fromkeys(self.others.value.replace(",", " ").split()))
        return NewMerge(self.keep.value, names, self.why.value.strip())

    def carry_out(self) -> MergePlan:
        """Make the plan; nothing is changed yet."""
        asked = self.value
        return plan_merge(self.wb, asked.keep, asked.others, why=asked.why)

    def shown(self, result: MergePlan) -> str:
        """The plan, to be looked through and approved below."""
        self.job = JobReview(self.wb, MERGE, result, verb="Make them one", undo="Part them again")
        self.place.children = [self.job]
        return result._repr_html_() + display.note("Nothing is changed yet: look through it, approve it, then do it.")
