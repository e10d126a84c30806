"""`publish`, `rollback` and `releases`: what runs is published, agreed to, tried and taken back, with everybody's name to it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.asked import asked_live
from bot.cli.asking import Json, Number
from bot.cli.deciding import As
from bot.cli.replaying import in_words
from bot.cli.running import ledger, now, run, settings
from bot.cli.telling import MISUSE, NO, fail, show, table
from bot.publishing import Draft, draft
from bot.release_rights import may_agree, may_release
from bot.releasing import Library
from store.ledger import Store
from sync.errors import IllegalMove, NotAllowed
from sync.releases import WHOLE, Release, Rule, Trial
from sync.workspace.values import percent
from sync.workspace.workspace import Workspace

releases = typer.Typer(help="What runs, ran and shall run.", no_args_is_help=True)
_HERE = "on the command line"
Where = Annotated[Path | None, typer.Argument(help="The workspace; MESHLINE_WORKSPACE when left out.")]


def publish(
    who: As,
    directory: Where = None,
    words: Annotated[str, typer.Option("--words", "-m", help="What it is for, in a sentence.")] = "",
    canary: Annotated[str | None, typer.Option(help="Try it on this share of the records first, such as 10%.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Try it on these first: company.id=77,78.")] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Let it look on first, and write nothing.")] = False,
    events: Annotated[int, typer.Option(min=1, help="A canary has passed after so many records.")] = 50,
    errors: Annotated[str, typer.Option(help="It has failed when so many more of them stop than of the rest.")] = "5%",
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the sources whether they have its fields.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would change.")] = False,
    as_json: Json = False,
) -> None:
    """Check the directory, ask the sources, compare it with what runs, try it on the records of the past, and propose it. What
    needs nobody's approval runs at once. Exit 1: it is blocked."""
    trial = _trial(canary, cohort, shadow, Rule(events=events, errors=_share(errors, "--errors")))

    async def go() -> tuple[Draft, Release | None]:
        async with _shelf() as (store, library):
            live = None if offline else asked_live
            found = await draft(store, library, directory or settings().workspace, by=who, live=live)
            if found.same or found.blocked or dry_run:
                return found, None
            runs = await library.workspace(found.based_on) if found.based_on else found.workspace
            await _known(store, runs, who)
            return found, await store.propose(found.proposal(by=who, words=words, trial=trial), now=now())

    found, made = run(go)
    show(_document(found, made), as_json=as_json, text=lambda: _words(found, made))
    if found.blocked:
        raise typer.Exit(NO)


def rollback(
    who: As,
    number: Annotated[
        int | None, typer.Argument(help="The release to stop; the one on trial, else the active one.")
    ] = None,
    why: Annotated[str, typer.Option(help="The reason, for the record.")] = "",
) -> None:
    """Stop a release that runs: a trial ends, and after an active one the last good one runs again within seconds."""

    async def go() -> str:
        async with _shelf() as (store, library):
            running = await store.running_releases()
            chosen = number or running.trial or running.active
            if not running.active:
                raise IllegalMove("Nothing was published yet: there is nothing to roll back.")
            release = await store.published(chosen)
            async with _on_record(store, who, "roll_back", chosen):
                may_release(await library.workspace(running.active), release, who)
            after = await store.roll_back(chosen, by=who, why=why or _HERE, now=now())
            return f"release {chosen} is rolled back; release {after.id} runs"

    typer.echo(run(go))


@releases.command("list")
def list_releases(as_json: Json = False) -> None:
    """The latest releases, the newest first."""

    async def go() -> list[Release]:
        async with ledger() as store:
            return await store.all_published()

    found = run(go)
    show([dataclasses.asdict(one) for one in found], as_json=as_json, text=lambda: _listed(found))


@releases.command("show")
def show_release(number: Number, as_json: Json = False) -> None:
    """One release: what it changes, who agreed, and which records came out otherwise under it."""

    async def go() -> tuple[Release, list[Any]]:
        async with ledger() as store:
            return await store.published(number), await store.affected(number)

    found, affected = run(go)
    document = dataclasses.asdict(found) | {"affected": [dataclasses.asdict(one) for one in affected]}
    show(document, as_json=as_json, text=lambda: "\n".join([*_told(found), *_affected(affected)]))


@releases.command("approve")
def approve_release(number: Number, who: As, team: Annotated[str, typer.Option(help="The team that agrees.")]) -> None:
    """Agree for a team. Nobody approves their own."""

    async def go() -> str:
        async with _shelf() as (store, library):
            async with _on_record(store, who, "approve", number):
                may_agree(await library.workspace((await store.running_releases()).active), team, who)
                found = await store.agree(number, team, by=who, now=now())
            return _standing(found)

    typer.echo(run(go))


@releases.command("reject")
def reject_release(number: Number, who: As, why: Annotated[str, typer.Option(help="The reason.")]) -> None:
    """Say no to a proposal."""

    typer.echo(_led("reject", number, who, lambda store: store.reject(number, by=who, why=why, now=now())))


@releases.command("promote")
def promote_release(number: Number, who: As, why: Annotated[str, typer.Option(help="The reason.")] = "") -> None:
    """Let what is on trial run for all records."""
    said = why or _HERE
    typer.echo(_led("promote", number, who, lambda store: store.promote(number, by=who, why=said, now=now())))


