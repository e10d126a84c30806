"""Which fields a record is read with, and how Salesforce's answer becomes a record: its own names, ids as `id`, exact numbers as
text, and the parts that belong to it under their places."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from sync.connectors.salesforce_schema import Shape
from sync.connectors.salesforce_soql import NUMBERS, is_id, name, query
from sync.connectors.salesforce_tasks import ENTITY as TASK
from sync.connectors.salesforce_tasks import FIELDS as TASK_FIELDS
from sync.errors import Rejected, Unavailable
from sync.model import Record

EACH = "[*]"
_WORD = re.compile(r"\w{2,}")
PARTS: Mapping[str, Mapping[str, str]] = {"Opportunity": {"company": "Account", "lines[*]": "OpportunityLineItems"}}
"""What a record comes with unless the connection says more: where it stands in the record, and the relationship behind it."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "Opportunity": tuple(
        "Name Amount CurrencyIsoCode StageName CloseDate IsClosed IsWon OwnerId AccountId company.Name company.AccountNumber "
        "company.BillingCountry company.BillingCity company.BillingPostalCode lines[*].Name lines[*].ProductCode "
        "lines[*].Quantity lines[*].UnitPrice lines[*].TotalPrice lines[*].Description".split()
    ),
    "Account": tuple("Name AccountNumber BillingCountry BillingCity BillingPostalCode Website CurrencyIsoCode".split()),
    "Contact": tuple("Name FirstName LastName Email Phone AccountId".split()),
    TASK: TASK_FIELDS,
}
"""What an object is read with unless the connection says otherwise."""

More = Callable[[str], Awaitable[Any]]
"""The rest of a list by its address."""

Objects = Callable[[str], Awaitable[Shape | None]]


class Misfit(Exception):
    """A value is not of the type that its field was described with."""


@dataclass(slots=True, kw_only=True)
class Selection:
    """The fields to read of one object, by their paths in SOQL with their types, and those of each list that comes with it.
    `places` says which relationships stand in a record under another name, and `also` which of them under their own, too."""

    kind: str
    fields: dict[str, str] = field(default_factory=lambda: {"Id": "id"})
    lists: dict[str, Selection] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()

    def columns(self) -> list[str]:
        """What stands behind SELECT."""
        lists = (f"({query(each.columns(), relationship, order='Id')})" for relationship, each in self.lists.items())
        return [*map(name, self.fields), *lists]


