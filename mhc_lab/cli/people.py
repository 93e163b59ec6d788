"""``mhc people timeline``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, Since, Until, answer, opened, window

if TYPE_CHECKING:
    from mhc_lab.services.timeline import Moment, Page

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What happened with a person, in one timeline.",
)


@app.callback()
def _group() -> None:
    """What happened with a person, in one timeline."""


@app.command()
def timeline(
    name: Annotated[str, typer.Argument(help="The person, by the name of today or an earlier one.")],
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help="Only this kind of thing; repeat for several.")
    ] = None,
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many at once.")] = 50,
    before: Annotated[str, typer.Option(help="Go on where a page ended: what it gave as older.")] = "",
    as_json: Json = False,
) -> None:
    """Everything there is to tell of a person, newest first. Notes, chat, tips, follows, names, ties and the rest, each thing once.

    Example: mhc people timeline amber_otter --kind tip --since 2026-03-01
    """
    from mhc_lab.services import people, timeline
    from mhc_lab.services.timeline import Place

    asked = window(since, until)
    with opened() as wb, wb.reader as session:
        person = people.get(session, name)
        counts = timeline.counts(session, person.id, since=asked.start, until=asked.end)
        page = timeline.page(
            session, person.id, kinds=kinds or (), since=asked.start, until=asked.end,
            before=Place.parse(before) if before else None, limit=limit,
        )  # fmt: skip
    said = {
        "person": person.username,
        "counts": counts,
        "rows": [_row(one) for one in page.moments],
        "older": str(page.older) if page.older else None,
    }
    answer(said, as_json=as_json, words=_words(page, counts))


def _row(one: Moment) -> dict[str, object]:
    fields = ("at", "kind", "title", "text", "tokens", "source", "reference")
    return {field: getattr(one, field) for field in fields}


def _words(page: Page, counts: dict[str, int]) -> str:
    lines = [f"{one.at:%Y-%m-%d %H:%M}  {one.kind:<13}  {_said(one)}" for one in page.moments]
    total = ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "nothing"
    older = [f"Older: --before {page.older}"] if page.older else []
    return "\n".join([*lines, f"In all: {total}", *older])


def _said(one: Moment) -> str:
    first, *others = one.text.splitlines() or [""]
    words = f"{first[:100]}{' …' if others or len(first) > 100 else ''}"
    tokens = f" ({one.tokens:,} tokens)" if one.tokens is not None else ""
    return f"{one.title}{tokens}{': ' if words else ''}{words}"
