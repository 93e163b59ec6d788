"""How DuckDB is opened, and names and texts as SQL writes them: PostgreSQL and DuckDB quote alike."""

from __future__ import annotations

CLOSED: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "secret_directory": "/nonexistent",  # a secret the user once stored must not change where we connect
}
"""How every DuckDB of ours is opened: it loads nothing and looks at nothing that it was not handed."""


def quoted(name: str) -> str:
    """``name`` as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """``text`` as a string; for the statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"
