"""The demo world's follow lists, as files somebody might have saved.

Most are whole; some are broken off, torn, short, empty, untidy or something else altogether. Most are CSV; some are saved pages, JSON with
numeric ids, or one name per line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from random import Random

from mhc_lab.demo import calendar, list_files
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
    LOST_PAGE = "lost a page"
    TWO_TOTALS = "two totals"
    NO_NAMES = "no column of names"
    LOGIN_PAGE = "login page"


_PLANTED = (
    Oddity.BROKEN_OFF, Oddity.BROKEN_OFF, Oddity.TORN, Oddity.FEWER_THAN_REPORTED, Oddity.SHORT, Oddity.EMPTY, Oddity.UNTIDY,
    Oddity.LOST_PAGE, Oddity.TWO_TOTALS, Oddity.NO_NAMES, Oddity.LOGIN_PAGE,
)  # fmt: skip
_KEPT = {
    Oddity.BROKEN_OFF: (0.4, 0.8), Oddity.TORN: (0.4, 0.8), Oddity.FEWER_THAN_REPORTED: (0.8, 0.95),
    Oddity.SHORT: (0.25, 0.4), Oddity.EMPTY: (0.0, 0.0), Oddity.NO_NAMES: (0.0, 0.0), Oddity.LOGIN_PAGE: (0.0, 0.0),
}  # fmt: skip
_VERDICTS = {
    Oddity.NONE: "complete", Oddity.UNTIDY: "complete",
    Oddity.BROKEN_OFF: "partial", Oddity.TORN: "partial", Oddity.FEWER_THAN_REPORTED: "partial",
    Oddity.TWO_TOTALS: "partial",
    Oddity.SHORT: "held", Oddity.EMPTY: "held", Oddity.LOST_PAGE: "held",
    Oddity.NO_NAMES: "refused", Oddity.LOGIN_PAGE: "refused",
}  # fmt: skip
_WITH_A_TOTAL = {Oddity.NONE, Oddity.BROKEN_OFF, Oddity.TORN, Oddity.FEWER_THAN_REPORTED}
_PAGE_NAMES = 30
"""Names on one page of the site."""
_FORMS = {3: "html", 6: "json", 8: "txt"}
"""The form of an ordinary list, by the last digit of the day it was taken on."""


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
        return len(list_files.BAD_ROWS) if self.oddity is Oddity.UNTIDY else 0

    @property
    def duplicate_count(self) -> int:
        """How many rows repeat a name."""
        return list_files.REPEATED_ROWS if self.oddity is Oddity.UNTIDY else 0


def plant(cast: Cast, *, seed: int) -> tuple[PlantedList, ...]:
    """All lists of the world, those of followers first, each kind in order of time."""
    rng = Random(f"{seed} lists")  # noqa: S311 - a world to look at, not a secret
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


def write(lists: tuple[PlantedList, ...], folder: Path, *, others: Sequence[Mapping[str, object]] = ()) -> None:
    """The files and their manifest in ``folder``; ``others`` are entries for what is no list."""
    folder.mkdir(parents=True, exist_ok=True)
    for planted in lists:
        (folder / planted.file_name).write_bytes(planted.content)
    manifest = json.dumps([*map(_entry, lists), *others], indent=1)
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
    kept = _kept(rng, everybody, oddity)
    form = _form(direction, moment, oddity)
    return PlantedList(
        file_name=f"{direction}-{moment:%Y-%m-%d}.{form}",
        direction=direction,
        observed_at=moment,
        oddity=oddity,
        persons=tuple(kept),
        reported_total=len(everybody) if oddity in _WITH_A_TOTAL else None,
        content=_content(cast, moment, direction, form, oddity, (everybody, kept)),
    )


def _present(stays: Mapping[str, tuple[Stay, ...]], moment: datetime) -> list[str]:
    """Who follows at ``moment``, the newest first, as the site lists them."""
    began = {name: stay.began for name, several in stays.items() for stay in several if stay.includes(moment)}
    return sorted(began, key=lambda name: (began[name], name), reverse=True)


def _kept(rng: Random, everybody: list[str], oddity: Oddity) -> list[str]:
    """Who of them is on the list that was saved."""
    if oddity is Oddity.LOST_PAGE:
        return everybody[:_PAGE_NAMES] + everybody[2 * _PAGE_NAMES :]
    return everybody[: round(len(everybody) * rng.uniform(*_KEPT.get(oddity, (1, 1))))]


def _form(direction: str, moment: datetime, oddity: Oddity) -> str:
    """The ending of the file."""
    if oddity in {Oddity.TWO_TOTALS, Oddity.LOGIN_PAGE}:
        return "html"
    if direction == "following" or oddity is not Oddity.NONE:
        return "csv"
    return _FORMS.get((moment - calendar.START).days % 10, "csv")


def _content(
    cast: Cast, moment: datetime, direction: str, form: str, oddity: Oddity, persons: tuple[list[str], list[str]]
) -> bytes:
    everybody, names = ([cast.name_at(person, moment) for person in some] for some in persons)
    if oddity is Oddity.LOGIN_PAGE:
        return list_files.LOGIN_PAGE
    if oddity is Oddity.NO_NAMES:
        return list_files.WITHOUT_NAMES
    if oddity is Oddity.UNTIDY:
        return list_files.untidy(names)
    if form == "html":
        totals = [len(everybody), len(everybody) + 3] if oddity is Oddity.TWO_TOTALS else [len(everybody)]
        return list_files.page(names, account=cast.broadcaster, totals=totals)
    if form == "json":
        return list_files.with_ids(names, {cast.name_at(one, moment): cast.numeric_id(one) for one in persons[1]})
    if form == "txt":
        return list_files.plain(names)
    heading, separator = ("username", ",") if direction == "followers" else ("Handle", "\t")
    torn = everybody[len(names)][:4] if oddity is Oddity.TORN else ""
    return list_files.csv(names, heading=heading, separator=separator, torn=torn)
