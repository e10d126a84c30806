"""The command line. Every reading command takes --json; errors go to stderr, exit 1 for "the answer is no", 2 for misuse.
A command's module is loaded when the command is asked for, so that a check of a workspace does not wait for the service."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "demo": "demonstrating:demo",
    "run": "serving:serve",
    "check": "checking:check",
    "schemas": "schemas:write",
    "samples": "sampling:samples",
    "migrate": "moving:migrate",
    "doctor": "serving:doctor",
    "sync": "serving:sync",
    "status": "asking:status",
    "replay": "deciding:replay",
    "events": "asking:events",
    "audit": "asking:audit",
    "exceptions": "grouped:exceptions",
    "holds": "grouped:holds",
    "contracts": "contracts:contracts",
    "publish": "publishing:publish",
    "rollback": "publishing:rollback",
    "releases": "publishing:releases",
}
"""Each command, or group of commands, as module of `bot.cli` and name there."""


class Commands(TyperGroup):
    """The commands by name, each loaded on demand."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(f"bot.cli.{module}"), name)
        if isinstance(found, typer.Typer):
            command = typer.main.get_group(found)
            command.name = cmd_name
            return command
        single = typer.Typer(add_completion=False)
        single.command(cmd_name)(found)
        return typer.main.get_command(single)


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
