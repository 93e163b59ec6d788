"""Searching notes by words, through the index that the database keeps over them."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from mhc_lab.core.texts import storable

LONGEST_QUESTION = 1_000
"""So many characters of a question count; with some ten thousand words the database would run out of stack."""

PLACES_KEPT = 100_000
"""In texts up to this length the index knows where each word stands."""

_CONFIGURATION: sa.ColumnElement[Any] = sa.literal_column("'pg_catalog.simple'::regconfig")
_IDLE_MINUS = re.compile(r"-(?![\w\"])")
_NEXT_TO = r"<(-|\d+)>"


def hold(content: sa.ColumnElement[str], words: str) -> sa.ColumnElement[bool]:
    """Whether ``content`` holds what ``words`` ask for, in the language of web searches; no text is an error.

    ``alice_b`` and ``e-mail`` are several words next to each other for the database. Where it does not know the places of words they may
    stand anywhere, because otherwise no such name would ever be found in a long log.
    """
    asked = sa.func.websearch_to_tsquery(_CONFIGURATION, _askable(words))
    anywhere = sa.cast(sa.func.regexp_replace(sa.cast(asked, sa.Text), _NEXT_TO, "&", "g"), TSQUERY)
    known: sa.ColumnElement[Any] = sa.func.note_words(content)
    is_long = sa.func.length(content) > PLACES_KEPT
    return sa.or_(known.bool_op("@@")(asked), sa.and_(known.bool_op("@@")(anywhere), is_long))


def _askable(words: str) -> str:
    """``words`` without what no note can hold, and without a minus that belongs to no word: the database fails at thirty in a row."""
    return _IDLE_MINUS.sub(" ", storable(words[:LONGEST_QUESTION]))
