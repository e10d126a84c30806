"""What an answer of Stripe has to be before it is believed: of what is read, every value is of the type that it has always been."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,255}$")]
_Currency = Annotated[str, Field(pattern=r"^[a-z]{3}$")]


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)
    id: _Id
    metadata: dict[str, str] | None = None


class _Deleted(BaseModel):
    model_config = ConfigDict(strict=True)
    id: _Id
    deleted: Literal[True]


class _Address(BaseModel):
    line1: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None


class _Customer(_Shape):
    object: Literal["customer"]
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: _Address | None = None


class _Line(_Shape):
    amount: int
    description: str | None = None


class _Lines(BaseModel):
    model_config = ConfigDict(strict=True)
    data: list[_Line]
    has_more: bool


class _Document(_Shape):
    customer: _Id
    currency: _Currency
    status: str | None
    number: str | None = None
    subtotal: int
    total: int
    total_excluding_tax: int | None = None
    lines: _Lines


class _Invoice(_Document):
    object: Literal["invoice"]
    amount_paid: int


class _CreditNote(_Document):
    object: Literal["credit_note"]
    invoice: _Id


LINE = "line"
_SHAPES: dict[str, type[BaseModel]] = {
    "customer": _Customer, "invoice": _Invoice, "credit_note": _CreditNote, LINE: _Line,
}  # fmt: skip


def fits(entity: str, record: Any) -> bool:
    """Whether it is such a record, or says that one was deleted."""
    deleted = isinstance(record, dict) and "deleted" in record
    try:
        (_Deleted if deleted else _SHAPES[entity]).model_validate(record)
    except ValidationError:
        return False
    return True
