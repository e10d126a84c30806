"""The command line. Every reading command takes --json; errors go to stderr, exit 1 for "the answer is no", 2 for misuse."""

from __future__ import annotations

import typer

from bot.cli import asking, deciding, demonstrating, moving, serving

app = typer.Typer(
    name="meshline",
    help="The operating layer between a CRM and an ERP, living in Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demonstrating.demo)
app.command("run")(serving.serve)
app.command("check")(serving.check)
app.command("migrate")(moving.migrate)
app.command("doctor")(serving.doctor)
app.command("sync")(serving.sync)
app.command("status")(asking.status)
app.command("replay")(deciding.replay)
app.add_typer(asking.events, name="events")
app.add_typer(asking.audit, name="audit")

exceptions = typer.Typer(help="What stopped, and deciding it.", no_args_is_help=True)
exceptions.command("list")(asking.list_exceptions)
exceptions.command("show")(asking.show_exception)
exceptions.command("resolve")(deciding.resolve)
exceptions.command("approve")(deciding.approve)
exceptions.command("replay")(deciding.replay_case)
exceptions.command("discard")(deciding.discard)
app.add_typer(exceptions, name="exceptions")

holds = typer.Typer(help="Customers whose billing is held.", no_args_is_help=True)
holds.command("list")(asking.list_holds)
holds.command("release")(deciding.release)
app.add_typer(holds, name="holds")


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
