"""``LookAlikes``: pictures that look alike, two by two, for a person to judge: the one that is not wanted is deleted, and comes back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import ipywidgets as ipw

from mhc_lab.analytics.near_duplicates import NearDuplicates, near_duplicates
from mhc_lab.core import display
from mhc_lab.core.ids import MediaId
from mhc_lab.jobs.previews import Preview, previews
from mhc_lab.services import media
from mhc_lab.services.media import MediaFile
from mhc_lab.workbench import Workbench
from widgets._file_tile import pictured, told_apart
from widgets._pages import Pages
from widgets._view import Freshness, Sight, View, told

PAGE = 10
"""So many pairs are one page."""


class LookAlikes(View):
    """Pairs as the mirror knows them, the nearest first, a page at a time; what is said of a picture is what is so by now."""

    def __init__(self, wb: Workbench, *, distance: int = 4, across_persons: bool = False) -> None:
        self.wb = wb
        self.result: NearDuplicates | None = None
        self._is_seen = False
        self.bits = ipw.BoundedIntText(description="Bits apart at most", value=distance, min=0, max=9)
        self.across = ipw.Checkbox(description="Across persons", value=across_persons, indent=False)
        self.where, self.problem, self.sight = ipw.HTML(), ipw.HTML(), Sight()
        self.pages = Pages(PAGE, on_turn=self.show)
        self.pairs = ipw.VBox()
        self._deck: list[_Pair] = []
        filters = ipw.HBox([self.bits, self.across])
        filters.add_class("mhc-filters")
        self.pairs.add_class("mhc-actions")
        self.freshness = Freshness(wb, on_refresh=self.find)
        super().__init__([self.freshness, filters, self.problem, self.where, self.pairs, self.pages, self.sight])
        for field in (self.bits, self.across):
            field.observe(lambda _: self.find(), "value")
        self.sight.on_msg(lambda *_: self.seen())
        self.find()

    def find(self) -> None:
        """Look for pairs, and show the first page of them."""
        with told(self.problem):
            self.problem.value = ""
            self.result = near_duplicates(self.wb.mirror, distance=self.bits.value, across_persons=self.across.value)
            self.pages.fit(self.result.pairs)
            self.show()

    def show(self) -> None:
        """Put a page of pairs on the lines there are."""
        begin = self.pages.begin
        rows = self.result.frame.slice(begin, PAGE).to_dicts() if self.result else []
        ids = [(MediaId(UUID(row["media_id"])), MediaId(UUID(row["other_media_id"]))) for row in rows]
        with self.wb.reader as session:
            files = media.those(session, [one for pair in ids for one in pair])
        there = [
            (row, [files[one] for one in pair]) for row, pair in zip(rows, ids, strict=True) if files.keys() >= {*pair}
        ]
        while len(self._deck) < len(there):
            self._deck.append(_Pair(self.wb, self.problem))
        for line, (row, pair) in zip(self._deck, there, strict=False):
            line.show(row["distance"], pair)
        self.pairs.children = self._deck[: len(there)]
        total = self.result.pairs if self.result else 0
        said = f"{begin + 1:,} to {begin + len(rows):,} of {display.plural(total, 'pair')}"
        self.where.value = display.note(said if rows else "No two pictures look alike.")
        self._bring_pictures()

    def seen(self) -> None:
        """Somebody has the page before them: bring the pictures."""
        self._is_seen = True
        self._bring_pictures()

    def still(self) -> str:
        """Every pair in words: a report is handed on, and pictures of people are not."""
        return self.result._repr_html_() if self.result else self.problem.value

    def _bring_pictures(self) -> None:
        sides = [side for pair in self.pairs.children for side in pair.sides] if self._is_seen else []
        if sides:
            with told(self.problem):
                for side, (_, preview) in zip(sides, previews(self.wb, [one.file for one in sides]), strict=True):
                    side.see(preview)


class _Pair(ipw.VBox):
    """Two pictures side by side, and how far they are apart."""

    def __init__(self, wb: Workbench, problem: ipw.HTML) -> None:
        self.apart = ipw.HTML()
        self.sides = [_Side(wb, problem), _Side(wb, problem)]
        both = ipw.HBox(self.sides)
        both.add_class("mhc-pair")
        super().__init__([self.apart, both])
        self.add_class("mhc-action")

    def show(self, distance: int, files: list[MediaFile]) -> None:
        """Show the two, without their pictures yet."""
        self.apart.value = display.note(
            f"{display.plural(distance, 'bit')} apart" if distance else "They look the same"
        )
        for side, file in zip(self.sides, files, strict=True):
            side.show(file)


class _Side(ipw.VBox):
    """One of the two, with a button that deletes it and brings it back."""

    children: Any
    file: MediaFile

    def __init__(self, wb: Workbench, problem: ipw.HTML) -> None:
        self.wb, self.problem = wb, problem
        self.picture, self.caption, self.remove = ipw.HTML(), ipw.HTML(), ipw.Button()
        self.remove.on_click(lambda _: self._remove())
        super().__init__([self.picture, self.caption, self.remove])
        self.add_class("mhc-figure")

    def show(self, file: MediaFile) -> None:
        """Show ``file``; its picture is awaited."""
        self.picture.value = display.no_picture("")
        self.renew(file)

    def renew(self, file: MediaFile) -> None:
        """Show ``file`` as it is now."""
        self.file = file
        self.caption.value = told_apart(file)
        self.remove.description = "Restore" if file.is_deleted else "Delete"
        self.remove.tooltip = f"{self.remove.description} {file.relative_path}"

    def see(self, preview: Preview) -> None:
        """Show the picture, or a few words why there is none."""
        self.picture.value = pictured(self.file, preview)

    def _remove(self) -> None:
        with told(self.problem):
            with self.wb.transaction() as session:
                now = media.get(session, self.file.id)
                if now.is_deleted:
                    media.restore(session, now, by=self.wb.user)
                else:
                    media.delete(session, now, by=self.wb.user, at=self.wb.clock.now())
                changed = media.get(session, now.id)
            self.renew(changed)
