"""``Pages``: which page of how many is shown, and the way to another."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as ipw


class Pages(ipw.HBox):
    """Pages of ``size`` things, to be seen where there are several; ``on_turn`` is called when somebody turns to another."""

    def __init__(self, size: int, *, on_turn: Callable[[], None]) -> None:
        self.size, self.on_turn, self._quiet = size, on_turn, False
        self.before, self.after = ipw.Button(description="Before"), ipw.Button(description="After")
        self.number = ipw.BoundedIntText(description="Page", min=1, value=1, max=1)
        self.number.add_class("mhc-page-number")
        self.before.on_click(lambda _: self._turn(-1))
        self.after.on_click(lambda _: self._turn(1))
        self.number.observe(lambda _: self._turned(), "value")
        super().__init__([self.before, self.after, self.number])

    @property
    def begin(self) -> int:
        """How many things are on the pages before."""
        return (int(self.number.value) - 1) * self.size

    def fit(self, total: int) -> None:
        """Begin at the first page of ``total`` things."""
        self._quiet = True
        self.number.max = max(-(-total // self.size), 1)
        self.layout.display = None if self.number.max > 1 else "none"
        self.number.value = 1
        self._quiet = False
        self._enable()

    def _turn(self, by: int) -> None:
        self.number.value += by

    def _turned(self) -> None:
        self._enable()
        if not self._quiet:
            self.on_turn()

    def _enable(self) -> None:
        self.before.disabled, self.after.disabled = self.number.value == 1, self.number.value >= self.number.max
