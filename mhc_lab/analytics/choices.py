"""The words that the figures on following can be asked with, and what narrows a list of unfollows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from mhc_lab.core.errors import UserError

Direction: TypeAlias = Literal["followers", "following"]
Status: TypeAlias = Literal["confirmed", "provisional"]
Role: TypeAlias = Literal["MODEL", "VIEWER", "BOTH", "UNKNOWN"]
Source: TypeAlias = Literal["list_scrape", "events_api", "profile_scrape", "manual_import"]
Every: TypeAlias = Literal["1mo", "1w", "1d"]
"""A calendar month, a week from Monday, a day; all UTC."""

SOURCE_WORDS = {
    "list_scrape": "list",
    "events_api": "event feed",
    "profile_scrape": "profile page",
    "manual_import": "by hand",
}
"""Each source as a reader knows it."""

PERIODS: dict[str, str] = {"1mo": "month", "1w": "week", "1d": "day"}
"""Each ``Every`` as DuckDB's ``date_trunc`` names it, and people too."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which unfollows are listed. What is None lets every one through."""

    role: Role | None = None
    """MODEL and VIEWER take in those who are both."""
    source: Source | None = None
    least_days: float | None = None
    most_days: float | None = None
    """Days followed, both ends included."""
    name_prefix: str = ""
    has_returned: bool | None = None
    """Whether they follow again, or did, after that unfollow."""

    def __post_init__(self) -> None:
        for what, said, choices in (("role", self.role, Role), ("source", self.source, Source)):
            if said is not None:
                check(what, said, get_args(choices))
        if self.least_days is not None and self.most_days is not None and self.least_days > self.most_days:
            raise UserError(
                f"Nobody followed for at least {self.least_days:g} and at most {self.most_days:g} days. "
                "The smaller number comes first."
            )

    @property
    def is_open(self) -> bool:
        """Whether it lets everything through."""
        return self == Filter()

    @property
    def params(self) -> dict[str, Any]:
        """Itself as the parameters of ``followers/unfollows``."""
        prefix = self.name_prefix.strip().lower().removeprefix("@")
        return {
            "role": self.role,
            "source": self.source,
            "least_days": self.least_days,
            "most_days": self.most_days,
            "name_prefix": prefix or None,
            "has_returned": self.has_returned,
        }


def check(what: str, said: str, choices: Sequence[str]) -> None:
    """Refuse a word that is none of ``choices``.

    Raises
    ------
    UserError
        It names them.
    """
    if said not in choices:
        raise UserError(f'"{said}" is no {what}. Choose one of: {", ".join(choices)}.')
