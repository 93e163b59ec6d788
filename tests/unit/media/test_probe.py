from __future__ import annotations

import errno
import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mhc_lab.media.probe import Probe, Verdict, probe
from tests.support.pictures import box, chunk, ebml, gif_of_frames, mp4, picture, png

FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"]


def probed(content: bytes) -> Probe:
    return probe(io.BytesIO(content), size=len(content))


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_is_readable_and_has_its_size(form: str) -> None:
    assert probed(picture(form, width=120, height=80)) == Probe(Verdict.READABLE, form, 120, 80)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kept", [0.3, 0.95])
def test_a_cut_picture_is_corrupt(form: str, kept: float) -> None:
    whole = picture(form)

    assert probed(whole[: int(len(whole) * kept)]).verdict == Verdict.CORRUPT


def test_a_cut_picture_still_says_what_it_wanted_to_be() -> None:
    assert probed(picture("JPEG", width=120, height=80)[:-200]) == Probe(Verdict.CORRUPT, "JPEG", 120, 80)


def test_a_picture_that_declares_too_many_pixels_is_refused() -> None:
    assert probed(png(width=60_000, height=60_000)).verdict == Verdict.REFUSED


def test_a_picture_at_the_limit_is_no_bomb() -> None:
    assert probed(png(width=17_895_697, height=10)).verdict == Verdict.CORRUPT


def test_the_frames_of_an_animation_count_together() -> None:
    assert probed(gif_of_frames(12, width=4_000, height=4_000)) == Probe(Verdict.REFUSED, "GIF", 4_000, 4_000)


def test_compressed_text_that_explodes_is_refused() -> None:
    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000)))

    assert probed(png(width=4, height=4, chunks=bomb)).verdict == Verdict.REFUSED


ZEROS = zlib.compress(bytes(900_000), 9)


@pytest.mark.parametrize(
    "bomb",
    [
        chunk(b"zTXt", b"Comment\0\0" + ZEROS),
        chunk(b"iTXt", b"Comment\0\1\0de\0Bemerkung\0" + ZEROS),
        chunk(b"iCCP", b"Profile\0\0" + ZEROS),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(range(256)) * 2000)) * 140,
    ],
    ids=["text", "international text", "profile", "many texts"],
)
def test_metadata_that_grows_a_thousandfold_or_without_end_is_refused(bomb: bytes) -> None:
    assert probed(png(width=4, height=4, chunks=bomb)).verdict == Verdict.REFUSED


def test_text_that_compresses_well_is_no_bomb() -> None:
    words = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a picture of a cat " * 1000))
    content = picture("PNG")

    assert probed(content[:33] + words + content[33:]).verdict == Verdict.READABLE


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (mp4(), "MP4"),
        (box(b"ftyp", b"XAVC" + bytes(4) + b"XAVCmp42") + box(b"mdat", bytes(8)), "MP4"),
        (mp4(brand=b"qt  "), "MOV"),
        (box(b"moov", bytes(8)) + box(b"mdat", bytes(8)), "MOV"),
        (ebml(b"webm"), "WEBM"),
        (ebml(b"matroska"), "MKV"),
    ],
)
def test_a_video_is_known_by_its_first_bytes(content: bytes, form: str) -> None:
    assert probed(content) == Probe(Verdict.VIDEO, form)


def test_a_video_whose_boxes_run_past_its_end_is_corrupt() -> None:
    assert probed(mp4(media=500)[:200]) == Probe(Verdict.CORRUPT, "MP4")


@pytest.mark.parametrize(
    "content",
    [
        b"A text under the name of a picture.",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"BM is how this text begins",
        b"%PDF-1.7",
        b"\0" * 100,
    ],
)
def test_what_is_no_picture_is_opaque(content: bytes) -> None:
    assert probed(content) == Probe(Verdict.OPAQUE)


def test_an_empty_file_is_corrupt() -> None:
    assert probed(b"") == Probe(Verdict.CORRUPT)


@settings(max_examples=150, deadline=None)
@given(
    form=st.sampled_from(FORMATS),
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=12),
)
def test_no_damage_ends_a_run(form: str, damage: list[tuple[float, int]]) -> None:
    content = bytearray(picture(form, width=24, height=16))
    for place, value in damage:
        content[int(place * len(content))] = value

    assert probed(bytes(content)).verdict in Verdict


class _FailingDisk(io.BytesIO):
    """A file with a bad sector after its head."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 100:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


def test_an_error_of_the_disk_is_no_verdict_on_the_picture() -> None:
    content = picture("PNG")

    with pytest.raises(OSError, match="Input/output"):
        probe(_FailingDisk(content), size=len(content))
