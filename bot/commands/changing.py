"""The verbs of `/sync` that set a flow going or stop it: the same rights as the buttons, and the same journal."""

from __future__ import annotations

from bot import answers
from bot.commands.desk import Asked, Desk, Payload


async def run(desk: Desk, asked: Asked) -> Payload:
    """Read a flow's source now."""
    flow = desk.flow(asked.text)
    await desk.may_lead(asked.user, "run", [flow.owner], f"flow:{flow.name}")
    return answers.done(await desk.poll(flow))


async def pause(desk: Desk, asked: Asked) -> Payload:
    """Let no new work of a flow start."""
    flow = desk.flow(asked.text)
    await desk.may_lead(asked.user, "pause", [flow.owner], f"flow:{flow.name}")
    new = await desk.store.pause("flow", flow.name, by=asked.user, now=desk.clock())
    desk.changed()
    return answers.done(f"{flow.title} is paused." if new else f"{flow.title} was paused already.")


async def resume(desk: Desk, asked: Asked) -> Payload:
    """Let it go on."""
    flow = desk.flow(asked.text)
    await desk.may_lead(asked.user, "resume", [flow.owner], f"flow:{flow.name}")
    gone = await desk.store.resume("flow", flow.name, by=asked.user, now=desk.clock())
    desk.changed()
    return answers.done(f"{flow.title} goes on." if gone else f"{flow.title} was not paused.")
