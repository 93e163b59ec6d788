"""An attribute of ours that hides one of ipywidgets makes a widget vanish without a word."""

from __future__ import annotations

import inspect

import ipywidgets as ipw
import pytest

from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker
from widgets._file_panel import FilePanel
from widgets._file_tile import FileTile
from widgets._view import Freshness
from widgets.alternates import Alternates
from widgets.attributes import Attributes
from widgets.collaborations import Collaborations
from widgets.exclusions import ExcludeForm
from widgets.followers import WhoLeft
from widgets.library import Library
from widgets.media import ExactDuplicatesView
from widgets.notes import NoteForm, Notes, PasteForm
from widgets.people import MergeForm, RenameForm
from widgets.person import PersonPage
from widgets.profiles import ProfileForm
from widgets.relationships import RelationshipForm, Relationships
from widgets.timeline import Timeline

KINDS = [
    ExcludeForm, WhoLeft, ExactDuplicatesView, PersonPicker, Collaborations, Alternates, RelationshipForm, Relationships,
    Timeline, Attributes, ProfileForm, Notes, NoteForm, PasteForm, MergeForm, RenameForm, PersonPage, Library,
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_no_attribute_hides_one_of_the_widget(empty_wb: Workbench, kind: type[ipw.VBox]) -> None:
    widget = kind(empty_wb)

    ours = {name for name in vars(widget) if not name.startswith("_")}
    theirs = {name for name, _ in inspect.getmembers_static(ipw.VBox)}
    assert not ours & theirs


def test_no_attribute_of_a_tile_or_panel_hides_one_of_the_widget(empty_wb: Workbench) -> None:
    tile = FileTile(on_open=lambda _: None, on_favorite=lambda _: None)
    panel = FilePanel(empty_wb, on_change=lambda _: None, on_shut=lambda: None)

    theirs = {name for name, _ in inspect.getmembers_static(ipw.VBox)}
    assert not {name for widget in (tile, panel) for name in vars(widget) if not name.startswith("_")} & theirs


def test_no_attribute_of_the_refresh_line_hides_one_of_the_widget(empty_wb: Workbench) -> None:
    widget = Freshness(empty_wb, on_refresh=lambda: None)

    assert not {"wb", "on_refresh", "text", "refresh"} & {name for name, _ in inspect.getmembers_static(ipw.HBox)}
    assert widget.refresh.description == "Refresh figures"
