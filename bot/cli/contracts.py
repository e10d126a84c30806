"""Commands about contracts and whole versions of a workspace. They compare and show; none of them changes anything."""

from __future__ import annotations

import typer

from bot.cli import comparing, replaying

contracts = typer.Typer(help="Compare versions of a workspace.", no_args_is_help=True)
contracts.command("diff")(comparing.diff)
contracts.command("replay")(replaying.replay_recorded)
