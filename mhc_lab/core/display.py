"""Safe HTML for results, and numbers as people read them.

Everything that comes from outside is escaped here and nowhere else. Colours are taken from the page (``currentColor`` and JupyterLab's
variables), so that the same table reads in light and dark.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SHOWN_ROWS = 200
"""A table shows at most this many rows and says how many there are."""
_LONGEST_WORD = 16
"""In characters."""


def style() -> str:
    """The look of everything made here, as an HTML element: shown once per notebook or put into the head of a page."""
    return f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def text(value: object) -> str:
    """``value`` as a person reads it: times to the minute, missing as a dash, thousands apart."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}"
    return str(value)


def bytes_text(count: int) -> str:
    """``count`` bytes in the largest unit that keeps it above one, in powers of 1024."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:,.0f} {units[0]}" if units[0] == "B" else f"{size:,.1f} {units[0]}"


def age_text(then: datetime, now: datetime) -> str:
    """How long ago ``then`` was: "just now", "12 min ago", "3 days ago"."""
    gone = now - then
    if gone < timedelta(minutes=1):
        return "just now"
    if gone < timedelta(hours=1):
        return f"{gone // timedelta(minutes=1)} min ago"
    if gone < timedelta(days=1):
        return f"{gone // timedelta(hours=1)} h ago"
    return plural(gone.days, "day") + " ago"


def plural(count: int, noun: str, many: str | None = None) -> str:
    """``count`` and its noun: "1 list", "1,204 lists"."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def table(frame: pl.DataFrame, *, caption: str = "", headings: Mapping[str, str] | None = None) -> str:
    """``frame`` as an HTML table: escaped, numbers to the right, the first :data:`SHOWN_ROWS` rows."""
    headings = headings or {}
    shown = frame.head(SHOWN_ROWS)
    kinds = [_kind(column) for column in shown]
    head = "".join(
        f'<th scope="col" class="mhc-{kind}">{html.escape(headings.get(name, name.replace("_", " ")))}</th>'
        for name, kind in zip(frame.columns, kinds, strict=True)
    )
    body = "".join(_row(row, kinds) for row in shown.iter_rows())
    more = frame.height - SHOWN_ROWS
    foot = f"<p class='mhc-quiet'>{SHOWN_ROWS} of {frame.height:,} rows shown.</p>" if more > 0 else ""
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    table_ = f"<table class='mhc-table'>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class='mhc-scroll' tabindex='0' role='group' aria-label='{html.escape(caption or 'Table')}'>{table_}</div>{foot}"


def _kind(column: pl.Series) -> str:
    """How a column is set: a text is kept from becoming too narrow to be read, words need no more than they are long."""
    if column.dtype.is_numeric():
        return "number"
    if column.dtype.is_temporal():
        return "time"
    return "word" if all(len(text(value)) <= _LONGEST_WORD for value in column) else "text"


def _row(values: Iterable[object], kinds: Sequence[str]) -> str:
    cells = "".join(
        f'<td class="mhc-{kind}">{html.escape(text(value))}</td>' for value, kind in zip(values, kinds, strict=True)
    )
    return f"<tr>{cells}</tr>"


def facts(title: str, pairs: Iterable[tuple[str, object]]) -> str:
    """A headline and its numbers, each with its name underneath: what a result shows first."""
    items = "".join(
        f"<div class='mhc-fact'><dt>{html.escape(name)}</dt><dd>{html.escape(text(value))}</dd></div>"
        for name, value in pairs
    )
    heading = f"<p class='mhc-title'>{html.escape(title)}</p>" if title else ""
    return f"<div class='mhc-card'>{heading}<dl class='mhc-facts'>{items}</dl></div>"


