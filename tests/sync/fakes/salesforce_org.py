"""The records of the fake Salesforce org and what may become of them: created, changed, merged, deleted, refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fakes.salesforce_schema import CHILDREN, Field, Kind, schema
from fakes.salesforce_soql import Query, Refused, Row, Runner, child_of

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_NUMBERS = {"currency", "double", "percent", "int"}


class Problem(Exception):
    """What the org refuses, in Salesforce's words."""

    def __init__(self, code: str, words: str, fields: tuple[str, ...] = (), status: int = 400) -> None:
        super().__init__(words)
        self.code, self.words, self.fields, self.status = code, words, fields, status

    def shown(self) -> dict[str, Any]:
        return {"message": self.words, "errorCode": self.code, "fields": list(self.fields)}


def long_id(short: str) -> str:
    """The 18 characters of an id of 15: each five characters give one that says which of them are capitals."""
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << at for at, letter in enumerate(short[start : start + 5]) if letter.isupper())
        suffix += _SUFFIX[bits]
    return short + suffix


@dataclass(slots=True)
class Org:
    """One org. `rules` are validation rules: they give words for a record that they refuse; `busy` counts how often a record
    is still locked by somebody else."""

    now: datetime = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    kinds: dict[str, Kind] = field(default_factory=schema)
    records: dict[str, dict[str, Row]] = field(default_factory=dict)
    rules: list[Callable[[str, Row], str | None]] = field(default_factory=list)
    duplicate_rules: dict[str, str] = field(default_factory=dict)
    busy: Counter[str] = field(default_factory=Counter)
    made: int = 0

    def new_id(self, kind: str) -> str:
        self.made += 1
        number, text = self.made, ""
        while number:
            number, digit = divmod(number, 62)
            text = _DIGITS[digit] + text
        return long_id(self.kinds[kind].prefix + "5f" + text.rjust(10, "0"))

    def put(self, kind: str, *, at: datetime | None = None, **values: Any) -> str:
        """A record as it is, past all rules."""
        record_id = values.pop("Id", None) or self.new_id(kind)
        stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), at or self.now)
        known = dict.fromkeys(self.kinds[kind].fields)
        row = {**known, **self._typed(kind, values), **stamps, "Id": record_id, "IsDeleted": False}
        self.records.setdefault(kind, {})[record_id] = row
        return record_id

    def touch(self, kind: str, record_id: str, *, at: datetime | None = None, **values: Any) -> None:
        """Change a record as it is, past all rules."""
        moment = at or self.now
        self.records[kind][record_id] |= self._typed(kind, values) | {
            "SystemModstamp": moment,
            "LastModifiedDate": moment,
        }

    def bury(self, kind: str, record_id: str, *, into: str | None = None, at: datetime | None = None) -> None:
        """Delete a record; `into` is the one that it was merged into."""
        self.touch(kind, record_id, at=at, IsDeleted=True, **({"MasterRecordId": into} if into else {}))
        if into:
            self.touch(kind, into, at=at)

    def rows(self, kind: str, *, deleted: bool = False) -> list[Row]:
        return [row for row in self.records.get(kind, {}).values() if deleted or not row["IsDeleted"]]

    def existing(self, kind: str, record_id: str) -> Row:
        self.kind(kind)
        found = self.records.get(kind, {}).get(long_id(record_id) if len(record_id) == 15 else record_id)
        if found is None:
            raise Problem("NOT_FOUND", "The requested resource does not exist", status=404)
        if found["IsDeleted"]:
            raise Problem("ENTITY_IS_DELETED", "entity is deleted", status=404)
        return found

    def kind(self, name: str) -> Kind:
        if name not in self.kinds:
            raise Problem("NOT_FOUND", "The requested resource does not exist", status=404)
        return self.kinds[name]

    def create(self, kind: str, values: Mapping[str, Any]) -> Row:
        given = {name: value for name, value in values.items() if name != "attributes"}
        self.kind(kind)
        self._known(kind, given)
        missing = [each.name for each in self.kinds[kind].fields.values() if each.required and not given.get(each.name)]
        if missing:
            words = f"Required fields are missing: [{', '.join(missing)}]"
            raise Problem("REQUIRED_FIELD_MISSING", words, tuple(missing))
        self._allowed(kind, dict(given), None)
        made = self.put(kind, **given)
        return self.records[kind][made]

    def change(self, kind: str, record_id: str, values: Mapping[str, Any]) -> Row:
        given = {name: value for name, value in values.items() if name != "attributes"}
        row = self.existing(kind, record_id)
        if self.busy[row["Id"]] > 0:
            self.busy[row["Id"]] -= 1
            raise Problem("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        self._known(kind, given)
        self._allowed(kind, {**row, **given}, row["Id"])
        self.touch(kind, row["Id"], **given)
        return row

    def delete(self, kind: str, record_id: str) -> None:
        self.bury(kind, self.existing(kind, record_id)["Id"])

    def carrying(self, kind: str, name: str, value: str) -> list[Row]:
        """The records with this external id."""
        known = self.kind(kind).field(name)
        if known is None or not (known.external or known.type == "id"):
            raise Problem(
                "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}", status=404
            )
        same = [row for row in self.rows(kind) if str(row.get(known.name) or "").lower() == value.lower()]
        return same if known.external else [self.existing(kind, value)]

    def upsert(self, kind: str, name: str, value: str, values: Mapping[str, Any]) -> tuple[Row | list[Row], bool]:
        """The record and whether it is new; all of them where several carry the external id."""
        if name in values:
            raise Problem("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.", (name,))
        same = self.carrying(kind, name, value)
        if len(same) > 1:
            return same, False
        if same:
            return self.change(kind, same[0]["Id"], values), False
        return self.create(kind, {**values, self.kinds[kind].fields[name].name: value}), True

    def _known(self, kind: str, given: Mapping[str, Any]) -> None:
        for name, value in given.items():
            known = self.kinds[kind].field(name)
            if known is None:
                raise Problem("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}", (name,))
            if not known.described()["updateable"]:
                raise Problem("INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {name}.", (name,))
            _fitting(known, value)

    def _allowed(self, kind: str, row: Row, record_id: str | None) -> None:
        others = [each for each in self.rows(kind) if each["Id"] != record_id]
        for known in self.kinds[kind].fields.values():
            value = row.get(known.name)
            if (
                known.unique
                and value
                and any(str(each.get(known.name)).lower() == str(value).lower() for each in others)
            ):
                words = f"duplicate value found: {known.name} duplicates value on record"
                raise Problem("DUPLICATE_VALUE", words, (known.name,))
        alike = self.duplicate_rules.get(kind)
        if record_id is None and alike and row.get(alike) and any(each.get(alike) == row[alike] for each in others):
            raise Problem("DUPLICATES_DETECTED", "Use one of these records?")
        for rule in self.rules:
            if words := rule(kind, row):
                raise Problem("FIELD_CUSTOM_VALIDATION_EXCEPTION", words)

    def _typed(self, kind: str, values: Mapping[str, Any]) -> Row:
        """Values as the org keeps them: numbers as decimals, dates as dates."""
        found = {}
        for name, value in values.items():
            known = self.kinds[kind].field(name)
            if known is None:
                raise KeyError(name)
            if value is not None and known.type in _NUMBERS:
                value = Decimal(str(value))
            elif isinstance(value, str) and known.type == "date":
                value = date.fromisoformat(value[:10])
            found[known.name] = None if value == "" else value
        return found

    def answer(self, query: Query, *, deleted: bool = False) -> tuple[int, list[dict[str, Any]]]:
        """How many rows a query finds, and the records as they are shown."""
        runner = Runner(self.kinds, lambda kind: self.rows(kind, deleted=deleted))
        found = runner.selected(query)
        if query.aggregates:
            shown = _aggregated(runner, query, found)
            lone = query.aggregates == [("count", "", "expr0")] and not query.groups
            return (len(found), []) if lone else (len(shown), shown)
        kind = runner.kind(query.kind)
        return len(found), [_shown(runner, kind, row, query) for row in found]


def _fitting(known: Field, value: Any) -> None:
    if value is None or value == "":
        return
    if known.type in _NUMBERS:
        try:
            Decimal(str(value))
        except ArithmeticError:
            raise Problem("JSON_PARSER_ERROR", f"Cannot deserialize instance of {known.type} from {value!r}") from None
    elif known.type == "date" and not isinstance(value, date):
        try:
            date.fromisoformat(str(value)[:10])
        except ValueError:
            raise Problem("JSON_PARSER_ERROR", f"Cannot deserialize instance of date from {value!r}") from None
    elif known.type == "boolean" and not isinstance(value, bool):
        raise Problem("JSON_PARSER_ERROR", f"Cannot deserialize instance of boolean from {value!r}")
    elif isinstance(value, list | dict):
        raise Problem("INVALID_FIELD", f"Cannot reference a foreign key field {known.name}.", (known.name,))


def attributes(kind: str, row: Row) -> dict[str, str]:
    return {"type": kind, "url": f"/services/data/v67.0/sobjects/{kind}/{row['Id']}"}


def _shown(runner: Runner, kind: Kind, row: Row, query: Query) -> dict[str, Any]:
    shown: dict[str, Any] = {"attributes": attributes(kind.name, row)}
    for path in query.fields:
        runner.value(kind, row, path)  # refuses what is not there
        _place(runner, kind, row, path.split("."), shown)
    for child in query.children:
        name, known = child_of(kind, child.kind)
        inner = replace(child, kind=name)
        rows = runner.selected(inner, (known, row["Id"]))
        records = [_shown(runner, runner.kind(name), each, inner) for each in rows]
        label = next(one for of, one in CHILDREN if of == kind.name and one.lower() == child.kind.lower())
        shown[label] = {"totalSize": len(rows), "done": True, "records": records} if rows else None
    return shown


def _place(runner: Runner, kind: Kind, row: Row, steps: list[str], shown: dict[str, Any]) -> None:
    if len(steps) == 1:
        known = kind.field(steps[0])
        if known is not None:
            shown[known.name] = row.get(known.name)
        return
    parent = kind.parent(steps[0])
    if parent is None:
        return _place(runner, kind, row, steps[1:], shown)
    found = runner.parent(parent.refers, row.get(parent.name))
    name = str(parent.relationship)
    if found is None:
        shown[name] = None
        return None
    above = runner.kind(next(each for each in parent.refers if found in runner.rows(each)))
    inner = shown.setdefault(name, {"attributes": attributes(above.name, found)})
    return _place(runner, above, found, steps[1:], inner)


def _aggregated(runner: Runner, query: Query, rows: list[Row]) -> list[dict[str, Any]]:
    kind = runner.kind(query.kind)
    if stray := [each for each in query.fields if each not in query.groups]:
        raise Refused("MALFORMED_QUERY", f"Field must be grouped or aggregated: {stray[0]}")
    piles: dict[tuple[Any, ...], list[Row]] = {} if query.groups else {(): rows}
    for row in rows if query.groups else []:
        piles.setdefault(tuple(runner.value(kind, row, each)[1] for each in query.groups), []).append(row)
    shown = []
    for key, pile in piles.items():
        one: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        one |= {name: value for name, value in zip(query.groups, key, strict=True) if name in query.fields}
        for function, path, alias in query.aggregates:
            values = [runner.value(kind, row, path)[1] for row in pile] if path else pile
            there = [each for each in values if each is not None]
            made = {"count": len, "sum": lambda v: sum(v) if v else None, "min": min, "max": max}[function]
            one[alias] = made(there) if there or function in {"count", "sum"} else None  # type: ignore[operator]  # one of four
        shown.append(one)
    return shown
