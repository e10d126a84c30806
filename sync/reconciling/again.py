"""The delivery that tells of a disagreement. It stops with an exception; after every decision both records are looked at as they
are now, and where they agree, are under way, or were accepted as they are, the exception is over."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from sync.decide import About, Outcome, Resting, about_of
from sync.errors import Rejected, Unavailable
from sync.line import Line
from sync.model import Change, Delivery, NotDue, Violation, Violations
from sync.money import Money, is_currency
from sync.prepare import shown
from sync.reasons import Fix, reason
from sync.reconciling.asking import Sides
from sync.reconciling.ledger import KIND, SEND, Kept
from sync.reconciling.nouns import Finding, Kind, Known
from sync.reconciling.rules import rules_of
from sync.reconciling.surplus import ACCEPT, TAKE_BACK, Settle, Surplus
from sync.reconciling.words import TITLES, capital, sentence
from sync.workspace.flow import Flow

_SENDS = (Kind.MISSING, Kind.STALE)
_MOVING = ("pending", "running")
_SOON = timedelta(seconds=20)
PATH = "record"


def tells_of_one(delivery: Delivery) -> bool:
    """Whether the delivery tells of a disagreement and carries no record."""
    return delivery.event.kind == KIND


async def again(line: Line, delivery: Delivery, flow: Flow, settle: Settle) -> Outcome:
    """What becomes of it now. Raises ConnectorError, LeaseLost."""
    number = int((delivery.event.payload or {})["disagreement"])
    kept = await line.ledger.disagreement(number)
    if kept is None or kept.closed_at is not None:
        return NotDue(why=kept.why if kept is not None else "it is not known any more")
    if flow.reconcile is None:
        return await _over(line, kept, "the flow is not reconciled any more")
    surplus = Surplus(line=line, flow=flow, kept=kept, settle=settle)
    if delivery.number == 1:
        return await _stopped(line, kept, flow, surplus)
    decided = next((each for each in delivery.overlays if each.path == PATH), None)
    if decided is not None and (decided.action == "waive" or decided.value == ACCEPT):
        return await _over(line, kept, "accepted as it is", accepted=True)
    if decided is not None and decided.value == TAKE_BACK and (stopped := await surplus.take_back()) is not None:
        return stopped
    sides = await _sides(line, flow)
    what = kept.what
    foreign = what.kind is Kind.BYPASS and not what.source_id and not what.field
    one = what.target_ids[0] if foreign and what.target_ids else ""
    finding = await sides.look(what.key, what.source_id, one, among=() if foreign else what.target_ids)
    if finding is None:
        return await _over(line, kept, "the two sides agree again")
    known = (await sides.known([_asked(kept)])).get(what.key, Known())
    if known.state in _MOVING:
        return Resting(until=line.clock() + _SOON, detail=f"{what.key} is {known.waits}")
    if known.state and finding.shape not in ("duplicate", "orphan", "foreign"):
        return await _over(line, kept, f"it {known.waits}")
    if what.kind in _SENDS and await _send(line, delivery, flow, kept):
        return Resting(
            until=line.clock() + _SOON, detail=f"{flow.trigger.entity} {what.source_id} was sent round again"
        )
    return await _stopped(line, kept, flow, surplus)


async def _over(line: Line, kept: Kept, why: str, *, accepted: bool = False) -> NotDue:
    await line.ledger.close_disagreement(kept.id, why=why, accepted=accepted, now=line.clock())
    return NotDue(why=why)


async def _send(line: Line, delivery: Delivery, flow: Flow, kept: Kept) -> bool:
    """Send the record round again; False where it was, within the hour, and that did not help."""
    now, entity = line.clock(), flow.trigger.entity
    if not kept.what.source_id:
        return False
    change = Change(
        entity=entity, record_id=kept.what.source_id, key=f"{SEND}/{kept.id}/{now:%Y%m%d%H}", kind=SEND, occurred_at=now
    )
    got = await line.ledger.receive(delivery.event.connection, [change], {entity: [flow.name]}, now=now)
    return got.received > 0


async def _stopped(line: Line, kept: Kept, flow: Flow, surplus: Surplus) -> Violations:
    """The card of its kind: one for all records of the flow that disagree in this way."""
    what, about = kept.what, await _about(line, kept, flow)
    write = next(each for each in flow.writes if flow.reconcile and each.name == flow.reconcile.write)
    asked = reason(code := f"drift_{what.kind.value}").fix is Fix.PICK
    words, choices = await surplus.choices() if asked else ("", ())
    found = Violation(
        reason=code, path=PATH, label=capital(TITLES[what.kind]), found=what.kind.value,
        expected=(sentence(what, flow, write) + words)[:900], candidates=choices, kind="select" if asked else "text",
    )  # fmt: skip
    return Violations(
        found=(found,),
        title=about.title,
        customer=about.customer,
        customer_name=about.customer_name,
        money=about.money,
        cause=f"{flow.name}/{what.kind.value}",
    )


async def _about(line: Line, kept: Kept, flow: Flow) -> About:
    """What people call the record, as far as the source shows it now."""
    what, entity = kept.what, flow.trigger.entity
    worth = Money(currency=what.currency, minor=what.at_stake) if is_currency(what.currency) else None
    if what.source_id:
        with suppress(Rejected, Unavailable):
            record = await line.source(flow.trigger.connection).read(entity, what.source_id)
            return replace(about_of(shown(record, flow, line.workspace)), money=worth)
    return About(
        title=f"{entity} {what.source_id}" if what.source_id else what.key, customer=what.customer or None, money=worth
    )


def _asked(kept: Kept) -> Finding:
    return Finding(shape="", key=kept.what.key, source=None, targets=())


async def _sides(line: Line, flow: Flow) -> Sides:
    rows = [each for each in flow.writes if flow.reconcile and each.name == flow.reconcile.write]
    undone = await line.ledger.taken_back(rows[0].connection) if rows else ()
    rules = rules_of(flow, line.workspace.own, line.workspace.flows.values(), undone=undone)
    return Sides(
        rules=rules, source=line.source(flow.trigger.connection), target=line.target(rules.write.connection),
        ledger=line.ledger,
    )  # fmt: skip
