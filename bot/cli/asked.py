"""What the sources of a workspace say of themselves, for a check that is told to ask them."""

from __future__ import annotations

import os

from bot.app import build_connections
from bot.cli.running import run
from sync import connectors
from sync.abilities import Ability
from sync.errors import Mistake
from sync.live import live_mistakes
from sync.workspace.workspace import Workspace


def found_live(workspace: Workspace) -> list[Mistake]:
    """What the sources no longer have as the contracts say. Only connections that can say it need their secrets. Ends with
    exit 2 where one is missing."""

    return run(lambda: asked_live(workspace))


async def asked_live(workspace: Workspace) -> list[Mistake]:
    """The same for a command that goes on. Raises ConfigurationError where a secret is missing."""
    built = build_connections(workspace, os.environ, only=describing(workspace))
    try:
        return await live_mistakes(workspace, built)
    finally:
        for connection in built.values():
            await connection.close()


def describing(workspace: Workspace) -> frozenset[str]:
    """The connections that can say what fields they have."""
    kinds = connectors.kinds()
    return frozenset(
        name
        for name, each in workspace.connections.items()
        if each.kind in kinds and Ability.DESCRIBE in kinds[each.kind].abilities
    )
