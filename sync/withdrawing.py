"""A record that was billed and by now is none of the flow's: what stands for it in the target is taken back. A draft goes by
itself where the flow calls that safe; what was posted is credited once people agreed to it."""

from __future__ import annotations

from dataclasses import dataclass

from sync import undoing
from sync.carrying import Carrying
from sync.decide import Outcome, Wrong
from sync.errors import ConnectorError
from sync.generations import in_force, undone_by
from sync.model import NotDue, Record, WriteSpec
from sync.prepare import writes_of
from sync.workspace.flow import Flow


def takes_back(flow: Flow) -> bool:
    """Whether the flow says how what it writes is taken back."""
    return flow.withdrawn == "ask" and any(write.compensate is not None for write in flow.writes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawing:
    """Takes back what was written for one record. `left` is what is said where that is not possible."""

    carrying: Carrying
    record: Record
    left: Wrong
    why: NotDue

    async def run(self) -> Outcome:
        """What became of it. Raises LeaseLost; connector errors come back as Failed."""
        carrying = self.carrying
        ledger, workspace = carrying.line.ledger, carrying.line.workspace
        writes = writes_of(self.record, carrying.flow, workspace, carrying.delivery.overlays)
        generation = await in_force(writes, ledger, set(await ledger.written(writes)))
        for undo, by in generation.unsettled:
            if (stopped := await carrying.settle(undo, by)) is not None:
                return stopped
        words = []
        for spec, post in _drafted(generation.writes):
            done = await self._one(spec, post, generation.writes)
            if not isinstance(done, str):
                return done
            words += [done] if done else []
        return NotDue(why="; ".join([self.why.why, *words]))

    async def _one(self, spec: WriteSpec, post: WriteSpec, writes: tuple[WriteSpec, ...]) -> Outcome | str:
        """What was done about one record; empty where there is none."""
        carrying, ledger = self.carrying, self.carrying.line.ledger
        if not await ledger.sent(spec.connection, spec.entity, spec.operation, spec.key):
            return ""
        known = await ledger.written([spec])
        posted = await ledger.sent(post.connection, post.entity, post.operation, post.key)
        by = next((each for each in undone_by(spec, writes) if each is (post if posted else spec)), None)
        if by is None or by.undo is None or spec.name not in known:
            return self.left
        target_id = known[spec.name][1].id
        try:
            shown = await carrying.line.target(spec.connection).get(spec.entity, target_id)
        except ConnectorError as error:
            return carrying.failed(error, spec.connection)
        if shown is None:
            return self.left
        asked = undoing.withdrawn(spec, by, shown, carrying.about.money, self.why.why)
        if not by.undo.safe and not undoing.agreed(asked, carrying.delivery.overlays):
            return carrying.ask(asked)
        stopped = await carrying.take_back(spec, by, target_id)
        verb = "voided" if by.undo.operation == "void" else "credited"
        return f"{undoing.numbered(shown)} was {verb}" if stopped is None else stopped


def _drafted(writes: tuple[WriteSpec, ...]) -> list[tuple[WriteSpec, WriteSpec]]:
    """Each write that makes a draft, with the one that posts it."""
    posts = {each.of: each for each in reversed(writes) if each.operation == "post"}
    return [(each, posts[each.name]) for each in writes if each.operation == "create" and each.name in posts]
