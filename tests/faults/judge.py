"""The oracle. It compares what was sold with what the ERP committed, what the ledger opened with what Slack shows, key by key."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.sandbox.erp_log import Entry
from bot.sandbox.slack.values import Message
from bot.sandbox.world import SandboxWorld
from store.ledger import Store
from store.tables import attempts, deliveries, events, messages
from tests.faults.selling import MISSING, RENAMED, Sales
from tests.faults.traps import CARD, LINE, write_of


@dataclass
class Verdict:
    """Everything that is wrong, in words; nothing when all held. `figures` is what the story prints."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    ledger: list[str] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)

    @property
    def wrong(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.reordered, *self.cards, *self.ledger]


async def judge(world: SandboxWorld, sales: Sales, store: Store) -> Verdict:
    """Ask when everything is at rest and the service has ended."""
    verdict = Verdict()
    _money(world, sales, verdict)
    _order(world, sales, verdict)
    await _ledger(sales, store, verdict)
    await _turns(store, verdict)
    await _cards(world, sales, store, verdict)
    await _lines(world, store, verdict)
    return verdict


def _money(world: SandboxWorld, sales: Sales, verdict: Verdict) -> None:
    billed: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for invoice in world.erp.invoices():
        billed[invoice["contract_reference"]].append(invoice)
    for deal, cents in sales.won.items():
        found = billed.pop(deal, [])
        if not found:
            verdict.lost.append(f"deal {deal} was won and is not billed")
            continue
        if len(found) > 1:
            verdict.doubled.append(f"deal {deal} has {len(found)} invoices")
        if found[0]["status"] != "posted":
            verdict.lost.append(f"the invoice of deal {deal} is {found[0]['status']}")
        if found[0]["total_minor"] != cents:
            verdict.lost.append(f"deal {deal} was sold for {cents} and billed with {found[0]['total_minor']}")
        shown = world.crm.deal(deal)
        if (shown["billing_status"], shown["invoice_number"]) != ("billed", found[0]["number"]):
            verdict.lost.append(f"the CRM does not know that deal {deal} is billed")
    verdict.doubled += [f"deal {deal} must not be billed and is" for deal in billed]
    references = Counter(customer["reference"] for customer in world.erp.customers())
    verdict.doubled += [
        f"customer {reference} exists {many} times" for reference, many in references.items() if many > 1
    ]


def _commits(world: SandboxWorld) -> dict[tuple[str, str], list[Entry]]:
    found: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in world.erp.log.entries:
        if entry.committed and entry.method in ("POST", "LATE"):
            found[entry.reference or "", write_of(entry.path)].append(entry)
    return found


def _order(world: SandboxWorld, sales: Sales, verdict: Verdict) -> None:
    commits = _commits(world)
    verdict.figures["writes"] = sum(map(len, commits.values()))
    for (reference, write), entries in commits.items():
        if len(entries) > 1:
            verdict.doubled.append(f"{write} {reference} was committed {len(entries)} times")
    for deal, company in sales.company_of.items():
        steps = (f"crm-company-{company}", "customer"), (f"crm-deal-{deal}", "invoice"), (f"crm-deal-{deal}", "post")
        if deal in sales.won:
            turns = [commits[step][0].seq for step in steps if commits.get(step)]
            if turns != sorted(turns):
                verdict.reordered.append(f"the writes of deal {deal} came out of order: {turns}")


async def _ledger(sales: Sales, store: Store, verdict: Verdict) -> None:
    e = events.c
    rows = await store.db.read(lambda tx: tx.execute(select(e.record_id, e.sequence, e.key, e.kind)).all())
    heard = Counter((row.record_id, row.sequence) for row in rows if not row.key.startswith("poll:"))
    verdict.lost += [f"the change {one} never reached the ledger" for one in sorted(sales.events() - heard.keys())[:20]]
    verdict.doubled += [f"the change {one} is in the ledger {many} times" for one, many in heard.items() if many > 1]
    polled = {row.key for row in rows if row.key.startswith("poll:")}
    verdict.figures |= {"events": len(rows), "polled": len(polled)}
    lines, broken = await store.verify_journal()
    verdict.figures["journal"] = lines
    if broken is not None:
        verdict.ledger.append(f"the journal is broken at line {broken}")
    states: Counter[str] = Counter()
    for flow in await store.status():
        states.update({str(state): many for state, many in flow.states.items()})
    verdict.figures["held"] = states["held"]
    if states["running"] or states["dead"]:
        verdict.ledger.append(f"deliveries are left: {dict(states)}")
    if left := await store.due_now(now=datetime.now(UTC) + timedelta(days=1)):
        verdict.lost.append(f"{left} deliveries wait for nothing")


