"""Files looked into by a process that may be brought down by any of them."""

from __future__ import annotations

import errno
import io
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

import av
import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from mhc_lab.core.errors import InternalError
from mhc_lab.media import child, examine, raw, video
from mhc_lab.media.examine import Examined, Examiner
from mhc_lab.media.look import look_id
from mhc_lab.media.probe import Probe, Verdict
from tests.support.pictures import bits_apart, dng, mp4, picture, png

pillow_heif.register_heif_opener()

ODD = (sys.executable, "-m", "tests.support.odd_child")
GOOD = picture("PNG")


@pytest.fixture(scope="module")
def examiner() -> Iterator[Examiner]:
    with Examiner() as running:
        yield running


@pytest.fixture(scope="module")
def odd() -> Iterator[Examiner]:
    with Examiner(ODD) as running:
        yield running


def examined(examiner: Examiner, content: bytes, *, preview: int = 0) -> Examined:
    return examiner.examine(io.BytesIO(content), size=len(content), preview=preview)


def process_of(examiner: Examiner) -> int:
    assert examiner._child is not None
    return examiner._child.process.pid


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"])
def test_a_picture_has_a_verdict_a_size_three_names_and_a_preview(examiner: Examiner, form: str) -> None:
    result = examined(examiner, picture(form), preview=60)

    assert result.probe == Probe(Verdict.READABLE, form, 120, 80)
    assert result.content_id.startswith("mci1:")
    assert result.look_id is not None
    with Image.open(io.BytesIO(result.preview), formats=("JPEG",)) as small:
        assert small.size == (60, 40)


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (b"", Verdict.CORRUPT),
        (b"<svg onload='alert(1)'/>", Verdict.OPAQUE),
        (b"<html>" * 100, Verdict.OPAQUE),
        (picture("JPEG")[:700], Verdict.CORRUPT),
        (b"\xff\xd8\xff" + b"<html>" * 10, Verdict.CORRUPT),
        (png(width=60_000, height=60_000), Verdict.REFUSED),
        (mp4(), Verdict.CORRUPT),
        (b"II*\0" + bytes(60), Verdict.CORRUPT),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(60), Verdict.OPAQUE),
    ],
)
def test_any_other_file_has_a_verdict_and_nothing_to_see(examiner: Examiner, content: bytes, verdict: Verdict) -> None:
    result = examined(examiner, content, preview=60)

    assert result.probe.verdict is verdict
    assert (result.content_id[:11], result.look_id, result.preview) == ("mci1:bytes:", None, b"")


def test_a_preview_is_upright_and_says_nothing_of_its_source(examiner: Examiner) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret"
    buffer = io.BytesIO()
    Image.effect_mandelbrot((120, 80), (-2, -1.2, 1, 1.2), 60).save(buffer, "JPEG", exif=exif, comment=b"secret")

    result = examined(examiner, buffer.getvalue(), preview=60)

    assert result.metadata.orientation == 6
    assert b"secret" not in result.preview
    with Image.open(io.BytesIO(result.preview)) as small:
        assert small.size == (40, 60)


def test_a_preview_alone_is_the_same_picture(examiner: Examiner) -> None:
    alone = examiner.preview(io.BytesIO(GOOD), size=len(GOOD), longest=60)

    assert alone == examined(examiner, GOOD, preview=60).preview
    assert examiner.preview(io.BytesIO(b"none"), size=4, longest=60) == b""


def test_a_preview_is_never_larger_than_the_picture(examiner: Examiner) -> None:
    with Image.open(io.BytesIO(examined(examiner, GOOD, preview=2000).preview)) as small:
        assert small.size == (120, 80)


@pytest.mark.parametrize(
    ("content", "verdict"), [(b"hang", Verdict.REFUSED), (b"eat", Verdict.REFUSED), (b"crash", Verdict.CORRUPT)]
)
def test_what_brings_the_process_down_has_a_verdict_and_the_next_file_another_process(
    odd: Examiner, content: bytes, verdict: Verdict
) -> None:
    assert examined(odd, content).probe == Probe(verdict)
    assert examined(odd, GOOD).probe.verdict is Verdict.READABLE


