"""Packs, the Monday checklist and a team's digest without Slack: on the terminal, or as files that anybody can look at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot.blocks import Block
from bot.checklists import checklist_lines
from bot.cli.asking import Json
from bot.cli.running import moment_of, now, rights, run
from bot.cli.telling import as_document, fail, show
from bot.digest import digest as drawn_digest
from bot.pack_files import files_of
from bot.packing import due_of, gather, items
from bot.packs import pack_message, words
from bot.people import People
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import NotFound

T = TypeVar("T")


class Kind(StrEnum):
    weekly = "weekly"
    monthly = "monthly"


def pack(
    kind: Kind,
    out: Annotated[
        Path | None, typer.Option(help="Write the message, the charts and the rows into this directory.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="As it was due last at that moment: 2026-01-31.")] = None,
    team: Annotated[str | None, typer.Option(help="Whose calendar counts; the team of the pack unless given.")] = None,
    as_json: Json = False,
) -> None:
    """The weekly operations pack or the monthly governance pack, as it was due last."""
    moment = moment_of(at) or now()

    async def ask() -> tuple[Block, dict[str, bytes], str]:
        async with rights() as (store, people):
            return await _pack(store, people, kind.value, moment, team)

    message, files, told = run(ask)
    if out is not None:
        _write(out, message, files)
    show(message, as_json=as_json, text=lambda: "\n".join([told, *_written(out, files)]))


async def _pack(
    store: Store, people: People, kind: str, moment: datetime, team: str | None
) -> tuple[Block, dict[str, bytes], str]:
    workspace = people.workspace
    found = due_of(workspace, kind, moment)
    if found is None and team is None:
        raise NotFound(f"meshline.yaml asks for no {kind} pack: say `packs:`, or name a team with --team")
    whose, due = found or (str(team), moment)
    whose = team or whose
    made = await gather(store, workspace, kind, due=due, team=whose, now=moment)
    zone = workspace.calendar(whose).timezone
    files = files_of(made, zone)
    names = {one.name: one.name for one in files if one.alt}  # in Slack each stands for the id of the uploaded chart
    message = pack_message(made, zone, Surroundings(workspace, people).around(moment), names)
    return message, {one.name: one.content for one in files}, words(made, zone)


def digest(
    team: Annotated[str | None, typer.Argument(help="All teams unless given.")] = None, as_json: Json = False
) -> None:
    """What a team's channel would be told now about the last day."""
    at = now()
    found = _asked(lambda store, people: _digests(store, people, team, at))
    show(found, as_json=as_json, text=lambda: "\n".join(each["text"] for each in found.values()) or "nothing to tell")


async def _digests(store: Store, people: People, team: str | None, at: datetime) -> dict[str, Block]:
    workspace, around = people.workspace, Surroundings(people.workspace, people).around(at)
    names = [team] if team is not None else list(workspace.teams)
    drawn = dict[str, Block]()
    for name in names:
        one = workspace.team(name)
        period = await store.period(one.channel, since=at - timedelta(days=1), until=at)
        if (message := drawn_digest(one.title, period, around)) is not None:
            drawn[name] = message
    return drawn


def checklist(as_json: Json = False) -> None:
    """The Monday checklist: eleven questions, answered by what the ledger says now."""
    found = _asked(lambda store, people: items(store, people.workspace, now=now()))
    marked = [line.replace("*", "").replace("`", "") for line in checklist_lines(found)]
    show(found, as_json=as_json, text=lambda: "\n".join(marked))


def _asked(doing: Callable[[Store, People], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with rights() as (store, people):
            return await doing(store, people)

    return run(ask)


def _write(out: Path, message: Any, files: dict[str, bytes]) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "message.json").write_text(as_document(message), encoding="utf-8")
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        fail(f"{out} cannot be written ({error.strerror})")


def _written(out: Path | None, files: dict[str, bytes]) -> list[str]:
    return [f"{out / name}: {len(content):,} bytes" for name, content in files.items()] if out is not None else []
