"""The rows of a write: where each field of the target comes from, and what the target must show afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from sync.workspace.conditions import Scalar, When
from sync.workspace.values import Broken, EntityName, Name, Path, Selector, Strict, Template, Words, exactly_one


class Lookup(Strict):
    """Replaces a value by what a reference table says beside it."""

    reference: Name
    key: str = "code"
    column: str


class Spread(Strict):
    """A total of the record spread over months so that the parts add up to it to the minor unit: `amount` over `months` from
    the day `starts`. `per` month all months get the same; per day every calendar month gets the share of its days."""

    amount: Selector
    months: Selector
    starts: Selector
    per: Literal["month", "day"] = "month"


class MapRow(Strict):
    """One row of the data dictionary: the target's field and the one place its value comes from. The row is in force where its
    `flag` is on for the record and the record as a whole fulfils `when`, also for a row inside `each`. `xref` is the id that the
    record of that entity of the source, with the source's id `of`, has got in the target; `entity` says of which kind there,
    where it became several. With `percent_of` the value is a percentage, and the row holds that share of the amount which
    `percent_of` selects, in minor units, rounded half to even. The `record` of a `spread` is filled from each of its parts:
    `number`, `period`, `starts`, `ends` and `amount_minor`."""

    to: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    from_: Selector | None = Field(default=None, alias="from")
    value: Scalar | None = None
    text: Template | None = None
    ref: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_]*)?$")] | None = None
    xref: Name | None = None
    of: Selector | None = None
    entity: EntityName | None = None
    each: Selector | None = None
    spread: Spread | None = None
    record: tuple[MapRow, ...] | None = None
    percent_of: Selector | None = None
    lookup: Lookup | None = None
    transform: str | tuple[str, ...] = ()
    default: Scalar | None = None
    required: bool = False
    when: When | None = None
    flag: Name | None = None
    owner: Name | None = None
    note: Words | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        sources = list(exactly_one(given, "from", "value", "text", "ref", "xref", "each", "spread"))
        many = next((name for name in ("each", "spread") if given.get(name) is not None), None)
        yield from sources
        if (many is None) != (given.get("record") is None) and not any(rule.lacking for rule in sources):
            there, lacking = ("record", "each") if many is None else (many, "record")
            yield Broken(key=there, right=f"`{many or 'each'}` and `record` go together", lacking=(lacking,))
        if given.get("percent_of") is not None and given.get("from") is None:
            yield Broken(key="percent_of", right="`from` says how many percent", lacking=("from",))
        xref, of = given.get("xref"), given.get("of")
        if (xref is None) != (of is None) and not any(rule.lacking for rule in sources):
            there, lacking = ("of", "xref") if xref is None else ("xref", "of")
            yield Broken(key=there, right="`xref` and `of` go together", lacking=(lacking,))

    @property
    def transforms(self) -> tuple[str, ...]:
        return (self.transform,) if isinstance(self.transform, str) else self.transform


class Total(Strict):
    """The sum of `quantity` × `price` over the items of `of`, in whole minor units. `discount` is a percentage off, and each
    item is then rounded by itself, half to even."""

    of: Path
    quantity: Path | None = None
    price: Path
    discount: Path | None = None


class VerifyRow(Strict):
    """What the target must show after the write: a value of the record, a value as it is, a text with values in it, any
    value at all (`exists`), or the total of the record's items."""

    field: str
    from_: Selector | None = Field(default=None, alias="from")
    value: Scalar | None = None
    text: Template | None = None
    exists: Literal[True] | None = None
    total: Total | None = None
    transform: str | tuple[str, ...] = ()

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        yield from exactly_one(given, "from", "value", "text", "exists", "total")

    @property
    def transforms(self) -> tuple[str, ...]:
        return (self.transform,) if isinstance(self.transform, str) else self.transform
