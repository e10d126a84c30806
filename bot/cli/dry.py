"""What `replay --dry-run` does and says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from bot.app import utc_now
from bot.cli.running import product
from bot.dry_run import DryRun, dry_run
from bot.releasing import Library
from store.ledger import Store
from sync.errors import IllegalMove
from sync.mapping import text

_MOST = 1_000


async def dry_run_of(choose: Callable[[Store], Awaitable[list[int]]], release: int | None) -> DryRun:
    """Let the chosen events go round in a shadow ledger, as that release or what runs would do it. Raises IllegalMove for more
    than a thousand."""
    async with product() as parts:
        chosen = await choose(parts.store)
        if len(chosen) > _MOST:
            raise IllegalMove(
                f"{len(chosen):,} events are more than a dry run takes; take the first {_MOST:,} with --canary"
            )
        library = Library(parts.store)
        try:
            workspace = await library.workspace(release) if release is not None else parts.workspace
            return await dry_run(parts.store, workspace, parts.connections, chosen, clock=utc_now)
        finally:
            library.close()


def would(found: DryRun) -> str:
    """A dry run for people: each event, then each call with its fields."""
    lines = [
        f"event {one.event_id} {one.flow} {one.subject}: {one.state}{f' ({one.detail})' if one.detail else ''}"
        for one in found.events
    ]
    for write in found.writes:
        lines.append(f"would {write.operation} {write.connection}/{write.entity} {write.target}")
        lines += [f"    {name}: {text(value) or 'empty'}" for name, value in write.body.items()]
    many = Counter(write.operation for write in found.writes)
    calls = ", ".join(f"{count} to {operation}" for operation, count in many.items()) or "none"
    return "\n".join([*lines, f"{len(found.events)} events would be replayed; calls that were not made: {calls}"])
