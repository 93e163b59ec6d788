"""``mhc mirror refresh | verify | status``."""

from __future__ import annotations

import typer

from mhc_lab.cli.output import Json, answer, opened
from mhc_lab.core import display
from mhc_lab.core.settings import read_settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="The DuckDB mirror: refresh, verify, status.",
)


@app.command()
def refresh(as_json: Json = False) -> None:
    """Copy the database into a new mirror and prove it. Readers go on with the old one meanwhile.

    Example: mhc mirror refresh
    """
    with opened() as wb:
        manifest = wb.refresh_mirror()
    answer(manifest, as_json=as_json, words=str(manifest))


@app.command()
def verify(as_json: Json = False) -> None:
    """Read the whole mirror and compare it with its manifest. Exit code 1 when it is damaged.

    Example: mhc mirror verify
    """
    from mhc_lab.mirror.proof import verify as verify_

    proof = verify_(read_settings().home / "mirror")
    answer(proof, as_json=as_json, words=str(proof))
    if not proof.holds:
        raise typer.Exit(1)


@app.command()
def status(as_json: Json = False) -> None:
    """Version, age and size of the published mirror.

    Example: mhc mirror status
    """
    from mhc_lab.core.clock import SystemClock
    from mhc_lab.mirror.manifest import status as published

    manifest = published(read_settings().home / "mirror")
    age = f", {display.age_text(manifest.made_at, SystemClock().now())}" if manifest else ""
    answer(
        manifest, as_json=as_json, words=f"{manifest}{age}" if manifest else "No mirror yet. Run `mhc mirror refresh`."
    )