def _led(verb: str, number: int, who: str, move: Callable[[Store], Awaitable[Release]]) -> str:
    """A move of somebody who leads what the release is about; how it stands afterwards."""

    async def go() -> str:
        async with _shelf() as (store, library):
            release, running = await store.published(number), await store.running_releases()
            async with _on_record(store, who, verb, number):
                may_release(await library.workspace(running.active), release, who)
            return _standing(await move(store))

    return run(go)


@asynccontextmanager
async def _shelf() -> AsyncIterator[tuple[Store, Library]]:
    async with ledger() as store:
        library = Library(store)
        try:
            yield store, library
        finally:
            library.close()


@asynccontextmanager
async def _on_record(store: Store, who: str, verb: str, number: int) -> AsyncIterator[None]:
    """A refused attempt is in the journal before the person hears of it."""
    try:
        yield
    except NotAllowed as refused:
        await store.refuse_press(by=who, verb=verb, what=f"release:{number}", why=str(refused), now=now())
        raise


async def _known(store: Store, workspace: Workspace, who: str) -> None:
    if not any(workspace.roles(team, who) for team in workspace.teams):
        async with _on_record(store, who, "propose", 0):
            raise NotAllowed("Only somebody of a team of the workspace may publish. Nothing was changed.")


def _trial(canary: str | None, cohort: str | None, shadow: bool, rule: Rule) -> Trial | None:
    if sum((canary is not None, cohort is not None, shadow)) > 1:
        fail("one of --canary, --cohort and --shadow", MISUSE)
    if shadow:
        return Trial(kind="shadow", rule=rule)
    if canary is not None:
        return Trial(share=_share(canary, "--canary"), rule=rule)
    if cohort is None:
        return None
    selector, _, values = cohort.partition("=")
    named = tuple(value.strip() for value in values.split(",") if value.strip())
    if not selector.strip() or not named:
        fail(f"--cohort {cohort!r} is no selector with values, such as company.id=77,78", MISUSE)
    return Trial(selector=selector.strip(), cohort=named, rule=rule)


def _share(text: str, option: str) -> int:
    try:
        share = percent(text)
    except ValueError as error:
        fail(f"{option} {text!r}: {error}", MISUSE)
    points = share * WHOLE
    if points != int(points) or not 0 <= points <= WHOLE:
        fail(f"{option} {text!r} is no share from 0% to 100%", MISUSE)
    return int(points)


def _document(found: Draft, made: Release | None) -> dict[str, Any]:
    return {
        "same": found.same,
        "blocked": bool(found.blocked),
        "changes": [dataclasses.asdict(each) for each in found.changes],
        "needs": list(found.needs),
        "proof": found.proof,
        "release": dataclasses.asdict(made) if made is not None else None,
    }


def _words(found: Draft, made: Release | None) -> str:
    if found.same:
        return f"release {found.based_on} says the same: there is nothing to publish"
    lines = [
        f"{each.category}: {' '.join(filter(None, (each.noun, each.name, each.path)))}: {each.words}"
        + (f" ({each.hint})" if each.hint else "")
        for each in found.changes
    ]
    if found.comparison is not None:
        lines.append(in_words(found.comparison))
    if found.blocked:
        lines.append(f"blocked: {len(found.blocked)} of {len(found.changes)} changes break what somebody relies on")
    elif made is None:
        lines.append(f"it would need the approval of {', '.join(found.needs) or 'nobody'}")
    else:
        lines.append(_standing(made))
    return "\n".join(lines)


def _standing(found: Release) -> str:
    state = found.state.value.replace("_", " ")
    if found.missing and found.state == "proposed":
        return f"release {found.id} is proposed; it waits for {', '.join(found.missing)}"
    trial = f" {found.trial.words}" if found.trial is not None and found.state in ("canary", "shadow") else ""
    return f"release {found.id} is {state}{trial}"


def _listed(found: list[Release]) -> str:
    rows = [
        (str(one.id), one.state.value, f"{one.made_at:%Y-%m-%d %H:%M}", one.made_by, one.digest[:12], one.words[:60])
        for one in found
    ]
    return table(rows, "release", "state", "proposed", "by", "content", "words")


def _told(found: Release) -> list[str]:
    lines = [_standing(found), f"proposed by {found.made_by} at {found.made_at:%Y-%m-%d %H:%M} UTC: {found.words}"]
    lines += [f"{team}: approved by {by}" for team, by in found.approved.items()]
    lines += [f"{each['category']}: {each['noun']} {each['name']}: {each['words']}" for each in found.changes]
    return lines + ([f"why: {found.why}"] if found.why else [])


def _affected(found: list[Any]) -> list[str]:
    lines = [f"{len(found)} records came out otherwise"] if found else []
    for one in found:
        written = ", ".join(f"{entity} {target}" for entity, target in one.written) or "nothing written"
        lines.append(f"{one.flow} {one.subject} (event {one.event_id}, {written})")
        lines += [
            f"    {each.write}.{each.path}: {each.before or 'nothing'} → {each.after or 'nothing'}"
            for each in one.deviations
        ]
    return lines
