"""What the fields of a profile hold: which values are accepted, and how each is written and read as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mhc_lab.core.errors import NotFoundError, RefusedError
from mhc_lab.core.links import link

_LINE_LENGTH, _TEXT_LENGTH = 500, 100_000
_OLDEST, _BEST = 150, 5


def _plain(field: str, value: object, longest: int) -> str:
    if not isinstance(value, str) or "\x00" in value or len(value) > longest:
        raise _refused(field, value, f"text of at most {longest:,} characters")
    return value


def _line(field: str, value: object) -> str | None:
    return " ".join(_plain(field, value, _LINE_LENGTH).split()) or None


def _text(field: str, value: object) -> str | None:
    return "\n".join(_plain(field, value, _TEXT_LENGTH).splitlines()).strip() or None


def _age(field: str, value: object) -> int:
    return _number(field, value, least=1, most=_OLDEST)


def _rating(field: str, value: object) -> int:
    return _number(field, value, least=0, most=_BEST)


def _number(field: str, value: object, *, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _refused(field, value, f"a whole number from {least} to {most}")
    return value


def _texts(field: str, value: object) -> list[str] | None:
    """Every text once, however it is spelled; a comma inside one parts it."""
    if not isinstance(value, list | tuple):
        raise _refused(field, value, "a list of texts")
    found: dict[str, str] = {}
    for part in (part for one in value for part in _plain(field, one, _TEXT_LENGTH).split(",")):
        if text := _line(field, part):
            found.setdefault(text.casefold(), text)
    return list(found.values()) or None


def _links(field: str, value: object) -> dict[str, str] | None:
    if not isinstance(value, Mapping):
        raise _refused(field, value, "names with a link each")
    found: dict[str, str] = {}
    for given, url in value.items():
        name = (_line(field, given) or "").strip(": ")
        if not name or ":" in name or name.casefold() in map(str.casefold, found):
            raise _refused(field, given, "names without a colon, each once")
        found[name] = link(_plain(field, url, _TEXT_LENGTH))
    return found or None


FIELDS: Final[Mapping[str, Callable[[str, object], object]]] = {
    "display_name": _line,
    "real_name": _line,
    "irl_name": _line,
    "identity_name": _line,
    "address_as": _texts,
    "rating": _rating,
    "bio": _text,
    "location": _line,
    "country": _line,
    "age": _age,
    "gender": _line,
    "birthday_public": _line,
    "spoken_languages": _texts,
    "tags": _texts,
    "social_links": _links,
    "smoke_drink": _line,
}
"""Field of a profile → its rule, in the order they are shown."""


def blank(field: str) -> object:
    """What ``field`` holds when nobody said anything."""
    return 0 if field == "rating" else None


def checked(field: str, value: object) -> object:
    """``value`` as ``field`` keeps it; an empty one is :func:`blank`.

    Raises
    ------
    NotFoundError
        There is no such field.
    RefusedError
        The value is not accepted; says what is.
    """
    if field not in FIELDS:
        raise NotFoundError("profile field", field, known=FIELDS)
    return blank(field) if value is None else FIELDS[field](field, value)


def written(value: object) -> str:
    """``value`` as a person types it: lists with commas, a link per line."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {url}" for name, url in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def read(field: str, text: str) -> object:
    """What ``text``, typed by a person, says about ``field``.

    Raises
    ------
    RefusedError
        It cannot be read, or is not accepted.
    """
    typed: object = text
    if FIELDS[field] in (_age, _rating):
        said = text.strip()
        typed = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else said or None
    elif FIELDS[field] is _texts:
        typed = [text]
    elif FIELDS[field] is _links:
        typed = _lines(field, text)
    return checked(field, typed)


def _lines(field: str, text: str) -> dict[str, str]:
    """A name and a link per line; the first colon parts them."""
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, url = line.partition(":")
        name = name.strip()
        if not colon or name.casefold() in map(str.casefold, found) or url.startswith("//"):
            raise _refused(
                field, line, "a line for each link, as in “Twitter: https://twitter.com/name”, each name once"
            )
        found[name] = url.strip()
    return found


def _refused(field: str, value: object, wanted: str) -> RefusedError:
    shown = written(value)
    shown = shown if len(shown) <= 60 else f"{shown[:60]}…"
    return RefusedError(
        f'{field.replace("_", " ")}: "{shown}" is not accepted. It takes {wanted}.', rule="profile field"
    )
