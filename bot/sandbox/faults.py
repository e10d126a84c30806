"""The bad days of the CRM and the ERP, on request. Counters count down as they strike; everything else lasts until it is taken away."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

Operation: TypeAlias = str  # create | update | post | void | credit


@dataclass(slots=True, kw_only=True)
class CrmFaults:
    """`lose_answers` writes happen and are never confirmed; `throttle` calls are refused with 429; `down` refuses all with 503;
    `schema` is the status with which questions about properties are refused."""

    down: bool = False
    throttle: int = 0
    lose_answers: int = 0
    retry_after: str = "1"
    schema: int = 0

    def takes_throttle(self) -> bool:
        taken = self.throttle > 0
        self.throttle -= taken
        return taken

    def takes_answer(self) -> bool:
        taken = self.lose_answers > 0
        self.lose_answers -= taken
        return taken


@dataclass(slots=True, kw_only=True)
class ErpFaults:
    """outage: 503 while true, for the next `outage_requests`, or within `outage_between`, with Retry-After when `retry_after`
    is set. lose_answers: the next n writes commit and the connection is cut; lose_answer_for names (reference, operation)
    instead, each once. late_commit: such a write commits that many seconds after the cut. throttle: the next n get 429.
    slow: seconds before any answer. reject_for: invoices of this customer name, customer reference or invoice reference
    are refused with the code."""

    outage: bool = False
    outage_requests: int = 0
    outage_between: tuple[datetime, datetime] | None = None
    retry_after: int | None = None
    lose_answers: int = 0
    lose_answer_for: set[tuple[str, Operation]] = field(default_factory=set)
    late_commit: float = 0.0
    throttle: int = 0
    slow: float = 0.0
    reject_for: dict[str, str] = field(default_factory=dict)

    def takes_outage(self, now: datetime) -> bool:
        if self.outage:
            return True
        if self.outage_between is not None and self.outage_between[0] <= now < self.outage_between[1]:
            return True
        taken = self.outage_requests > 0
        self.outage_requests -= taken
        return taken

    def takes_throttle(self) -> bool:
        taken = self.throttle > 0
        self.throttle -= taken
        return taken

    def loses_answer(self, reference: str, operation: Operation) -> bool:
        return (reference, operation) in self.lose_answer_for or self.lose_answers > 0

    def takes_answer(self, reference: str, operation: Operation) -> bool:
        if (reference, operation) in self.lose_answer_for:
            self.lose_answer_for.discard((reference, operation))
            return True
        taken = self.lose_answers > 0
        self.lose_answers -= taken
        return taken

    def active(self) -> tuple[str, ...]:
        """The names of the faults that are set."""
        values = {name: getattr(self, name) for name in self.__slots__ if name not in {"retry_after", "late_commit"}}
        return tuple(name for name, value in values.items() if value)

    def clear(self) -> None:
        """Good weather again."""
        fresh = ErpFaults()
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))