def terms(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and what stands for each, one a line; the latter is safe HTML already."""
    items = "".join(f"<dt>{html.escape(name)}</dt><dd dir='auto'>{value}</dd>" for name, value in pairs)
    return f"<dl class='mhc-terms'>{items}</dl>"


def note(message: str, *, kind: str = "quiet") -> str:
    """One sentence under a form or a table; ``kind`` is quiet, good or bad."""
    role = "alert" if kind == "bad" else "status"
    return f"<p class='mhc-{kind}' role='{role}'>{html.escape(message)}</p>"


def versions(pairs: Iterable[tuple[str, object]]) -> str:
    """Texts that compete, side by side, each under its name and with its line ends as they are."""
    texts = "".join(
        f"<div class='mhc-version'><p class='mhc-quiet'>{html.escape(name)}</p><pre dir='auto'>{html.escape(text(value))}</pre></div>"
        for name, value in pairs
    )
    return f"<div class='mhc-versions'>{texts}</div>"


def badge(label: str, *, color: str, icon: str = "", hint: str = "") -> str:
    """A short word on its colour: one of gray, red, orange, amber, yellow, green, emerald, teal, blue, indigo, purple and pink.

    ``hint`` appears under the pointer.
    """
    title = f" title='{html.escape(hint)}'" if hint else ""
    mark = f"<span aria-hidden='true'>{html.escape(icon)}</span> " if icon else ""
    return f"<span class='mhc-badge mhc-color-{html.escape(color)}'{title}>{mark}{html.escape(label)}</span>"


def badges(shown: Iterable[str], *, label: str) -> str:
    """What :func:`badge` made, in a row, called ``label`` for those who do not see it."""
    return f"<p class='mhc-badges' role='group' aria-label='{html.escape(label)}'>{' '.join(shown)}</p>"


def link(url: str) -> str:
    """``url`` to open beside the page, when it is one of the web; any other is plain text. The page it leads to is not told from where."""
    shown = html.escape(url)
    if not url.lower().startswith(("http://", "https://")):
        return shown
    return f"<a href='{shown}' target='_blank' rel='noopener noreferrer'>{shown}</a>"


def picture(content: bytes, *, alt: str) -> str:
    """A JPEG of our own making as an element that needs nothing else; ``alt`` says what it is to those who do not see it."""
    data = base64.b64encode(content).decode()
    return f"<img class='mhc-picture' alt='{html.escape(alt)}' src='data:image/jpeg;base64,{data}'>"


def no_picture(why: str) -> str:
    """What stands where a picture would: a few words."""
    return f"<div class='mhc-picture mhc-none'><span>{html.escape(why)}</span></div>"


def pictures(shown: Iterable[tuple[str, str]]) -> str:
    """Pictures side by side, each over its caption; caption and picture are safe HTML already."""
    figures = "".join(
        f"<figure class='mhc-figure'>{picture}<figcaption>{caption}</figcaption></figure>" for caption, picture in shown
    )
    return f"<div class='mhc-figures'>{figures}</div>"


def beside(*parts: str) -> str:
    """Pieces of safe HTML in one line; empty ones are left out."""
    return f"<div class='mhc-beside'>{''.join(f'<span>{part}</span>' for part in parts if part)}</div>"


def quiet(value: object) -> str:
    """``value`` as part of a line, less loud than what stands beside it."""
    return f"<span class='mhc-quiet'>{html.escape(text(value))}</span>"


def prose(content: str, *, shown: int | None = None) -> str:
    """A text as somebody wrote it, line ends and all; what goes beyond ``shown`` characters is folded."""
    begins, rest = (content, "") if shown is None or len(content) <= shown else (content[:shown], content[shown:])
    said = f"<div class='mhc-prose' dir='auto'>{html.escape(begins)}</div>"
    more = f"<div class='mhc-prose' dir='auto'>{html.escape(rest)}</div>"
    return said + folded(f"… and {plural(len(rest), 'more character')}", more) if rest else said


def folded(summary: str, inner: str) -> str:
    """Safe HTML that is shown when somebody asks for it, by mouse or by keyboard."""
    return f"<details class='mhc-folded'><summary>{html.escape(summary)}</summary>{inner}</details>"


def section(heading: str, inner: str) -> str:
    """Safe HTML under a heading."""
    return f"<section class='mhc-section'><h2>{html.escape(heading)}</h2>{inner}</section>"


def page(title: str, parts: Iterable[str]) -> Iterable[str]:
    """Safe HTML as a page of its own, piece by piece: it needs no other file, asks no other host, and runs nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    yield (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><meta name="referrer" content="no-referrer">'
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{html.escape(title)}</title>{style()}</head><body class='mhc-page'><h1>{html.escape(title)}</h1>\n"
    )
    for part in parts:
        yield f"{part}\n"
    yield "</body></html>\n"


def entry(
    when: str, kind: str, title: str, *, color: str, content: str = "", source: str = "", shown: int = 600
) -> str:
    """One thing in a list by time: when, of which kind, what, who says so, and below it what was written, folded beyond ``shown``."""
    what = f"<strong dir='auto'>{html.escape(title)}</strong>"
    line = beside(quiet(when), badge(kind, color=color), what, quiet(source) if source else "")
    return f"<article class='mhc-entry'>{line}{prose(content, shown=shown) if content else ''}</article>"


def more(summary: str, lines: Iterable[str], *, hint: str = "") -> str:
    """``summary``, and ``lines`` when it is opened, by pointer or keyboard; ``hint`` appears under the pointer."""
    title = f" title='{html.escape(hint)}'" if hint else ""
    items = "".join(f"<li dir='auto'>{html.escape(line)}</li>" for line in lines)
    return f"<details class='mhc-more'><summary{title}>{html.escape(summary)}</summary><ul>{items}</ul></details>"
