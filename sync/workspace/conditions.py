"""When something holds: a condition on the record, and flags that let a rule roll out to a share of the records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from sync import cel
from sync.mapping import text
from sync.workspace.values import Broken, Percent, Selector, Strict, exactly_one, percent

Scalar = str | int | bool


def _expression(value: str) -> str:
    cel.compile(value)
    return value


Expression = Annotated[str, StringConstraints(min_length=1), AfterValidator(_expression)]
"""A rule in CEL. It reads the fields of the record by name (`company`, `lines`), the whole `record`, and `amount_minor` for
what `amount` holds in whole minor units of the flow's currency; a field that the record lacks is null."""


class When(Strict):
    """A condition on the record: the selected value equals one value, or is one of several; or a rule in CEL says so."""

    path: Selector | None = None
    equals: Scalar | None = None
    any_of: tuple[Scalar, ...] | None = None
    rule: Expression | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if given.get("rule") is None:
            yield from exactly_one(given, "equals", "any_of")
            if given.get("path") is None:
                yield Broken(
                    key="", right="`path` says which value, or `rule` what must be true", lacking=("path", "rule")
                )
            return
        for key in ("path", "equals", "any_of"):
            if given.get(key) is not None:
                yield Broken(key=key, right="`rule` stands alone")

    @property
    def wanted(self) -> tuple[Scalar | None, ...]:
        """The values of which one fulfils the condition."""
        return self.any_of if self.any_of is not None else (self.equals,)

    def holds(self, value: object) -> bool:
        """Whether the value fulfils the condition; numbers and their texts are the same."""
        return text(value) in {text(each) for each in self.wanted}


Switch = Annotated[str, StringConstraints(pattern=r"^(on|off|\d{1,3}(\.\d{1,4})?\s*%)$")]


class Cohort(Strict):
    """The records for which a flag is on: those whose value at `by` is one of `of`, and a share of all others. Who is in the
    share follows from the flag's name and that value alone, so a record stays in while the share grows."""

    by: Selector = "id"
    of: tuple[str | int, ...] = ()
    share: Percent = Field(default=Decimal(0), ge=0, le=1)


Flag = Switch | Cohort


def cohort(flag: Flag) -> Cohort:
    """A switch as the cohort that it means."""
    if isinstance(flag, Cohort):
        return flag
    share = Decimal(flag == "on") if flag in ("on", "off") else percent(flag)
    return Cohort.model_construct(share=share)
