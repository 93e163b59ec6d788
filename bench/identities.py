"""Content ids, look ids and previews, beside what is usual."""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image, ImageOps

from bench.figures import Figure, medians
from mhc_lab.media.content import content_id
from mhc_lab.media.examine import Examiner
from mhc_lab.media.look import EDGE, look_id

PICTURES, LARGE, ROUNDS = 60, 6, 7


def measure() -> list[Figure]:
    """All three promises, each beside its rival in the same rounds."""
    rng = np.random.default_rng(1)
    small = [_jpeg(rng, 720, 540) for _ in range(PICTURES)]
    content, preview, look, phash = medians(
        [
            _timed(lambda: [content_id(io.BytesIO(one), size=len(one), kind="JPEG") for one in small]),
            _timed(lambda: [_preview_hash(one) for one in small]),
            _timed(lambda: [_look(one) for one in small]),
            _timed(lambda: [imagehash.phash(Image.open(io.BytesIO(one))) for one in small]),
        ],
        rounds=ROUNDS,
    )
    return [
        Figure("content id", content / preview, 1 / 25, "× a 150-px preview hash", _each(content)),
        Figure("look id", look / phash, 1 / 4, "× imagehash's phash", _each(look)),
        _previews([_jpeg(rng, 4000, 3000) for _ in range(LARGE)]),
    ]


def _previews(large: list[bytes]) -> Figure:
    with tempfile.TemporaryDirectory() as folder, Examiner() as examiner:
        paths = [Path(folder) / f"{number}.jpg" for number in range(len(large))]
        for path, content in zip(paths, large, strict=True):
            path.write_bytes(content)

        def examined() -> None:
            for path in paths:
                with path.open("rb") as file:
                    examiner.preview(file, size=path.stat().st_size, longest=200)

        examined()
        ours, drafts = medians([_timed(examined), _timed(lambda: [_draft(path) for path in paths])], rounds=ROUNDS)
    detail = f"{len(large) / ours:.0f} previews of 12 MP in a second"
    return Figure("previews in the child process", ours / drafts, 1 / 0.8, "× Pillow's draft path", detail)


def _jpeg(rng: np.random.Generator, width: int, height: int) -> bytes:
    """Soft shapes with a little noise, as cameras write them."""
    coarse = Image.fromarray(rng.integers(0, 256, (height // 60, width // 60, 3), dtype=np.uint8))
    soft = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    noisy = (soft + rng.integers(-6, 7, soft.shape, dtype=np.int16)).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noisy).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _preview_hash(content: bytes) -> str:
    """What the former library called a picture: the digest of its preview."""
    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    picture.thumbnail((150, 150), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=85)
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def _look(content: bytes) -> str:
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft("L", (EDGE, EDGE))
        return look_id(picture)


def _draft(path: Path) -> bytes:
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail((200, 200), Image.Resampling.LANCZOS)
        picture.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


def _each(seconds: float) -> str:
    return f"{PICTURES / seconds:,.0f} pictures of 720 × 540 in a second"


def _timed(action: Callable[[], object]) -> Callable[[], float]:
    def timed() -> float:
        began = time.perf_counter()
        action()
        return time.perf_counter() - began

    return timed


if __name__ == "__main__":
    from bench.figures import show

    print(show(measure()))
