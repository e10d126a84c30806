"""One delivery's straight line: read, check, map, write, verify. What comes out is an Outcome; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync import bypassing
from sync.carrying import OUTDONE, Carrying
from sync.decide import About, Outcome, Resting, Written, about_of
from sync.drafts import LOOK_AGAIN, up_to_post
from sync.errors import ConnectorError
from sync.generations import in_force
from sync.giving_up import GivingUp, is_given_up
from sync.knowing import Knowing, is_told_of_customers
from sync.line import Line
from sync.mapping import template_names
from sync.minimal import subject_of
from sync.model import Bills, Binding, Delivery, Found, NotDue, Plan, Record, Version, Violations, WriteEnd
from sync.owning import Owning
from sync.preparing import Preparing
from sync.reconciling.again import again, tells_of_one
from sync.releases import Compared
from sync.synthetic import is_synthetic, marked, to_void
from sync.to_source import ToSource
from sync.trials import Candidate
from sync.versions import version_of
from sync.watching import is_told_of
from sync.withdrawing import Withdrawing, takes_back
from sync.withdrawn import left_behind
from sync.workspace.flow import Flow
from sync.writing import filled, fingerprint


@dataclass(slots=True)
class Trip:
    """One delivery under way, with others in one `batch` or by itself. `record` is what was read, kept for the attempt's
    snapshot; `ended` is how calls ended that the ledger has not heard of yet; `answered` are the connections that did. A
    `candidate` looks at the record, and may take it: then `flow`, `line` and `release` are its own."""

    line: Line
    delivery: Delivery
    flow: Flow
    batch: bool = False
    record: Record | None = None
    about: About = field(default_factory=About)
    done: dict[str, Found] = field(default_factory=dict)
    ended: list[WriteEnd] = field(default_factory=list)
    answered: set[str] = field(default_factory=set)
    release: int = 0
    candidate: Candidate | None = None
    compared: Compared | None = None
    version: Version | None = None

    async def run(self) -> Outcome:
        """Everything up to the outcome. Raises LeaseLost; connector errors come back as Failed."""
        try:
            if (told := await self._told()) is not None:
                return told
            read_at = self.line.clock()
            self.record = await self._read()
            self.version = version_of(self.delivery.event, self.record, self.flow, read_at)
            if self._erased(self.record):
                return NotDue(why="the data subject of the record was erased")
            if self.delivery.outdone and self.flow.record.changed is None and not self._made_up:
                return NotDue(why=OUTDONE)
            stopped = None if self._made_up else await self.line.watch.stopping(self.delivery, self.flow, self.record)
            stopped = await self._create(self.record) if stopped is None else stopped
            if stopped is not None:
                return stopped
            prepared = await self._prepare(self.record)
        except ConnectorError as error:
            return self._carrying().failed(error, error.connection or self.delivery.event.connection)
        match prepared:
            case NotDue():
                return await self._not_due(prepared)
            case Violations():
                self.about = about_of(prepared)
                return await self._help(prepared)
            case Plan():
                self.about = about_of(prepared)
                return await self._for_its_customer(prepared)

    async def _told(self) -> Outcome | None:
        """What becomes of a delivery that carries no record but tells of something; None where it is about its record."""
        if is_told_of(self.delivery):
            return await self.line.watch.again(self.delivery, self.flow)
        if bypassing.is_told_of(self.delivery):
            return await self._bypassing.again()
        if is_given_up(self.delivery):
            return await GivingUp.of(self._carrying()).run()
        if is_told_of_customers(self.delivery):
            return await self._knowing.again()
        if tells_of_one(self.delivery):
            return await again(self.line, self.delivery, self.flow, self._carrying().settle)
        return None

    async def _not_due(self, why: NotDue) -> Outcome:
        if self._made_up or self.record is None:
            return why
        left = await left_behind(
            self.record, self.flow, self.line.workspace, self.delivery.overlays, self.line.ledger, why
        )
        if left is None or not takes_back(self.flow):
            return why if left is None else left
        self.about = left.about
        return await Withdrawing(carrying=self._carrying(), record=self.record, left=left, why=why).run()

    async def _read(self) -> Record:
        event = self.delivery.event
        if event.payload is not None:
            return event.payload
        record = await self.line.source(event.connection).read(event.entity, event.record_id)
        self.answered.add(event.connection)
        return record

    def _erased(self, record: Record) -> bool:
        """Whom the record is about is known from now on; whether they were erased."""
        contract = self.line.workspace.contract_of(self.flow)
        about = subject_of(record, self.flow, contract, self.delivery.event.record_id)
        self.delivery = replace(self.delivery, about=about)
        return about in self.line.erased.names

    async def _prepare(self, record: Record) -> Plan | Violations | NotDue:
        """What the record becomes: under the active release or, where a canary takes it, under the one on trial."""
        prepared = await self._preparing.under(record, self.flow, self.line)
        other = self.candidate
        theirs = other.looks_at(self.flow.name, self.delivery.subject, record) if other is not None else None
        if other is None or theirs is None:
            return prepared
        try:
            tried = await self._preparing.under(record, theirs, other.line)
        except ConnectorError:
            if other.writes:
                raise
            return prepared  # a shadow holds nothing up
        self.compared = other.compare(prepared, tried)
        if not other.writes:
            return prepared
        self.line, self.flow, self.release = other.line, theirs, other.release
        return tried

    async def _help(self, violations: Violations) -> Outcome:
        """Carry out the writes that help a person (a merge task), then stop."""
        stopped = await self._carrying().write_all(violations.remedies)
        return violations if stopped is None else stopped

    async def _for_its_customer(self, plan: Plan) -> Outcome:
        """Carry out the plan for the customer that the record is; who that is may be for people to say."""
        try:
            found = plan if plan.who is None or self._made_up else await self._knowing.found(plan)
        except ConnectorError as error:
            return self._carrying().failed(error, error.connection or self.delivery.event.connection)
        match found:
            case Plan():
                return await self._carry_out(found)
            case Violations():
                return await self._help(found)
            case _:
                return found

    @property
    def _knowing(self) -> Knowing:
        return Knowing(line=self.line, delivery=self.delivery, flow=self.flow)

    async def _carry_out(self, plan: Plan) -> Outcome:
        if self._made_up:
            return await self._pass_through(plan)
        if len(plan.writes) > 1:  # a single write hears all of this with its permit
            told = await self._in_force(plan)
            if not isinstance(told, tuple):
                return told
            plan, known = told
            if self.record is not None and self.delivery.event.payload is None:  # what came with an event may be old
                await self._bypassing.look(self.record, self.about, plan.writes, known)
            if self._stands(plan, known):
                await self._still_so(plan)
                return await self._written(plan)
        if self.flow.ownership and self.record is not None:
            owned = await self._owned(plan, self.record)
            if not isinstance(owned, Plan):
                return owned
            plan = owned
        begun = up_to_post(plan.writes) if self._on_trial else plan.writes
        carrying = self._carrying()
        stopped = await carrying.write_all(plan.writes, self._bills(plan), most=len(begun))
        if stopped is not None:
            return stopped
        if carrying.outdone.issuperset(self.done):
            return NotDue(why=OUTDONE)
        if len(begun) < len(plan.writes):
            words = f"a draft of release {self.release}; it is posted when the trial of the release has passed"
            return Resting(until=self.line.clock() + LOOK_AGAIN, detail=words)
        return await self._written(plan)

    async def _owned(self, plan: Plan, record: Record) -> Plan | Outcome:
        """The plan without the fields that are the target's."""
        owning = Owning(line=self.line, delivery=self.delivery, flow=self.flow)
        try:
            return await owning.settled(plan, record, await self.line.ledger.written(plan.writes))
        except ConnectorError as error:
            return self._carrying().failed(error, error.connection or plan.writes[0].connection)

    async def _in_force(self, plan: Plan) -> tuple[Plan, Mapping[str, tuple[str, Found]]] | Outcome:
        """The plan under the references that are in force, and what is written of it; or what stopped a compensation whose
        fate was unknown."""
        ledger = self.line.ledger
        known = await ledger.written(plan.writes)
        generation = await in_force(plan.writes, ledger, set(known))
        for undo, by in generation.unsettled:
            if (stopped := await self._carrying().settle(undo, by)) is not None:
                return stopped
        if generation.writes != plan.writes:
            known = await ledger.written(generation.writes)
        return replace(plan, writes=generation.writes), known

    async def _written(self, plan: Plan) -> Written:
        """All is written; the source hears what was decided, and an invoice that is right does not wait for that."""
        note = await self._to_source.decided(self.record) if self.record is not None else ""
        return Written(bindings=self._bindings(plan), note=note)

    async def _create(self, record: Record) -> Outcome | None:
        """Create in the source what people asked for; what stopped that, if anything did."""
        created = await self._to_source.created(record)
        if not isinstance(created, tuple):
            return created
        self.delivery = replace(self.delivery, overlays=created)
        return None

    @property
    def _to_source(self) -> ToSource:
        return ToSource(
            line=self.line,
            delivery=self.delivery,
            flow=self.flow,
            writing=replace(self._carrying(), version=None).writing,
        )

    async def _pass_through(self, plan: Plan) -> Outcome:
        """A made-up record: its drafts are written, compared and taken back; once they are, there is nothing left to do."""
        back = to_void(plan, {})
        if len(await self.line.ledger.written(back)) == len(back):
            return Written(bindings=())
        carrying = self._carrying()
        stopped = await carrying.write_all(marked(plan).writes)
        if stopped is None:
            stopped = await carrying.write_all(to_void(plan, self.done))
        return Written(bindings=()) if stopped is None else stopped

    @property
    def _preparing(self) -> Preparing:
        return Preparing(source=self.line, delivery=self.delivery, answered=self.answered)

    def _carrying(self) -> Carrying:
        return Carrying(
            line=self.line, delivery=self.delivery, flow=self.flow, about=self.about, batch=self.batch, done=self.done,
            ended=self.ended, answered=self.answered, version=self.version,
        )  # fmt: skip

    @property
    def _bypassing(self) -> bypassing.Bypassing:
        writing = replace(self._carrying(), version=None).writing
        return bypassing.Bypassing(line=self.line, delivery=self.delivery, flow=self.flow, writing=writing)

    @property
    def _made_up(self) -> bool:
        return is_synthetic(self.delivery)

    @property
    def _on_trial(self) -> bool:
        return self.candidate is not None and self.candidate.writes and self.release == self.candidate.release

    def _stands(self, plan: Plan, known: Mapping[str, tuple[str, Found]]) -> bool:
        """Whether every write was confirmed before with this very content: then there is nothing to send."""
        done: dict[str, Found] = {}
        for spec in plan.writes:
            content, found = known.get(spec.name, ("", None))
            if found is None or content != fingerprint(filled(spec.body, done)):
                return False
            done[spec.name] = found
        self.done = done
        return True

    def _bills(self, plan: Plan) -> Bills:
        return Bills(flow=self.flow.name, customer=plan.customer, contract=plan.contract)

    async def _still_so(self, plan: Plan) -> None:
        if self.version is not None:
            await self.line.ledger.still_so(plan.writes, self.version)

    def _bindings(self, plan: Plan) -> tuple[Binding, ...]:
        event = self.delivery.event
        relation = (self.flow.record.customer or "customer").partition(".")[0]
        own = {row.name for row in self.flow.writes if template_names(row.key or "") == (self.flow.record.id,)}
        made = []
        for spec in plan.writes:
            shared = spec.operation == "upsert" and plan.customer is not None and spec.name not in own
            if spec.operation not in ("create", "upsert"):
                continue
            made.append(
                Binding(
                    source_connection=event.connection,
                    source_entity=relation if shared else event.entity,
                    source_id=plan.customer if shared and plan.customer else event.record_id,
                    target_connection=spec.connection,
                    target_entity=spec.entity,
                    target_id=self.done[spec.name].id,
                    reference=spec.alias or spec.key,
                )
            )
        return tuple(made)
