"""``PersonPage``: everything we know about one person, a section at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.services import alternates, attributes, collaborations, people, profiles, relationships
from mhc_lab.services.people import Person
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._view import told
from widgets.alternates import Alternates
from widgets.attributes import Attributes
from widgets.collaborations import Collaborations
from widgets.notes import NoteForm, Notes, PasteForm
from widgets.people import MergeForm, RenameForm
from widgets.profiles import ProfileForm
from widgets.relationships import RelationshipForm
from widgets.timeline import Timeline

SECTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "Notes": (Notes,),
    "Write a note": (NoteForm,),
    "Paste a log or menu": (PasteForm,),
    "Attributes": (Attributes,),
    "Relationship": (RelationshipForm,),
    "Collaborations": (Collaborations,),
    "Accounts and names": (Alternates, RenameForm, MergeForm),
    "Profile": (ProfileForm,),
    "Timeline": (Timeline,),
}
"""What there is to see and to do about a person; a section is made when it is asked for."""


class PersonPage(ipw.VBox):
    """Who somebody is, at a glance, and below it the section that is chosen."""

    children: Any

    def __init__(self, wb: Workbench, *, person: str = "", section: str = "Notes") -> None:
        self.wb = wb
        self.person = PersonPicker(wb, value=person, description="Who")
        self.choice = ipw.ToggleButtons(description="Section", options=list(SECTIONS), value=section)
        self.head, self.near, self.place = ipw.HTML(), ipw.HBox(layout={"flex_flow": "row wrap"}), ipw.VBox()
        self.known: Person | None = None
        self.person.observe(lambda _: self.renew(), "value")
        self.choice.observe(lambda _: self._open(), "value")
        super().__init__([self.person, self.head, self.near, self.choice, self.place])
        self.renew()

    def renew(self) -> None:
        """Show who is meant by now; a name that is nobody's yet changes nothing but the hint."""
        before, self.known = self.known, None
        with told(self.head), self.wb.reader as session:
            found = people.find(session, [self.person.value.lower()]) if self.person.value else {}
            if not found:
                self.head.value = display.note("Nobody is called that." if self.person.value else "Choose a person.")
                self.near.children = self.place.children = ()
                return
            self.known = people.get(session, self.person.value)
            self.head.value = _head(session, self.known)
            self.near.children = [self._way_to(name) for name in _near(session, self.known)]
        if before is None or before.id != self.known.id:
            self._open()

    def _open(self) -> None:
        """Make the chosen section anew, about whom the page is about."""
        if self.known is None:
            return
        for old in self.place.children:
            old.close()
        self.place.children = [make(self.wb, person=self.known.username) for make in SECTIONS[self.choice.value]]

    def _way_to(self, name: str) -> ipw.Button:
        button = ipw.Button(description=name, tooltip=f"Go to {name}")
        button.on_click(lambda _: setattr(self.person, "value", name))
        return button


def _head(session: Session, person: Person) -> str:
    """Names, badges, and the numbers that are looked at first, as safe HTML."""
    former = ", ".join(one.name for one in people.names(session, person.id))
    held = [one.definition for one in attributes.badges(attributes.of(session, person.id)) if one.value]
    badges = [display.badge(one.label, color=one.color, icon=one.icon, hint=one.description) for one in held]
    facts = [
        ("role", person.role.lower()),
        ("rating", profiles.get(session, person.id)["rating"]),
        ("first seen", person.first_seen_at),
        ("last seen", person.last_seen_at),
    ]
    said = display.facts(person.username, facts)
    if badges:
        said += display.badges(badges, label=f"What holds for {person.username}")
    if former:
        said += display.note(f"Also known as {former}.")
    if person.is_excluded:
        said += display.note(f"Left out of every figure: {person.excluded_reason}")
    return said


def _near(session: Session, person: Person) -> list[str]:
    """The persons that this one is tied to, by name, each once."""
    related = relationships.of(session, person.id)
    names = [
        *(pair.username for pair in (*alternates.of(session, person.id), *collaborations.of(session, person.id))),
        *(one.related for one in related.to_them),
        *(one.person for one in related.to_others),
    ]
    return list(dict.fromkeys(names))