def test_a_process_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine, "_PATIENCE", 3.0)
    with Examiner(ODD) as slow:
        assert examined(slow, b"wait").probe == Probe(Verdict.REFUSED)
        assert examined(slow, GOOD).probe.verdict is Verdict.READABLE


@pytest.mark.parametrize("reading", ["stalls", "fails"])
def test_a_disk_that_does_not_answer_either_is_no_verdict(monkeypatch: pytest.MonkeyPatch, reading: str) -> None:
    stalled = Event()

    def read(*_: object) -> bytes:
        if reading == "stalls":
            stalled.wait(20)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(examine, "_LAST_WORDS", 0.3)
    monkeypatch.setattr(os, "pread", read)
    with Examiner(ODD) as slow:
        examined(slow, GOOD)
        assert slow._child is not None
        slow._child.connection.settimeout(0.3)

        with pytest.raises(OSError, match="does not answer" if reading == "stalls" else "Input/output"):
            examined(slow, b"wait")
    stalled.set()


def test_an_error_of_the_disk_is_no_verdict(examiner: Examiner) -> None:
    with Path("/proc/self/mem").open("rb", buffering=0) as unreadable, pytest.raises(OSError, match="Input/output"):
        examiner.examine(unreadable, size=1000)

    assert examined(examiner, GOOD).probe.verdict is Verdict.READABLE


def test_the_process_can_write_no_file(odd: Examiner) -> None:
    assert examined(odd, b"write").probe.verdict is Verdict.CORRUPT

    written = Path("/tmp/mhc-never-written")
    assert written.stat().st_size == 0
    written.unlink()


def test_the_process_reaches_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        with Examiner((*ODD, str(server.getsockname()[1]))) as lonely:
            assert examined(lonely, b"call").probe.verdict is Verdict.CORRUPT
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_process_is_told_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MHC_DATABASE_URL", "postgresql://me:secret@example.com/mine")
    with Examiner() as running:
        examined(running, GOOD)

        assert b"secret" not in Path(f"/proc/{process_of(running)}/environ").read_bytes()


def test_many_files_keep_their_order_whatever_happens_to_some(odd: Examiner) -> None:
    contents = [GOOD, b"crash", picture("JPEG"), b"eat", b"crash", b"<svg/>", GOOD]

    found = odd.examine_many((io.BytesIO(content), len(content)) for content in contents)

    assert [one.probe.verdict for one in found] == [
        Verdict.READABLE,
        Verdict.CORRUPT,
        Verdict.READABLE,
        Verdict.REFUSED,
        Verdict.CORRUPT,
        Verdict.OPAQUE,
        Verdict.READABLE,
    ]


def test_who_brings_many_files_may_close_each_when_the_next_is_asked_for(examiner: Examiner, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GOOD)

    def files() -> Iterator[tuple[BinaryIO, int]]:
        for _ in range(3):
            with (tmp_path / "a").open("rb") as file:
                yield file, len(GOOD)

    assert len({one.content_id for one in examiner.examine_many(files())}) == 1


class _InterruptedError(Exception):
    """As Control-C would."""


def _interrupt(*_: object) -> None:
    raise _InterruptedError


