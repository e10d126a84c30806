"""The CRM's records and how they hang together. Every change moves the modification date forward and is told to the listener."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.crm_record import Change, InvalidProperties, Missing, NoSuchAssociation, Record, Taken, cleaned
from bot.sandbox.crm_schema import ASSOCIATION_TYPES, TYPES, Json, Property


class Objects:
    """All records of all types. `source` says who changes: CRM_UI for people, INTEGRATION for the API."""

    def __init__(self, clock: Callable[[], datetime], listener: Callable[[Change], None]) -> None:
        self._clock = clock
        self._listener = listener
        self.types = dict(TYPES)
        self._records: dict[str, dict[str, Record]] = {plural: {} for plural in TYPES}
        self._links: dict[tuple[str, str, str], list[str]] = {}
        self._merged: dict[tuple[str, str], str] = {}
        self._unique: dict[tuple[str, str], dict[str, str]] = {}
        self._next_id = 10_000_000

    def all(self, kind: str) -> list[Record]:
        """Living records in the order they were created."""
        return [record for record in self._records[kind].values() if not record.archived]

    def find(self, kind: str, record_id: str) -> Record:
        """The record; a merged one answers with its survivor. Raises Missing."""
        record = self._records[kind].get(self._survivor(kind, record_id))
        if record is None or record.archived:
            raise Missing(f"{kind} {record_id}")
        return record

    def archived(self, kind: str) -> list[Record]:
        """The records in the bin: deleted, and not merged into another."""
        return [each for each in self._records[kind].values() if each.archived and (kind, each.id) not in self._merged]

    def found_by(self, kind: str, name: str, value: str) -> Record:
        """The one living record with this value of a property that takes each value once. Raises Missing or InvalidProperties."""
        known = self.types[kind].living(name)
        if known is None or not known.unique:
            raise InvalidProperties([(name, "INVALID_ID_PROPERTY", f"{name} is not a unique property of {kind}")])
        record = self._records[kind].get(self._holders(kind, name).get(value.casefold(), ""))
        if record is None or record.archived or (record.properties.get(name) or "").casefold() != value.casefold():
            raise Missing(f"{kind} with {name} {value}")
        return record

    def links(self, kind: str, record_id: str, to: str) -> tuple[str, ...]:
        return tuple(self._links.get((kind, record_id, to), ()))

    def create(
        self,
        kind: str,
        properties: Mapping[str, object],
        *,
        record_id: str | None = None,
        links: Iterable[tuple[str, str]] = (),
        source: str = "CRM_UI",
    ) -> Record:
        type_, values = self.types[kind], self.check(kind, properties)
        targets = [(to, self.find(to, to_id).id) for to, to_id in links]
        for to, _ in targets:
            _may_link(kind, to)
        now = _whole_ms(self._clock())
        record = Record(id=record_id or self._new_id(), kind=type_, properties=values, created=now, modified=now)
        self._records[kind][record.id] = record
        self._hold(record, values)
        for to, to_id in targets:
            self._link(kind, record.id, to, to_id)
        self._tell(record, "creation", source)
        return record

    def check(self, kind: str, properties: Mapping[str, object]) -> dict[str, str]:
        """The values of a new record. Raises InvalidProperties."""
        values = {name: value for name, value in cleaned(self.types[kind], properties).items() if value}
        self._only_once(kind, values)
        return values

    def update(self, kind: str, record_id: str, properties: Mapping[str, object], *, source: str = "CRM_UI") -> Record:
        """Set properties; an empty value clears. What stays the same is no change."""
        record = self.find(kind, record_id)
        values = cleaned(record.kind, properties)
        changed = {name: value for name, value in values.items() if (record.properties.get(name) or "") != value}
        self._only_once(kind, changed)
        for name, value in changed.items():
            record.properties[name] = value
            if not value:
                del record.properties[name]
        if changed:
            self._hold(record, changed)
            self._touch(record)
        for name, value in changed.items():
            self._tell(record, "propertyChange", source, name, value)
        return record

    def associate(self, kind: str, record_id: str, to: str, to_id: str, *, source: str = "CRM_UI") -> None:
        record, other = self.find(kind, record_id), self.find(to, to_id)
        _may_link(kind, to)
        if not self._link(kind, record.id, to, other.id):
            return
        for side, far in ((record, to), (other, kind)):
            self._touch(side)
            self._tell_links(side, far, source)

    def archive(self, kind: str, record_id: str, *, forget: bool = False, source: str = "CRM_UI") -> None:
        record = self.find(kind, record_id)
        record.archived = True
        for (near, near_id, to), ids in list(self._links.items()):
            if (near, near_id) == (kind, record.id):
                del self._links[near, near_id, to]
            elif to == kind and record.id in ids:
                ids.remove(record.id)
                if near == "deals":
                    self._count(near_id)
        self._tell(record, "privacyDeletion" if forget else "deletion", source)

    def merge(self, kind: str, primary_id: str, merged_id: str, *, source: str = "CRM_UI") -> Record:
        """One record out of two: the primary keeps its values, takes what it lacks, and inherits every association."""
        primary, merged = self.find(kind, primary_id), self.find(kind, merged_id)
        if primary.id == merged.id:
            raise Missing(f"{kind} {merged_id} is merged already")
        gained = {name: value for name, value in merged.properties.items() if name not in primary.properties}
        primary.properties.update(gained)
        self._hold(primary, gained)
        merged.archived = True
        self._merged[kind, merged.id] = primary.id
        former = [each.properties.get("hs_merged_object_ids", "") for each in (primary, merged)]
        primary.properties["hs_merged_object_ids"] = ";".join(filter(None, [*former, merged.id]))
        self._touch(primary)
        moved = self._move_links(kind, merged.id, primary.id)
        extra = {
            "primaryObjectId": int(primary.id),
            "mergedObjectIds": [int(merged.id)],
            "newObjectId": int(primary.id),
        }
        self._tell(primary, "merge", source, extra={**extra, "numberOfPropertiesMoved": len(gained)})
        for deal in moved:
            self._touch(deal)
            self._tell_links(deal, kind, source)
        return primary

    def change_property(self, kind: str, name: str, /, **changes: Any) -> None:
        """The CRM administrator changes a property: its `name`, label, type, options, or archives it. Records keep their values;
        nobody is told. Raises Missing."""
        old = self.types[kind].properties.get(name)
        if old is None or old.computed:
            raise Missing(f"property {name} of {kind}")
        new = replace(old, **{"name": name, **changes})
        if new.name != name and new.name in self.types[kind].properties:
            raise InvalidProperties([(new.name, "PROPERTY_EXISTS", f"{new.name} exists already")])
        self.types[kind] = type_ = self.types[kind].with_property(name, new)
        self._unique.clear()
        for record in self._records[kind].values():
            record.kind = type_
            if name in record.properties:
                record.properties[new.name] = record.properties.pop(name)

    def add_property(self, kind: str, new: Property) -> None:
        """The CRM administrator makes a property that there was none of."""
        old = self.types[kind]
        self.types[kind] = type_ = replace(old, properties={**old.properties, new.name: new})
        for record in self._records[kind].values():
            record.kind = type_

    def _move_links(self, kind: str, old: str, new: str) -> list[Record]:
        """Point everything that hung on the old record at the new one; the deals among it."""
        moved: list[Record] = []
        for to in TYPES:
            for near_id in self._links.pop((kind, old, to), []):
                back = self._links[to, near_id, kind]
                back[:] = list(dict.fromkeys(new if each == old else each for each in back))
                forth = self._links.setdefault((kind, new, to), [])
                forth.extend([near_id] if near_id not in forth else [])
                if to == "deals":
                    moved.append(self._records["deals"][near_id])
        return moved

    def _link(self, kind: str, record_id: str, to: str, to_id: str) -> bool:
        there = self._links.setdefault((kind, record_id, to), [])
        if to_id in there:
            return False
        there.append(to_id)
        self._links.setdefault((to, to_id, kind), []).append(record_id)
        if kind == "deals" or to == "deals":
            self._count(record_id if kind == "deals" else to_id)
        return True

    def _count(self, deal_id: str) -> None:
        deal = self._records["deals"][deal_id]
        companies, lines = self.links("deals", deal_id, "companies"), self.links("deals", deal_id, "line_items")
        deal.properties["hs_num_of_associated_line_items"] = str(len(lines))
        deal.properties["hs_primary_associated_company"] = companies[0] if companies else ""

    def _tell_links(self, record: Record, far: str, source: str) -> None:
        names = {"companies": "hs_primary_associated_company", "line_items": "hs_num_of_associated_line_items"}
        if record.kind.plural != "deals" or far not in names:
            return
        self._count(record.id)
        self._tell(record, "propertyChange", source, names[far], record.properties.get(names[far], ""))

    def _tell(
        self,
        record: Record,
        what: str,
        source: str,
        name: str | None = None,
        value: str | None = None,
        extra: Json | None = None,
    ) -> None:
        change = Change(
            kind=record.kind,
            record_id=record.id,
            what=what,
            at=self._clock(),
            source=source,
            property=name,
            value=value,
            extra=extra or {},
        )
        self._listener(change)

    def _touch(self, record: Record) -> None:
        """A record never has the same modification date twice, even when the clock stands still."""
        record.modified = max(_whole_ms(self._clock()), record.modified + timedelta(milliseconds=1))

    def _survivor(self, kind: str, record_id: str) -> str:
        while (kind, record_id) in self._merged:
            record_id = self._merged[kind, record_id]
        return record_id

    def _holders(self, kind: str, name: str) -> dict[str, str]:
        """Who has, or had, which value of a property that takes each value once."""
        if (kind, name) not in self._unique:
            living = {(each.properties.get(name) or "").casefold(): each.id for each in self.all(kind)}
            self._unique[kind, name] = living
        return self._unique[kind, name]

    def _hold(self, record: Record, values: Mapping[str, str]) -> None:
        for (kind, name), holders in self._unique.items():
            if kind == record.kind.plural and values.get(name):
                holders[values[name].casefold()] = record.id

    def _only_once(self, kind: str, values: Mapping[str, str]) -> None:
        """Raises Taken where another record has the value of a property that takes each value once."""
        for name in (each.name for each in self.types[kind].properties.values() if each.unique):
            if not values.get(name):
                continue
            with suppress(Missing):
                raise Taken(name, values[name], self.found_by(kind, name, values[name]).id)

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id)


def _may_link(kind: str, to: str) -> None:
    if (kind, to) not in ASSOCIATION_TYPES:
        raise NoSuchAssociation(f"{kind} cannot be associated with {to}")


def _whole_ms(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
