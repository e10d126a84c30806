"""What people do: decide about exceptions, propose and approve, replay, hold billing and let it go on. Each decision that counted is
told to the reference too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from store.ledger import Store
from store.moves import Press
from store.tables import deliveries
from sync.errors import MeshlineError
from sync.model import Case, Overlay
from tests.model.crm import Crm, written
from tests.model.reference import Held, Reference

FAYE, PRIYA = "U0FAYE0001", "U0PRIYA001"
_WAIVED = ("price_off_list", "draft_differs")


class Deciding:
    """The operations of people."""

    store: Store
    crm: Crm
    reference: Reference
    clock: Callable[[], Any]
    tick: int
    proposed: dict[int, tuple[Overlay, ...]]

    async def do_decide(self, which: int, how: str) -> None:
        found = sorted(await self.store.exceptions(limit=1000), key=lambda each: each.id)
        if not found:
            return
        case = found[which % len(found)]
        if how in ("approve", "reject"):
            case = next((each for each in found if each.state == "proposed"), case)
            await self._second(case, how)
        elif how == "fix":
            await self._fix(case)
        elif how == "discard":
            await self._discard(case)
        else:
            await self._press(case, how, FAYE)
        await self.see_holds()

    async def _press(self, case: Case, verb: str, by: str, overlays: tuple[Overlay, ...] = ()) -> bool:
        press = Press(verb=verb, cases=[case.id], by=by, words=verb, overlays={case.id: overlays})
        try:
            await self.store.act(press, now=self.clock())
        except MeshlineError:
            return False
        return True

    async def _fix(self, case: Case) -> None:
        overlays = self._answer(case)
        if not overlays:
            await self._press(case, "replay", FAYE)
        elif case.four_eyes:
            if await self._press(case, "propose", FAYE, overlays):
                self.proposed[case.id] = overlays
        elif await self._press(case, "resolve", FAYE, overlays):
            self._decided(case, overlays)

    def _answer(self, case: Case) -> tuple[Overlay, ...]:
        """What the person enters: a value where one is missing or wrong, consent where it is asked for."""
        made = []
        for violation in case.violations:
            action, value = "set", ""
            deal = self.crm.deals.get(case.subject.partition(":")[2])
            if violation.reason == "missing_billing_code":
                value = "BC-7"
            elif violation.reason == "unknown_product":
                value = "P1"
            elif violation.reason == "amount_mismatch" and deal is not None:
                value = written(deal.total, deal.currency)
            elif violation.reason in _WAIVED:
                action = "waive"
            else:
                continue
            made.append(
                Overlay(path=violation.path, found=violation.found, action=action, value=value, reason=violation.reason)
            )
        return tuple(made)

    async def put_right(self) -> None:
        """Everybody does what the exceptions ask for, once: values are entered and approved, companies attached, holds released, and
        what else stands still is tried again."""
        for case in sorted(await self.store.exceptions(limit=1000), key=lambda each: each.id):
            deal = self.crm.deals.get(case.subject.partition(":")[2])
            if case.state == "proposed":
                await self._second(case, "approve")
            elif case.reason == "missing_account" and deal is not None and deal.company is None:
                self.crm.change(deal, company=self.crm.canonical("C0"))
                await self._press(case, "replay", FAYE)
            else:
                await self._fix(case)
        for _ in await self.store.holds():
            await self.do_release(0)

    async def _second(self, case: Case, how: str) -> None:
        if await self._press(case, how, PRIYA) and how == "approve":
            self._decided(case, self.proposed.get(case.id, ()))

    def _decided(self, case: Case, overlays: tuple[Overlay, ...]) -> None:
        for each in overlays:
            self.reference.decide(
                case.flow, case.subject.partition(":")[2], each.path, each.found, each.action, each.value
            )

    async def _discard(self, case: Case) -> None:
        at = await self._occurred(case.delivery_id)
        if at is not None and await self._press(case, "discard", FAYE):
            subject = (case.flow, case.subject.partition(":")[2])
            self.reference.discarded[subject] = max(at, self.reference.discarded.get(subject, at))

    async def _occurred(self, delivery_id: int) -> Any:
        query = select(deliveries.c.occurred_at).where(deliveries.c.id == delivery_id)
        return await self.store.db.read(lambda tx: tx.execute(query).scalar_one_or_none())

    async def do_replay(self, event: int) -> None:
        try:
            await self.store.replay([event + 1], by=FAYE, now=self.clock())
        except MeshlineError:
            return

    async def do_replay_all(self, reason: str) -> None:
        events = await self.store.replayable(reason=reason, since=self.clock().replace(year=2020))
        try:
            await self.store.replay(events, by=FAYE, now=self.clock())
        except MeshlineError:
            return

    async def do_hold(self, which: int, scope: int) -> None:
        """Billing is held: of a customer, of one deal, or all that the flow posts."""
        name, key = (("customer", f"C{which}"), ("contract", f"D{which}"), ("flow", "bill"))[scope]
        try:
            await self.store.place_hold(name, key, why="asked for", source="person", by=FAYE, now=self.clock())
        except MeshlineError:
            return
        await self.see_holds()

    async def do_release(self, which: int) -> None:
        found = await self.store.holds()
        if not found:
            return
        try:
            await self.store.release(found[which % len(found)].id, by=FAYE, note="settled", now=self.clock())
        except MeshlineError:
            return
        await self.see_holds()

    async def see_holds(self) -> None:
        """Tell the reference which holds are on since now, and which are off."""
        known, found = self.reference.holds, {each.id: each for each in await self.store.holds()}
        for number, hold in found.items():
            known.setdefault(number, Held(on=(hold.scope, hold.key), since=self.tick))
        for number, held in known.items():
            if number not in found and held.until is None:
                known[number] = replace(held, until=self.tick)
