"""What a record becomes under one release: everything that has to be asked for it is asked, here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sync import asking
from sync.line import Line
from sync.model import Delivery, NotDue, Plan, Record, Violations
from sync.prepare import prepare, questions, questions_elsewhere, references
from sync.questions import Lookups
from sync.synthetic import is_synthetic
from sync.workspace.flow import Flow

_ROUNDS = 4  # an answer may raise a further question; more rounds than kinds of question would be a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """Prepares the record of one delivery. `source` is the line whose connections answer; `answered` gathers those that did."""

    source: Line
    delivery: Delivery
    answered: set[str]

    async def under(self, record: Record, flow: Flow, line: Line) -> Plan | Violations | NotDue:
        """What the record becomes under the flow of that line's release. Raises ConnectorError."""
        lookups = await self._look_up(record, flow)
        for question in questions_elsewhere(record, flow, line.workspace, self.delivery.overlays, lookups):
            answer = await asking.answer_elsewhere(line.connections.get(question.connection), question)
            self.answered.add(question.connection)
            lookups = lookups.plus(question, answer)
        if asked := references(record, flow, self.delivery.overlays, lookups):
            lookups = replace(lookups, bound=await line.ledger.bound_to(asked))
        return prepare(record, flow, line.workspace, self.delivery.overlays, lookups)

    async def _look_up(self, record: Record, flow: Flow) -> Lookups:
        source = self.source.source(self.delivery.event.connection)
        lookups = Lookups()
        for _ in range(_ROUNDS):
            asked = questions(record, flow, self.delivery.overlays, lookups)
            if not asked:
                break
            if is_synthetic(self.delivery):  # the source has never heard of it
                lookups = Lookups(answers=[*lookups.answers, *((question, []) for question in asked)])
                continue
            answers = [(question, await asking.answer(source, question)) for question in asked]
            self.answered.add(self.delivery.event.connection)
            lookups = Lookups(answers=[*lookups.answers, *answers])
        return lookups
