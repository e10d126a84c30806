"""The watch over fields that only Meshline writes: telling of a change around it, and carrying out what people decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sync.bypasses import ACCEPT, DECISION, KIND, PUT_BACK, REASON, Bypass, KeptBypass, noticed, still, who_and_when
from sync.decide import About, Outcome, Resting, Written, Wrong
from sync.line import Line
from sync.model import Candidate, Delivery, Found, Record, Violation, Violations, WriteSpec
from sync.workspace.flow import Flow
from sync.writing import Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Bypassing:
    """What one delivery has to do with bypasses. `writing` gives the writer of this delivery."""

    line: Line
    delivery: Delivery
    flow: Flow
    writing: Callable[[], Writing]

    async def look(
        self, record: Record, about: About, specs: Sequence[WriteSpec], known: Mapping[str, tuple[str, Found]]
    ) -> None:
        """Tell of what somebody changed around us, once; the record goes its way."""
        changes = noticed(self.delivery, record, specs, known)
        if not changes:
            return
        event, (who, when) = self.delivery.event, who_and_when(record)
        bypass = Bypass(
            flow=self.flow.name, connection=event.connection, entity=event.entity, record_id=event.record_id,
            subject=self.delivery.subject, changes=changes, title=about.title, customer=about.customer,
            customer_name=about.customer_name, money=about.money, who=who, when=when,
        )  # fmt: skip
        await self.line.ledger.note_bypass(bypass, now=self.line.clock())

    async def again(self) -> Outcome:
        """The delivery that tells of a bypass: it is held until people decide, or the record shows again what we wrote. Raises
        ConnectorError, LeaseLost."""
        kept = await self.line.ledger.bypass_told(self.delivery.event.id)
        if kept is None or not kept.is_open:
            return Written(bindings=())
        chosen = next((each.value for each in self.delivery.overlays if each.path == DECISION), "")
        if chosen == ACCEPT:
            return await self._closed(kept, ACCEPT, "What was changed stands.")
        if chosen == PUT_BACK:
            return await self._put_back(kept)
        record = await self.line.source(kept.what.connection).read(kept.what.entity, kept.what.record_id)
        if not still(kept.what, record):
            return await self._closed(kept, PUT_BACK, "The record shows again what Meshline wrote.")
        return asked(kept)

    async def _put_back(self, kept: KeptBypass) -> Outcome:
        what = kept.what
        spec = WriteSpec(
            name="put back", connection=what.connection, entity=what.entity, operation="update", key=f"bypass-{kept.id}",
            body={each.field: each.ours for each in what.changes}, of=what.record_id,
        )  # fmt: skip
        rest = self.line.quarantine(what.connection)
        made = await self.writing().write(self.line.target(what.connection), spec, {}, quarantine_seconds=rest)
        if isinstance(made, Resting):
            return made
        if not isinstance(made, Found):
            return Wrong(reason=REASON, detail="what Meshline wrote could not be put back")
        return await self._closed(kept, PUT_BACK, "What Meshline wrote is put back.")

    async def _closed(self, kept: KeptBypass, decision: str, note: str) -> Written:
        await self.line.ledger.close_bypass(kept.id, decision=decision, now=self.line.clock())
        return Written(bindings=(), note=note)


def is_told_of(delivery: Delivery) -> bool:
    """Whether the delivery tells of a bypass and carries no record."""
    return delivery.event.kind == KIND


def asked(kept: KeptBypass) -> Violations:
    """What people are asked: let it stand, or put back what Meshline wrote."""
    what = kept.what
    options = (
        Candidate(value=ACCEPT, label="Let it stand", score=0, why="the change was right"),
        Candidate(value=PUT_BACK, label="Put back what Meshline wrote", score=0, why="the change was wrong"),
    )
    violation = Violation(
        reason=REASON, path=DECISION, label="The change", found=", ".join(each.field for each in what.changes),
        expected=what.words, candidates=options, kind="select",
    )  # fmt: skip
    return Violations(
        found=(violation,), title=what.title, customer=what.customer, money=what.money, customer_name=what.customer_name
    )
