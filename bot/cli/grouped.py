"""Commands with a noun before the verb: exceptions and holds. Each only asks or decides what a button can."""

from __future__ import annotations

import typer

from bot.cli import asking, deciding, holding

exceptions = typer.Typer(help="What stopped, and deciding it.", no_args_is_help=True)
exceptions.command("list")(asking.list_exceptions)
exceptions.command("show")(asking.show_exception)
exceptions.command("resolve")(deciding.resolve)
exceptions.command("approve")(deciding.approve)
exceptions.command("replay")(deciding.replay_case)
exceptions.command("discard")(deciding.discard)

holds = typer.Typer(help="Customers, contracts and flows that are not billed.", no_args_is_help=True)
holds.command("list")(asking.list_holds)
holds.command("place")(holding.place)
holds.command("release")(holding.release)
