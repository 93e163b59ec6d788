"""What a file says of itself, as far as it makes sense."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from mhc_lab.media.metadata import Metadata, of_picture, of_video


def test_when_it_was_taken_comes_before_when_it_was_changed() -> None:
    said = of_picture({0x0132: "2026:05:01 00:00:00"}, {0x9003: "2026:03:01 12:30:15", 0x9011: "+02:00"}, {})

    assert (said.taken_at, said.is_zone_known) == (datetime(2026, 3, 1, 10, 30, 15, tzinfo=UTC), True)


def test_a_time_without_a_zone_says_that_it_has_none() -> None:
    said = of_picture({}, {0x9003: "2026:03:01 12:30:15"}, {})

    assert (said.taken_at, said.is_zone_known) == (datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC), False)


@pytest.mark.parametrize(
    "text", ["0000:00:00 00:00:00", "1980:01:01 00:00:00", "2026:13:01 00:00:00", "yesterday", "", None, 7]
)
def test_a_time_that_is_none_is_left_out(text: object) -> None:
    assert of_picture({}, {0x9003: text}, {}).taken_at is None


def test_a_place_is_read_from_degrees_minutes_and_seconds() -> None:
    said = of_picture({}, {}, {1: "S", 2: (Fraction(33), Fraction(51), Fraction(36)), 3: "E", 4: (151, 12, 0)})

    assert (said.latitude, said.longitude) == (-33.86, 151.2)


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (91, 0, 0), 3: "E", 4: (0, 0, 0)},
        {1: "N", 2: (0, 0, 0), 3: "E", 4: (0, 0, 0)},
        {1: "N", 2: (1, 2), 3: "E", 4: (1, 2, 3)},
        {1: "N", 2: (float("nan"), 0, 0), 3: "E", 4: (1, 2, 3)},
        {1: "N", 2: "somewhere", 4: None},
        {2: (10, 0, 0)},
    ],
)
def test_a_place_that_is_none_is_left_out(gps: dict[int, object]) -> None:
    said = of_picture({}, {}, gps)

    assert (said.latitude, said.longitude) == (None, None)


@pytest.mark.parametrize(("given", "expected"), [(6, 6), (9, 1), (0, 1), ("6", 1), (None, 1)])
def test_an_orientation_is_one_of_eight(given: object, expected: int) -> None:
    assert of_picture({0x0112: given}, {}, {}).orientation == expected


def test_a_time_has_the_zone_that_was_kept_for_it() -> None:
    said = of_picture({0x0132: "2026:05:01 12:00:00"}, {0x9010: "-03:00", 0x9011: "+02:00"}, {})

    assert said.taken_at == datetime(2026, 5, 1, 15, tzinfo=UTC)


def test_a_video_of_a_telephone_says_the_zone_in_its_time() -> None:
    tags = {"com.apple.quicktime.creationdate": "2026-03-01T12:30:15+0200", "creation_time": "2026-03-05T00:00:00Z"}

    said = of_video(tags=tags, duration_seconds=None, rotation=0)

    assert (said.taken_at, said.is_zone_known) == (datetime(2026, 3, 1, 10, 30, 15, tzinfo=UTC), True)


def test_a_camera_says_which_one_it_is() -> None:
    said = of_picture({0x010F: "Canon\0", 0x0110: "EOS R5"}, {0xA431: "0123", 0xA420: "ab" * 16}, {})

    assert (said.camera_make, said.camera_model, said.camera_serial) == ("Canon", "EOS R5", "0123")
    assert said.unique_id == "ab" * 16


def test_a_video_says_how_long_it_is_and_how_it_is_turned() -> None:
    said = of_video(
        tags={"creation_time": "2026-03-01T10:30:15.000000Z", "artist": "Ann\0"}, duration_seconds=2.5, rotation=90
    )

    assert said == Metadata(
        orientation=6,
        taken_at=datetime(2026, 3, 1, 10, 30, 15, tzinfo=UTC),
        is_zone_known=True,
        author="Ann",
        duration_seconds=2.5,
    )
