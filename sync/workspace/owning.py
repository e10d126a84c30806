"""How a flow says whose value counts when a field is changed in both systems: a system of record, by stage if need be, and what
decides where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import Field, field_validator

from sync.workspace.conditions import When
from sync.workspace.values import Broken, Name, Strict

Strategy = Literal["last_write_wins", "source_precedence", "manual"]


class Stage(Strict):
    """While `when` holds for the flow's record, `owner` is the system of record."""

    when: When
    owner: Name


class Ownership(Strict):
    """Whose value counts for the `field` that `write` writes. The `owner` (a connection) does, or the one of the first of the
    `stages` that holds; where nobody owns it, a value that was changed on both sides is decided by `strategy`: the later change,
    the first of `precedence`, or people. Records worth `manual_over` or more are always for people."""

    write: Name
    field: Name
    owner: Name | None = None
    stages: tuple[Stage, ...] = ()
    strategy: Strategy = "last_write_wins"
    precedence: tuple[Name, ...] = Field(default=(), max_length=10)
    manual_over: str | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        strategy = given.get("strategy", "last_write_wins")
        if strategy == "source_precedence" and not given.get("precedence"):
            right = "`precedence` names the connections, the one that counts first, such as [erp, crm]"
            yield Broken(key="strategy", right=right, lacking=("precedence",))
        if strategy != "source_precedence" and given.get("precedence"):
            yield Broken(
                key="precedence", right=f"`precedence` has no meaning for {strategy}, but for source_precedence"
            )

    @field_validator("manual_over")
    @classmethod
    def _is_an_amount(cls, value: str | None) -> str | None:
        try:
            fine = value is None or Decimal(value) > 0
        except InvalidOperation:
            fine = False
        if not fine:
            raise ValueError('it is an amount in the record\'s currency, such as "10000.00"')
        return value
