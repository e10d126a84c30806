"""Records of the target that are too many: a second one under the same reference, one whose source is gone. Two people may have
them taken back with one press: a draft is voided, what was posted is credited, and only what the card named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sync.bodies import undo_said
from sync.decide import Outcome
from sync.generations import undo_of
from sync.line import Line
from sync.model import Candidate, Found, WriteSpec
from sync.reconciling.ledger import Kept
from sync.reconciling.nouns import Kind
from sync.workspace.flow import Flow, WriteRow

Settle = Callable[[WriteSpec, WriteSpec | None], Awaitable[Outcome | None]]

ACCEPT, TAKE_BACK = "accept", "take_back"
_KINDS = (Kind.DUPLICATE, Kind.ORPHAN)
_GONE = ("void", "cancelled", "canceled", "credited", "deleted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surplus:
    """What is too many of one disagreement. `settle` carries out a compensation."""

    line: Line
    flow: Flow
    kept: Kept
    settle: Settle

    async def ids(self) -> tuple[str, ...]:
        """Which of the target's records are too many. None where that is not known for certain, or the flow does not say how they
        are taken back."""
        what = self.kept.what
        if what.kind not in _KINDS or self._by("create") is None or not all(what.target_ids):
            return ()
        if what.kind is Kind.ORPHAN:
            return what.target_ids
        ours = await self._ours()
        return tuple(each for each in what.target_ids if each != ours) if ours in what.target_ids else ()

    async def choices(self) -> tuple[str, tuple[Candidate, ...]]:
        """What is said of it, and what people may choose."""
        stands = Candidate(value=ACCEPT, label="Accept it as it is", score=0, why="nothing is done about it")
        too_many = await self.ids()
        if not too_many:
            return "", (stands,)
        stays = [each for each in self.kept.what.target_ids if each not in too_many]
        words = f" {', '.join(stays)} stays." if stays else ""
        back = Candidate(
            value=TAKE_BACK,
            label="Take back what is too many",
            score=0,
            why="a draft is voided, what was posted is credited",
        )
        return f" Too many: {', '.join(too_many)}.{words}", (back, stands)

    async def take_back(self) -> Outcome | None:
        """Take back all of them; what stopped it, if anything did. What is void or credited already stays as it is. Raises
        ConnectorError, LeaseLost."""
        write = self._write
        for target_id in await self.ids():
            shown = await self.line.target(write.connection).get(write.entity, target_id)
            by = self._by("post" if shown is not None and shown.status == "posted" else "create")
            if shown is None or by is None or shown.status in _GONE:
                continue
            if (stopped := await self.settle(self._undo(by, target_id), None)) is not None:
                return stopped
        return None

    @property
    def _write(self) -> WriteRow:
        return next(each for each in self.flow.writes if self.flow.reconcile and each.name == self.flow.reconcile.write)

    def _by(self, operation: str) -> WriteRow | None:
        """The write whose compensation takes back a draft (`create`) or what was posted (`post`)."""
        write = self._write
        rows = [write, *(each for each in self.flow.writes if each.of == write.name and each.operation == "post")]
        said = [each for each in rows if each.compensate is not None]
        wanted = "credit" if operation == "post" else "void"
        return next((each for each in said if each.compensate and each.compensate.operation == wanted), None)

    def _undo(self, by: WriteRow, target_id: str) -> WriteSpec:
        made = WriteSpec(
            name=by.name, connection=by.connection, entity=by.entity, operation=by.operation, key=self.kept.what.key,
            undo=undo_said(by),
        )  # fmt: skip
        dated = by.compensate.dated if by.compensate is not None else None
        body = {dated: self.line.clock().date().isoformat()} if dated else {}
        return undo_of(made, target_id, f"{self.kept.what.key}-{target_id}", body)

    async def _ours(self) -> str:
        """The target's id of the record that we wrote under this reference; empty where we know of none."""
        write = self._write
        spec = WriteSpec(
            name=write.name,
            connection=write.connection,
            entity=write.entity,
            operation="create",
            key=self.kept.what.key,
        )
        known: tuple[str, Found] | None = (await self.line.ledger.written([spec])).get(spec.name)
        return known[1].id if known is not None else ""
