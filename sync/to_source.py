"""Writes to the source that follow from a person's decision: what is to be created there is created before the record is judged,
what was decided is written back after everything else. Each has its intent and its key: a replay or a crash does it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.decide import About, Blocked, Failed, Resting
from sync.errors import ConnectorError, NotFound, Rejected
from sync.giving_back import given_back, picked, to_create
from sync.line import Line
from sync.mapping import SelectorFailed, compile_path, select, text
from sync.model import Delivery, Found, Overlay, Record, WriteSpec
from sync.workspace.flow import Flow, Unique
from sync.writing import Changed, Outdone, Writing

_BY_HAND = "The invoice is right. Enter it there by hand; the next change of the record tries it again, too."


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSource:
    """What one delivery writes to its source besides its plan. `writing` gives the writer of this delivery."""

    line: Line
    delivery: Delivery
    flow: Flow
    writing: Callable[[], Writing]

    async def created(self, record: Record) -> tuple[Overlay, ...] | Failed | Resting:
        """The delivery's decisions with the id of every record that people asked for, created unless it exists; or what
        stopped that. Raises LeaseLost."""
        made: dict[Overlay, str] = {}
        for overlay, spec in to_create(self.delivery, record):
            try:
                found = await self._existing(spec) or await self._write(spec)
            except ConnectorError as error:
                return Failed(error=error, connection=spec.connection, side="crm", about=self._about(record))
            if isinstance(found, Resting):
                return found
            made[overlay] = found
        return picked(self.delivery.overlays, made)

    async def decided(self, record: Record) -> str:
        """Write back what was decided, as far as the flow wants it, and say so; empty where there was nothing to say. It never
        stops anything. Raises LeaseLost."""
        spec = given_back(self.delivery, self.flow, record)
        if spec is None:
            return ""
        contract = self.line.workspace.contract_of(self.flow)
        names = " and ".join(contract.label(each) or each for each in spec.body)
        writing = self.writing()
        try:
            made = await self._sent(writing, spec)
        except (ConnectorError, NotFound) as error:
            return f"{names} could not be written back to {spec.connection}: {error}. {_BY_HAND}"
        if isinstance(made, Resting):
            return f"Whether {names} reached {spec.connection} is not known yet. {_BY_HAND}"
        return (
            f"{names} {'was' if len(spec.body) == 1 else 'were'} written back to {spec.connection}."
            if writing.ended
            else ""
        )

    async def _existing(self, spec: WriteSpec) -> str | None:
        """The record that this write has made already, or another one with the same value where only one may have it."""
        written = (await self.line.ledger.written([spec])).get(spec.name)
        if written is not None:
            return written[1].id
        if await self.line.ledger.sent(spec.connection, spec.entity, spec.operation, spec.key):
            return None  # it may be there: it is looked up by its reference
        for check in self.flow.checks:
            if isinstance(check, Unique) and check.entity == spec.entity:
                field = check.field or str(compile_path(check.path)[-1])
                value = text(spec.body.get(field))
                same = await self.line.source(spec.connection).search(spec.entity, {field: value}) if value else []
                if same:
                    return min(text(each.get("id")) for each in same)
        return None

    async def _write(self, spec: WriteSpec) -> str | Resting:
        made = await self._sent(self.writing(), spec)
        if isinstance(made, Resting):
            return made
        return made.target_id if isinstance(made, Changed) else made.id

    async def _sent(self, writing: Writing, spec: WriteSpec) -> Found | Resting | Changed:
        rest = self.line.quarantine(spec.connection)
        made = await writing.write(self.line.target(spec.connection), spec, {}, quarantine_seconds=rest)
        if isinstance(
            made, Blocked | Outdone
        ):  # never: it bills no customer and is a decision, not a state of the record
            raise Rejected("a write to the source is neither held nor outdone", reason="rule_failed")
        return made

    def _about(self, record: Record) -> About:
        try:
            return About(title=text(select(self.flow.record.title, record)))
        except SelectorFailed:
            return About()
