"""HubSpot's properties as a contract's fields: types by its logical types, what belongs to a record under that record."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sync.described import Described, Property

_TYPES = {
    "string": "string", "phone_number": "string", "enumeration": "string", "number": "number", "bool": "boolean",
    "date": "date", "datetime": "timestamp",
}  # fmt: skip
OWNER = tuple({"name": name, "label": label, "type": "string"} for name, label in (
    ("email", "E-mail"), ("first_name", "First name"), ("last_name", "Last name")))  # fmt: skip
"""What is read of a person who owns records, for whom HubSpot lists no properties."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_YES_OR_NO = {"true", "false"}
_ID = Property(label="Record ID", type="string")  # every object has one, and it is no property


def described(entity: str, listed: Mapping[str, Sequence[Any]]) -> Described:
    """The fields of an object with those of its parts: the properties by the place where they stand in a record."""
    fields: dict[str, Property] = {}
    for place, properties in listed.items():
        if place:
            kind = "array" if place.endswith("[*]") else "object"
            fields[place.removesuffix("[*]")] = Property(label="", type=kind)
        fields.update(_fields(f"{place}." if place else "", properties))
    return Described(entity=entity, fields=fields)


def objects(entity: str, paths: Collection[str], parts: Mapping[str, str]) -> dict[str, list[str]]:
    """The properties behind the paths of a contract, by the object that has them. `parts` say which object stands where."""
    kinds = {"": entity, **parts}
    found: dict[str, list[str]] = {}
    for place, _, name in (path.rpartition(".") for path in paths):
        is_part = any(name == part.removesuffix("[*]") for part in parts if not place)
        if place in kinds and name != "id" and not is_part and _NAME.fullmatch(name):
            found.setdefault(kinds[place], []).append(name)
    return found


def _fields(prefix: str, listed: Sequence[Any]) -> Iterator[tuple[str, Property]]:
    yield f"{prefix}id", _ID
    for each in sorted(
        filter(_is_named, listed), key=lambda each: not each.get("archived")
    ):  # a living one replaces it
        yield f"{prefix}{each['name']}", _property(each)


def _is_named(each: Any) -> bool:
    return isinstance(each, Mapping) and isinstance(each.get("name"), str)


def _property(each: Mapping[str, Any]) -> Property:
    listed = each.get("options")
    options = (
        tuple(str(one["value"]) for one in listed if isinstance(one, Mapping) and "value" in one)
        if isinstance(listed, list)
        else ()
    )
    type_ = "boolean" if options and set(options) <= _YES_OR_NO else _TYPES.get(str(each.get("type")), "")
    return Property(
        label=str(each.get("label") or ""), type=type_, options=options, archived=each.get("archived") is True
    )
