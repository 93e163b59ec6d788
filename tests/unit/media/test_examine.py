"""Files looked into by a process that may be brought down by any of them."""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from mhc_lab.media import examine
from mhc_lab.media.examine import Examined, Examiner
from mhc_lab.media.probe import Probe, Verdict
from tests.support.pictures import mp4, picture, png

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


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"])
def test_a_picture_has_a_verdict_a_size_three_names_and_a_preview(examiner: Examiner, form: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
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


def test_an_error_of_the_disk_is_no_verdict(odd: Examiner) -> None:
    with pytest.raises(OSError, match="Input/output"):
        examined(odd, b"bad disk")

    assert examined(odd, GOOD).probe.verdict is Verdict.READABLE


def test_the_process_can_write_no_file(odd: Examiner) -> None:
    with pytest.raises(OSError, match="too large"):
        examined(odd, b"write")

    written = Path("/tmp/mhc-never-written")
    assert written.stat().st_size == 0
    written.unlink()


def test_the_process_reaches_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MHC_TEST_PORT", str(server.getsockname()[1]))
        server.settimeout(0.5)
        with Examiner(ODD) as lonely, pytest.raises(OSError, match="unreachable"):
            examined(lonely, b"call")
