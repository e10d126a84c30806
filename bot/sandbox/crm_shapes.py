"""What an object type of the sandbox CRM is made of, in HubSpot's words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property: `type` is HubSpot's (string, number, datetime, enumeration). `unique`: no two records have the same value."""

    name: str
    label: str
    type: str = "string"
    options: tuple[str, ...] = ()
    computed: bool = False
    archived: bool = False
    unique: bool = False

    def document(self) -> Json:
        options = [
            {"label": option, "value": option, "displayOrder": at, "hidden": False}
            for at, option in enumerate(self.options)
        ]
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": {"number": "number", "datetime": "date", "enumeration": "select"}.get(self.type, "text"),
            "description": "",
            "groupName": "sandbox",
            "options": options,
            "calculated": False,
            "hasUniqueValue": self.unique,
            "archived": self.archived,
            "modificationMetadata": {
                "readOnlyValue": self.computed,
                "readOnlyDefinition": self.computed,
                "archivable": not self.computed,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One object type: its plural is the path, its singular the prefix of webhooks; one with a `type_id` is told of as
    `object`, with that id."""

    plural: str
    singular: str
    modified: str
    searched: tuple[str, ...]
    properties: Mapping[str, Property]
    type_id: str = ""

    def living(self, name: str) -> Property | None:
        """The property of that name, unless it is archived."""
        found = self.properties.get(name)
        return None if found is None or found.archived else found

    def with_property(self, old: str, new: Property) -> "ObjectType":
        """The type with another property in the place of one."""
        changed = {
            new.name if name == old else name: new if name == old else each for name, each in self.properties.items()
        }
        return replace(self, properties=changed)


def object_type(
    plural: str,
    singular: str,
    searched: str,
    *own: Property,
    modified: str = "hs_lastmodifieddate",
    type_id: str = "",
) -> ObjectType:
    """A type with its own properties and those that every object has."""
    computed = (
        Property(name="hs_object_id", label="Record ID", type="number", computed=True),
        Property(name="createdate", label="Create Date", type="datetime", computed=True),
        Property(name=modified, label="Last Modified Date", type="datetime", computed=True),
    )
    properties = {item.name: item for item in (*own, *computed)}
    return ObjectType(
        plural=plural,
        singular=singular,
        modified=modified,
        searched=tuple(searched.split()),
        properties=properties,
        type_id=type_id,
    )


def reference(name: str, label: str) -> Property:
    """A text that at most one record has."""
    return Property(name=name, label=label, unique=True)


def texts(**labels: str) -> tuple[Property, ...]:
    """Properties that hold text, by name and label."""
    return tuple(Property(name=name, label=label) for name, label in labels.items())
