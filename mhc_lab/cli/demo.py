"""``mhc demo``."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened
from mhc_lab.core.errors import RefusedError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_LEGACY = "legacy"


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="The same number makes the same world.")] = 1,
    scale: Annotated[
        str, typer.Option(help="legacy: half a million files that have drifted apart; legacy/100: a hundredth of them.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Fill an empty workbench with an invented world; refused when it holds anything.

    Example: mhc demo --seed 7
    """
    if scale:
        _legacy(seed, _share(scale), as_json=as_json)
        return
    from mhc_lab import demo as world

    with opened() as wb:
        truth = world.build(wb, seed=seed, progress=wb.progress)
        path = wb.folder("demo") / "truth.json"
    answer({"seed": seed, "truth": path}, as_json=as_json, words=f"{truth}\nEverything planted is listed in {path}.")


def _legacy(seed: int, share: Fraction, *, as_json: bool) -> None:
    from mhc_lab.demo import legacy

    with opened() as wb:
        truth = legacy.build(wb, seed=seed, scale=share, progress=wb.progress)
        folder = wb.folder(legacy.FOLDER)
    objects, path = folder / legacy.OBJECTS, folder / legacy.FILE
    words = (
        f"{truth}\nEverything planted is listed in {path}.\n"
        f'Its bucket is a folder: let an S3 server show it, for instance\n  rclone serve s3 "{objects}" --addr 127.0.0.1:9000 '
        "--auth-key KEY,SECRET --no-unicode-normalization\n"
        "Next: MHC_S3_ENDPOINT=http://127.0.0.1:9000 MHC_S3_ACCESS_KEY=KEY MHC_S3_SECRET_KEY=SECRET mhc media reconcile plan"
    )
    answer({"seed": seed, "truth": path, "objects": objects, "scale": truth.scale}, as_json=as_json, words=words)


def _share(scale: str) -> Fraction:
    """How much of the published case is wanted."""
    name, _, divisor = scale.partition("/")
    if name != _LEGACY or not (divisor or "1").isdecimal() or int(divisor or 1) < 1:
        raise RefusedError(f'There is no scale "{scale}". Give legacy, or legacy/100 for a hundredth.', rule="scale")
    return Fraction(1, int(divisor or 1))
