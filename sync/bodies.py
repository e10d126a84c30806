"""Mapping rows to the bodies of writes. What cannot be mapped is a violation at the field it came from; nothing is guessed.
A body with nothing in its way is made the plain way, by functions that each write has; else the Builder says what is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync import mapping, pricing, references, spreading
from sync.confirming import PRESENT
from sync.mapping import SelectorFailed, missing, select, text
from sync.model import Record, Undo, Violation, WriteSpec
from sync.money import NotMoney
from sync.own import NeverReturned, OwnFailed
from sync.plain_bodies import plain_body as plain_body
from sync.plain_bodies import ref
from sync.quick import CANNOT
from sync.scene import Scene
from sync.sending import sendable
from sync.transforms import Transform, Unreadable, apply
from sync.workspace.flow import BoundRecord, Lookup, MapRow, SourceRecord, Spread, VerifyRow, WriteRow

MAX_KEY = 200
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


@dataclass(slots=True, kw_only=True)
class Builder:
    """Builds the bodies of one plan and gathers what is in the way."""

    scene: Scene
    problems: list[Violation] = field(default_factory=list)
    stuck: bool = False
    connection: str = ""

    def writes(self) -> tuple[WriteSpec, ...]:
        """All writes of the plan; only without problems may they be carried out."""
        return tuple([self._write(each, self.scene.record) for each in self.scene.flow.writes])

    def _write(self, write: WriteRow, record: Record) -> WriteSpec:
        self.connection = write.connection
        key, body = self.key(write, record), plain_body(write, self.scene)
        return WriteSpec(
            name=write.name,
            connection=write.connection,
            entity=write.entity,
            operation=write.operation,
            key=key,
            body=self.body(write.record, record) if body is None else body,
            of=self.of(write),
            verify=self.verify(write.verify),
            keep=write.existing == "keep",
            same=write.same,
            undo=undo_said(write),
            company=self._filled(write.company, write.name, mapping.fill) if write.company else "",
        )

    def body(self, rows: Sequence[MapRow], record: Any, at: str = "") -> Record:
        """The target's record. An empty value leaves its field out."""
        built: Record = {}
        for row in rows:
            known = len(self.problems)
            value = self._value(row, record, at)
            if not missing(value):
                built[row.to] = value
            elif row.required and len(self.problems) == known:  # what is there and wrong is not missing too
                self._problem("missing_field", _joined(at, row.from_ or row.to), row.to, "a value")
        return built

    def verify(self, rows: Sequence[VerifyRow]) -> Record:
        """What the target must show after the write."""
        return {row.field: self._verified(row) for row in rows}

    def _verified(self, row: VerifyRow) -> Any:
        if row.exists:
            return PRESENT
        if row.text is not None:
            return self._text(row.text, row.field, self.scene.record, "")
        if row.total is None:
            return self._transformed(row, self.scene.record, "")
        try:
            return pricing.total(row.total, self.scene)
        except CANNOT:
            expected = "items whose quantities and prices make a total"
            self._problem("invalid_amount", row.total.of, row.field, expected, "money")
            return None

    def key(self, write: WriteRow, record: Record) -> str:
        """The external reference; a write that builds on an earlier one takes over its key with its own name behind."""
        if write.key is None:
            earlier = next(each for each in self.scene.flow.writes if each.name == write.of)
            return f"{self.key(earlier, record)}-{write.name}"
        return self._filled(write.key, write.name, mapping.key)

    def of(self, write: WriteRow) -> str | None:
        """The name of the write that this one builds on, or the id of the source's own record, or of what is bound to one."""
        if isinstance(write.of, BoundRecord):
            return self._bound(references.row_of(write.of, write.name), self.scene.record, "")
        if not isinstance(write.of, SourceRecord):
            return write.of
        record_id = self._filled(f"{{{write.of.source}}}", write.name, mapping.fill)
        if write.of.after and not record_id.startswith(write.of.after):
            self._problem("invalid_value", write.of.source, write.name, f"an id behind {write.of.after}")
            return record_id
        record_id = record_id.removeprefix(write.of.after)
        if record_id in {each.name for each in self.scene.flow.writes}:
            self._problem("invalid_value", write.of.source, write.name, "an id that is not the name of a write")
        return record_id

    def _filled(self, template: str, name: str, filler: Callable[[str, Record, dict[str, str]], str]) -> str:
        try:
            filled = filler(template, self.scene.record, {"flow": self.scene.flow.name})
        except KeyError as error:
            self._problem("missing_field", str(error.args[0]), name, "a value; it is part of the record's key")
            return ""
        except SelectorFailed as error:
            self._problem("rule_failed", name, name, f"a key that can be built: {error}")
            return ""
        if len(filled) > MAX_KEY:
            self._problem("invalid_value", name, name, f"values that make a key of at most {MAX_KEY} characters")
        return filled

    def _value(self, row: MapRow, record: Any, at: str) -> Any:
        if row.each is not None:
            return self._list(row, record, at)
        if row.spread is not None:
            return self._parts(row, row.spread, record, at)
        if row.ref is not None:
            return ref(row.ref)
        if row.xref is not None:
            return self._bound(row, record, at)
        if row.text is not None:
            return self._text(row.text, row.to, record, at)
        return self._transformed(row, record, at)

    def _list(self, row: MapRow, record: Any, at: str) -> list[Record]:
        items = self._selected(row.each or "", row.to, record, at)
        path = _joined(at, row.each or "")
        if not missing(items) and not isinstance(items, list):
            self._problem("invalid_value", path, row.to, "a list")
        if not isinstance(items, list):
            return []
        if len(items) > mapping.MOST_ITEMS:
            self._problem("invalid_value", path, row.to, f"a list of at most {mapping.MOST_ITEMS:,} items")
            return []
        return [self.body(row.record or (), item, f"{path}[{index}]") for index, item in enumerate(items)]

    def _parts(self, row: MapRow, spread: Spread, record: Any, at: str) -> list[Record]:
        try:
            found = spreading.spread(spread, record, self.scene.currency(None))
        except CANNOT as error:
            expected, kind = f"an amount, months and a first day to spread it: {error}", "money"
            self._problem("invalid_value", _joined(at, spread.amount), row.to, expected, kind)
            return []
        return [self.body(row.record or (), each) for each in found]

    def _bound(self, row: MapRow, record: Any, at: str) -> str | None:
        """The id that the ledger has bound. What is bound to nothing yet is a violation, never left out."""
        path, lookups = _joined(at, row.of or row.to), self.scene.lookups
        try:
            asked = references.bound(row, record, self.scene.flow, self.connection)
        except SelectorFailed as error:
            self._problem("rule_failed", path, row.to, str(error))
            return None
        if asked is None:
            return None
        ids = lookups.bound.get(asked, None if lookups.others else (f"{asked.source_entity} {asked.source_id}",))
        noun = asked.source_entity.replace("_", " ")
        if ids is None:
            self._problem("rule_failed", path, row.to, f"an answer of the ledger about the {noun}")
        elif len(ids) > 1:
            self._problem(
                "not_bound",
                path,
                row.to,
                f"one record in {self.connection}; it became {len(ids)}, say of which `entity`",
            )
        elif not ids:
            self._problem("not_bound", path, row.to, f"a {noun} that is in {self.connection} already")
        return ids[0] if ids is not None and len(ids) == 1 else None

    def _text(self, template: str, to: str, record: Any, at: str) -> str:
        try:
            return mapping.fill(template, record, {"flow": self.scene.flow.name})
        except KeyError as error:
            self._problem("missing_field", _joined(at, str(error.args[0])), to, "a value")
        except SelectorFailed as error:
            self._problem("rule_failed", _joined(at, to), to, str(error))
        return ""

    def _transformed(self, row: MapRow | VerifyRow, record: Any, at: str) -> Any:
        name = row.to if isinstance(row, MapRow) else row.field
        if row.from_ is None:
            return row.value
        value = self._selected(row.from_, name, record, at)
        if missing(value):
            return row.default if isinstance(row, MapRow) else None
        try:
            if isinstance(row, MapRow) and row.lookup is not None:
                value = self._looked_up(row.lookup, value)
            made = apply(row.transforms, value, self.scene.currency(None), self._own())
            if isinstance(row, MapRow) and row.percent_of is not None:
                made = pricing.percent_of(made, select(row.percent_of, record), self.scene.currency(None))
            return sendable(made)
        except NeverReturned as error:
            self.stuck = True
            reason, expected, kind = "rule_failed", f"a transform that returns: {error}", "text"
        except NotMoney as error:
            reason, expected, kind = "invalid_amount", f"a plain amount: {error}", "money"
        except Unreadable as error:
            reason, expected, kind = "invalid_value", str(error), "text"
        except CANNOT as error:
            reason, expected, kind = "rule_failed", f"a transform that works: {error}", "text"
        self._problem(reason, _joined(at, row.from_ if _PATH.fullmatch(row.from_) else name), name, expected, kind)
        return None

    def _own(self) -> Mapping[str, Transform]:
        """The company's transforms, until one of them has used up the time of this record."""
        if not self.stuck:
            return self.scene.own
        return dict.fromkeys(self.scene.own, _not_tried)

    def _selected(self, selector: str, name: str, record: Any, at: str) -> Any:
        try:
            return select(selector, record)
        except SelectorFailed as error:
            self._problem("rule_failed", _joined(at, name), name, str(error))
            return None

    def _looked_up(self, lookup: Lookup, value: Any) -> Any:
        row = self.scene.table(lookup.reference).find(lookup.key, text(value))
        if row is None or not row[lookup.column]:
            raise Unreadable(f"a value that {lookup.reference} knows a {lookup.column} for; {text(value)} is not there")
        return row[lookup.column]

    def _problem(self, reason: str, path: str, name: str, expected: str, kind: str = "text") -> None:
        found = text(mapping.get(self.scene.record, path)) if _is_path(path) else ""
        label = self.scene.contract.label(re.sub(r"\[\d+\]", "[*]", path)) or name.replace("_", " ").capitalize()
        violation = Violation(reason=reason, path=path, label=label, found=found, expected=expected[:300], kind=kind)
        if violation not in self.problems:
            self.problems.append(violation)


def undo_said(write: WriteRow) -> Undo | None:
    """How what this write makes is taken back, as the flow says it; None where it does not."""
    said = write.compensate
    if said is None:
        return None
    return Undo(
        operation=said.operation, entity=said.entity or write.entity, safe=said.safe, dated=said.dated,
        recompute=said.recompute,
    )  # fmt: skip


def _joined(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _is_path(path: str) -> bool:
    try:
        mapping.compile_path(path)
    except ValueError:
        return False
    return True


def _not_tried(value: Any, currency: str | None) -> Any:
    raise OwnFailed("it was not tried: another one did not return")