def parts_of(related: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The parts of every object: the usual ones and those that the connection adds or replaces."""
    return {kind: {**PARTS.get(kind, {}), **related.get(kind, {})} for kind in {**PARTS, **related}}


async def selection(kind: str, paths: Collection[str], parts: Mapping[str, str], objects: Objects) -> Selection | None:
    """What to select for these paths of a record; what the object does not have is left out. None where there is no object."""
    shape = await objects(kind)
    if shape is None:
        return None
    made = Selection(kind=kind, places={rel: place.removesuffix(EACH) for place, rel in parts.items()})
    for place, relationship in parts.items():
        inside = [path.removeprefix(f"{place}.") for path in paths if path.startswith(f"{place}.")]
        if not place.endswith(EACH):
            await _add(made, shape, [f"{relationship}.{each}" for each in ("id", *inside)], objects)
        elif inside and relationship in shape.children:
            child = await selection(shape.children[relationship], inside, {}, objects)
            if child is not None:
                made.lists[relationship] = child
    own = [path for path in paths if not any(path.startswith(f"{place}.") for place in parts)]
    await _add(made, shape, own, objects)
    made.also = tuple(each for each in made.places if any(path.startswith(f"{each}.") for path in own))
    return made


async def _add(made: Selection, shape: Shape, paths: Iterable[str], objects: Objects) -> None:
    for path in paths:
        *steps, last = path.split(".")
        at: Shape | None = shape
        for step in steps:
            column = at.parent(step) if at is not None else None
            at = await objects(column.refers[0]) if column is not None and column.refers else None
        column = at.columns.get("Id" if last == "id" else last) if at is not None else None
        if column is not None:
            made.fields[".".join((*steps, column.name))] = column.type


async def record(made: Selection, row: Any, more: More) -> Record:
    """One record of an answer. Raises Unavailable where it is none, Misfit where a value has another type."""
    if not isinstance(row, dict) or not is_id(str(row.get("Id"))):
        raise Unavailable("Salesforce answered with something that is not a record")
    found: Record = {"id": row["Id"]}
    for path, type_ in made.fields.items():
        *steps, last = path.split(".")
        inside: Any = row
        for step in steps:
            inside = inside.get(step) if isinstance(inside, dict) else None
        _put(found, made, steps, last, None if not isinstance(inside, dict) else (inside.get(last), type_))
    for relationship, child in made.lists.items():
        rows = await _rows(row.get(relationship), more)
        found[made.places.get(relationship, relationship)] = [await record(child, each, more) for each in rows]
    return found | {each: found.get(made.places[each]) for each in made.also}


def _put(found: Record, made: Selection, steps: list[str], last: str, value: tuple[Any, str] | None) -> None:
    """Where a value stands. What a record refers to is None where it refers to nothing."""
    at = found
    for step in (made.places.get(each, each) if depth == 0 else each for depth, each in enumerate(steps)):
        if value is None:
            at.setdefault(step, None)
            return
        at = at.setdefault(step, {})
    if value is not None:
        at["id" if last == "Id" else last] = read(*value)


async def _rows(listed: Any, more: More) -> list[Any]:
    """Every row of a list, those on its further pages too. Raises Unavailable for one that leads in a circle."""
    rows: list[Any] = []
    seen: set[str] = set()
    while listed is not None:
        if not isinstance(listed, dict) or not isinstance(listed.get("records"), list):
            raise Unavailable("Salesforce answered with a list that is none")
        rows += listed["records"]
        onward = str(listed.get("nextRecordsUrl") or "")
        if listed.get("done") is not False:
            break
        if not onward or onward in seen:
            raise Unavailable("Salesforce answered with a list that never ends")
        seen.add(onward)
        listed = await more(onward)
    return rows


def read(value: Any, type_: str) -> Any:
    """A value of a described type. Numbers become plain decimal text, however they are written. Raises Misfit."""
    if value is None or isinstance(value, bool):
        return value
    if type_ in NUMBERS:
        return plain(value)
    if type_ == "datetime":
        at = moment(value)
        return value if at is None else at.isoformat().replace("+00:00", "Z")
    return value if isinstance(value, str | list | dict) else str(value)


def plain(value: Any) -> str:
    """A number as plain decimal text without needless zeros: `1.0E7` is 10000000. Raises Misfit."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise Misfit(f"{str(value)[:100]!r} is no number") from None
    if not number.is_finite() or abs(number.adjusted()) > 40:
        raise Misfit(f"{str(value)[:100]!r} is no number")
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(value: Any) -> datetime | None:
    """A time as Salesforce writes it, such as 2026-11-20T09:00:00.000+0000."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is None else at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def own(body: Mapping[str, Any]) -> Record:
    """The fields of a body, without the lists of records that it names."""
    return {name: value for name, value in body.items() if not isinstance(value, list | tuple)}


def sent(shape: Shape, body: Mapping[str, Any]) -> Record:
    """The values of a record as Salesforce takes them: decimal texts as the numbers that they are, to the digit."""
    return {
        name(each): _sent(shape.columns[each].type if each in shape.columns else "", value)
        for each, value in body.items()
    }


def _sent(type_: str, value: Any) -> Any:
    if isinstance(value, float):
        raise Rejected("the record holds a number that is not exact", reason="invalid_value")
    if not isinstance(value, str | Decimal):
        return value
    if type_ in NUMBERS:
        try:
            return orjson.Fragment(plain(value).encode())
        except Misfit:
            return None if value == "" else str(value)  # Salesforce says what is wrong with it
    if type_ == "boolean" and str(value).lower() in {"true", "false"}:
        return str(value).lower() == "true"
    return None if value == "" and type_ in {"date", "datetime", "reference"} else str(value)


def rows(answer: Any) -> list[Any]:
    """The rows of an answer. Raises Unavailable where it has none."""
    found = answer.get("records") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unavailable("Salesforce answered without records")
    return found


def words(text: str, limit: int = 5) -> list[str]:
    """The longest different words of a text, to search by."""
    found = dict.fromkeys(word.lower() for word in _WORD.findall(text[:1000]))
    return sorted((word for word in found if len(word) <= 60), key=len, reverse=True)[:limit]
