"""``Library``: all files, the newest first, as a grid of pictures: by person, source, time and words; marked and deleted in place."""

from __future__ import annotations

from typing import Any, Literal

import ipywidgets as ipw
import polars as pl
from sqlalchemy.orm import Session

from mhc_lab.core import display
from mhc_lab.core.errors import UserError
from mhc_lab.core.texts import storable
from mhc_lab.jobs.previews import previews
from mhc_lab.services import media
from mhc_lab.services.media import MediaFile, Wanted
from mhc_lab.workbench import Workbench
from widgets._fields import PersonPicker, first_instant
from widgets._file_panel import FilePanel
from widgets._file_tile import FileTile
from widgets._view import Sight, View, told

PAGE = 24
"""So many files are one page."""
ANY = ""
OFFERED_TAGS = 100
"""More than this a field offers to nobody's use."""


class Library(View):
    """Files from PostgreSQL, page by page, so that what was just changed is seen; one of them can be opened.

    Pictures come when somebody has the page before them, one after the other.
    """

    def __init__(self, wb: Workbench, *, person: str = "", source: str = "", tag: str = "") -> None:
        self.wb = wb
        self.files: list[MediaFile] = []
        self.total, self._quiet, self._is_seen = 0, False, False
        self.person = PersonPicker(wb, value=person)
        self.words = ipw.Text(description="Name of the file", placeholder="a piece of it", continuous_update=False)
        self.source = ipw.Dropdown(description="Source", options=[(source, source)], value=source)
        self.verdict = ipw.Dropdown(description="Verdict", options=[("any", ANY)])
        self.tag = ipw.Combobox(description="Tag", placeholder="any", value=tag, continuous_update=False)
        self.since, self.until = ipw.DatePicker(description="From"), ipw.DatePicker(description="To")
        self.favorites = ipw.Checkbox(description="Favourites only", value=False, indent=False)
        self.deleted = ipw.Checkbox(description="Deleted ones", value=False, indent=False)
        self.where, self.problem, self.sight = ipw.HTML(), ipw.HTML(), Sight()
        self.newer, self.older = ipw.Button(description="Newer"), ipw.Button(description="Older")
        self.number = ipw.BoundedIntText(description="Page", min=1, value=1, max=1)
        self.panel = FilePanel(wb, on_change=self._changed, on_shut=self._shut)
        self.opened: FileTile | None = None
        self.tiles = ipw.VBox()
        self.tiles.add_class("mhc-tiles")
        self._deck: list[FileTile] = []
        super().__init__(self._laid_out())
        for field in self._fields:
            field.observe(lambda _: self._from_the_start(), "value")
        self.number.observe(lambda _: self._turned(), "value")
        self.newer.on_click(lambda _: self._turn(-1))
        self.older.on_click(lambda _: self._turn(1))
        self.sight.on_msg(lambda *_: self.seen())
        self.renew()

    @property
    def _fields(self) -> tuple[Any, ...]:
        return (
            self.person, self.words, self.source, self.verdict, self.tag, self.since, self.until, self.favorites,
            self.deleted,
        )  # fmt: skip

    def renew(self) -> None:
        """Read again what there is."""
        self.files, self.total = [], 0
        self.problem.value = self.where.value = ""
        with told(self.problem), self.wb.reader as session:
            wanted = self._wanted(session)
            self._offer(session, wanted)
            self.total = media.count(session, wanted)
            self._page_up_to(-(-self.total // PAGE))
            self.files = media.found(session, wanted, limit=PAGE, offset=(self.number.value - 1) * PAGE)
            self._say_where(media.size_bytes(session, wanted))
        self._show()

    def seen(self) -> None:
        """Somebody has the page before them: bring the pictures."""
        self._is_seen = True
        self._bring_pictures()

    def still(self) -> str:
        """What the page shows, in words: a report is handed on, and pictures of people are not."""
        rows = [
            (file.original_name, file.username, file.at, file.size_bytes, file.source, file.verdict, ", ".join(file.tags))
            for file in self.files
        ]  # fmt: skip
        kinds: Any = [
            ("name", pl.String), ("person", pl.String), ("time", pl.Datetime(time_zone="UTC")), ("bytes", pl.Int64),
            ("source", pl.String), ("verdict", pl.String), ("tags", pl.String),
        ]  # fmt: skip
        table = display.table(pl.DataFrame(rows, schema=kinds, orient="row"), caption="The newest files")
        return f"{self.problem.value}{self.where.value}{table}"

    # what is asked

    def _wanted(self, session: Session) -> Wanted:
        name = self.person.value.strip()
        person = self.person.meant(session)
        if name and person is None:
            raise UserError(f'Nobody is called "{name}".')
        return Wanted(
            person=person, words=storable(self.words.value), source=self.source.value or "", verdict=self.verdict.value or "",
            tag=self.tag.value.strip(), is_favorite=self.favorites.value or None,
            is_deleted=self.deleted.value, since=first_instant(self.since.value), until=first_instant(self.until.value, after=1),
        )  # fmt: skip

    def _offer(self, session: Session, wanted: Wanted) -> None:
        """The sources and verdicts there are, with how many of each, and the tags; what is chosen stays, also when there is none left."""
        self._quiet = True
        fields: tuple[tuple[ipw.Dropdown, Literal["source", "verdict"]], ...] = (
            (self.source, "source"), (self.verdict, "verdict"),
        )  # fmt: skip
        for field, name in fields:
            chosen = field.value
            counts = media.counts_by(session, wanted, name)
            if chosen and chosen not in counts:
                counts[chosen] = 0
            each = [(f"{one.replace('_', ' ')} ({count:,})", one) for one, count in counts.items()]
            field.options = [(f"any ({sum(counts.values()):,})", ANY), *each]
            field.value = chosen
        self.tag.options = list(media.tags(session))[:OFFERED_TAGS]
        self._quiet = False

    # where we are

    def _page_up_to(self, last: int) -> None:
        self._quiet = True
        self.number.max = max(last, 1)
        self._quiet = False
        self.newer.disabled = self.number.value == 1
        self.older.disabled = self.number.value >= last

    def _say_where(self, size_bytes: int) -> None:
        begin = (self.number.value - 1) * PAGE
        shown = f"{begin + 1:,} to {begin + len(self.files):,} of {display.plural(self.total, 'file')}"
        self.where.value = display.note(f"{shown}, {display.bytes_text(size_bytes)}" if self.files else "No files.")

    def _from_the_start(self) -> None:
        if not self._quiet:
            self._quiet = True
            self.number.value = 1
            self._quiet = False
            self.renew()

    def _turn(self, by: int) -> None:
        self.number.value += by

    def _turned(self) -> None:
        if not self._quiet:
            self.renew()

    # what is shown

    def _show(self) -> None:
        """Put the files on the tiles there are; a tile is used again, because the page would keep every one it ever had."""
        self._shut()
        while len(self._deck) < len(self.files):
            self._deck.append(FileTile(on_open=self._open, on_favorite=self._favorite))
        self.tiles.children = self._deck[: len(self.files)]
        for tile, file in zip(self._deck, self.files, strict=False):
            tile.show(file)
        self._bring_pictures()

    def _bring_pictures(self) -> None:
        awaited = [tile for tile in self.tiles.children if tile.previewed is None] if self._is_seen else []
        if awaited:
            with told(self.problem):
                brought = previews(self.wb, [tile.file for tile in awaited])
                for tile, (_, preview) in zip(awaited, brought, strict=True):
                    tile.see(preview)

    def _open(self, tile: FileTile) -> None:
        """Open the file below its row, or close it when it is the one that is open."""
        before = self.opened
        self._shut()
        if before is not tile:
            self.opened = tile
            tile.hold(self.panel)
            self.panel.show(tile.file)

    def _shut(self) -> None:
        if self.opened is not None:
            self.opened.hold()
            self.opened.opener.focus()
            self.opened = None

    def _favorite(self, tile: FileTile) -> None:
        with told(self.problem):
            with self.wb.transaction() as session:
                media.set_favorite(session, [tile.file], favorite=not tile.file.is_favorite)
                file = media.get(session, tile.file.id)
            if self.opened is tile:
                self.panel.renew(file)
            self._changed(file)

    def _changed(self, _: MediaFile) -> None:
        """A file has changed, and maybe another one with it: show how all are by now where they are, so that an undo stays at hand."""
        with told(self.problem):
            with self.wb.reader as session:
                now = media.those(session, [file.id for file in self.files])
            self.files = [now[file.id] for file in self.files]
            for tile, file in zip(self.tiles.children, self.files, strict=True):
                tile.show(file)

    def _laid_out(self) -> list[Any]:
        filters = ipw.HBox(self._fields)
        filters.add_class("mhc-filters")
        self.number.add_class("mhc-page-number")
        paging = ipw.HBox([self.newer, self.older, self.number])
        return [filters, self.problem, self.where, self.tiles, paging, self.sight]
