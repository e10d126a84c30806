"""One decision on the command line for all records of a card: it goes out as one that was pressed does, the oldest five first."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from bot.cli.running import now
from store.cases import Press
from store.ledger import Store
from sync.model import Case
from sync.rollouts import Rollout

All = Annotated[bool, typer.Option("--all", help="For every record of its card, the oldest five first.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about how many records. `rollout` is how far it is where it goes out in stages."""

    case: Case
    verb: str
    records: int
    rollout: Rollout | None


async def with_it(store: Store, case: Case, *, everything: bool) -> list[Case]:
    """The case, and the other unresolved ones of its card where everything is meant."""
    others = await store.cases_of(case.cause_id) if everything else []
    return [case, *(one for one in others if one.id != case.id)]


async def decided(store: Store, case: Case, press: Press) -> Decided:
    """Carry the decision out, or begin to. Raises IllegalMove with how far it is where somebody else was faster."""
    moved = await store.act(press, now=now())
    rollout = await store.latest_rollout(case.cause_id) if moved < len(press.cases) else None
    records = rollout.total if rollout is not None and rollout.live else moved
    return Decided(case=case, verb=press.verb, records=records, rollout=rollout)


def document(found: Decided) -> dict[str, Any]:
    """For programs."""
    far = dataclasses.asdict(found.rollout) if found.rollout is not None else None
    return {"exception": found.case.ref, "verb": found.verb, "records": found.records, "progress": far}


def in_words(found: Decided) -> str:
    """For people."""
    words = {"resolve": " is resolved", "propose": " is proposed; an approver has to look at it"}
    rollout = found.rollout
    if rollout is None or not rollout.live:
        many = f" ({found.records:,} records)" if found.records > 1 else ""
        return f"{found.case.ref}{words.get(found.verb, f': {found.verb} is recorded')}{many}"
    rest = rollout.total - rollout.canary
    return f"{rollout.total:,} records: the oldest {rollout.canary} are on their way, the other {rest:,} follow when all went through"
