"""``mhc media ingest``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened
from mhc_lab.core.errors import ConfigurationError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Pictures and videos: register them."
)


@app.callback()
def _group() -> None:
    """Pictures and videos: register them."""


@app.command()
def ingest(
    folder: Annotated[Path | None, typer.Argument(help="The folder; without it MHC_MEDIA_ROOT.")] = None,
    name: Annotated[str, typer.Option(help="What to call the storage; without it the folder's name.")] = "",
    as_json: Json = False,
) -> None:
    """Register every file below FOLDER with byte id, size and dimensions; run twice, it does nothing.

    Not a byte of your files is changed. Exit code 1 when a file could not be read, or has other bytes than when it was registered.

    Example: mhc media ingest /media/ssd/media --name ssd
    """
    from mhc_lab.jobs import ingest as job

    with opened() as wb:
        root = folder or wb.settings.media_root
        if root is None:
            raise ConfigurationError("Which folder? Name it, or set MHC_MEDIA_ROOT.", setting="MHC_MEDIA_ROOT")
        ingested = job.ingest(wb, root, name=name or None, progress=wb.progress)
    lines = [
        *(f"  differs from when it was registered: {path}" for path in ingested.differing),
        *(f"  {verdict}: {path}" for path, verdict in ingested.flawed),
        *(f"  could not be read: {path}" for path in ingested.unreadable),
    ]
    answer(ingested, as_json=as_json, words="\n".join([str(ingested), *lines]))
    if ingested.differing or ingested.unreadable:
        raise typer.Exit(1)