def test_after_an_interruption_no_answer_is_taken_for_that_about_another_file(
    odd: Examiner,
) -> None:
    examined(odd, GOOD)
    before = signal.signal(signal.SIGALRM, _interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(_InterruptedError):
            examined(odd, b"slow")
    finally:
        signal.signal(signal.SIGALRM, before)

    assert examined(odd, GOOD).probe == Probe(Verdict.READABLE, "PNG", 120, 80)


def test_who_stops_asking_half_way_gets_the_right_answers_next_time(examiner: Examiner) -> None:
    svg = b"<svg/>"
    started = examiner.examine_many([(io.BytesIO(svg), len(svg))] * 2 + [(io.BytesIO(GOOD), len(GOOD))])
    assert next(started).probe.verdict is Verdict.OPAQUE
    started.close()

    assert examined(examiner, GOOD).probe.verdict is Verdict.READABLE


def test_a_process_that_was_ended_by_somebody_else_is_not_held_against_the_file(examiner: Examiner) -> None:
    examined(examiner, GOOD)
    os.kill(process_of(examiner), signal.SIGKILL)

    assert examined(examiner, GOOD).probe.verdict is Verdict.READABLE


def test_a_process_that_does_not_start_is_no_verdict_on_the_file() -> None:
    with (
        Examiner((sys.executable, "-c", "raise SystemExit(3)")) as broken,
        pytest.raises(InternalError, match=r"\(3\)"),
    ):
        examined(broken, GOOD)


def saved(form: str, image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def drawn(mode: str = "RGB") -> Image.Image:
    return Image.effect_mandelbrot((120, 80), (-2, -1.2, 1, 1.2), 60).convert(mode)


def deep() -> Image.Image:
    return Image.fromarray(np.asarray(drawn("L")).astype(np.uint16) * 16)


def shade(mode: str, *, preview: bytes) -> int:
    """How many different values of gray there are."""
    with Image.open(io.BytesIO(preview)) as small:
        return len(small.convert(mode).getcolors(1 << 16) or ())


def test_dark_pictures_of_sixteen_bits_are_seen(examiner: Examiner) -> None:
    result = examined(examiner, saved("PNG", deep()), preview=120)

    assert result.look_id is not None
    assert bits_apart(result.look_id, look_id(drawn("L"))) <= 4
    assert shade("L", preview=result.preview) > 50


def test_what_is_drawn_by_transparency_alone_is_seen_on_white(examiner: Examiner) -> None:
    glass = Image.new("RGBA", (120, 80))
    glass.putalpha(drawn("L"))

    result = examined(examiner, saved("PNG", glass), preview=120)

    assert result.look_id not in {look_id(Image.new("L", (9, 9))), None}
    assert shade("L", preview=result.preview) > 20


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (saved("JPEG", drawn("CMYK")), (120, 80)),
        (saved("PNG", drawn("P"), transparency=3), (120, 80)),
        (saved("PNG", drawn("1")), (120, 80)),
        (saved("GIF", drawn(), save_all=True, append_images=[drawn().rotate(30)]), (120, 80)),
        (saved("PNG", Image.new("RGB", (1, 1))), (1, 1)),
        (saved("TIFF", drawn().convert("F")), (120, 80)),
        (saved("PNG", Image.new("L", (8000, 6000))), (8000, 6000)),
        (saved("PNG", drawn()) + b"<html><script>alert(1)</script>", (120, 80)),
        (
            saved("JPEG", drawn(), exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\4\0\1\0\0\0\x08\0\0\0\x08\0\0\0"),
            (120, 80),
        ),
    ],
    ids=["CMYK", "palette", "bits", "animated", "one pixel", "float", "48 MP", "polyglot", "Exif in a ring"],
)
def test_unusual_pictures_are_pictures(examiner: Examiner, content: bytes, size: tuple[int, int]) -> None:
    result = examined(examiner, content, preview=60)

    assert (result.probe.verdict, (result.probe.width, result.probe.height)) == (Verdict.READABLE, size)
    assert result.look_id is not None
    with Image.open(io.BytesIO(result.preview), formats=("JPEG",)) as small:
        assert max(small.size) <= 60


def test_a_large_picture_that_fits_into_the_memory_is_looked_at(examiner: Examiner) -> None:
    content = saved("PNG", Image.new("RGB", (8000, 6000), "red"), compress_level=1)

    assert examined(examiner, content, preview=60).probe == Probe(Verdict.READABLE, "PNG", 8000, 6000)


def test_previews_are_in_the_colours_that_everything_shows(examiner: Examiner) -> None:
    known = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = known.replace(b"rXYZ", b"tXYZ", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tXYZ", b"gXYZ", 1)
    content = saved("PNG", Image.new("RGB", (60, 40), (255, 0, 0)), icc_profile=swapped)

    with Image.open(io.BytesIO(examined(examiner, content, preview=60).preview)) as small:
        red, green, _ = small.getpixel((5, 5))
    assert green > red


def test_a_picture_that_is_turned_says_so(examiner: Examiner) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6

    result = examined(examiner, saved("JPEG", drawn(), exif=tags))

    assert (result.probe.width, result.probe.height, result.metadata.orientation) == (120, 80, 6)


def test_a_file_of_a_sensor_is_shown_by_the_picture_in_it_upright(examiner: Examiner) -> None:
    content = dng()

    result = examined(examiner, content, preview=32)

    assert result.probe == Probe(Verdict.READABLE, "DNG", 128, 96)
    assert (result.metadata.camera_model, result.metadata.taken_at) == ("Camera", datetime(2026, 3, 1, 12, tzinfo=UTC))
    with Image.open(io.BytesIO(result.preview)) as small:
        assert small.size == (24, 32)
    assert examiner.preview(io.BytesIO(content), size=len(content), longest=32) == result.preview


def test_without_what_develops_it_a_file_of_a_sensor_is_kept_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "is_installed", lambda: False)

    said, small = child.looked(io.BytesIO(dng()), size=len(dng()), longest=32)

    assert (said["verdict"], said["format"], small) == (Verdict.OPAQUE, "DNG", b"")


def film(path: Path, *, shades: Sequence[int] = (90,) * 12, codec: str = "libx264") -> bytes:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, width=64, height=64, pix_fmt="yuv420p")
        for shade in shades:
            gray = np.full((64, 64, 3), shade, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(gray, format="rgb24")))
        container.mux(stream.encode())
    return path.read_bytes()


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.webm", "libvpx")])
def test_a_short_video_has_a_picture_a_length_and_a_codec(
    examiner: Examiner, tmp_path: Path, name: str, codec: str
) -> None:
    result = examined(examiner, film(tmp_path / name, codec=codec), preview=32)

    assert (result.probe.verdict, result.probe.width, result.probe.height) == (Verdict.VIDEO, 64, 64)
    assert result.metadata.duration_seconds == pytest.approx(1.2, abs=0.15)
    assert result.metadata.codec == {"libx264": "h264", "libvpx": "vp8"}[codec]
    with Image.open(io.BytesIO(result.preview)) as small:
        assert small.size == (32, 32)


