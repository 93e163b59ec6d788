"""``FileTile``: one file in a grid, seen at a glance: its picture, its name, whose, when, how large, and how it is marked."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from mhc_lab.core import display
from mhc_lab.core.ids import MediaId
from mhc_lab.jobs.previews import Preview
from mhc_lab.services.media import MediaFile


class FileTile(ipw.VBox):
    """A picture that can be opened and made a favourite; :attr:`slot` is the place for what was opened, below its row."""

    file: MediaFile
    children: Any

    def __init__(self, *, on_open: Callable[[FileTile], None], on_favorite: Callable[[FileTile], None]) -> None:
        self.previewed: MediaId | None = None
        self.picture, self.marks, self.caption = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self.opener, self.star = ipw.Button(), ipw.Button()
        self.opener.add_class("mhc-opener")
        self.star.add_class("mhc-star")
        self.marks.add_class("mhc-marks")
        self.opener.on_click(lambda _: on_open(self))
        self.star.on_click(lambda _: on_favorite(self))
        self.tile = ipw.VBox([self.picture, self.marks, self.opener, self.caption, self.star])
        self.tile.add_class("mhc-tile")
        self.slot = ipw.VBox(layout={"display": "none"})
        self.slot.add_class("mhc-slot")
        super().__init__([self.tile, self.slot])
        self.add_class("mhc-place")

    def show(self, file: MediaFile) -> None:
        """Show ``file``; its picture stays when it is the one that is there, and is awaited when it is another."""
        self.file = file
        if self.previewed != file.id:
            self.previewed = None
            self.picture.value = display.no_picture("")
        self.opener.description, self.opener.tooltip = file.original_name, f"Open {file.relative_path}"
        self.star.description = f"{'No favourite' if file.is_favorite else 'Favourite'}: {file.original_name}"
        _have(self.star, "mhc-on", file.is_favorite)
        _have(self.tile, "mhc-gone", file.is_deleted)
        self.caption.value, self.marks.value = _caption(file), marks(file)

    def see(self, preview: Preview) -> None:
        """Show the picture, or a few words why there is none."""
        self.previewed = self.file.id
        self.picture.value = pictured(self.file, preview)

    def hold(self, *panels: ipw.DOMWidget) -> None:
        """Put ``panels`` into the place below the row; nothing closes it."""
        self.slot.children = panels
        self.slot.layout.display = None if panels else "none"


def pictured(file: MediaFile, preview: Preview) -> str:
    """The preview of ``file`` as safe HTML that says what it is also to those who do not see it."""
    whose = f" of {file.username}" if file.username else ""
    kind = "Video" if file.verdict == "video" else "Picture"
    alt = f"{kind}{whose}, {file.at:%Y-%m-%d}: {file.original_name}"
    return display.picture(preview.content, alt=alt) if preview.content else display.no_picture(preview.why)


def marks(file: MediaFile, *, favorite: bool = False) -> str:
    """The marks of ``file`` as safe HTML; that it is a favourite only where nothing else says it."""
    known = (
        ("deleted", "red", "", file.is_deleted),
        ("primary", "blue", "", file.is_primary),
        ("favourite", "amber", "★", favorite and file.is_favorite),
        (_length(file.duration_seconds), "gray", "", file.verdict == "video"),
        ("storage out of use", "orange", "", not file.is_storage_active),
    )
    shown = [display.badge(label, color=color, icon=icon) for label, color, icon, holds in known if holds]
    return display.badges(shown, label="Marks") if shown else ""


def told_apart(file: MediaFile) -> str:
    """Which file it is, how it is marked, and what tells it from one that looks the same, as safe HTML."""
    pixels = f"{file.width:,} × {file.height:,}, " if file.width and file.height else ""
    lines = (
        f"{file.storage}:{file.relative_path}",
        f"{file.at:%Y-%m-%d}, {pixels}{display.bytes_text(file.size_bytes)}",
    )
    return marks(file, favorite=True) + "".join(map(_line, lines))


def _caption(file: MediaFile) -> str:
    """Whose, when and how large, and the tags, a line each."""
    when = f"{file.at:%Y-%m-%d} · {display.bytes_text(file.size_bytes)}"
    lines = [file.username or "", when, " ".join(f"#{one}" for one in file.tags)]
    return "".join(_line(line) for line in lines if line)


def _line(said: str) -> str:
    return f"<p class='mhc-caption' dir='auto'>{html.escape(said)}</p>"


def _length(seconds: float | None) -> str:
    if seconds is None:
        return "video"
    minutes, rest = divmod(round(seconds), 60)
    return f"video {minutes}:{rest:02}"


def _have(widget: ipw.DOMWidget, name: str, holds: bool) -> None:  # noqa: FBT001 - called by position
    if holds:
        widget.add_class(name)
    else:
        widget.remove_class(name)
