"""Counts the demo's outcome from outside: what the CRM sold against what the ERP posted, and what the ledger says."""

from __future__ import annotations

from bot.sandbox.deals import Story
from bot.sandbox.player import Player
from bot.sandbox.stage import Stage
from sync.model import Drift
from sync.money import Money
from sync.reconcile import reconcile

_OUTAGES = ("crm_unavailable", "erp_unavailable")
_BY_THEMSELVES = {*_OUTAGES, "duplicate_customer"}


def drifts(stage: Stage, story: Story) -> list[Drift]:
    """Every won deal against its posted invoice."""
    sold = {deal_id: Money(currency=currency, minor=minor) for deal_id, (currency, minor) in story.expected.items()}
    billed = [
        (str(one["contract_reference"]), Money(currency=str(one["currency"]), minor=int(one["total_minor"])))
        for one in stage.world.erp.posted()
    ]
    return reconcile(sold, billed)


async def tally(stage: Stage, story: Story, player: Player, *, started: float, ended: float) -> dict[str, object]:
    """The one object that `--json` prints. `lost` are won deals with neither an invoice nor an open exception; an outage ends
    by itself when the connection answers again, and two customers once they are merged in the CRM; every other exception needs a press."""
    store = stage.parts.store
    found = drifts(stage, story)
    open_subjects = {case.subject.partition(":")[2] for case in await store.exceptions(limit=100_000)}
    everything = await store.exceptions(everything=True, limit=100_000)
    billed = {str(one["contract_reference"]) for one in stage.world.erp.posted()}
    counts = await store.counts()
    return {
        "events": counts["events"],
        "invoices": len(stage.world.erp.posted()),
        "exceptions_by_reason": await store.reasons(),
        "resolved": sum(case.state == "resolved" for case in everything),
        "resolved_without_a_press": sum(
            one.decided_by == "engine" and one.reason not in _BY_THEMSELVES for one in everything
        ),
        "outages": sum(one.reason in _OUTAGES for one in everything),
        "open": len(open_subjects),
        "replayed": player.replayed,
        "presses": player.presses,
        "escalated": sum(case.level > 0 for case in everything),
        "holds": counts["holds"],
        "cards": counts["cards"],
        "duplicates": sum(drift.kind == "duplicate" for drift in found) + len(stage.world.erp.duplicates()),
        "lost": len(set(story.expected) - billed - open_subjects),
        "drift": len(found),
        "totals_minor": stage.world.erp.totals(),
        "slack_trouble": len(stage.world.slack.trouble) + len(stage.world.slack.refused),
        "unexpected": player.unexpected[:5],
        "seconds": round(ended - started, 1),
    }


def whole(result: dict[str, object]) -> bool:
    """Whether every invariant held."""
    return not any(
        result[name]
        for name in ("duplicates", "lost", "drift", "open", "unexpected", "slack_trouble", "resolved_without_a_press")
    )


def off_list(story: Story, percent: int) -> int:
    """Won deals whose price is more than this far off the list, a renamed product read as the catalogue's own."""
    prices = {_bare(product.code): product.list_minor for product in story.products}
    lines = [line for deal in story.deals if deal.won for line in deal.lines]
    listed = [
        (line.price_minor, prices[_bare(line.product_code)]) for line in lines if _bare(line.product_code) in prices
    ]
    return sum(abs(price - list_price) * 100 > list_price * percent for price, list_price in listed)


def _bare(code: str) -> str:
    return "".join(code.split()).casefold()
