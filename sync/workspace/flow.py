"""A flow as its file says it: what triggers it, what is checked, what is written where. Reading one decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from sync.mapping import text
from sync.workspace.batching import BatchPolicy
from sync.workspace.retrying import RetryPolicy as RetryPolicy
from sync.workspace.rows import Lookup as Lookup
from sync.workspace.rows import MapRow as MapRow
from sync.workspace.rows import Scalar as Scalar
from sync.workspace.rows import VerifyRow as VerifyRow
from sync.workspace.values import (
    Broken,
    Duration,
    Name,
    Path,
    Pattern,
    Percent,
    Selector,
    Strict,
    Template,
    Words,
    exactly_one,
)

Kind = Literal["text", "select", "money", "date", "company"]


class When(Strict):
    """A condition on the record: the selected value equals one value, or is one of several."""

    path: Selector
    equals: Scalar | None = None
    any_of: tuple[Scalar, ...] | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        yield from exactly_one(given, "equals", "any_of")

    def holds(self, value: object) -> bool:
        """Whether the value fulfils the condition; numbers and their texts are the same."""
        wanted = self.any_of if self.any_of is not None else (self.equals,)
        return text(value) in {text(each) for each in wanted}


class Trigger(Strict):
    connection: Name
    entity: Name
    poll: Duration | None = None
    when: When | None = None


class RecordWords(Strict):
    """Where a record keeps what every card shows: its title, its customer and its money."""

    id: Selector = "id"
    title: Selector
    customer: Selector | None = None
    customer_title: Selector | None = None
    amount: Selector | None = None
    currency: Selector | None = None


class CandidateSource(Strict):
    """Where suggestions come from: records of `entity` that match the words which `by` selects; they show as `label`."""

    entity: Name
    by: Selector
    label: Selector = "name"


class MergeTask(Strict):
    """The task that asks a person to merge duplicates in the source."""

    entity: Name = "tasks"
    subject: Words = "Merge duplicate companies"
    body: Words = "These records share one value that must be unique. Merge them, then replay the exception."


class Check(Strict):
    """What every check has. A check other than `required` passes over an empty value."""

    path: Path
    label: Words | None = None
    reason: Name


class Required(Check):
    check: Literal["required"]
    reason: Name = "missing_field"
    fill: Path | None = None
    candidates: CandidateSource | None = None
    reference: Name | None = None
    column: str | None = None


class Enum(Check):
    check: Literal["enum"]
    reason: Name = "unknown_value"
    values: tuple[str, ...] = Field(min_length=1)


class InReference(Check):
    check: Literal["in_reference"]
    reason: Name = "unknown_value"
    reference: Name
    column: str
    title: str | None = None


class Range(Check):
    check: Literal["range"]
    reason: Name = "invalid_value"
    min: int | None = None
    max: int | None = None
    whole: bool = False


class Regex(Check):
    check: Literal["regex"]
    reason: Name = "invalid_value"
    pattern: Pattern
    expected: Words | None = None


class Currency(Check):
    check: Literal["currency"]
    reason: Name = "unknown_currency"


class Amount(Check):
    check: Literal["amount"]
    reason: Name = "invalid_amount"
    negative: Name = "negative_amount"
    currency: Path | None = None


class SumEquals(Check):
    """`path` equals the sum of `quantity` × `price` over the items of `of`, to the minor unit."""

    check: Literal["sum_equals"]
    reason: Name = "amount_mismatch"
    of: Path
    quantity: Path | None = None
    price: Path
    currency: Path | None = None


class PriceWithin(Check):
    """The price at `path` is within `tolerance` of the list price of its sibling `of`."""

    check: Literal["price_within"]
    reason: Name = "price_off_list"
    of: Path
    reference: Name
    key: str = "code"
    column: str
    currency_column: str | None = None
    tolerance: Percent
    currency: Path | None = None


class Date(Check):
    check: Literal["date"]
    reason: Name = "invalid_value"


class DateOrder(Check):
    """The date at `path` is not after the date at `before`."""

    check: Literal["date_order"]
    reason: Name = "invalid_value"
    before: Path


class Unique(Check):
    """No other record of `entity` in the source has the same value in `field`. The source is asked before."""

    check: Literal["unique"]
    reason: Name = "duplicate_customer"
    entity: Name
    field: str | None = None
    id: Path
    title: Selector = "name"
    task: MergeTask | None = None


AnyCheck = Annotated[
    Required
    | Enum
    | InReference
    | Range
    | Regex
    | Currency
    | Amount
    | SumEquals
    | PriceWithin
    | Date
    | DateOrder
    | Unique,
    Field(discriminator="check"),
]


class SourceRecord(Strict):
    """The record of the source itself, by the id that `source` selects."""

    source: Selector


class WriteRow(Strict):
    """One write. `key` is its external reference; a post and an update of an earlier write may leave it out."""

    name: Name
    connection: Name
    entity: Name
    operation: Literal["upsert", "create", "update", "post"]
    key: Template | None = None
    of: Name | SourceRecord | None = None
    record: tuple[MapRow, ...] = ()
    verify: tuple[VerifyRow, ...] = ()

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        operation, of = given.get("operation"), given.get("of")
        if operation in ("upsert", "create") and of is not None:
            yield Broken(key="of", right=f"`of` has no meaning for {operation}")
        if operation in ("update", "post") and of is None:
            right = f"`of` says which record to {operation}: the name of an earlier write or {{source: id}}"
            yield Broken(key="operation", right=right, lacking=("of",))
        elif given.get("key") is None and (operation in ("upsert", "create") or not isinstance(of, str)):
            right = "`key` is needed: the external reference that makes the write happen once"
            yield Broken(key="", right=right, lacking=("key", "of"))


class Flow(Strict):
    """A whole flow file. `hold_for` is how long a held record holds up its own later changes, on the clock of its exception;
    with `newest` only the newest of several changes of a record is delivered."""

    name: Name = Field(alias="flow")
    title: Words
    version: int = Field(ge=1)
    owner: Name
    contract: str = Field(pattern=r"^[a-z][a-z0-9_-]*@\d+\.\d+\.\d+$")
    trigger: Trigger
    record: RecordWords
    retry: RetryPolicy = RetryPolicy()
    batch: BatchPolicy = BatchPolicy()
    hold_for: Duration = Field(default=timedelta(hours=48), le=timedelta(days=90))
    newest: bool = False
    checks: tuple[AnyCheck, ...] = ()
    writes: tuple[WriteRow, ...] = Field(min_length=1)