async def _turns(store: Store, verdict: Verdict) -> None:
    """Of two changes of one subject, the earlier one is finished first if the ledger knew it when the later one came."""
    d, a = deliveries.c, attempts.c
    query = select(d.id, d.subject, d.occurred_at, d.sequence, a.ended_at, a.step).join_from(
        deliveries, attempts, a.delivery_id == d.id
    )
    rows = await store.db.read(lambda tx: tx.execute(query).all())
    done: defaultdict[str, dict[int, Any]] = defaultdict(dict)
    for row in rows:
        if row.step in ("deliver", "ignore"):
            if row.id in done[row.subject]:
                verdict.doubled.append(f"delivery {row.id} was finished twice")
            done[row.subject][row.id] = row
    for subject, finished in done.items():
        turns = sorted(finished.values(), key=lambda row: (row.occurred_at, row.sequence, row.id))
        for place, earlier in enumerate(turns):
            for later in turns[place + 1 :]:
                if earlier.id < later.id and earlier.ended_at > later.ended_at:
                    verdict.reordered.append(f"{subject}: {later.id} was finished before {earlier.id}")


async def _cards(world: SandboxWorld, sales: Sales, store: Store, verdict: Verdict) -> None:
    shown: defaultdict[int, list[Message]] = defaultdict(list)
    for message in _said(world):
        about = message.metadata or {}
        if about.get("event_type") == CARD:
            shown[about["event_payload"]["cause"]].append(message)
        elif about.get("event_type") != LINE:
            verdict.cards.append(f"an unknown message in {message.channel}: {message.text[:80]}")
    causes = {cause.id: cause for cause in await store.open_causes(limit=10_000)}
    verdict.figures |= {"causes": len(causes), "cards": sum(map(len, shown.values()))}
    for cause_id, cause in causes.items():
        cards = shown.pop(cause_id, [])
        if len(cards) != 1:
            verdict.cards.append(f"cause {cause_id} ({cause.reason}) has {len(cards)} cards")
            continue
        [card], text = cards, str(cards[0].blocks)
        where = await store.card_at(cause_id)
        if where != (card.channel, card.ts):
            verdict.cards.append(f"the ledger looks for the card of cause {cause_id} at {where}, not at {card.ts}")
        if cause.unresolved > 1 and f"{cause.unresolved} " not in card.text:
            verdict.cards.append(f"the card of cause {cause_id} does not say {cause.unresolved}: {card.text}")
        if cause.unresolved == 1 and cause.first[0].ref not in text:
            verdict.cards.append(f"the card of cause {cause_id} does not name {cause.first[0].ref}: {card.text}")
        if (card.metadata or {})["event_payload"]["version"] != cause.version:
            verdict.cards.append(f"the card of cause {cause_id} is out of date")
    for cause_id in shown:
        cause = await store.cause(cause_id)
        verdict.cards.append(
            f"a card for cause {cause_id} ({cause.reason}: {cause.first[0].detail if cause.first else ''}), now closed"
        )
    _stopped(sales, list(causes.values()), verdict)


def _stopped(sales: Sales, causes: list[Any], verdict: Verdict) -> None:
    """One cause for the renamed product, one for each other defect; what nobody spoilt is not stopped."""
    expected = Counter(sales.defects.values())
    found = Counter({cause.reason: 0 for cause in causes})
    for cause in causes:
        found[cause.reason] += cause.unresolved
    if found != expected:
        verdict.lost.append(f"stopped for {dict(found)}, expected {dict(expected)}")
    if expected[RENAMED] and sum(cause.reason == RENAMED for cause in causes) != 1:
        verdict.cards.append("the renamed product is not one cause")
    if sum(cause.reason == MISSING for cause in causes) != expected[MISSING]:
        verdict.cards.append("a missing billing code shares a card")


async def _lines(world: SandboxWorld, store: Store, verdict: Verdict) -> None:
    said: Counter[int] = Counter()
    for message in _said(world):
        about = message.metadata or {}
        if about.get("event_type") == LINE:
            said.update(about["event_payload"]["ids"])
    m = messages.c
    rows = await store.db.read(lambda tx: tx.execute(select(m.id, m.posted_at)).all())
    verdict.figures["history"] = len(rows)
    verdict.cards += [
        f"the line {row.id} of history was said {said[row.id]} times" for row in rows if said[row.id] != 1
    ]


def _said(world: SandboxWorld) -> list[Message]:
    slack, found = world.slack, []
    for channel in slack.state.workspace.channels:
        roots = slack.messages(channel)
        found += [
            *roots,
            *(reply for root in roots for reply in slack.thread(channel, root.ts) if not reply.in_channel),
        ]
    return found


async def unheard(world: SandboxWorld, store: Store) -> int:
    """How many deals were changed since the ledger heard of them last, by a webhook or by polling."""
    e = events.c
    query = select(e.record_id, func.max(e.occurred_at)).where(e.entity == "deals").group_by(e.record_id)
    heard = {row[0]: row[1] for row in await store.db.read(lambda tx: tx.execute(query).all())}
    nothing = datetime.min.replace(tzinfo=UTC)
    return sum(heard.get(deal.id, nothing) < deal.modified for deal in world.crm.objects.all("deals"))
