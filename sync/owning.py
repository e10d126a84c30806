"""A plan whose fields may belong to the other system: each is decided before anything is written. What the target owns is left
out of the plan, what people have to decide stops it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sync.bypasses import who_and_when
from sync.conflicts import REASON, Contest, Decided, Rule, Side, Verdict, decide
from sync.inforce import judged
from sync.line import Line
from sync.mapping import text
from sync.model import Candidate, Delivery, Found, Plan, Record, Ref, Violation, Violations, WriteSpec
from sync.money import Money, NotMoney, money
from sync.workspace.flow import Flow
from sync.workspace.owning import Ownership

_OURS, _THEIRS = "source", "target"
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Owning:
    """The ownership rules of one delivery's flow."""

    line: Line
    delivery: Delivery
    flow: Flow

    async def settled(self, plan: Plan, record: Record, known: Mapping[str, tuple[str, Found]]) -> Plan | Violations:
        """The plan with the fields that are the source's to write, or what people have to decide. Raises ConnectorError."""
        asked, left = list[Violation](), dict[str, WriteSpec]()
        for spec in plan.writes:
            rules = [each for each in self.flow.ownership if each.write == spec.name and each.field in spec.body]
            there = await self._there(spec) if rules else None
            left[spec.name] = spec
            for rule in rules if there is not None else ():
                question = await self._one(rule, left, there, plan, record, known.get(spec.name))
                asked += [question] if question is not None else []
        if asked:
            return Violations(
                found=tuple(asked), title=plan.title, customer=plan.customer, money=plan.money,
                customer_name=plan.customer_name,
            )  # fmt: skip
        return replace(plan, writes=tuple(each for each in left.values() if each.body or each.operation != "update"))

    async def _one(
        self,
        rule: Ownership,
        left: dict[str, WriteSpec],
        there: Found | None,
        plan: Plan,
        record: Record,
        known: tuple[str, Found] | None,
    ) -> Violation | None:
        """Decide one field: it stays in its write, is left out of it, or is asked about."""
        spec = left[rule.write]
        if there is None or isinstance(spec.body[rule.field], Ref):
            return None
        source, target = self._sides(rule.field, spec, there.record, known)
        decided = decide(source, target, self._rule(rule, plan.money, record))
        if decided.verdict is Verdict.ASK:
            decided = self._chosen(_question(spec, rule.field, source, target)) or decided
        if decided.verdict is Verdict.ASK:
            return _question(spec, rule.field, source, target, decided.why)
        if decided.verdict is not Verdict.TAKE:
            rest = {name: value for name, value in spec.body.items() if name != rule.field}
            left[rule.write] = replace(spec, body=rest)
        if decided.verdict is not Verdict.SAME and source.changed and target.changed:
            await self._note(rule.field, decided, source, target)
        return None

    def _sides(self, field: str, spec: WriteSpec, there: Record, known: tuple[str, Found] | None) -> tuple[Side, Side]:
        ours, theirs = _shown(spec.body[field]), _shown(there.get(field))
        base = _shown(known[1].record.get(field)) if known is not None and field in known[1].record else None
        event = self.delivery.event
        return (
            Side(system=event.connection, value=ours, changed=base is None or ours != base, at=event.occurred_at),
            Side(system=spec.connection, value=theirs, changed=base is None or theirs != base, at=_when(there)),
        )

    def _rule(self, rule: Ownership, worth: Money | None, record: Record) -> Rule:
        """The rule at this stage; where the stage cannot be told, people decide."""
        owner, manual = rule.owner, _valuable(rule, worth)
        for stage in rule.stages:
            holds = judged(stage.when, record, self.flow)
            if holds is not False:
                owner, manual = (stage.owner, manual) if holds is True else (None, True)
                break
        return Rule(owner=owner, strategy=rule.strategy, precedence=rule.precedence, manual=manual)

    def _chosen(self, question: Violation) -> Decided | None:
        """What people decided about these very values."""
        mine = (each for each in self.delivery.overlays if (each.path, each.found) == (question.path, question.found))
        verdicts = {_OURS: Verdict.TAKE, _THEIRS: Verdict.KEEP}
        return next(
            (Decided(verdict=verdicts[each.value], why="people decided") for each in mine if each.value in verdicts),
            None,
        )

    async def _note(self, field: str, decided: Decided, source: Side, target: Side) -> None:
        taken = decided.verdict is Verdict.TAKE
        contest = Contest(
            flow=self.flow.name, subject=self.delivery.subject, field=field, winner=source if taken else target,
            loser=target if taken else source, why=decided.why,
        )  # fmt: skip
        await self.line.ledger.note_contest(contest, now=self.line.clock())

    async def _there(self, spec: WriteSpec) -> Found | None:
        """The target's record as it stands; None where it does not exist yet."""
        target = self.line.target(spec.connection)
        if spec.operation == "upsert":
            return await target.find(spec.entity, spec.key)
        return await target.get(spec.entity, spec.of) if spec.operation == "update" and spec.of is not None else None


def _question(spec: WriteSpec, field: str, source: Side, target: Side, why: str = "") -> Violation:
    both = [(_OURS, source), (_THEIRS, target)]
    options = tuple(
        Candidate(value=value, label=f"{side.value or 'empty'} ({side.system})", score=0, why=_at(side))
        for value, side in both
    )
    return Violation(
        reason=REASON, path=f"{spec.name}.{field}", label=field.replace("_", " ").capitalize(),
        found=f"{source.value} | {target.value}"[:_LONGEST], expected=f"one value for both systems; {why}",
        candidates=options, kind="select",
    )  # fmt: skip


def _at(side: Side) -> str:
    return f"changed {side.at:%Y-%m-%d %H:%M} UTC" if side.at is not None else "nobody says when it was changed"


def _valuable(rule: Ownership, worth: Money | None) -> bool:
    if rule.manual_over is None:
        return False
    if worth is None:
        return True  # what it is worth is not known: nobody decides it unseen
    try:
        return worth.minor >= money(rule.manual_over, worth.currency).minor
    except NotMoney:
        return True


def _shown(value: object) -> str:
    return text(value)[:_LONGEST]


def _when(record: Record) -> datetime | None:
    _, said = who_and_when(record)
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo is not None else None
