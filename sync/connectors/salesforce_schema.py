"""What Salesforce says of its objects: the type of every field, which records it refers to, and which lists hang on it. Kept for
an hour, and read anew where a field is missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sync.connectors.http import Client, segment
from sync.described import Described, Property
from sync.errors import Unavailable

_KEPT = timedelta(hours=1)
_TYPES: Mapping[str, str] = {
    "currency": "number", "double": "number", "percent": "number", "int": "integer", "long": "integer",
    "boolean": "boolean", "date": "date", "datetime": "timestamp", "time": "time",
}  # fmt: skip
_COMPOUND = frozenset({"address", "location", "base64", "complexvalue"})  # not to be selected beside others


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field of an object. `relationship` is the name under which the record that it refers to is reached."""

    name: str
    type: str
    label: str = ""
    refers: tuple[str, ...] = ()
    relationship: str = ""
    options: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One object as it is described. `children` are the lists that hang on it: relationship → object."""

    name: str
    columns: Mapping[str, Column]
    children: Mapping[str, str] = field(default_factory=dict)

    def parent(self, relationship: str) -> Column | None:
        """The field behind a relationship."""
        return next((each for each in self.columns.values() if each.relationship == relationship), None)


class Objects:
    """The objects of one org."""

    def __init__(self, client: Client, data: str) -> None:
        self._client, self._data = client, data
        self._known: dict[str, tuple[Shape | None, datetime]] = {}

    async def of(self, kind: str) -> Shape | None:
        """The object as described within the last hour, None where there is none. Raises ConnectorError."""
        now = self._client.clock()
        known = self._known.get(kind)
        if known is None or not timedelta() <= now - known[1] < _KEPT:
            known = self._known[kind] = (await self._read(kind), now)
        return known[0]

    def forget(self) -> None:
        """Read everything anew when it is asked for next."""
        self._known.clear()

    async def _read(self, kind: str) -> Shape | None:
        path = f"{self._data}/sobjects/{segment(kind)}/describe"
        answer = await self._client.request("GET", path, idempotent=True, missing_ok=True)
        return None if answer.status == 404 else _shape(kind, answer.data)


def described(entity: str, shapes: Mapping[str, Shape]) -> Described:
    """The fields of an object with those of its parts, by the place where each stands in a record."""
    fields: dict[str, Property] = {}
    for place, shape in shapes.items():
        if place:
            kind = "array" if place.endswith("[*]") else "object"
            fields[place.removesuffix("[*]")] = Property(label="", type=kind)
        prefix = f"{place}." if place else ""
        fields[f"{prefix}id"] = Property(label="Record ID", type="string")
        for each in shape.columns.values():
            property_ = Property(
                label=each.label, type=_TYPES.get(each.type, "string"), options=each.options, archived=each.hidden
            )
            fields[prefix + each.name] = property_
    return Described(entity=entity, fields=fields)


def _shape(kind: str, data: Any) -> Shape:
    if not isinstance(data, dict) or not isinstance(data.get("fields"), list) or not data["fields"]:
        raise Unavailable(f"{kind} is described without any field, which cannot be the truth")
    children = data.get("childRelationships")
    lists = (each for each in children if isinstance(each, dict)) if isinstance(children, list) else ()
    return Shape(
        name=kind,
        columns={each.name: each for each in _columns(data["fields"])},
        children={str(e["relationshipName"]): str(e["childSObject"]) for e in lists if e.get("relationshipName")},
    )


def _columns(fields: list[Any]) -> Iterator[Column]:
    for each in fields:
        if isinstance(each, dict) and isinstance(each.get("name"), str) and str(each.get("type")) not in _COMPOUND:
            refers = each.get("referenceTo")
            yield Column(
                name=each["name"],
                type=str(each.get("type")),
                label=str(each.get("label") or ""),
                refers=tuple(map(str, refers)) if isinstance(refers, list) else (),
                relationship=str(each.get("relationshipName") or ""),
                options=_options(each),
                hidden=each.get("deprecatedAndHidden") is True,
            )


def _options(each: Mapping[str, Any]) -> tuple[str, ...]:
    """What may be picked; of a field that takes other values too, nothing is a list of all."""
    listed = each.get("picklistValues")
    if each.get("type") != "picklist" or not isinstance(listed, list):
        return ()
    return tuple(str(one["value"]) for one in listed if isinstance(one, dict) and one.get("active") and "value" in one)
