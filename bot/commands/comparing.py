"""`/sync reconcile`: a flow's two sides against each other, now."""

from __future__ import annotations

from bot.blocks import header, message, said, section
from bot.commands.desk import Asked, Desk, Payload
from bot.reconciling_words import kinds, sentence_of, stakes
from sync.errors import ConnectorError, NotFound
from sync.reconciling.ledger import Run
from sync.workspace.flow import Flow


async def reconcile(desk: Desk, asked: Asked) -> Payload:
    """Compare now and say what came of it. What disagrees gets its cards, for whoever asks as for the clock; `whole` reads both
    sides whole, and not only what changed. Everybody may ask: nothing is decided by it."""
    wanted, whole = asked.text.removesuffix(" whole"), asked.text.endswith(" whole")
    flow = desk.flow(wanted)
    if desk.reconciling is None:
        raise NotFound("Nothing is reconciled here.")
    try:
        run = await desk.reconciling.run(flow, by=asked.user, full=whole)
    except ConnectorError:
        run = (await desk.store.runs(flow.name, limit=1))[0]
    return answer(flow, run)


def answer(flow: Flow, run: Run) -> Payload:
    """What one run came to, for the person who asked."""
    words = sentence_of(flow, run)
    found = [section("\n".join(f"• {each}" for each in kinds(run)))] if run.counts else []
    at_stake = [section(f"Money in question: {stakes(run)}. Each kind has a card with its fix.")] if run.drifts else []
    return message(words, header(f"Reconciliation · {said(flow.title, 80)}"), section(words), *found, *at_stake)
