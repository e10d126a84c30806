"""One record of the CRM, one change of it, and what a property accepts. Amounts stay as typed, however odd."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.sandbox.crm_schema import Json, NotADate, ObjectType, iso, millis, moment


class Missing(LookupError):
    """There is no such record."""


class InvalidProperties(ValueError):
    """At least one property was refused; `problems` are (property, HubSpot's error code, words)."""

    def __init__(self, problems: list[tuple[str, str, str]]) -> None:
        super().__init__("; ".join(words for _, _, words in problems))
        self.problems = problems


class Taken(InvalidProperties):
    """Another record, `existing`, has this value of a property that takes each value once."""

    def __init__(self, name: str, value: str, existing: str) -> None:
        super().__init__([(name, "CONFLICTING_UNIQUE_VALUE", f"{existing} already has that value.")])
        self.name, self.value, self.existing = name, value, existing


class NoSuchAssociation(ValueError):
    """These two types cannot be associated."""


@dataclass(slots=True, kw_only=True)
class Record:
    id: str
    kind: ObjectType
    properties: dict[str, str]
    created: datetime
    modified: datetime
    archived: bool = False

    def value(self, name: str) -> str | None:
        if name == "hs_object_id":
            return self.id
        if name == self.kind.modified:
            return iso(self.modified)
        return iso(self.created) if name == "createdate" else self.properties.get(name) or None

    def document(self, names: Iterable[str]) -> Json:
        """The record as HubSpot answers it: only the properties asked for, and the three that always come."""
        asked = [*names, "hs_object_id", "createdate", self.kind.modified]
        return {
            "id": self.id,
            "properties": {name: self.value(name) for name in asked if self.kind.living(name)},
            "createdAt": iso(self.created),
            "updatedAt": iso(self.modified),
            "archived": self.archived,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a subscriber hears about: `what` is creation, propertyChange, deletion, privacyDeletion or merge."""

    kind: ObjectType
    record_id: str
    what: str
    at: datetime
    source: str
    property: str | None = None
    value: str | None = None
    extra: Json = field(default_factory=dict)


def cleaned(type_: ObjectType, properties: Mapping[str, object]) -> dict[str, str]:
    """Every value as text, dates in one form. Raises InvalidProperties naming all."""
    values: dict[str, str] = {}
    problems: list[tuple[str, str, str]] = []
    for name, value in properties.items():
        known = type_.living(name)
        text = _text(value)
        if known is None:
            problems.append((name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif known.computed:
            problems.append((name, "READ_ONLY_VALUE", f'"{name}" is a read only property'))
        elif text is None:
            problems.append((name, "INVALID_STRING", f"{name} was not a valid value"))
        elif known.options and text and text not in known.options:
            problems.append(
                (name, "INVALID_OPTION", f"{text} was not one of the allowed options: {list(known.options)}")
            )
        elif known.type == "datetime" and text:
            try:
                values[name] = iso(moment(text))
            except NotADate:
                problems.append((name, "INVALID_DATE", f"{text} was not a valid date"))
        else:
            values[name] = text
    if problems:
        raise InvalidProperties(problems)
    return values


def _text(value: object) -> str | None:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int():
            return str(value)
        case datetime():
            return str(millis(value))
    return None
