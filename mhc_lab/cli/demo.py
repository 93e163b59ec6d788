"""``mhc demo``."""

from __future__ import annotations

from typing import Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="The same number makes the same world.")] = 1, as_json: Json = False
) -> None:
    """Fill an empty workbench with an invented world; refused when it holds anything.

    Example: mhc demo --seed 7
    """
    from mhc_lab import demo as world

    with opened() as wb:
        truth = world.build(wb, seed=seed, progress=wb.progress)
        path = wb.folder("demo") / "truth.json"
    answer({"seed": seed, "truth": path}, as_json=as_json, words=f"{truth}\nEverything planted is listed in {path}.")
