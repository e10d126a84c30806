"""The command line. Every reading command takes --json; errors go to stderr, exit 1 for "the answer is no", 2 for misuse.
A command's module is loaded when the command is asked for, so that a check of a workspace does not wait for the service."""

from __future__ import annotations

import typer

from bot.cli.on_demand import OnDemand

COMMANDS = {
    "demo": "demonstrating:demo",
    "run": "serving:serve",
    "check": "checking:check",
    "schemas": "schemas:write",
    "connectors": "connectors:connectors",
    "samples": "sampling:samples",
    "migrate": "moving:migrate",
    "doctor": "serving:doctor",
    "sync": "syncing:sync",
    "reconcile": "reconciling:reconcile",
    "cutover": "cutting_over:cutover",
    "status": "asking:status",
    "digest": "packing:digest",
    "checklist": "packing:checklist",
    "pack": "packing:pack",
    "replay": "deciding:replay",
    "events": "asking:events",
    "audit": "asking:audit",
    "erase": "erasing:erase",
    "exceptions": "grouped:exceptions",
    "holds": "grouped:holds",
    "owners": "owning:owners",
    "customers": "customers:customers",
    "contracts": "contracts:contracts",
    "publish": "publishing:publish",
    "rollback": "publishing:rollback",
    "releases": "publishing:releases",
}
"""Each command, or group of commands, as module of `bot.cli` and name there."""


class Commands(OnDemand):
    known = COMMANDS


app = typer.Typer(
    cls=Commands,
    name="meshline",
    help="The operating layer between a CRM and an ERP, living in Slack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _begin() -> None: ...


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
