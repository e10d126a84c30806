"""An example workspace whose ERP is Tryton, and the two ways to see that both systems agree: reconciliation, and plain sums."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from sync.reconciling.asking import Sides
from sync.reconciling.nouns import Report
from sync.reconciling.rules import rules_of
from sync.reconciling.running import compare, read_both
from sync.reconciling.spool import Spool
from sync.workspace.reconciling import Reconciling
from tests.tryton.peer import PASSWORD, Peer
from tests.world import World


def on_tryton(source: Path, directory: Path, peer: Peer, base_url: str = "", **options: Any) -> Path:
    """A copy of the workspace in which only the connection of the ERP is another."""
    workspace = directory / "workspace"
    shutil.copytree(source, workspace)
    (directory / "password").write_text(PASSWORD)
    file = workspace / "meshline.yaml"
    whole = yaml.safe_load(file.read_text())
    whole["connections"]["erp"] = peer.options(base_url) | {"password": f"file:{directory / 'password'}", **options}
    file.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))
    (workspace / "connections" / "erp.yaml").unlink()
    return workspace


async def reconciled(world: World, directory: Path, flow: str = "quote_to_cash", **more: Any) -> Report:
    """Both sides of the flow, read whole and compared, so late that nothing is excused for being young."""
    found = world.parts.workspace.flows[flow]
    options = found.reconcile or Reconciling.model_validate({"write": "invoice", "period": "issue_date", **more})
    found = found.model_copy(update={"reconcile": options})
    connections: Any = world.parts.connections
    trigger = found.trigger.connection
    write = next(each for each in found.writes if each.name == options.write)
    rules = rules_of(found, {}, world.parts.workspace.flows.values())
    sides = Sides(rules=rules, source=connections[trigger], target=connections[write.connection], ledger=world.store)
    spool = Spool(directory)

    async def beat(_: Spool) -> None:
        return None

    await read_both(sides, spool, beat)
    return await compare(sides, spool, started=world.clock() + timedelta(days=365))


def sold(world: World) -> dict[str, Decimal]:
    """What the won deals of the CRM add up to, by currency, before tax: plain sums of what stands in it."""
    totals: dict[str, Decimal] = {}
    for deal in world.crm.deals():
        if deal["dealstage"] == "closedwon":
            currency = deal["deal_currency_code"]
            totals[currency] = totals.get(currency, Decimal()) + Decimal(deal["amount"])
    return totals


def posted(peer: Peer) -> dict[str, Decimal]:
    """What the posted documents of Tryton add up to, by currency, before tax."""
    totals: dict[str, Decimal] = {}
    for each in peer.invoices():
        if each["state"] in ("posted", "paid"):
            currency = each["currency."]["code"]
            totals[currency] = totals.get(currency, Decimal()) + Decimal(each["untaxed_amount"]["decimal"])
    return totals


def states(peer: Peer) -> Counter[str]:
    """How many documents there are in each state."""
    return Counter(each["state"] for each in peer.invoices())
