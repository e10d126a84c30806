"""Giving up. When a person discards a record, the draft that was written for it is voided; where nobody can void it from here, that
it stays is for finance. What is posted stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sync import undoing
from sync.bodies import undo_said
from sync.carrying import Carrying
from sync.decide import About, Outcome, Resting, Wrong
from sync.errors import ConnectorError
from sync.generations import undo_of
from sync.leftovers import KIND, Written
from sync.model import Delivery, Found, NotDue, WriteSpec
from sync.workspace.flow import Flow, WriteRow

_DRAFT = ("", "draft")
_LATER = "a change of the record is not settled yet: it decides about what was written"


def is_given_up(delivery: Delivery) -> bool:
    """Whether the delivery tells that a person gave its record up."""
    return delivery.event.kind == KIND


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingUp:
    """Takes the drafts of one record back."""

    carrying: Carrying

    @classmethod
    def of(cls, carrying: Carrying) -> Self:
        """For the delivery that is carried."""
        record = carrying.delivery.event.payload or {}
        title = f"{carrying.flow.title}: {record['entity']} {record['record']}"
        return cls(carrying=replace(carrying, about=About(title=title)))

    async def run(self) -> Outcome:
        """What became of them. Raises LeaseLost; connector errors come back as Failed."""
        carrying = self.carrying
        flow = carrying.flow
        event = carrying.delivery.event
        record = event.payload or {}
        known = await carrying.line.ledger.written_for(flow.name, event.connection, record["entity"], record["record"])
        if known is None:
            return NotDue(why=_LATER)
        words = []
        for write, made in [] if flow.withdrawn == "leave" else _drafts(flow, known):
            try:
                done = await self._one(write, made)
            except ConnectorError as error:
                return carrying.failed(error, made.connection)
            if not isinstance(done, str):
                return done
            words += [done] if done else []
        return NotDue(why="; ".join(["it was given up", *words]))

    async def _one(self, write: WriteRow, made: Written) -> Outcome | str:
        """What was done about one draft; empty where there is none."""
        carrying = self.carrying
        target = carrying.line.target(made.connection)
        if made.target_id is None and carrying.line.clock() < (until := self._known_by(made)):
            return Resting(until=until, detail=f"the fate of {made.key} is unknown; it rests before it is looked for")
        shown = await (
            target.get(made.entity, made.target_id) if made.target_id else target.find(made.entity, made.key)
        )
        if shown is None or shown.status.lower() not in _DRAFT:
            return ""
        by = WriteSpec(
            name=write.name, connection=made.connection, entity=made.entity, operation="create", key=made.key,
            undo=undo_said(write),
        )  # fmt: skip
        if by.undo is None:
            return self._stays(made, shown)
        asked = undoing.withdrawn(by, by, shown, None, "it was given up")
        if not by.undo.safe and not undoing.agreed(asked, carrying.delivery.overlays):
            return carrying.ask(asked)
        stopped = await carrying.settle(undo_of(by, shown.id), by)
        return f"the draft {undoing.numbered(shown)} was voided" if stopped is None else stopped

    def _known_by(self, made: Written) -> datetime:
        """From when on the target shows whatever was sent before the record was given up."""
        line = self.carrying.line
        rest = line.workspace.engine.lease / 2 + timedelta(seconds=line.quarantine(made.connection))
        return self.carrying.delivery.event.occurred_at + rest

    def _stays(self, made: Written, shown: Found) -> Wrong:
        words = f"{made.entity.replace('_', ' ')} {undoing.numbered(shown)} ({made.key}) stays in {made.connection}"
        detail = f"{words} as a draft: void it there, then replay"
        return Wrong(reason="draft_left", detail=detail, about=self.carrying.about)


def _drafts(flow: Flow, known: Sequence[Written]) -> list[tuple[WriteRow, Written]]:
    """What was made and neither posted nor voided, each with the write of the flow that makes it."""
    found = []
    for made in known:
        write = next((each for each in flow.writes if _makes(each, made)), None)
        post = next((each for each in flow.writes if write and (each.of, each.operation) == (write.name, "post")), None)
        if write is None or post is None:
            continue
        same = [each for each in known if (each.connection, each.entity) == (made.connection, made.entity)]
        posted = any(
            each.operation == "post" and (post.key is not None or each.key == f"{made.key}-{post.name}")
            for each in same
        )
        voided = any(each.operation == "void" and each.key == f"{made.key}-void" and each.target_id for each in same)
        if not posted and not voided:
            found.append((write, made))
    return found


def _makes(write: WriteRow, made: Written) -> bool:
    return (write.connection, write.entity, write.operation, made.operation) == (
        made.connection, made.entity, "create", "create",
    )  # fmt: skip
