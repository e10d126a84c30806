"""Who is billed. Before a customer is written it is looked for among all that are known: who is the same is written as that one, who
may be the same is put to people, and who is new gets the next number, once, however many ask at the same time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sync.customers import CIRCLE, GONE, KIND, MAYBE, QUESTION, TWICE, Customer, Known, MergeSeen, NewCustomer, Who
from sync.decide import About, Outcome, Resting, Wrong
from sync.errors import ConnectorError
from sync.identity.asking import digests, kept
from sync.identity.index import MOST, Hit, ranked
from sync.identity.profile import profile_of
from sync.identity.resolving import same_of
from sync.line import Line
from sync.mapping import safe
from sync.model import Candidate, Delivery, Found, NotDue, Overlay, Plan, Record, Violation, Violations, WriteSpec
from sync.workspace.flow import Flow, Identity
from sync.writing import filled, fingerprint

_ROUNDS, _SHOWN = 5, 5
_SOON = timedelta(seconds=2)


def is_told_of_customers(delivery: Delivery) -> bool:
    """Whether the delivery tells of customers that became one and carries no record of the source."""
    return delivery.event.kind == KIND


@dataclass(slots=True, kw_only=True)
class Knowing:
    """The customer of one delivery."""

    line: Line
    delivery: Delivery
    flow: Flow

    async def found(self, plan: Plan) -> Plan | Violations | Resting:
        """The plan, written for the customer that the record is. Raises ConnectorError."""
        who, identity = plan.who, self.flow.identity
        if who is None or identity is None:
            return plan
        await self._follow(who)
        picked = await self._picked(who, identity)
        customer = await self.line.ledger.customer_of(who.known) or await self._settled(who, plan)
        if not isinstance(customer, Customer):
            return self._asked(customer, plan, identity) if isinstance(customer, tuple) else customer
        spec = next(each for each in plan.writes if each.name == who.write)
        if (before := await self._written_before(customer, spec, plan)) is not None:
            return _written_as(plan, who, replace(customer, reference=before), identity, keep=True)
        gone = await self._gone(customer, spec, identity, who)
        if isinstance(gone, Violation):
            return _stopped(plan, gone)
        return _written_as(plan, who, gone or customer, identity, keep=picked or who.known not in customer.voices)

    async def again(self) -> Outcome:
        """The delivery that tells of a merge: as long as the target has a record of each customer, people are asked about it."""
        told: Record = self.delivery.event.payload or {}
        if "refused" in told:
            return await self._circle(told)
        spec = self._spec()
        if spec is None:
            return NotDue(why="The flow writes no customers any more.")
        kept_one = await self._there(replace(spec, key=str(told["survivor_reference"])))
        other = await self._there(replace(spec, key=str(told["other_reference"])))
        if kept_one is None or other is None or kept_one.id == other.id:
            return NotDue(why="The target has one record of the two customers.")
        if self._waived(TWICE, other.id):
            return NotDue(why="The second record was accepted as it stands.")
        title = f"{told['survivor_name']} · {told['other_name']}"
        question = Violation(
            reason=TWICE, path=spec.name, label="Customer", found=other.id, kind=QUESTION,
            expected=f"New invoices go to {kept_one.id} ({told['survivor_name']}); {other.id} ({told['other_name']}) is still there",
        )  # fmt: skip
        return Violations(found=(question,), title=title, customer=None, money=None)

    async def _follow(self, who: Who) -> None:
        """What the source says was merged into the record, where that was not heard of."""
        if who.merged:
            known = who.known
            seen = MergeSeen(connection=known.connection, entity=known.entity, survivor=known.id, merged=who.merged)
            await self.line.ledger.note_merges([seen], now=self.line.clock())

    async def _picked(self, who: Who, identity: Identity) -> bool:
        """Whether people said which customer the record is; from now on it is that one."""
        ledger, now = self.line.ledger, self.line.clock()
        for overlay in self.delivery.overlays:
            if (overlay.path, overlay.action, overlay.value) != (identity.id, "set", who.known.id) or not overlay.found:
                continue
            theirs, own = await ledger.customer_of(who.known), replace(who.known, id=overlay.found)
            if theirs is None or overlay.reason not in (MAYBE, GONE):
                continue
            mine, why = await ledger.customer_of(own), "decided in the exception"
            if mine is not None and mine.id != theirs.id:
                await ledger.merge_customers(theirs.id, mine.id, by="engine", why=why, now=now)
            await ledger.link_customer(own, theirs.id, by="engine", why=why, now=now)
            return True
        return False

    async def _settled(self, who: Who, plan: Plan) -> Customer | tuple[tuple[Customer, Hit], ...] | Resting:
        """The customer that a record is which nobody knows: one that is the same, or a new one; else those it may be."""
        ledger, profile = self.line.ledger, profile_of(who.says)
        keys = digests(profile)
        spec = next(each for each in plan.writes if each.name == who.write)
        new = NewCustomer(known=who.known, reference=spec.key, flow=self.flow.name, says=kept(who.says), keys=keys)
        for _ in range(_ROUNDS):
            near = await ledger.customers_near(who.known.target, [key for key, _ in keys], most=MOST)
            apart = await ledger.told_apart(who.known)
            others = {str(each.id): each for each in near.customers if each.id not in apart}
            hits = ranked(profile, ((each, profile_of(other.says)) for each, other in others.items()))
            now = self.line.clock()
            if (same := same_of(hits)) is not None:
                why = f"{same.match.score} of 100: {same.match.why}"
                return await ledger.link_customer(who.known, int(same.id), by="engine", why=why, now=now)
            if hits and not self._waived(MAYBE, who.known.id):
                return tuple((others[hit.id], hit) for hit in hits[:_SHOWN])
            if hits:
                await ledger.tell_apart(who.known, [int(hit.id) for hit in hits], by="engine", now=now)
            made = await ledger.reserve_customer(new, stand=near.stand, now=now)
            if made is not None:
                return made
        return Resting(
            until=self.line.clock() + _SOON, detail="others are making customers that are much like this one"
        )

    def _asked(self, near: tuple[tuple[Customer, Hit], ...], plan: Plan, identity: Identity) -> Violations:
        who = plan.who
        own = who.known if who is not None else Known(connection="", entity="", id="", target="")
        candidates = tuple(
            Candidate(value=_id_in(customer, own), label=customer.name, score=hit.match.score, why=hit.match.why)
            for customer, hit in near
        )
        question = Violation(
            reason=MAYBE, path=identity.id, label="Customer", found=own.id, kind=QUESTION, candidates=candidates,
            expected=f"It may be {candidates[0].label}, who is billed already: {candidates[0].why}",
        )  # fmt: skip
        return _stopped(plan, question, *self._task(identity, own, candidates[0], plan))

    def _task(self, identity: Identity, own: Known, other: Candidate, plan: Plan) -> tuple[WriteSpec, ...]:
        task = identity.task
        if task is None or not other.value:
            return ()
        ids = sorted((own.id, other.value))
        named = plan.customer_name or own.id
        body = f"{task.body}\n\n{named} ({own.id})\n{other.label} ({other.value})\n{other.why}"
        return (
            WriteSpec(
                name="merge_task", connection=self.flow.trigger.connection, entity=task.entity, operation="create",
                key=safe("merge-" + "-".join(ids))[:200],
                body={"subject": f"{task.subject}: {named}", "body": body, identity.entity: ids},
            ),
        )  # fmt: skip

    async def _gone(
        self, customer: Customer, spec: WriteSpec, identity: Identity, who: Who
    ) -> Customer | Violation | None:
        """What to do where the target had the customer and has it no more; None where it has, or never had."""
        ours = replace(spec, key=customer.reference)
        written = (await self.line.ledger.written([ours])).get(spec.name)
        if written is None or await self._shown(spec, written[1].id) is not None:
            return None
        if self._waived(GONE, who.known.id):
            base, _, times = customer.reference.partition("~")
            renewed = f"{base}~{int(times or 1) + 1}"
            return await self.line.ledger.renew_reference(customer.id, renewed, by="engine", now=self.line.clock())
        return Violation(
            reason=GONE, path=identity.id, label="Customer", found=who.known.id, kind=QUESTION,
            expected=f"The record {written[1].id} of {customer.name} is not in {spec.connection} any more",
        )  # fmt: skip

    async def _written_before(self, customer: Customer, spec: WriteSpec, plan: Plan) -> str | None:
        """The reference of the former customer for which all of this was written, before that one was merged: it stays there."""
        for reference in customer.former:
            theirs = replace(spec, key=reference)
            known = await self.line.ledger.written([theirs, *(each for each in plan.writes if each is not spec)])
            if spec.name not in known:
                continue
            done = {name: found for name, (_, found) in known.items()}
            made = [each for each in plan.writes if each.operation == "create"]
            if made and all(
                each.name in known and known[each.name][0] == fingerprint(filled(each.body, done)) for each in made
            ):
                return reference
        return None

    async def _circle(self, told: Record) -> Outcome:
        merged = tuple(str(each) for each in told["merged_ids"])
        seen = MergeSeen(
            connection=told["connection"], entity=told["entity"], survivor=told["survivor_id"], merged=merged
        )
        refused = (await self.line.ledger.note_merges([seen], now=self.line.clock())).refused
        if not refused:
            return NotDue(why="The merge is followed.")
        names = f"{told['survivor_id']} · {', '.join(merged)}"
        return Wrong(reason=CIRCLE, detail=refused[0], about=About(title=names), cause=str(told["id"]))

    async def _there(self, spec: WriteSpec) -> Found | None:
        written = (await self.line.ledger.written([spec])).get(spec.name)
        return None if written is None else await self._shown(spec, written[1].id)

    async def _shown(self, spec: WriteSpec, target_id: str) -> Found | None:
        try:
            return await self.line.target(spec.connection).get(spec.entity, target_id)
        except ConnectorError as error:
            error.connection = spec.connection
            raise

    def _spec(self) -> WriteSpec | None:
        identity = self.flow.identity
        row = next((each for each in self.flow.writes if identity is not None and each.name == identity.write), None)
        if row is None:
            return None
        return WriteSpec(name=row.name, connection=row.connection, entity=row.entity, operation="upsert", key="")

    def _waived(self, reason: str, found: str) -> bool:
        return any(_waives(each, reason, found) for each in self.delivery.overlays)


def _waives(overlay: Overlay, reason: str, found: str) -> bool:
    return (overlay.action, overlay.reason, overlay.found) == ("waive", reason, found)


def _id_in(customer: Customer, own: Known) -> str:
    """The id by which the source of our record knows the customer; empty where it does not."""
    same = (each.id for each in customer.same if (each.connection, each.entity) == (own.connection, own.entity))
    return next(same, "")


def _written_as(plan: Plan, who: Who, customer: Customer, identity: Identity, *, keep: bool) -> Plan:
    number = {identity.number: customer.number} if identity.number else {}
    writes = tuple(
        replace(each, key=customer.reference, alias=each.key, keep=each.keep or keep, body={**each.body, **number})
        if each.name == who.write
        else each
        for each in plan.writes
    )
    return replace(plan, writes=writes)


def _stopped(plan: Plan, question: Violation, *remedies: WriteSpec) -> Violations:
    return Violations(
        found=(question,), title=plan.title, customer=plan.customer, money=plan.money, remedies=remedies,
        customer_name=plan.customer_name,
    )  # fmt: skip
