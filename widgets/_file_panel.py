"""``FilePanel``: one file, large, with all that is known of it and what can be done about it, each with an undo."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import anywidget
import ipywidgets as ipw
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.jobs import views
from mhc_lab.jobs.previews import LARGE, previews
from mhc_lab.services import media
from mhc_lab.services.media import MediaFile
from mhc_lab.workbench import Workbench
from widgets._file_tile import marks, pictured
from widgets._view import told

Deed = Callable[[Session, MediaFile], object]


class IntoView(anywidget.AnyWidget):
    """Shows nothing, and brings what it stands in onto the screen."""

    _esm = """export default { render({ el }) {
        setTimeout(() => el.closest(".mhc-slot")?.scrollIntoView({ block: "nearest" }), 100)
    } }"""


class FilePanel(ipw.VBox):
    """A file, its facts and its marks; ``on_change`` is called after every change, ``on_shut`` when it is to be closed."""

    children: Any
    file: MediaFile

    def __init__(self, wb: Workbench, *, on_change: Callable[[MediaFile], None], on_shut: Callable[[], None]) -> None:
        self.wb, self.on_change = wb, on_change
        self._back: Deed | None = None
        self.head, self.picture, self.facts, self.outcome = ipw.HTML(), ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.favorite, self.primary, self.remove = ipw.Button(), ipw.Button(), ipw.Button()
        self.tags = ipw.Text(description="Tags", placeholder="beach, red dress")
        self.retag = ipw.Button(description="Save tags")
        self.undo = ipw.Button(description="Undo", tooltip="Take back what was done last")
        self.shut = ipw.Button(description="Close")
        for button, deed in (
            (self.favorite, self._favorite), (self.primary, self._primary), (self.remove, self._remove),
            (self.retag, self._retag), (self.undo, self._undo),
        ):  # fmt: skip
            button.on_click(lambda _, deed=deed: deed())
        self.shut.on_click(lambda _: on_shut())
        wrap = {"flex_flow": "row wrap"}
        deeds = ipw.HBox([self.favorite, self.primary, self.remove, self.undo, self.shut], layout=wrap)
        about = ipw.VBox([self.head, deeds, self.outcome, ipw.HBox([self.tags, self.retag], layout=wrap), self.facts])
        look = ipw.HBox([self.picture, about])
        for widget, name in ((self.picture, "mhc-large"), (about, "mhc-about"), (look, "mhc-look")):
            widget.add_class(name)
        super().__init__([IntoView(), look])
        self.add_class("mhc-file")

    def show(self, file: MediaFile) -> None:
        """Show ``file``; nothing said or done about another one before stays."""
        self._back, self.outcome.value = None, ""
        self.picture.value = display.no_picture("")
        self.renew(file)
        with told(self.outcome):
            ((_, preview),) = previews(self.wb, [file], longest=LARGE)
            self.picture.value = pictured(file, preview)

    def renew(self, file: MediaFile) -> None:
        """Show ``file`` as it is now."""
        self.file = file
        self.head.value = _head(file)
        self.facts.value = _facts(file)
        self.tags.value = ", ".join(file.tags)
        self.favorite.description = "No favourite" if file.is_favorite else "Favourite"
        self.primary.description = "Not primary" if file.is_primary else "Make primary"
        self.primary.disabled = file.is_deleted or file.person_id is None
        self.remove.description = "Restore" if file.is_deleted else "Delete"
        self.undo.disabled = self._back is None

    def _favorite(self) -> None:
        was = self.file.is_favorite
        said = "No favourite any more." if was else "A favourite now."
        self._do(said, partial(_set_favorite, favorite=not was), partial(_set_favorite, favorite=was))

    def _primary(self) -> None:
        if self.file.is_primary:
            self._do("The newest picture stands for this person again.", media.unset_primary, media.set_primary)
            return
        before: list[MediaFile] = []

        def choose(session: Session, file: MediaFile) -> None:
            replaced = media.set_primary(session, file)
            before.extend([replaced] if replaced else [])

        def back(session: Session, file: MediaFile) -> None:
            media.unset_primary(session, file)
            for one in before:
                media.set_primary(session, media.get(session, one.id))

        self._do(f"Stands for {self.file.username} now.", choose, back)

    def _remove(self) -> None:
        """Delete or restore, each the undo of the other."""
        if self.file.is_deleted:
            self._do("Restored.", self._restore, self._delete)
        else:
            self._do("Deleted. Not a byte was touched.", self._delete, self._restore)

    def _retag(self) -> None:
        wanted = [one for one in self.tags.value.split(",") if one.strip()]
        self._do("Tags saved.", partial(_set_tags, tags=wanted), partial(_set_tags, tags=self.file.tags))

    def _undo(self) -> None:
        if self._back is not None:
            self._do("As before.", self._back, None)

    def _do(self, said: str, deed: Deed, back: Deed | None) -> None:
        """Do it to the file as it is by now."""
        with told(self.outcome):
            with self.wb.transaction() as session:
                deed(session, media.get(session, self.file.id))
                changed = media.get(session, self.file.id)
            moved = {changed.storage} if changed.is_deleted != self.file.is_deleted else set()
            self._back = back
            self.renew(changed)
            self.outcome.value = display.note(said, kind="good")
            self.on_change(changed)
            if moved and (hindered := views.catch_up(self.wb, moved)):
                self.outcome.value += display.note(hindered)

    def _delete(self, session: Session, file: MediaFile) -> None:
        media.delete(session, file, by=self.wb.user, at=self.wb.clock.now())

    def _restore(self, session: Session, file: MediaFile) -> None:
        media.restore(session, file, by=self.wb.user)


def _set_favorite(session: Session, file: MediaFile, *, favorite: bool) -> None:
    media.set_favorite(session, [file], favorite=favorite)


def _set_tags(session: Session, file: MediaFile, *, tags: Iterable[str]) -> None:
    media.set_tags(session, file, tags)


def _head(file: MediaFile) -> str:
    return f"<p class='mhc-title' dir='auto'>{html.escape(file.original_name)}</p>{marks(file, favorite=True)}"


def _facts(file: MediaFile) -> str:
    zone = "" if file.is_zone_known else " (no zone given)"
    taken = f"{display.text(file.taken_at)} UTC{zone}" if file.taken_at else None
    size = f"{display.bytes_text(file.size_bytes)} ({file.size_bytes:,} bytes)"
    pixels = f"{file.width:,} × {file.height:,} pixels" if file.width and file.height else None
    place = f"{file.latitude:.5f}, {file.longitude:.5f}" if file.latitude is not None else None
    kind = ", ".join(part for part in (file.format, file.codec, file.verdict or "not examined yet") if part)
    known: list[tuple[str, object]] = [
        ("person", file.username), ("taken", taken), ("changed", file.modified_at), ("registered", file.created_at),
        ("size", size), ("dimensions", pixels), ("kind", kind), ("position", place), ("author", file.author),
        ("source", file.source.replace("_", " ")), ("photoset", file.photoset_id), ("storage", file.storage),
        ("place", file.relative_path), ("byte id", file.byte_id), ("content id", file.content_id), ("key", str(file.id)),
    ]  # fmt: skip
    pairs = [(name, html.escape(display.text(value))) for name, value in known if value is not None]
    if file.source_url:
        pairs.append(("address", display.link(file.source_url)))
    return display.terms(pairs)
