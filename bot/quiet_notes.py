"""What is told without anybody having to act: receipts to the next owner, and the digest that a person asked for. Each once per
slot, whoever asks; what was missed while down comes at the next beat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.digest import person_digest
from bot.receipts import receipt_message
from bot.slots import last_slot
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.preferences import Preferences, zone_of
from sync.prepare import amount_of
from sync.receipts import Receipt, hour_before, since_of, total, written_by
from sync.recorded import Recorded
from sync.synthetic import KIND
from sync.workspace.flow import Flow
from sync.workspace.telling import Receipts

_DAY, _MOST = timedelta(days=1), 500


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietNotes:
    """One beat tells what is due."""

    store: Store
    surroundings: Surroundings

    async def look(self, now: datetime) -> int:
        """How many messages went into the outbox."""
        flows = [flow for flow in self.surroundings.workspace.flows.values() if flow.receipts is not None]
        told = [await self._receipt(flow, flow.receipts, now) for flow in flows if flow.receipts is not None]
        told += [await self._person(one, now) for one in (await self.store.all_preferences()).values() if one.digest]
        return sum(told)

    async def _receipt(self, flow: Flow, wanted: Receipts, now: datetime) -> bool:
        workspace = self.surroundings.workspace
        zone, name = workspace.calendar(wanted.to).timezone, f"receipt:{flow.name}"
        until = hour_before(now, zone) if wanted.every == "hour" else last_slot(now, workspace.digests.time, zone)
        slot = until.astimezone(UTC).isoformat()
        last = await self.store.last_tick(name)
        if last is not None and last >= slot:
            return False
        made = await receipt(
            self.store, self.surroundings, flow, since=since_of(last, until, wanted.every), until=until
        )
        await self.surroundings.people.learn({one.decided_by for one in made.eased})
        drawn = receipt_message(made, zone, self.surroundings.around(now))
        if drawn is None:
            await self.store.claim_tick(name, slot, now=now)
            return False
        channel = workspace.team(wanted.to).channel
        return await self.store.announce(channel, name, drawn["text"], now=now, body=drawn, once=slot)

    async def _person(self, one: Preferences, now: datetime) -> bool:
        until = last_slot(now, one.digest_at, zone_of(one.timezone).key)
        slot, name = until.date().isoformat(), f"digest:{one.user}"
        if await self.store.last_tick(name) == slot:
            return False
        period = await self.store.person_period(one.user, since=until - _DAY, until=until)
        drawn = person_digest(period, self.surroundings.around(now))
        if drawn is None:
            await self.store.claim_tick(name, slot, now=now)
            return False
        return await self.store.announce(one.user, name, drawn["text"], now=now, body=drawn, once=slot)


async def receipt(store: Store, surroundings: Surroundings, flow: Flow, *, since: datetime, until: datetime) -> Receipt:
    """What the flow wrote between two moments, as its file asks for it."""
    entity, posted = written_by(flow)
    eased = await store.outcomes(flow.name, since=since, until=until)
    found: tuple[Recorded, ...] = ()
    if flow.receipts is None or flow.receipts.of == "all":
        found = await store.written_within(flow.name, entity, since=since, until=until, apart=KIND, limit=_MOST)
    sums, unknown = total(amount_of(one.record, flow, surroundings.workspace, one.overlays) for one in found)
    return Receipt(
        flow=flow.name, title=flow.title, entity=entity, posted=posted, since=since, until=until, count=len(found),
        more=len(found) == _MOST, sums=sums, unknown=unknown, eased=eased,
    )  # fmt: skip
