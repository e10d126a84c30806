"""One delivery's straight line: read, check, map, write, verify. What comes out is an Outcome; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sync import asking
from sync.billing import doubt, held_from
from sync.decide import About, Blocked, Failed, Outcome, Resting, Written, Wrong, about_of
from sync.drafts import LOOK_AGAIN, agreed, draft_differs, has_post, up_to_post
from sync.errors import ConnectorError, Unmentioned
from sync.knowing import Knowing, is_told_of_customers
from sync.line import Line
from sync.minimal import subject_of
from sync.model import Bills, Binding, Delivery, Found, NotDue, Plan, Record, Violations, WriteEnd, WriteSpec
from sync.ports import Target
from sync.prepare import prepare, questions, questions_elsewhere, references
from sync.questions import Lookups
from sync.releases import Compared
from sync.synthetic import is_synthetic, marked, to_void
from sync.to_source import ToSource
from sync.trials import Candidate
from sync.watching import is_told_of
from sync.withdrawn import left_behind
from sync.workspace.flow import Flow
from sync.writing import Changed, Writing, differing, filled, fingerprint

_CREATES = ("create", "upsert")
_ROUNDS = 4  # an answer may raise a further question; more rounds than kinds of question would be a circle


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

    async def run(self) -> Outcome:
        """Everything up to the outcome. Raises LeaseLost; connector errors come back as Failed."""
        try:
            if is_told_of(self.delivery):
                return await self.line.watch.again(self.delivery, self.flow)
            if is_told_of_customers(self.delivery):
                return await self._knowing.again()
            self.record = await self._read()
            if self._erased(self.record):
                return NotDue(why="the data subject of the record was erased")
            stopped = None if self._made_up else await self.line.watch.stopping(self.delivery, self.flow, self.record)
            stopped = await self._create(self.record) if stopped is None else stopped
            if stopped is not None:
                return stopped
            prepared = await self._prepare(self.record)
        except ConnectorError as error:
            return self._failed(error, error.connection or self.delivery.event.connection)
        match prepared:
            case NotDue():
                return await self._not_due(prepared)
            case Violations():
                self.about = about_of(prepared)
                return await self._help(prepared)
            case Plan():
                self.about = about_of(prepared)
                return await self._for_its_customer(prepared)

    async def _not_due(self, why: NotDue) -> Outcome:
        if self._made_up or self.record is None:
            return why
        left = await left_behind(
            self.record, self.flow, self.line.workspace, self.delivery.overlays, self.line.ledger, why
        )
        return why if left is None else left

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
        prepared = await self._under(record, self.flow, self.line)
        other = self.candidate
        theirs = other.looks_at(self.flow.name, self.delivery.subject, record) if other is not None else None
        if other is None or theirs is None:
            return prepared
        try:
            tried = await self._under(record, theirs, other.line)
        except ConnectorError:
            if other.writes:
                raise
            return prepared  # a shadow holds nothing up
        self.compared = other.compare(prepared, tried)
        if not other.writes:
            return prepared
        self.line, self.flow, self.release = other.line, theirs, other.release
        return tried

    async def _under(self, record: Record, flow: Flow, line: Line) -> Plan | Violations | NotDue:
        lookups = await self._look_up(record, flow)
        for question in questions_elsewhere(record, flow, line.workspace, self.delivery.overlays, lookups):
            answer = await asking.answer_elsewhere(line.connections.get(question.connection), question)
            self.answered.add(question.connection)
            lookups = lookups.plus(question, answer)
        if asked := references(record, flow, self.delivery.overlays, lookups):
            lookups = replace(lookups, bound=await line.ledger.bound_to(asked))
        return prepare(record, flow, line.workspace, self.delivery.overlays, lookups)

    async def _look_up(self, record: Record, flow: Flow) -> Lookups:
        source = self.line.source(self.delivery.event.connection)
        lookups = Lookups()
        for _ in range(_ROUNDS):
            asked = questions(record, flow, self.delivery.overlays, lookups)
            if not asked:
                break
            if self._made_up:  # the source has never heard of it
                lookups = Lookups(answers=[*lookups.answers, *((question, []) for question in asked)])
                continue
            answers = [(question, await asking.answer(source, question)) for question in asked]
            self.answered.add(self.delivery.event.connection)
            lookups = Lookups(answers=[*lookups.answers, *answers])
        return lookups

    async def _help(self, violations: Violations) -> Outcome:
        """Carry out the writes that help a person (a merge task), then stop."""
        stopped = await self._write_all(violations.remedies)
        return violations if stopped is None else stopped

    async def _for_its_customer(self, plan: Plan) -> Outcome:
        """Carry out the plan for the customer that the record is; who that is may be for people to say."""
        try:
            found = plan if plan.who is None or self._made_up else await self._knowing.found(plan)
        except ConnectorError as error:
            return self._failed(error, error.connection or self.delivery.event.connection)
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
            known = await self.line.ledger.written(plan.writes)
            if self._stands(plan, known):
                return await self._written(plan)
        begun = up_to_post(plan.writes) if self._on_trial else plan.writes
        stopped = await self._write_all(plan.writes, self._bills(plan), most=len(begun))
        if stopped is not None:
            return stopped
        if len(begun) < len(plan.writes):
            words = f"a draft of release {self.release}; it is posted when the trial of the release has passed"
            return Resting(until=self.line.clock() + LOOK_AGAIN, detail=words)
        return await self._written(plan)

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
        return ToSource(line=self.line, delivery=self.delivery, flow=self.flow, writing=self._writing)

    async def _pass_through(self, plan: Plan) -> Outcome:
        """A made-up record: its drafts are written, compared and taken back; once they are, there is nothing left to do."""
        back = to_void(plan, {})
        if len(await self.line.ledger.written(back)) == len(back):
            return Written(bindings=())
        stopped = await self._write_all(marked(plan).writes)
        if stopped is None:
            stopped = await self._write_all(to_void(plan, self.done))
        return Written(bindings=()) if stopped is None else stopped

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

    async def _write_all(
        self, specs: tuple[WriteSpec, ...], bills: Bills | None = None, *, most: int | None = None
    ) -> Outcome | None:
        """Carry out the first `most` of these writes, or all; what stopped them, if anything did. From the first on that posts
        a hold on what they bill stops them."""
        writing, held = self._writing(), held_from([spec.operation for spec in specs])
        for place, spec in enumerate(specs[:most]):
            target, rest = self._target(spec)
            billed = bills if place >= held else None
            try:
                made = await writing.write(target, spec, self.done, quarantine_seconds=rest, bills=billed)
                found = await self._redraft(writing, made, specs) if isinstance(made, Changed) else made
                if not isinstance(found, Found):
                    return found
                self.done[spec.name] = found
                self.answered.add(spec.connection)
                wrong = await self._verify(target, spec, found.id, specs, bills)
            except ConnectorError as error:
                if isinstance(error, Unmentioned) and error.again:
                    return self._missing(error, spec)
                return self._failed(error, spec.connection)
            if wrong is not None:
                return wrong
        return None

    def _bills(self, plan: Plan) -> Bills:
        return Bills(flow=self.flow.name, customer=plan.customer, contract=plan.contract)

    def _writing(self) -> Writing:
        return Writing(
            ledger=self.line.ledger,
            delivery=self.delivery,
            clock=self.line.clock,
            lease_seconds=self.line.workspace.engine.lease.total_seconds(),
            ended=self.ended,
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
    ) -> Found | Resting | Blocked | Wrong | Violations:
        """What says already what it is to say is right, whoever saw to it. What is still a draft is written again once people
        agreed to it; what is posted stays as it is."""
        spec, about = changed.spec, self.about
        target = self.line.target(spec.connection)
        shown, body = await target.get(spec.entity, changed.target_id), filled(spec.body, self.done)
        if shown is not None and not differing(shown.record, body):
            return shown
        if shown is None or not has_post(spec, specs) or await self._moved_on(spec, specs):
            return self._changed(changed)
        differs = draft_differs(spec, shown.record, body)
        if not agreed(differs, self.delivery.overlays):
            return Violations(
                found=(differs,), title=about.title, customer=about.customer, money=about.money,
                customer_name=about.customer_name,
            )  # fmt: skip
        again = replace(spec, operation="update", of=changed.target_id)
        redone = await writing.write(target, again, self.done, quarantine_seconds=self.line.quarantine(spec.connection))
        return self._changed(redone) if isinstance(redone, Changed) else redone

    def _changed(self, changed: Changed) -> Wrong:
        words = f"{changed.spec.entity} {changed.target_id} was written from an earlier state of the record"
        return Wrong(reason="changed_after_posting", detail=words, about=self.about)

    def _missing(self, error: Unmentioned, spec: WriteSpec) -> Wrong:
        return Wrong(
            reason="batch_partial", detail=str(error), about=self.about, cause=f"{spec.connection}/{spec.entity}"
        )

    def _failed(self, error: ConnectorError, connection: str) -> Failed:
        side = "crm" if connection == self.delivery.event.connection else "erp"
        return Failed(error=error, connection=connection, side=side, about=self.about)

    def _bindings(self, plan: Plan) -> tuple[Binding, ...]:
        event = self.delivery.event
        relation = (self.flow.record.customer or "customer").partition(".")[0]
        made = []
        for spec in plan.writes:
            shared = spec.operation == "upsert" and plan.customer is not None
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
