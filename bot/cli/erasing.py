"""`meshline erase`: what is kept about a data subject, and its end."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.asking import Json
from bot.cli.running import now, rights, run
from bot.cli.telling import MISUSE, fail, show
from bot.erase_words import Report, in_words
from bot.erasing import erased_by, would_erase
from bot.leading import billing_teams
from bot.people import People
from bot.release_rights import may_agree
from sync.errors import NotAllowed


def erase(
    subject: Annotated[str, typer.Argument(help="Whom: entity and id as the CRM has them, companies:4711.")],
    who: Annotated[str | None, typer.Option("--as", help="Slack user id of the approver who decides.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    samples: Annotated[
        bool, typer.Option("--samples", help="Rewrite the workspace's files that name the subject.")
    ] = False,
    readmit: Annotated[bool, typer.Option("--readmit", help="Take the records of an erased subject in again.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a data subject: from the ledger, its files, Slack and, with --samples, the workspace. It can be run again."""
    if not dry_run and who is None:
        fail("say who decides with --as, or look first with --dry-run", MISUSE)

    async def act() -> Report | str:
        async with rights() as (store, people):
            if who is not None:
                _may_erase(people, who)
            about = await store.data_subject(subject)
            if readmit:
                await store.readmit(about, by=str(who), now=now())
                return about
            directory = people.workspace.directory
            if dry_run:
                return await would_erase(store, directory, about)
            return await erased_by(store, directory, about, str(who), samples=samples, now=now())

    said = run(act)
    if isinstance(said, str):
        show(
            {"subject": said, "readmitted": True}, as_json=as_json, text=lambda: f"{said} is taken in again from now on"
        )
        return
    show(said, as_json=as_json, text=lambda: in_words(said))


def _may_erase(people: People, who: str) -> None:
    """Raises NotAllowed unless the person approves for a team that owns a flow."""
    refused: NotAllowed | None = None
    for team in billing_teams(people.workspace):
        try:
            may_agree(people.workspace, team, who)
            return
        except NotAllowed as error:
            refused = error
    raise refused or NotAllowed("Nobody is named for this in the workspace. Nothing was changed.")
