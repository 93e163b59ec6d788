"""A chat log that was read: what happened in it, and which lines were left out and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mhc_lab.core.display import plural
from mhc_lab.transcripts import render
from mhc_lab.transcripts.events import ChatEvent

if TYPE_CHECKING:
    import polars as pl

Family = Literal["native", "structured", "direct"]
"""Copied from a room; written by a program, field by field; direct or private messages with their times."""

Category = Literal["public_chat", "pm", "dm", "tips"]
"""What kind of note it would make."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The lines that are no part of any event, by number: no line is in two of them, and blank ones are in none."""

    notices: tuple[int, ...] = ()
    """The room itself spoke."""
    empty: tuple[int, ...] = ()
    """Messages without text, of a structured copy."""
    unread: tuple[int, ...] = ()
    """In no shape of a message, with no message above that they could go on with."""


@dataclass(frozen=True, slots=True, repr=False)
class Transcript:
    """The events of a pasted log in their order."""

    events: tuple[ChatEvent, ...]
    dropped: Dropped
    family: Family
    category: Category

    @property
    def users(self) -> tuple[str, ...]:
        """Everybody who said or tipped something, in order of first appearance."""
        return tuple(dict.fromkeys(event.name for event in self.events))

    @property
    def tips(self) -> tuple[ChatEvent, ...]:
        """The tips."""
        return tuple(event for event in self.events if event.kind == "tip")

    @property
    def total_tokens(self) -> int:
        """The tips together."""
        return sum(event.tokens or 0 for event in self.events)

    @property
    def guessed_count(self) -> int:
        """How many events stand under a name that was guessed."""
        return sum(event.is_guessed for event in self.events)

    @property
    def frame(self) -> pl.DataFrame:
        """One row per event."""
        import polars as pl

        types = {
            "kind": pl.String, "name": pl.String, "text": pl.String, "tokens": pl.Int64, "line": pl.Int64,
            "is_guessed": pl.Boolean, "time": pl.String, "is_broadcaster": pl.Boolean,
        }  # fmt: skip
        rows = [
            event._replace(text=_storable(event.text), time=event.time and _storable(event.time))
            for event in self.events
        ]
        return pl.DataFrame(rows, schema=types, orient="row")

    def page(self, number: int) -> str:
        """The events on one page, the first being 1, as safe HTML."""
        return render.chat(self.events, page=number)

    def __repr__(self) -> str:
        tips = self.tips
        said = [
            plural(len(self.events) - len(tips), "message"),
            f"{plural(len(tips), 'tip')} of {plural(self.total_tokens, 'token')}",
            plural(len(self.users), "person", "people"),
        ]
        also = [
            (self.guessed_count, "under a guessed name"),
            (len(self.dropped.notices), "notices left out"),
            (len(self.dropped.empty), "without text"),
            (len(self.dropped.unread), "lines not read"),
        ]
        return "; ".join([", ".join(said), *(f"{count:,} {what}" for count, what in also if count)])

    def _repr_html_(self) -> str:
        return f"<p class='mhc-quiet'>{self!r}</p>{self.page(1)}"


def _storable(text: str) -> str:
    """``text`` without halves of characters, which have no form in UTF-8."""
    return text.encode(errors="replace").decode()
