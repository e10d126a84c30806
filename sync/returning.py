"""Refusals go back to where the record came from, where the source can take them: whoever put a file there finds beside it which rows
were refused, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from sync.errors import ConnectorError
from sync.model import Delivery, Violation
from sync.reasons import reason
from sync.reconciling.ledger import KIND as RECONCILIATION
from sync.steps import Bury, Deliver, Discard, Hold, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a record was stopped, and what to do about it, in words for whoever sent it."""

    why: str
    what_to_do: str


@runtime_checkable
class ReturningSource(Protocol):
    """A source that takes refusals back."""

    async def refused(self, entity: str, record_id: str, refusal: Refusal) -> None:
        """The record was stopped; the same record is named once, with its latest reason. Raises ConnectorError."""
        ...

    async def settled(self, entity: str, record_id: str) -> None:
        """The record went through, or needs nothing: it is refused no more. Raises ConnectorError."""
        ...


async def tell(source: object, delivery: Delivery, step: Step) -> None:
    """Tell the source what was decided. It is told before it is recorded, so that nothing stopped stays unsaid; what it does not
    take holds nothing up."""
    event = delivery.event
    if not isinstance(source, ReturningSource) or event.kind == RECONCILIATION:
        return
    try:
        if isinstance(step, Hold | Bury):
            await source.refused(event.entity, event.record_id, refusal_of(step))
        elif isinstance(step, Deliver | Discard):
            await source.settled(event.entity, event.record_id)
    except ConnectorError as error:
        import structlog  # a check of a workspace knows this module and logs nothing

        structlog.get_logger().warning("refusal_not_returned", connection=event.connection, error=type(error).__name__)


def refusal_of(step: Hold | Bury) -> Refusal:
    """The opening of an exception in words."""
    known, opening = reason(step.opening.reason), step.opening
    said = [_words(each) for each in opening.violations]
    why = "; ".join(dict.fromkeys(filter(None, said))) or opening.detail
    return Refusal(why=f"{known.title}. {why}".strip(), what_to_do=known.hint)


def _words(violation: Violation) -> str:
    if not violation.label:
        return violation.expected
    found = f"“{violation.found[:80]}” stands there" if violation.found else "nothing stands there"
    return f"{violation.label}: {found}, expected is {violation.expected}"
