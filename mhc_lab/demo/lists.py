"""The demo world's follow lists, as files somebody might have saved: most of them whole, some broken off, torn, short, empty or untidy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from random import Random

from mhc_lab.demo import calendar
from mhc_lab.demo.people import Cast, Stay


class Oddity(StrEnum):
    """What is the matter with a list."""

    NONE = "none"
    UNTIDY = "untidy"
    BROKEN_OFF = "broken off"
    TORN = "torn"
    FEWER_THAN_REPORTED = "fewer than reported"
    SHORT = "short"
    EMPTY = "empty"


_PLANTED = (
    *[Oddity.BROKEN_OFF] * 3, *[Oddity.TORN] * 3, *[Oddity.FEWER_THAN_REPORTED] * 2, Oddity.SHORT, Oddity.EMPTY, Oddity.UNTIDY,
)  # fmt: skip
_KEPT = {
    Oddity.BROKEN_OFF: (0.4, 0.8), Oddity.TORN: (0.4, 0.8), Oddity.FEWER_THAN_REPORTED: (0.8, 0.95),
    Oddity.SHORT: (0.25, 0.4), Oddity.EMPTY: (0.0, 0.0),
}  # fmt: skip
_VERDICTS = {
    Oddity.NONE: "complete", Oddity.UNTIDY: "complete",
    Oddity.BROKEN_OFF: "partial", Oddity.TORN: "partial", Oddity.FEWER_THAN_REPORTED: "partial",
    Oddity.SHORT: "held", Oddity.EMPTY: "held",
}  # fmt: skip
_SILENT_ABOUT_THE_TOTAL = {Oddity.SHORT, Oddity.EMPTY, Oddity.UNTIDY}
_BAD_ROWS = ("not a name!", "zwölf")
_REPEATED_ROWS = 3


@dataclass(frozen=True, slots=True)
class PlantedList:
    """A list as it is written, who can be read from it, and what has to be made of it."""

    file_name: str
    direction: str
    observed_at: datetime
    oddity: Oddity
    persons: tuple[str, ...]
    """From the top of the list, under the names they carry in the end."""
    reported_total: int | None
    content: bytes

    @property
    def verdict(self) -> str:
        """What the rules make of it."""
        return _VERDICTS[self.oddity]

    @property
    def is_declared_complete(self) -> bool:
        """Whether whoever took it believed that it was whole."""
        return self.oddity not in {Oddity.BROKEN_OFF, Oddity.TORN}

    @property
    def rejected_count(self) -> int:
        """How many rows hold no user name."""
        return len(_BAD_ROWS) if self.oddity is Oddity.UNTIDY else 0

    @property
    def duplicate_count(self) -> int:
        """How many rows repeat a name."""
        return _REPEATED_ROWS if self.oddity is Oddity.UNTIDY else 0


def plant(cast: Cast, *, seed: int) -> tuple[PlantedList, ...]:
    """All lists of the world, those of followers first, each kind in order of time."""
    rng = Random(f"{seed} lists")  # noqa: S311
    odd = dict(zip(calendar.odd_days(rng), _PLANTED, strict=True))
    followers = [
        _taken(rng, cast, "followers", moment, odd.get(number, Oddity.NONE))
        for number, moment in enumerate(calendar.daily(rng))
    ]
    weeks = calendar.weekly(rng)
    broken = len(weeks) // 2
    following = [
        _taken(rng, cast, "following", moment, Oddity.BROKEN_OFF if number == broken else Oddity.NONE)
        for number, moment in enumerate(weeks)
    ]
    return (*followers, *following)


def write(lists: tuple[PlantedList, ...], folder: Path) -> None:
    """The files and their manifest in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for planted in lists:
        (folder / planted.file_name).write_bytes(planted.content)
    manifest = json.dumps([_entry(planted) for planted in lists], indent=1)
    (folder / "manifest.json").write_text(manifest + "\n", encoding="utf-8")


def _entry(planted: PlantedList) -> dict[str, object]:
    entry: dict[str, object] = {
        "file": planted.file_name,
        "scraped_at": planted.observed_at.isoformat(),
        "complete": planted.is_declared_complete,
        "direction": planted.direction,
    }
    return entry if planted.reported_total is None else entry | {"reported_total": planted.reported_total}


def _taken(rng: Random, cast: Cast, direction: str, moment: datetime, oddity: Oddity) -> PlantedList:
    stays = cast.followers if direction == "followers" else cast.following
    everybody = _present(stays, moment)
    kept = everybody[: round(len(everybody) * rng.uniform(*_KEPT.get(oddity, (1, 1))))]
    names = [cast.name_at(person, moment) for person in everybody]
    return PlantedList(
        file_name=f"{direction}-{moment:%Y-%m-%d}.csv",
        direction=direction,
        observed_at=moment,
        oddity=oddity,
        persons=tuple(kept),
        reported_total=None if oddity in _SILENT_ABOUT_THE_TOTAL else len(everybody),
        content=_content(names, len(kept), direction, oddity),
    )


def _present(stays: Mapping[str, tuple[Stay, ...]], moment: datetime) -> list[str]:
    """Who follows at ``moment``, the newest first, as the site lists them."""
    began = {name: stay.began for name, several in stays.items() for stay in several if stay.includes(moment)}
    return sorted(began, key=lambda name: (began[name], name), reverse=True)


def _content(names: list[str], kept: int, direction: str, oddity: Oddity) -> bytes:
    if oddity is Oddity.UNTIDY:
        return _untidy(names)
    heading, separator = ("username", ",") if direction == "followers" else ("Handle", "\t")
    lines = [f"{heading}{separator}place"]
    lines += [f"{name}{separator}{place}" for place, name in enumerate(names[:kept], start=1)]
    torn = names[kept][:4] if oddity is Oddity.TORN else ""
    return ("\n".join(lines) + "\n" + torn).encode()


def _untidy(names: list[str]) -> bytes:
    """As a spreadsheet and a person leave it: byte order mark, CR LF, semicolons, an ``@``, a link, capitals, repeated and bad rows."""
    first, second, third, *others = names
    written = [
        f"@{first}",
        f"https://chaturbate.com/{second}/",
        third.upper(),
        *others,
        *_BAD_ROWS,
        *names[:_REPEATED_ROWS],
    ]
    lines = ["Place;User", *(f"{place};{name}" for place, name in enumerate(written, start=1))]
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8-sig")
