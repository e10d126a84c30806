"""The kinds of checks as a flow's file says them. Reading one judges nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sync.money import NotMoney, decimal
from sync.workspace.conditions import Expression, Scalar, When
from sync.workspace.values import (
    Broken,
    EntityName,
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


def _number(value: object) -> int | Decimal:
    try:
        return value if isinstance(value, int) and not isinstance(value, bool) else decimal(value)
    except NotMoney as error:
        raise ValueError("a plain number such as 5 or 0.5 is needed") from error


Number = Annotated[int | Decimal, BeforeValidator(_number)]
TypeName = Literal["string", "integer", "number", "boolean", "date", "timestamp", "array", "object"]


class CandidateSource(Strict):
    """Where suggestions come from: records of `entity` that match the words which `by` selects; they show as `label`. With
    `create` a person may have a new one created in the source instead of picking one."""

    entity: EntityName
    by: Selector
    label: Selector = "name"
    create: bool = False


class MergeTask(Strict):
    """The task that asks a person to merge duplicates in the source."""

    entity: EntityName = "tasks"
    subject: Words = "Merge duplicate companies"
    body: Words = "These records share one value that must be unique. Merge them, then replay the exception."


class Check(Strict):
    """What every check has. A check passes over an empty value, but for `required`, `attachment` and `rule`. It is in force where
    its `flag` is on for the record and the record fulfils `when`."""

    path: Path
    label: Words | None = None
    reason: Name
    when: When | None = None
    flag: Name | None = None


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
    """The value stands in the column of the table. Where the column `formerly` says what a value was called before, and `renamed`
    since when it is not, somebody who still writes the old name is offered the new one."""

    check: Literal["in_reference"]
    reason: Name = "unknown_value"
    reference: Name
    column: str
    title: str | None = None
    formerly: str | None = None
    renamed: str | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if given.get("renamed") is not None and given.get("formerly") is None:
            yield Broken(key="renamed", right="`formerly` says which column holds the old name", lacking=("formerly",))


class Range(Check):
    """A plain number within bounds; a bound may have decimals, such as 0.5."""

    check: Literal["range"]
    reason: Name = "invalid_value"
    min: Number | None = None
    max: Number | None = None
    whole: bool = False


class Type(Check):
    """The value is of a type: the one stated in `type`, else the one that the contract gives the field. Numbers may come as
    plain decimal text, dates as ISO text."""

    check: Literal["type"]
    reason: Name = "invalid_value"
    type: TypeName | None = None


class Length(Check):
    """How many characters a text has, or how many items a list."""

    check: Literal["length"]
    reason: Name = "invalid_value"
    min: int = Field(default=0, ge=0)
    max: int | None = Field(default=None, ge=0)

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if given.get("min") is None and given.get("max") is None:
            yield Broken(key="", right="`min` or `max` is needed", lacking=("min", "max"))


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
    """`path` equals the sum of `quantity` × `price` over the items of `of`, to the minor unit. `discount` is a percentage off,
    and each item is then rounded by itself, half to even."""

    check: Literal["sum_equals"]
    reason: Name = "amount_mismatch"
    of: Path
    quantity: Path | None = None
    price: Path
    discount: Path | None = None
    currency: Path | None = None


class SameAs(Check):
    """The value is the same as the one at `other`, whatever the case of its letters. Where there is no other, nothing can be
    said and the check passes."""

    check: Literal["same_as"]
    reason: Name = "invalid_value"
    other: Path


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
    entity: EntityName
    field: str | None = None
    id: Path
    title: Selector = "name"
    task: MergeTask | None = None


class RelatedRecords(Strict):
    """Records of the source that belong to this one: of `entity`, where each field of `by` holds what its selector finds."""

    entity: EntityName
    by: dict[str, Selector] = Field(min_length=1)


class Attachment(Check):
    """A document is there: the field holds an https address, or a related record exists in the source."""

    check: Literal["attachment"]
    reason: Name = "missing_document"
    related: RelatedRecords | None = None


class RuleCheck(Check):
    """A rule in CEL is true of the record as a whole. Where it cannot be evaluated that is a violation too."""

    check: Literal["rule"]
    reason: Name = "invalid_value"
    expr: Expression
    expected: Words

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if "[*]" in str(given.get("path")):
            yield Broken(
                key="path", right="a rule judges the whole record: name one field, and write lines.all(line, …)"
            )


class Elsewhere(Check):
    """A check that asks another system. It is made when all the others pass. The record there is the one with the external
    reference `key` (of a target), or the ones whose fields hold what `by` selects (of a source)."""

    connection: Name
    entity: EntityName
    key: Template | None = None
    by: dict[str, Selector] | None = Field(default=None, min_length=1)

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        yield from exactly_one(given, "key", "by")


class LookUp(Elsewhere):
    """The other system knows the value: a record is there, and where `field` is given it holds one of `any_of`."""

    check: Literal["lookup"]
    reason: Name = "unknown_value"
    field: Selector | None = None
    any_of: tuple[Scalar, ...] = ()

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        yield from super().broken(given)
        if (given.get("field") is None) != (not given.get("any_of")):
            there, lacking = ("field", "any_of") if given.get("field") is not None else ("any_of", "field")
            yield Broken(key=there, right="`field` and `any_of` go together", lacking=(lacking,))


class Credit(Elsewhere):
    """The amount at `path` is within the credit that the other system grants: `limit` less what is `used` there, in the
    currency of the record, as plain amounts or, with `minor`, in minor units."""

    check: Literal["credit"]
    reason: Name = "credit_exceeded"
    limit: Selector
    used: Selector | None = None
    minor: bool = False
    currency: Path | None = None


class StatusAgreement(Elsewhere):
    """The other system's status fits the one at `path`: `agrees` gives for each value here the values of `field` that may stand
    there. A record that is not there fits, unless it `must_exist`; a value that `agrees` does not name fits anything."""

    check: Literal["status_agreement"]
    reason: Name = "status_differs"
    field: Selector = "status"
    agrees: dict[str, tuple[Scalar, ...]] = Field(min_length=1)
    must_exist: bool = False


class Off(Check):
    """Stands in the place of a check that is not in force for a record. No file can hold one."""


AnyCheck = Annotated[
    Required
    | Enum
    | InReference
    | Range
    | Type
    | Length
    | Regex
    | Currency
    | Amount
    | SumEquals
    | SameAs
    | PriceWithin
    | Date
    | DateOrder
    | Unique
    | Attachment
    | RuleCheck
    | LookUp
    | Credit
    | StatusAgreement,
    Field(discriminator="check"),
]
