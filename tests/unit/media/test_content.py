"""The content id: it stays with every edit that is none of the picture, and goes with every one that is."""

from __future__ import annotations

import io
import struct
import zlib
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
from tests.support.pictures import box, chunk, picture

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


CODED = {
    "JPEG": saved("JPEG"),
    "progressive JPEG": saved("JPEG", progressive=True),
    "PNG": saved("PNG"),
    "WebP": saved("WEBP"),
    "lossless WebP": saved("WEBP", lossless=True),
    "GIF": saved("GIF"),
    "HEIF": saved("HEIF"),
    "AVIF": saved("AVIF"),
    "animated AVIF": saved("AVIF", save_all=True, append_images=[drawn().rotate(30)]),
}
BEGINS = {"JPEG": b"\xff\xda", "PNG": b"IDAT", "GIF": b"\x2c\0\0\0\0", "WebP": b"VP8", "HEIF": b"mdat", "AVIF": b"mdat"}
METADATA = st.tuples(st.sampled_from([0xFE, *range(0xE0, 0xEE), 0xEF]), st.binary(max_size=300))


@settings(max_examples=150, deadline=None)
@given(form=st.sampled_from(sorted(CODED)), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_of_coded_data_is_another_picture(form: str, place: float, bit: int) -> None:
    content = bytearray(CODED[form])
    start = content.index(BEGINS[form.split()[-1]]) + 20
    content[start + int(place * (len(content) - 16 - start))] ^= 1 << bit

    assert identified(bytes(content)) != identified(CODED[form])


@settings(max_examples=100, deadline=None)
@given(form=st.sampled_from(["JPEG", "progressive JPEG"]), edits=st.lists(METADATA, max_size=5), behind=st.binary())
def test_no_edit_of_metadata_is_another_jpeg(form: str, edits: list[tuple[int, bytes]], behind: bytes) -> None:
    segments = b"".join(struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in edits)

    assert identified(CODED[form][:2] + segments + CODED[form][2:] + behind) == identified(CODED[form])


@settings(max_examples=50, deadline=None)
@given(kind=st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"iCCP", b"pHYs"]), body=st.binary())
def test_no_edit_of_metadata_is_another_png(kind: bytes, body: bytes) -> None:
    added = chunk(kind, body)

    assert identified(CODED["PNG"][:33] + added + CODED["PNG"][33:-12] + added + CODED["PNG"][-12:]) == identified(
        CODED["PNG"]
    )


def test_how_often_a_gif_repeats_is_no_picture() -> None:
    assert identified(saved("GIF", loop=3)) == identified(saved("GIF"))


def test_nothing_is_moved_over_the_end_of_a_part_unseen() -> None:
    header, data = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)), zlib.compress(bytes(52))
    frame = chunk(b"fdAT", b"another picture")
    parts = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + frame + chunk(b"IEND", b"")
    moved = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data + frame[:-4]) + chunk(b"IEND", b"")

    assert identified(parts) != identified(moved)


def test_the_canvas_of_what_moves_is_picture() -> None:
    content = saved("WEBP", save_all=True, append_images=[drawn().rotate(30)])
    wider = bytearray(content)
    wider[24] += 8

    assert identified(bytes(wider)) != identified(content)


def heif(*, order: tuple[int, int] = (2, 3), primary: int = 1, extents: int = 1, crop: int = 1) -> bytes:
    """A picture of two tiles, whose parts lie one after the other."""
    kinds = {1: b"grid", 2: b"hvc1", 3: b"hvc1"}
    listed = b"".join(box(b"infe", struct.pack(">IHH", 2 << 24, key, 0) + kind + b"\0") for key, kind in kinds.items())
    runs = struct.pack(">II", 8, 16) * extents
    places = b"".join(struct.pack(">HHH", key, 0, extents) + runs for key in kinds)
    tiles = box(b"dimg", struct.pack(">HHHH", 1, 2, *order))
    properties = box(b"ipco", box(b"clap", bytes([crop]))) + box(b"ipma", bytes(4) + struct.pack(">IHBB", 1, 1, 1, 1))
    meta = box(b"pitm", bytes(4) + struct.pack(">H", primary)) + box(b"iinf", struct.pack(">IH", 0, 3) + listed)
    meta += box(b"iloc", struct.pack(">IHH", 0, 0x4400, 3) + places) + box(b"iref", bytes(4) + tiles)
    return box(b"ftyp", b"heic" + bytes(4) + b"heic") + box(b"meta", bytes(4) + meta + box(b"iprp", properties))


@pytest.mark.parametrize("other", [heif(order=(3, 2)), heif(primary=2), heif(crop=2)])
def test_the_order_of_tiles_the_main_picture_and_its_crop_are_picture(other: bytes) -> None:
    assert identified(heif()).startswith("mci1:heif:")
    assert identified(other) != identified(heif())


def movie(*, chunks: int = 1, size: int = 16) -> bytes:
    """A film whose runs of samples all begin where the file does."""
    entry = box(b"avc1", bytes(78))
    table = box(b"stsd", bytes(4) + struct.pack(">I", 1) + entry)
    table += box(b"stsz", struct.pack(">III", 0, size, chunks)) + box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1))
    table += box(b"stco", struct.pack(">II", 0, chunks) + bytes(4 * chunks))
    media = box(b"hdlr", bytes(8) + b"vide" + bytes(12)) + box(b"minf", box(b"stbl", table))
    return box(b"ftyp", b"isom" + bytes(8)) + box(b"moov", box(b"trak", box(b"mdia", media)))


@pytest.mark.parametrize("trap", [heif(extents=1000), movie(chunks=1000, size=200), movie(size=1 << 31)])
def test_what_says_to_be_longer_than_its_file_is_not_read_over_and_over(trap: bytes) -> None:
    assert identified(movie()).startswith("mci1:mp4:")
    assert identified(trap).startswith("mci1:bytes:")


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


def test_what_the_decoder_has_to_be_told_is_picture(tmp_path: Path) -> None:
    video(tmp_path / "a.mp4")
    content = (tmp_path / "a.mp4").read_bytes()
    told = bytearray(content)
    told[told.index(b"avcC") + 14] ^= 1

    assert identified(bytes(told)) != identified(content)
