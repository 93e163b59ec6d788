"""``mhc follow import | review | events | stats | recompute``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mhc_lab.cli.output import Json, Since, Until, answer, instant, opened, window
from mhc_lab.core import display
from mhc_lab.core.errors import UserError

if TYPE_CHECKING:
    from mhc_lab.services.following import TakenList

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Who follows and who left: lists, decisions, events, figures.",
)

Direction = Annotated[str, typer.Option(help="followers or following.")]


@app.command("import")
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Folders with a manifest.json, lists (CSV, JSON, text, saved pages), event feeds."),
    ],
    observed_at: Annotated[
        str, typer.Option("--at", help="When a file without manifest was taken: 2026-03-29T10:00+02:00.")
    ] = "",
    direction: Direction = "followers",
    partial: Annotated[bool, typer.Option("--partial", help="The list is known to be incomplete.")] = False,
    profile_of: Annotated[str, typer.Option(help="The files are saved profile pages of this person.")] = "",
    as_json: Json = False,
) -> None:
    """Take in what was seen and bring the history up to date. The same thing twice changes nothing.

    Exit code 1 when a list was refused; the others are taken in all the same.

    Example: mhc follow import lists/   or   mhc follow import followers.csv --at 2026-03-29T10:00+02:00
    """
    from mhc_lab.jobs import take_in

    with opened() as wb:
        imported = take_in.import_lists(
            wb,
            *paths,
            observed_at=instant(observed_at),
            direction=direction,
            complete=not partial,
            profile_of=profile_of or None,
            progress=wb.progress,
        )
    odd = [one for one in imported.lists if one.verdict in {"held", "refused"} or one.rejected_rows]
    lines = [f"  {one.file_name}: {one.verdict}. {one.why}{_rejected(one.rejected_rows)}" for one in odd]
    lines += [f"  not read: {row}" for row in imported.rejected_rows[:20]]
    if imported.duplicate_count:
        lines.append(f"  told more than once, taken in once: {display.plural(imported.duplicate_count, 'event')}")
    if imported.count("held"):
        lines.append("Next: mhc follow review")
    answer(imported, as_json=as_json, words="\n".join([str(imported), *lines]))
    if imported.count("refused"):
        raise typer.Exit(1)


@app.command()
def review(
    name: Annotated[str, typer.Argument(help="The list: its file name or the beginning of its key.")] = "",
    decision: Annotated[
        str, typer.Option("--decide", help="complete, partial, refused, or automatic: as the rules say.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why: it is kept with the decision.")] = "",
    every: Annotated[bool, typer.Option("--all", help="All lists, not only those that wait.")] = False,
    as_json: Json = False,
) -> None:
    """Show the lists that wait for a decision, or decide about one. The history is computed again, and a later decision overrules.

    Example: mhc follow review   then   mhc follow review followers-2026-03-29.csv --decide partial --reason "the page broke off"
    """
    from mhc_lab.services import following

    if decision and not name:
        raise UserError(
            "Say which list the decision is about: mhc follow review NAME --decide …; without a name it shows those that wait."
        )
    with opened() as wb:
        if decision:
            with wb.transaction() as session:
                found = following.find_list(session, name)
                decided = following.decide(
                    session,
                    found.scrape,
                    decision,
                    reason=reason,
                    by=wb.user,
                    at=wb.clock.now(),
                )
            answer(decided, as_json=as_json)
            return
        with wb.reader as session:
            if name:
                found = following.find_list(session, name)
                missing = following.missing_names(session, found, limit=21)
                answer({"list": found, "missing": missing}, as_json=as_json, words=_in_full(found, missing))
                return
            lists = following.taken_lists(session, verdict=None if every else "held")
    words = "\n".join(map(_in_short, lists)) or "No list waits for a decision."
    hint = "\nNext: mhc follow review NAME, then --decide complete | partial | refused --reason WHY" if lists else ""
    answer(lists, as_json=as_json, words=words + hint)


@app.command()
def events(direction: Direction = "followers", since: Since = "", until: Until = "", as_json: Json = False) -> None:
    """Every follow and unfollow of a window. And, whatever the window, who follows now and the lists that could not be believed.

    Example: mhc follow events --since 2026-03-01 --until 2026-04-01 --json
    """
    from mhc_lab.analytics.follow_log import follow_log

    with opened() as wb:
        wb.refresh_mirror()
        log = follow_log(wb.mirror, direction=direction, window=window(since, until))
        listed = [_event(row) for row in log.frame.iter_rows(named=True)]
        said = {
            "events": listed,
            "current": log.current,
            "held_for_approval": log.files("held"),
            "refused_files": log.files("refused"),
            "rejected_rows": log.rejected_rows,
            "duplicate_rows": log.duplicate_rows,
        }
    lines = [_event_line(event) for event in listed]
    answer(said, as_json=as_json, words="\n".join([*lines, repr(log)]))


@app.command()
def stats(since: Since, until: Until, direction: Direction = "followers", as_json: Json = False) -> None:
    """How many came and left in a window. And how many followed at both its ends, and how long those who left had stayed.

    Example: mhc follow stats --since 2026-03-01 --until 2026-04-01
    """
    from mhc_lab.analytics import followers
    from mhc_lab.analytics.window import Window

    with opened() as wb:
        wb.refresh_mirror()
        left = followers.unfollows(wb.mirror, window=Window.parse(since, until), direction=direction)  # type: ignore[arg-type]
    said = left.stats
    width = max(map(len, said))
    lines = [f"{name.replace('_', ' '):<{width}}  {_number(value)}" for name, value in said.items()]
    if left.baseline:
        lines.append(
            f"{left.baseline:,} stood on the first list, taken in this window: there before we looked, so no follows."
        )
    answer(said, as_json=as_json, words="\n".join([repr(left), *lines]))


@app.command()
def recompute(as_json: Json = False) -> None:
    """Compute the history again. Verdicts, events, spells and profile columns, from all lists, observations and decisions.

    Example: mhc follow recompute
    """
    from mhc_lab.services import audit_log, follow_history

    with opened() as wb, wb.transaction() as session:
        computed = follow_history.recompute(session, at=wb.clock.now())
        details = {"events": computed.event_count, "spells": computed.spell_count}
        audit_log.append(session, actor=wb.user, action="follow.recompute", subject="follow history", details=details)
    said = {"lists": len(computed.verdicts), "events": computed.event_count, "spells": computed.spell_count}
    words = f"{said['lists']:,} lists give {said['events']:,} events and {said['spells']:,} spells."
    answer(said, as_json=as_json, words=words)


def _event(row: dict[str, Any]) -> dict[str, object]:
    """A row of the log as the documented answer has it: what does not apply is left out."""
    event: dict[str, object] = {"event": row["event"], "username": row["username"], "at": row["at"]}
    if row["is_baseline"]:
        event["baseline"] = True
    if row["event"] == "unfollow":
        names = ("last_seen_at", "first_missing_at", "days_followed", "status", "source", "reason")
        event |= {name: row[name] for name in names}
    return event


def _event_line(event: dict[str, Any]) -> str:
    line = f"{event['at']:%Y-%m-%d %H:%M}  {event['event']:<8}  {event['username']}"
    if event["event"] == "unfollow":
        return f"{line}  (last seen {event['last_seen_at']:%Y-%m-%d %H:%M}, {event['days_followed']:.1f} days, {event['status']})"
    return f"{line}  (there before we looked)" if event.get("baseline") else line


def _number(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}"


def _in_short(taken: TakenList) -> str:
    return (
        f"  {str(taken.scrape)[:8]}  {taken.file_name}  {taken.observed_at:%Y-%m-%d %H:%M}  {taken.direction}  "
        f"{taken.verdict}. {taken.why}"
    )


def _in_full(taken: TakenList, missing: list[str]) -> str:
    lines = [_in_short(taken), f"  {taken.listed_count:,} names; {taken.at_risk_count or 0:,} followed just before."]
    if missing:
        lines.append(
            f"  Followed just before and not on it: {', '.join(missing[:20])}{' …' if len(missing) > 20 else ''}"
        )
    return "\n".join(lines)


def _rejected(rows: tuple[str, ...]) -> str:
    shown = ", ".join(rows[:5]) + (" …" if len(rows) > 5 else "")
    what = "1 row is no user name and was" if len(rows) == 1 else f"{len(rows):,} rows are no user names and were"
    return f" {what} left out: {shown}" if rows else ""
