"""What a picture or video says of itself: when and where it was taken, by whom, and how it is to be turned.

Nobody vouches for any of it: a field that makes no sense is left out, and nothing here ends a run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, BinaryIO

from PIL import Image

_EXIF, _GPS = 0x8769, 0x8825
_MAKE, _MODEL, _ORIENTATION, _CHANGED_AT, _ARTIST = 0x010F, 0x0110, 0x0112, 0x0132, 0x013B
_TAKEN_AT, _DIGITIZED_AT, _OFFSET, _TAKEN_OFFSET, _DIGITIZED_OFFSET = 0x9003, 0x9004, 0x9010, 0x9011, 0x9012
_UNIQUE_ID, _SERIAL = 0xA420, 0xA431
_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_ZONE = re.compile(r"([+-])(\d\d):?(\d\d)")
_FIRST_YEAR = 1990
"""Cameras whose clock was never set say an earlier one."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Metadata:
    """What could be made sense of; None is what it does not say."""

    orientation: int = 1
    """As EXIF numbers it: 1 upright, 3 upside down, 6 and 8 on a side, the others mirrored."""
    taken_at: datetime | None = None
    """In UTC; a time without a zone is taken as if it were UTC."""
    is_zone_known: bool = False
    latitude: float | None = None
    longitude: float | None = None
    author: str | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    camera_serial: str | None = None
    unique_id: str | None = None
    """By which the camera tells this picture from all others."""
    codec: str | None = None
    duration_seconds: float | None = None


def of_image(picture: Image.Image) -> Metadata:
    """The metadata in a picture that was opened."""
    with suppress(Exception):  # nobody vouches for what cameras write; what was drawn is a picture nevertheless
        return of_exif(picture.getexif())
    return Metadata()


def of_tiff(stream: BinaryIO) -> Metadata:
    """The metadata in a file of which no picture can be opened, but that is a TIFF within; of others there is none."""
    exif = Image.Exif()
    with suppress(Exception):
        stream.seek(0)
        exif.load_from_fp(stream)
        return of_exif(exif)
    return Metadata()


def of_exif(exif: Image.Exif) -> Metadata:
    """The metadata in EXIF tags, which may break off anywhere."""
    return of_picture(exif, exif.get_ifd(_EXIF), exif.get_ifd(_GPS))


def of_picture(exif: Mapping[int, Any], taken: Mapping[int, Any], gps: Mapping[int, Any]) -> Metadata:
    """The metadata in EXIF tags: of the picture, of its being taken, of its place."""
    orientation = exif.get(_ORIENTATION)
    at = (
        _instant(taken.get(_TAKEN_AT), taken.get(_TAKEN_OFFSET) or taken.get(_OFFSET))
        or _instant(taken.get(_DIGITIZED_AT), taken.get(_DIGITIZED_OFFSET) or taken.get(_OFFSET))
        or _instant(exif.get(_CHANGED_AT), taken.get(_OFFSET))
    )
    latitude, longitude = _angle(gps.get(2), gps.get(1), "S", 90), _angle(gps.get(4), gps.get(3), "W", 180)
    is_placed = latitude is not None and longitude is not None and (latitude, longitude) != (0, 0)
    return Metadata(
        orientation=orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1,
        taken_at=at[0] if at else None,
        is_zone_known=bool(at and at[1]),
        latitude=latitude if is_placed else None,
        longitude=longitude if is_placed else None,
        author=_words(exif.get(_ARTIST)),
        camera_make=_words(exif.get(_MAKE)),
        camera_model=_words(exif.get(_MODEL)),
        camera_serial=_words(taken.get(_SERIAL)),
        unique_id=_words(taken.get(_UNIQUE_ID)),
    )


def of_video(
    *, tags: Mapping[str, str], duration_seconds: float | None, rotation: int, codec: str | None = None
) -> Metadata:
    """The metadata in the tags of a container; ``rotation`` in degrees clockwise."""
    at = _instant(tags.get("com.apple.quicktime.creationdate") or tags.get("creation_time"), None)
    sane = duration_seconds is not None and 0 <= duration_seconds < 10_000_000
    return Metadata(
        orientation={90: 6, 180: 3, 270: 8}.get(rotation % 360, 1),
        taken_at=at[0] if at else None,
        is_zone_known=bool(at and at[1]),
        author=_words(tags.get("artist") or tags.get("author")),
        camera_make=_words(tags.get("com.apple.quicktime.make")),
        camera_model=_words(tags.get("com.apple.quicktime.model")),
        codec=codec,
        duration_seconds=duration_seconds if sane else None,
    )


def _instant(text: object, offset: object) -> tuple[datetime, bool] | None:
    """The moment in UTC, and whether its zone is known."""
    match = _TIME.match(str(text)) if text else None
    if match is None or int(match[1]) < _FIRST_YEAR:
        return None
    said = str(offset or match[7] or "").strip().replace("Z", "+00:00")
    zone = _ZONE.fullmatch(said)
    try:
        at = datetime(*map(int, match.groups()[:6]), tzinfo=UTC)  # type: ignore[arg-type, misc]
        if zone is None:
            return at, False
        away = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (1 if zone[1] == "+" else -1)
        return at.replace(tzinfo=timezone(away)).astimezone(UTC), True
    except (ValueError, OverflowError):
        return None


def _angle(parts: object, side: object, negative: str, limit: int) -> float | None:
    """Degrees from degrees, minutes and seconds."""
    try:
        degrees, minutes, seconds = (float(part) for part in parts)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    angle = degrees + minutes / 60 + seconds / 3600
    if not 0 <= angle <= limit:  # not a number is none either
        return None
    return round(-angle if str(side).strip("\0 ").upper() == negative else angle, 7)


def _words(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return "".join(filter(str.isprintable, value)).strip()[:_LONGEST] or None
