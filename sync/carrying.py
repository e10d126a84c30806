"""The writes of one plan, one after the other: each is sent once, read back and compared before the next one is sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from sync import undoing
from sync.billing import doubt, held_from
from sync.decide import About, Failed, Outcome, Resting, Wrong
from sync.drafts import agreed, draft_differs, has_post
from sync.errors import ConnectorError, Unmentioned
from sync.generations import undo_of, undone_by
from sync.line import Line
from sync.model import Bills, Change, Delivery, Found, NotDue, Version, Violation, Violations, WriteEnd, WriteSpec
from sync.ports import Target
from sync.workspace.flow import Flow
from sync.writing import AS_IT_STANDS, Changed, Made, Outdone, Writing, differing, filled

_CREATES = ("create", "upsert")
ANEW = "it was credited; now it is billed anew"
_BREATH = timedelta(seconds=1)  # whatever goes wrong with it, it does not go round without a pause
OUTDONE = "a newer state of the record was dealt with already"


@dataclass(slots=True, kw_only=True)
class Carrying:
    """Carries out writes for one delivery; `done`, `ended` and `answered` are the delivery's own and are added to."""

    line: Line
    delivery: Delivery
    flow: Flow
    about: About
    batch: bool
    done: dict[str, Found]
    ended: list[WriteEnd]
    answered: set[str]
    version: Version | None = None
    outdone: set[str] = field(default_factory=set)

    async def write_all(
        self, specs: tuple[WriteSpec, ...], bills: Bills | None = None, *, most: int | None = None
    ) -> Outcome | None:
        """Carry out the first `most` of these writes, or all; what stopped them, if anything did. From the first on that posts
        a hold on what they bill stops them."""
        writing, held = self.writing(), held_from([spec.operation for spec in specs])
        for place, spec in enumerate(specs[:most]):
            target, rest = self._target(spec)
            billed = bills if place >= held else None
            try:
                made = await self._in_turn(writing, target, spec, rest, billed)
                found = await self._redraft(writing, made, specs) if isinstance(made, Changed) else made
                if isinstance(found, Outdone):
                    return NotDue(why=OUTDONE)
                if not isinstance(found, Found):
                    return found
                self.done[spec.name] = found
                self.answered.add(spec.connection)
                if found.status == AS_IT_STANDS:
                    self.outdone.add(spec.name)
                    continue
                wrong = await self._verify(target, spec, found.id, specs, bills)
            except ConnectorError as error:
                if isinstance(error, Unmentioned) and error.again:
                    return self._missing(error, spec)
                return self.failed(error, spec.connection)
            if wrong is not None:
                return wrong
        return None

    async def _in_turn(
        self, writing: Writing, target: Target, spec: WriteSpec, rest: float, bills: Bills | None
    ) -> Made:
        """One write; where only one may be sent at a time, when it is our turn."""
        known = self.line.workspace.connections.get(spec.connection)
        if known is None or spec.operation not in known.serial:
            return await writing.write(target, spec, self.done, quarantine_seconds=rest, bills=bills)
        async with self.line.turns.take(f"{spec.connection}/{spec.company}", self.line.ledger) as turn:
            return await writing.write(target, spec, self.done, quarantine_seconds=rest, bills=bills, turn=turn)

    def writing(self) -> Writing:
        """Writes on behalf of the delivery."""
        return Writing(
            ledger=self.line.ledger,
            delivery=self.delivery,
            clock=self.line.clock,
            lease_seconds=self.line.workspace.engine.lease.total_seconds(),
            ended=self.ended,
            version=self.version,
        )

    def _target(self, spec: WriteSpec) -> tuple[Target, float]:
        """Where the write goes, and how many seconds it rests when its fate is unknown; a call that waits for others is made
        so much later."""
        rest = self.line.quarantine(spec.connection)
        if self.batch and spec.operation in _CREATES:
            bulk = self.line.bulk(self.flow, spec.connection, spec.entity)
            if bulk is not None:
                return bulk, rest + self.flow.batch.window.total_seconds()
        return self.line.target(spec.connection), rest

    async def _verify(
        self, target: Target, spec: WriteSpec, target_id: str, specs: tuple[WriteSpec, ...], bills: Bills | None
    ) -> Wrong | None:
        """Read back and compare, unless a later write has, or may have, moved the record on already."""
        if not spec.verify or await self._moved_on(spec, specs):
            return None
        shown = await target.get(spec.entity, target_id)
        if shown is None:
            return self._doubtful(f"{spec.entity} {spec.key} is not there", bills)
        wrong = differing(shown.record, spec.verify)
        if not wrong:
            return None
        words = "; ".join(f"{name}: expected {spec.verify[name]}, found {shown.record.get(name)}" for name in wrong)
        return self._doubtful(words, bills)

    def _doubtful(self, words: str, bills: Bills | None) -> Wrong:
        """What was read back is not what was written: nothing of the contract is posted until somebody has looked."""
        key = bills.contract if bills is not None else None
        why = f"what was written for it reads back otherwise: {words}"
        holding = doubt(key, self.about.title, why) if key else None
        return Wrong(reason="totals_differ", detail=words, about=self.about, holding=holding)

    async def _moved_on(self, spec: WriteSpec, specs: tuple[WriteSpec, ...]) -> bool:
        for later in specs:
            if later.of == spec.name and later.operation == "post":
                ledger = self.line.ledger
                return await ledger.sent(later.connection, later.entity, later.operation, later.key)
        return False

    async def _redraft(
        self, writing: Writing, changed: Changed, specs: tuple[WriteSpec, ...]
    ) -> Found | Outdone | Outcome:
        """What says already what it is to say is right, whoever saw to it. What is still a draft is written again once people
        agreed to it; what is posted stays as it is."""
        spec = changed.spec
        target = self.line.target(spec.connection)
        shown, body = await target.get(spec.entity, changed.target_id), filled(spec.body, self.done)
        if shown is not None and not differing(shown.record, body):
            return shown
        if shown is None or not has_post(spec, specs) or await self._moved_on(spec, specs):
            return await self._anew(changed, shown, specs) or self._changed(changed)
        differs = draft_differs(spec, shown.record, body)
        if not agreed(differs, self.delivery.overlays):
            return self.ask(differs)
        again = replace(spec, operation="update", of=changed.target_id)
        redone = await writing.write(target, again, self.done, quarantine_seconds=self.line.quarantine(spec.connection))
        return self._changed(redone) if isinstance(redone, Changed) else redone

    async def _anew(
        self, changed: Changed, shown: Found | None, specs: tuple[WriteSpec, ...]
    ) -> Resting | Violations | Outcome | None:
        """What was posted is credited once people agreed to it, and then billed anew; None where the flow says not how."""
        by = next((each for each in undone_by(changed.spec, specs) if each.operation == "post"), None)
        if by is None or shown is None:
            return None
        asked = undoing.anew(changed.spec, by, shown, filled(changed.spec.body, self.done), self.about.money)
        if not undoing.agreed(asked, self.delivery.overlays):
            return self.ask(asked)
        return await self.take_back(changed.spec, by, shown.id) or Resting(
            until=self.line.clock() + _BREATH, detail=ANEW
        )

    def ask(self, violation: Violation) -> Violations:
        """That people have to agree to this."""
        about = self.about
        return Violations(
            found=(violation,), title=about.title, customer=about.customer, money=about.money,
            customer_name=about.customer_name,
        )  # fmt: skip

    async def take_back(self, spec: WriteSpec, by: WriteSpec, target_id: str) -> Outcome | None:
        """Carry out the compensation `by` of what a write made; what stopped it, if anything did."""
        dated = by.undo.dated if by.undo is not None else None
        body = {dated: self.line.clock().date().isoformat()} if dated else {}
        return await self.settle(undo_of(by, target_id, spec.key, body), by)

    async def settle(self, undo: WriteSpec, by: WriteSpec | None) -> Outcome | None:
        """Carry out a compensation, or find that it was; what derives from the record is worked out anew. What stopped it, if
        anything did."""
        target = self.line.target(undo.connection)
        writing = replace(self.writing(), version=None)
        try:
            made = await self._in_turn(writing, target, undo, self.line.quarantine(undo.connection), None)
        except ConnectorError as error:
            return self.failed(error, undo.connection)
        if not isinstance(made, Found | Changed):  # another day's credit note of the same thing is the same one
            return self._changed(Changed(spec=undo, target_id="")) if isinstance(made, Outdone) else made
        self.answered.add(undo.connection)
        if by is not None and by.undo is not None and by.undo.recompute:
            await self._recompute(undo, by.undo.recompute)
        return None

    async def _recompute(self, undo: WriteSpec, flows: tuple[str, ...]) -> None:
        event, now = self.delivery.event, self.line.clock()
        change = Change(
            entity=event.entity, record_id=event.record_id, key=f"recompute:{self.flow.name}:{undo.key}", kind="recompute",
            occurred_at=now,
        )  # fmt: skip
        await self.line.ledger.receive(event.connection, [change], {event.entity: flows}, now=now)

    def _changed(self, changed: Changed) -> Wrong:
        words = f"{changed.spec.entity} {changed.target_id} was written from an earlier state of the record"
        return Wrong(reason="changed_after_posting", detail=words, about=self.about)

    def _missing(self, error: Unmentioned, spec: WriteSpec) -> Wrong:
        return Wrong(
            reason="batch_partial", detail=str(error), about=self.about, cause=f"{spec.connection}/{spec.entity}"
        )

    def failed(self, error: ConnectorError, connection: str) -> Failed:
        """That the connection did not do what was asked."""
        side = "crm" if connection == self.delivery.event.connection else "erp"
        return Failed(error=error, connection=connection, side=side, about=self.about)
