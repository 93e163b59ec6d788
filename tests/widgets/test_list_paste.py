"""A pasted list: taken in as if it were a file, and explained when it cannot be."""

from __future__ import annotations

import sqlalchemy as sa

from mhc_lab.schema.people import persons
from mhc_lab.workbench import Workbench
from widgets.list_paste import PasteList


def filled(wb: Workbench, text: str, *, taken_at: str = "2026-03-29T10:00+02:00") -> PasteList:
    form = PasteList(wb)
    form.text.value, form.taken_at.value, form.is_complete.value = text, taken_at, True
    return form


def test_pasted_names_are_taken_in(empty_wb: Workbench) -> None:
    form = filled(empty_wb, "@ann\nbo\ncy\nnot a name!\n")

    form.save.click()

    with empty_wb.reader as session:
        names = session.scalars(sa.select(persons.c.username).order_by(persons.c.username)).all()
    assert names == ["ann", "bo", "cy"]
    assert "complete: 3 names" in form.outcome.value
    assert "left out: not a name!" in form.outcome.value
    assert form.text.value == ""


def test_a_login_page_is_refused_and_the_text_stays(empty_wb: Workbench) -> None:
    form = filled(empty_wb, "<html><body>Please log in</body></html>")

    form.save.click()

    assert "mhc-bad" in form.outcome.value
    assert "log in" in form.text.value


def test_a_time_without_its_zone_is_asked_for_again(empty_wb: Workbench) -> None:
    form = filled(empty_wb, "ann", taken_at="2026-03-29 02:30")

    form.save.click()

    assert "not a time with its zone" in form.outcome.value
    assert form.text.value == "ann"


def test_an_empty_paste_is_no_list(empty_wb: Workbench) -> None:
    form = filled(empty_wb, "  ")

    form.save.click()

    assert "Nothing is pasted" in form.outcome.value
