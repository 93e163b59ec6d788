"""The content id: it stays with every edit that is none of the picture, and goes with every one that is."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from mhc_lab.core.ids import ContentId
from mhc_lab.media.content import content_id
from mhc_lab.media.probe import claimed_format
from tests.support.pictures import chunk, picture

pillow_heif.register_heif_opener()

FORMS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF", "AVIF")


def identified(content: bytes) -> ContentId:
    return content_id(io.BytesIO(content), size=len(content), kind=claimed_format(content[:64]))


def drawn() -> Image.Image:
    return Image.effect_mandelbrot((120, 80), (-2, -1.2, 1, 1.2), 60).convert("RGB")


def saved(form: str, image: Image.Image | None = None, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (image or drawn()).save(buffer, form, **options)
    return buffer.getvalue()


def exif(orientation: int = 6) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112], tags[0x013B], tags[0x0132] = orientation, "Ann", "2026:03:01 12:00:00"
    return tags


@pytest.mark.parametrize("form", FORMS)
def test_it_says_its_recipe_and_its_format(form: str) -> None:
    assert identified(picture(form)).startswith(f"mci1:{'heif' if form == 'AVIF' else form.lower()}:")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_exif_is_no_picture(form: str) -> None:
    plain, tagged = saved(form), saved(form, exif=exif())

    assert plain != tagged
    assert identified(plain) == identified(tagged)


@pytest.mark.parametrize("form", FORMS)
def test_neither_is_what_was_appended(form: str) -> None:
    content = picture(form)

    assert identified(content + b"appended" * 20) == identified(content)


@pytest.mark.parametrize("form", ["JPEG", "GIF"])
def test_nor_is_a_comment(form: str) -> None:
    assert identified(saved(form, comment=b"hello")) == identified(saved(form))


def test_nor_is_text_in_a_png_or_how_its_data_is_cut() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "hello")
    content = saved("PNG")
    start = content.index(b"IDAT") - 4
    length = int.from_bytes(content[start : start + 4], "big")
    data = content[start + 8 : start + 8 + length]
    recut = content[:start] + chunk(b"IDAT", data[:100]) + chunk(b"IDAT", data[100:]) + content[start + 12 + length :]

    assert identified(saved("PNG", pnginfo=words)) == identified(content) == identified(recut)


@pytest.mark.parametrize("form", FORMS)
def test_one_changed_patch_is_another_picture(form: str) -> None:
    changed = drawn()
    changed.paste("red", (0, 0, 4, 4))

    assert identified(saved(form, changed)) != identified(saved(form))


def test_transparency_and_the_other_frames_are_picture() -> None:
    palette = drawn().convert("P")
    frames = [drawn().rotate(turn) for turn in (0, 30)]

    assert identified(saved("PNG", palette)) != identified(saved("PNG", palette, transparency=3))
    for form in ("PNG", "GIF", "WEBP"):
        assert identified(saved(form, frames[0], save_all=True, append_images=frames[1:])) != identified(
            saved(form, frames[0])
        )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_cut_file_has_its_byte_id_and_says_so(form: str, kept: float) -> None:
    content = picture(form)

    assert identified(content[: int(len(content) * kept)]).startswith("mci1:bytes:")


@settings(max_examples=200, deadline=None)
@given(
    form=st.sampled_from(FORMS),
    place=st.floats(0, 1, exclude_max=True),
    value=st.integers(0, 255),
    count=st.integers(1, 8),
)
def test_no_damage_ends_a_run(form: str, place: float, value: int, count: int) -> None:
    content = bytearray(picture(form, width=24, height=16))
    at = int(place * len(content))
    content[at : at + count] = bytes([value]) * count

    assert identified(bytes(content)).startswith("mci1:")


@settings(max_examples=100, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_of_coded_data_is_another_picture(place: float, bit: int) -> None:
    content = bytearray(saved("PNG"))
    start = content.index(b"IDAT") + 4
    length = int.from_bytes(content[start - 8 : start - 4], "big")
    content[start + int(place * length)] ^= 1 << bit

    assert identified(bytes(content)) != identified(saved("PNG"))


def video(path: Path, *, shade: int = 0) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10, width=64, height=64, pix_fmt="yuv420p")
        for number in range(12):
            shown = av.VideoFrame.from_ndarray(np.full((64, 64, 3), shade + number, dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(shown))
        container.mux(stream.encode())


def remuxed(source: Path, to: Path, form: str, **options: str) -> bytes:
    with av.open(str(source)) as old, av.open(str(to), "w", format=form, options=options) as new:
        new.metadata["title"] = "another title"
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
    return to.read_bytes()


def test_a_video_in_another_wrapping_is_the_same_and_another_video_is_not(tmp_path: Path) -> None:
    video(tmp_path / "a.mp4")
    video(tmp_path / "b.mp4", shade=90)
    content = (tmp_path / "a.mp4").read_bytes()

    assert identified(content).startswith("mci1:mp4:")
    assert identified(remuxed(tmp_path / "a.mp4", tmp_path / "c.mp4", "mp4", movflags="faststart")) == identified(
        content
    )
    assert identified(remuxed(tmp_path / "a.mp4", tmp_path / "c.mov", "mov")) == identified(content)
    assert identified((tmp_path / "b.mp4").read_bytes()) != identified(content)
    assert identified(content[:-100]).startswith("mci1:bytes:")
