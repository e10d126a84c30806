"""Commands about contracts and whole versions of a workspace. They compare and show; none of them changes a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import typer

from bot.cli.on_demand import OnDemand


class Verbs(OnDemand):
    known: ClassVar[Mapping[str, str]] = {
        "diff": "comparing:diff",
        "render": "rendering:render",
        "replay": "replaying:replay_recorded",
    }


contracts = typer.Typer(cls=Verbs, help="Compare versions of a workspace, and show what it says.", no_args_is_help=True)