OPENS_DARK = (0,) * 12 + (200,) * 12


def test_a_video_that_opens_dark_is_shown_by_its_first_frame_that_is_not(tmp_path: Path) -> None:
    shown = video.film(io.BytesIO(film(tmp_path / "a.mp4", shades=OPENS_DARK)))

    assert shown is not None
    assert shown.frame is not None
    assert np.asarray(shown.frame).min() > 150


def test_such_a_frame_is_looked_for_no_longer_than_there_is_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "_SECONDS", 0)

    shown = video.film(io.BytesIO(film(tmp_path / "a.mp4", shades=OPENS_DARK)))

    assert shown is not None
    assert shown.frame is not None
    assert np.asarray(shown.frame).max() < 50


def test_sound_alone_is_no_damaged_video(examiner: Examiner, tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
        silence.sample_rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode())

    assert examined(examiner, (tmp_path / "a.mp4").read_bytes()).probe == Probe(Verdict.OPAQUE, "MP4")


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF", "HEIF"]),
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_no_damage_ends_a_run(examiner: Examiner, form: str, damage: list[tuple[float, int]]) -> None:
    content = bytearray(picture(form, width=24, height=16))
    for place, value in damage:
        content[int(place * len(content))] = value

    assert examined(examiner, bytes(content), preview=16).probe.verdict in Verdict
