"""The queries shipped as ``queries/<subject>/<name>.sql``: each says in its header what it answers and what it needs.

A file without its header, or whose header and statement disagree about the parameters, is refused when it is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from mhc_lab.core import shipped
from mhc_lab.core.errors import InternalError, NotFoundError, UserError

_HEADER = ("question", "grain", "params", "reads")
_LINE = re.compile(r"-- (\w+): (.+)")
_WRAP = re.compile(r"\n--  +")
"""A long line of the header goes on in the next, indented."""


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT on the mirror and what its header says."""

    name: str
    sql: str
    question: str
    grain: str
    params: frozenset[str]
    reads: frozenset[str]
    """The tables of the mirror it needs."""

    def check(self, given: Iterable[str]) -> None:
        """Refuse parameters that are missing or that it does not have.

        Raises
        ------
        UserError
            It names them.
        """
        missing, strange = self.params - set(given), set(given) - self.params
        if missing or strange:
            faults = [
                f"it needs {_listed(missing)}" if missing else "",
                f"it has no {_listed(strange)}" if strange else "",
            ]
            raise UserError(
                f"The query {self.name} was asked wrongly: {' and '.join(filter(None, faults))}. "
                f"Its parameters are: {_listed(self.params)}."
            )


def names() -> tuple[str, ...]:
    """The names of all queries."""
    root = shipped.folder("queries")
    return tuple(sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.glob("*/*.sql")))


def load(name: str) -> Query:
    """The query ``name``, such as ``"followers/unfollows"``.

    Raises
    ------
    NotFoundError
        There is none.
    """
    known = names()
    if name not in known:
        raise NotFoundError("query", name, known=known, hint="Each is a file of queries/, by its subject and name.")
    return parse(name, (shipped.folder("queries") / f"{name}.sql").read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Query:
    """The query that ``text`` is: four header lines, then one statement."""
    lines = _WRAP.sub(" ", text).splitlines()
    header = {match[1]: match[2] for match in map(_LINE.fullmatch, lines[: len(_HEADER)]) if match}
    if tuple(header) != _HEADER:
        raise InternalError(f"The query {name} must begin with the lines {', '.join(f'-- {key}:' for key in _HEADER)}.")
    statements = duckdb.extract_statements(text)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise InternalError(f"The query {name} must be one SELECT.")
    params, used = _words(header["params"]), frozenset(statements[0].named_parameters)
    if params != used:
        raise InternalError(
            f"The query {name} says params: {_listed(params)}, and uses {_listed(used)}. Make them agree."
        )
    return Query(name, text, header["question"], header["grain"], params, _words(header["reads"]))


def _words(text: str) -> frozenset[str]:
    """The words of a header line; "none" stands for no word."""
    return frozenset(word.strip() for word in text.split(",")) - {"none"}


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "none"
