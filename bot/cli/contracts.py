"""Commands about contracts and whole versions of a workspace. They compare and show; none of them changes a workspace."""

from __future__ import annotations

import typer

from bot.cli import comparing, rendering, replaying

contracts = typer.Typer(help="Compare versions of a workspace, and show what it says.", no_args_is_help=True)
contracts.command("diff")(comparing.diff)
contracts.command("render")(rendering.render)
contracts.command("replay")(replaying.replay_recorded)
