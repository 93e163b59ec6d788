"""``mhc storage``: the places where files lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mhc_lab.cli.output import Json, answer, opened

if TYPE_CHECKING:
    from mhc_lab.services.storages import Contents, Storage

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Places where files lie: disks and buckets."
)

Name = Annotated[str, typer.Argument(help="The storage's name.")]


@app.callback()
def _group() -> None:
    """Places where files lie: disks and buckets."""


@app.command()
def add(
    place: Annotated[str, typer.Argument(help="A folder, a disk that is mounted there, or s3://bucket/prefix.")],
    name: Annotated[str, typer.Option(help="What to call it; without it the folder's or the bucket's name.")] = "",
    as_json: Json = False,
) -> None:
    """Make PLACE a storage, in which new files can be kept. It gets a marker; nothing in it is registered yet.

    The keys to a bucket are read from MHC_S3_ACCESS_KEY and MHC_S3_SECRET_KEY, its server from MHC_S3_ENDPOINT.

    Example: mhc storage add /media/ssd/media --name ssd
    """
    from mhc_lab.jobs import stores

    with opened() as wb:
        _, storage = stores.adopt(wb, place, name=name or None)
        storage, _ = stores.check(wb, storage)
    answer(storage, as_json=as_json, words=f"{storage}\nRegister what is in it: mhc media ingest {place}")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every storage with what is registered in it, by source.

    Example: mhc storage list
    """
    from mhc_lab.services import storages

    with opened() as wb, wb.reader as session:
        known, contents = storages.listed(session), storages.contents(session)
    answer({"storages": known, "contents": contents}, as_json=as_json, words=_words(known, contents))


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="The storage; without it all that are in use.")] = "",
    as_json: Json = False,
) -> None:
    """Look whether storages are there. Which room they have, and what is registered in them; exit code 1 when one is offline.

    Example: mhc storage check ssd
    """
    from mhc_lab.jobs import stores
    from mhc_lab.services import storages

    with opened() as wb:
        with wb.reader as session:
            known = (
                [storages.get(session, name)] if name else [one for one in storages.listed(session) if one.is_active]
            )
        looked = [stores.check(wb, one) for one in known]
        with wb.reader as session:
            contents = storages.contents(session)
    reasons = {storage.name: why for storage, why in looked if why}
    words = "\n".join([_words([storage for storage, _ in looked], contents), *reasons.values()])
    answer({"storages": [storage for storage, _ in looked], "offline": reasons}, as_json=as_json, words=words)
    if reasons:
        raise typer.Exit(1)


@app.command()
def deactivate(
    name: Name, reason: Annotated[str, typer.Option(help="Why, in a few words.")], as_json: Json = False
) -> None:
    """Keep no new files in a storage and take nothing in from it. Its files and their rows stay as they are.

    Example: mhc storage deactivate attic --reason "the disk makes noises"
    """
    from mhc_lab.services import audit_log, storages

    with opened() as wb, wb.transaction() as session:
        storage = storages.deactivate(session, name, reason=reason, at=wb.clock.now())
        audit_log.append(session, actor=wb.user, action="storage.deactivate", subject=name, details={"reason": reason})
    answer(storage, as_json=as_json, words=f"{storage}\nUndo: mhc storage reactivate {name}")


@app.command()
def reactivate(name: Name, as_json: Json = False) -> None:
    """Use a storage again.

    Example: mhc storage reactivate attic
    """
    from mhc_lab.services import audit_log, storages

    with opened() as wb, wb.transaction() as session:
        storage = storages.reactivate(session, name)
        audit_log.append(session, actor=wb.user, action="storage.reactivate", subject=name, details={})
    answer(storage, as_json=as_json)


@app.command()
def views(name: Name, as_json: Json = False) -> None:
    """Build folders of links on a disk. `all/` of everybody and `people/NAME/all/` of each person; they are kept up from then on.

    Example: mhc storage views ssd
    """
    from mhc_lab.core import display
    from mhc_lab.jobs import views as jobs
    from mhc_lab.services import storages

    with opened() as wb:
        with wb.reader as session:
            storage = storages.get(session, name)
        built = jobs.build(wb, storage, progress=wb.progress)
    words = f"{display.plural(built.view_count, 'view')} with {display.plural(built.link_count, 'link')}"
    changed = f"{words}, {len(built.rebuilt):,} of them changed" if built.rebuilt else f"{words}, none changed"
    lost = [f"  no file at {path}" for path in built.missing]
    lost += [f"  left alone, something else is there: {path}" for path in built.left]
    answer(built, as_json=as_json, words="\n".join([changed, *lost]))


def _words(known: list[Storage], contents: list[Contents]) -> str:
    from mhc_lab.core import display

    lines = []
    for storage in known:
        lines.append(str(storage))
        for one in contents:
            if one.storage == storage.name:
                odd = [f"{one.deleted_count:,} deleted"] * bool(one.deleted_count)
                odd += [f"{one.flawed_count:,} flawed"] * bool(one.flawed_count)
                odd += [f"{one.unexamined_count:,} not looked into"] * bool(one.unexamined_count)
                files = f"{one.file_count:,} files, {display.bytes_text(one.size_bytes)}"
                lines.append(f"  {one.source}: {', '.join([files, *odd])}")
    return "\n".join(lines) or "There is no storage yet. Add one: mhc storage add FOLDER"
