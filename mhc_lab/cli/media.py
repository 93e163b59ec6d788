"""``mhc media``: files taken in, found, marked, taken away and brought back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mhc_lab.cli import checks, reconcile
from mhc_lab.cli.output import Json, answer, instant, opened
from mhc_lab.core.errors import ConfigurationError, ConflictError, IntegrityError, RefusedError

if TYPE_CHECKING:
    from mhc_lab.jobs.saving import Saved
    from mhc_lab.workbench import Workbench

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, help="Pictures and videos: the library."
)


@app.callback()
def _group() -> None:
    """Pictures and videos: the library."""


@app.command()
def ingest(
    place: Annotated[
        str, typer.Argument(help="A folder or s3://bucket/prefix; without it MHC_MEDIA_ROOT or MHC_S3_BUCKET.")
    ] = "",
    name: Annotated[str, typer.Option(help="What to call the storage; without it the folder's name.")] = "",
    as_json: Json = False,
) -> None:
    """Register every file below PLACE, then look into each. Run twice, it does nothing.

    Not a byte of your files is changed; one small file, `.mhc-store.json`, comes beside them.

    Exit code 1 when a file could not be read, or has other bytes than when it was registered.

    Example: mhc media ingest /media/ssd/media --name ssd
    """
    from mhc_lab.jobs import ingest as job

    with opened() as wb:
        bucket = wb.settings.s3_bucket
        root = place or wb.settings.media_root or (f"s3://{bucket}" if bucket else None)
        if root is None:
            raise ConfigurationError("Which place? Name it, or set MHC_MEDIA_ROOT.", setting="MHC_MEDIA_ROOT")
        ingested = job.ingest(wb, root, name=name or None, progress=wb.progress)
    lines = [
        *(f"  differs from when it was registered: {path}" for path in ingested.differing),
        *(f"  {verdict}: {path}" for path, verdict in ingested.flawed),
        *(f"  could not be read: {path}" for path in ingested.unreadable),
    ]
    answer(ingested, as_json=as_json, words="\n".join([str(ingested), *lines]))
    if ingested.differing or ingested.unreadable:
        raise typer.Exit(1)


Id = Annotated[str, typer.Argument(help="The file's id, or at least six digits with which it begins.")]
Ids = Annotated[list[str], typer.Argument(help="Ids of files, or at least six digits with which each begins.")]
Person = Annotated[str, typer.Option("--person", help="Whose: the name of today or an earlier one.")]
StorageName = Annotated[
    str, typer.Option("--storage", help="The storage; without it that of MHC_MEDIA_ROOT, or the only one.")
]


@app.command()
def find(
    person: Person = "",
    byte_id: Annotated[str, typer.Option("--hash", help="SHA-256 of the file.")] = "",
    content_id: Annotated[str, typer.Option(help="Its content id: mci1:…")] = "",
    source_url: Annotated[str, typer.Option(help="The address it was fetched from.")] = "",
    storage: Annotated[str, typer.Option(help="Only in this storage, as `mhc storage list` names it.")] = "",
    source: Annotated[str, typer.Option(help="Only from this source, as `mhc storage list` names them.")] = "",
    verdict: Annotated[str, typer.Option(help="Only readable, video, corrupt, refused or opaque ones.")] = "",
    tag: Annotated[str, typer.Option(help="Only with this tag.")] = "",
    words: Annotated[str, typer.Option(help="Only with this in the file's name.")] = "",
    since: Annotated[str, typer.Option(help="Taken at or after this day or instant: 2026-03-01.")] = "",
    until: Annotated[str, typer.Option(help="Taken before this day or instant: 2026-04-01T12:00+02:00.")] = "",
    favorite: Annotated[bool, typer.Option("--favorite", help="Only favourites.")] = False,
    deleted: Annotated[bool, typer.Option("--deleted", help="Only deleted ones.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many at once.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many first.")] = 0,
    as_json: Json = False,
) -> None:
    """Files of the library, newest first.

    Example: mhc media find --person amber_otter --favorite
    """
    from mhc_lab.services import media, people
    from mhc_lab.services.media import Wanted

    with opened() as wb, wb.reader as session:
        wanted = Wanted(
            person=people.get(session, person).id if person else None,
            storage=storage, source=source, verdict=verdict, tag=tag, words=words, byte_id=byte_id.lower(), content_id=content_id,
            source_url=source_url, is_favorite=favorite or None, is_deleted=deleted, since=instant(since), until=instant(until),
        )  # fmt: skip
        files, count = media.found(session, wanted, limit=limit, offset=offset), media.count(session, wanted)
    shown = [*map(str, files), f"{count:,} in all"]
    answer({"files": files, "count": count}, as_json=as_json, words="\n".join(shown))


@app.command()
def show(file: Id, as_json: Json = False) -> None:
    """Everything that is known of one file.

    Example: mhc media show 3f2a9c
    """
    import dataclasses

    from mhc_lab.services import media

    with opened() as wb, wb.reader as session:
        found = media.get(session, file)
    said = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    words = "\n".join(
        f"{name.replace('_', ' ')}: {value}" for name, value in said.items() if value not in (None, (), "")
    )
    answer(found, as_json=as_json, words=words)


@app.command()
def primary(
    file: Id, off: Annotated[bool, typer.Option("--off", help="Let nothing be chosen.")] = False, as_json: Json = False
) -> None:
    """Let a picture stand for its person. Without a chosen one the newest does.

    Example: mhc media primary 3f2a9c
    """
    from mhc_lab.services import media

    with opened() as wb, wb.transaction() as session:
        chosen = media.get(session, file)
        if off:
            media.unset_primary(session, chosen)
            before = None
        else:
            before = media.set_primary(session, chosen)
        now = media.get(session, chosen.id)
    undo = f"\nUndo: mhc media primary {str(before.id)[:8]}" if before else ""
    answer(now, as_json=as_json, words=f"{now}{undo}")


@app.command()
def favorite(
    files: Ids, off: Annotated[bool, typer.Option("--off", help="Not any more.")] = False, as_json: Json = False
) -> None:
    """Mark files as favourites.

    Example: mhc media favorite 3f2a9c 77ab01
    """
    from mhc_lab.services import media

    with opened() as wb, wb.transaction() as session:
        changed = media.set_favorite(session, [media.get(session, one) for one in files], favorite=not off)
    answer({"changed": changed}, as_json=as_json, words=f"{changed} changed")


@app.command()
def tag(
    file: Id,
    tags: Annotated[list[str], typer.Argument(help="Tags: 1 to 40 characters without a comma.")],
    off: Annotated[bool, typer.Option("--off", help="Take them off.")] = False,
    as_json: Json = False,
) -> None:
    """Put tags on a file, or take them off.

    Example: mhc media tag 3f2a9c beach "red dress"
    """
    from mhc_lab.services import media

    with opened() as wb, wb.transaction() as session:
        chosen = media.get(session, file)
        change = media.untag if off else media.tag
        change(session, [chosen], tags)
        now = media.get(session, chosen.id)
    answer(now, as_json=as_json)


@app.command()
def delete(files: Ids, as_json: Json = False) -> None:
    """Take files out of the library. Their bytes stay where they are; `mhc media restore` brings them back.

    Example: mhc media delete 3f2a9c
    """
    from mhc_lab.jobs import views
    from mhc_lab.services import media

    with opened() as wb:
        with wb.transaction() as session:
            chosen = [media.get(session, one) for one in files]
            for one in chosen:
                media.delete(session, one, by=wb.user, at=wb.clock.now())
        hindered = views.catch_up(wb, {one.storage for one in chosen})
    undo = " ".join(str(one.id)[:8] for one in chosen)
    words = [f"{len(chosen)} deleted", *filter(None, [hindered]), f"Undo: mhc media restore {undo}"]
    answer({"deleted": [one.id for one in chosen]}, as_json=as_json, words="\n".join(words))


@app.command()
def restore(files: Ids, as_json: Json = False) -> None:
    """Bring deleted files back.

    Example: mhc media restore 3f2a9c
    """
    from mhc_lab.jobs import views
    from mhc_lab.services import media

    with opened() as wb:
        with wb.transaction() as session:
            chosen = [media.get(session, one) for one in files]
            for one in chosen:
                media.restore(session, one, by=wb.user)
        hindered = views.catch_up(wb, {one.storage for one in chosen})
    words = [f"{len(chosen)} brought back", *filter(None, [hindered])]
    answer({"restored": [one.id for one in chosen]}, as_json=as_json, words="\n".join(words))


@app.command()
def upload(
    files: Annotated[list[Path], typer.Argument(help="Files of this machine.")],
    person: Annotated[str, typer.Option("--person", help="Whose they are.")],
    source: Annotated[str, typer.Option(help="Where they came from; it chooses the folder.")] = "manual_upload",
    storage: StorageName = "",
    as_json: Json = False,
) -> None:
    """Copy files into a storage for a person. The originals stay as they are.

    Exit code 1 when one was refused; the others are saved.

    Example: mhc media upload portrait.jpg --person amber_otter
    """
    from mhc_lab.jobs import saving
    from mhc_lab.media.examine import Examiner

    with opened() as wb, Examiner() as examiner:
        save = partial(saving.upload, wb, username=person, source=source, storage=storage, examiner=examiner)
        _save_all(wb, files, save, as_json=as_json)


@app.command()
def download(
    urls: Annotated[list[str], typer.Argument(help="https addresses of pictures or videos.")],
    person: Annotated[str, typer.Option("--person", help="Whose they are.")],
    source: Annotated[str, typer.Option(help="Where they came from; it chooses the folder.")] = "external",
    photoset: Annotated[str, typer.Option(help="The set on the site that they belong to.")] = "",
    storage: StorageName = "",
    as_json: Json = False,
) -> None:
    """Fetch pictures or videos for a person. What was fetched for them before is not asked for again.

    Exit code 1 when one was refused; the others are saved.

    Example: mhc media download https://example.com/a.jpg --person amber_otter
    """
    from mhc_lab.jobs import saving
    from mhc_lab.media.examine import Examiner

    with opened() as wb, Examiner() as examiner:
        save = partial(
            saving.download, wb, username=person, source=source, photoset=photoset, storage=storage, examiner=examiner
        )
        _save_all(wb, urls, save, as_json=as_json)


def _save_all(wb: Workbench, wanted: Sequence[T], save: Callable[[T], Saved], *, as_json: bool) -> None:
    """Save each, say what became of it, and exit with 1 when one was refused: it keeps no other."""
    from mhc_lab.jobs import views

    saved, refused = [], []
    for number, one in enumerate(wanted, start=1):
        try:
            saved.append(save(one))
        except (RefusedError, ConflictError, IntegrityError) as failure:
            refused.append(f"not saved: {failure}")
        wb.progress(number, len(wanted), "files")
    hindered = views.catch_up(wb, {one.storage for one in saved if one.is_new})
    answer(saved, as_json=as_json, words="\n".join(filter(None, [*map(str, saved), hindered])))
    if refused:
        typer.echo("\n".join(refused), err=True)
        raise typer.Exit(1)


@app.command()
def export(
    person: Annotated[str, typer.Argument(help="Whose files: the name of today or an earlier one.")],
    to: Annotated[Path, typer.Option("--to", help="A folder; it is made when missing.")],
    as_json: Json = False,
) -> None:
    """Copy all files of a person to a folder. Every byte is compared, and a list lies beside them; exit code 1 when one is missing.

    Example: mhc media export amber_otter --to ~/amber
    """
    from mhc_lab.jobs import export as job

    with opened() as wb:
        exported = job.export(wb, person, to, progress=wb.progress)
    lines = [str(exported), *(f"  {place}: {why}" for place, why in exported.missing)]
    answer(exported, as_json=as_json, words="\n".join(lines))
    if exported.missing:
        raise typer.Exit(1)


photosets = typer.Typer(no_args_is_help=True, help="Sets of pictures that are not to be fetched again.")
placeholders = typer.Typer(no_args_is_help=True, help="Pictures that stand for no picture: they are refused.")
app.add_typer(reconcile.app, name="reconcile")
app.add_typer(photosets, name="photosets")
app.add_typer(placeholders, name="placeholders")
app.command()(checks.verify)
app.command()(checks.report)
app.add_typer(checks.repair, name="repair")
app.add_typer(checks.baseline, name="baseline")


@photosets.command("skip")
def skip_photoset(
    person: Annotated[str, typer.Argument(help="Whose set.")],
    photoset: Annotated[str, typer.Argument(help="The set's id on the site.")],
    reason: Annotated[str, typer.Option(help="Why, in a few words.")],
    as_json: Json = False,
) -> None:
    """Fetch a set no more.

    Example: mhc media photosets skip amber_otter 881234 --reason "only text"
    """
    from mhc_lab.services import people, photosets

    with opened() as wb, wb.transaction() as session:
        whose = people.get(session, person)
        is_new = photosets.skip(session, whose.id, photoset, reason=reason, at=wb.clock.now())
    words = (
        f"Not fetched again.\nUndo: mhc media photosets allow {whose.username} {photoset}"
        if is_new
        else "That was said before."
    )
    answer({"skipped": is_new}, as_json=as_json, words=words)


@photosets.command("allow")
def allow_photoset(
    person: Annotated[str, typer.Argument(help="Whose set.")],
    photoset: Annotated[str, typer.Argument(help="The set's id on the site.")],
    as_json: Json = False,
) -> None:
    """Fetch a set again.

    Example: mhc media photosets allow amber_otter 881234
    """
    from mhc_lab.services import people, photosets

    with opened() as wb, wb.transaction() as session:
        photosets.allow(session, people.get(session, person).id, photoset)
    answer({"allowed": photoset}, as_json=as_json, words="It is fetched again.")


@photosets.command("list")
def list_photosets(person: Person = "", as_json: Json = False) -> None:
    """The sets that are not to be fetched again.

    Example: mhc media photosets list --person amber_otter
    """
    from mhc_lab.services import people, photosets

    with opened() as wb, wb.reader as session:
        found = photosets.listed(session, people.get(session, person).id if person else None)
    answer(found, as_json=as_json, words="\n".join(map(str, found)) or "None.")


@placeholders.command("add")
def add_placeholder(
    file: Annotated[Path, typer.Argument(help="A copy of the placeholder.")],
    note: Annotated[str, typer.Option(help="What it is.")] = "",
    as_json: Json = False,
) -> None:
    """Refuse these bytes from uploads and downloads. What lies on a disk already stays, and an ingest takes it in as it is.

    Example: mhc media placeholders add no_photo.jpg --note "grey silhouette"
    """
    from mhc_lab.media.identity import byte_id
    from mhc_lab.services import placeholders

    if not file.is_file():
        raise RefusedError(f"There is no file {file}.", rule="regular files only")
    with file.open("rb") as stream:
        digest = byte_id(stream)
    with opened() as wb, wb.transaction() as session:
        is_new = placeholders.add(session, digest, note=note, by=wb.user, at=wb.clock.now())
    words = (
        f"{digest} is refused.\nUndo: mhc media placeholders remove {digest}" if is_new else "It was refused before."
    )
    answer({"byte_id": digest, "is_new": is_new}, as_json=as_json, words=words)


@placeholders.command("remove")
def remove_placeholder(
    byte_id: Annotated[str, typer.Argument(help="SHA-256 of the placeholder.")], as_json: Json = False
) -> None:
    """Let these bytes in again.

    Example: mhc media placeholders remove 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    from mhc_lab.services import placeholders

    with opened() as wb, wb.transaction() as session:
        gone = placeholders.remove(session, byte_id)
    answer(gone, as_json=as_json, words=f"{gone} is let in again.")


@placeholders.command("list")
def list_placeholders(as_json: Json = False) -> None:
    """Every placeholder that is refused.

    Example: mhc media placeholders list
    """
    from mhc_lab.services import placeholders

    with opened() as wb, wb.reader as session:
        found = placeholders.listed(session)
    answer(found, as_json=as_json, words="\n".join(map(str, found)) or "None.")
