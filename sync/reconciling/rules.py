"""How the two sides of a flow are made comparable: by the flow's own mapping, compiled once. What cannot be read is None, and
disagrees with whatever the other side says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sync import mapping
from sync.inforce import due
from sync.listing import Entry
from sync.mapping import SelectorFailed, compile_selector, text
from sync.money import NotMoney, money
from sync.own import NeverReturned, OwnFailed
from sync.reconciling.nouns import Row, Value
from sync.reconciling.taken import TakenBack, Undone, taken_back
from sync.synthetic import MARK
from sync.transforms import TRANSFORMS, Transform, Unreadable, apply, utc_date, whole
from sync.workspace.flow import Flow, MapRow, VerifyRow, WriteRow
from sync.workspace.reconciling import Compared, Reconciling

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_UNREADABLE = (
    Unreadable,
    NotMoney,
    KeyError,
    SelectorFailed,
    NeverReturned,
    OwnFailed,
    ValueError,
    TypeError,
    ArithmeticError,
)
_HOLE = re.compile(r"\{([^{}]*)\}")
_PLAIN = re.compile(r"[A-Za-z0-9._-]+")
Reader = Callable[[Any, str | None], Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One compared field of the target. `ours` reads it from a record of the source with its currency, `theirs` brings what the
    target shows into the same form."""

    name: str
    ours: Reader
    theirs: Callable[[Any], Value]
    selectors: tuple[str, ...] = ()
    tolerance: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One flow's comparison. `ours` are references that its write makes, `others` those of other flows and of made-up records,
    which are not its business. `customers` leads from the target's id of a customer to the source's."""

    flow: Flow
    write: WriteRow
    options: Reconciling
    fields: tuple[Field, ...]
    amount: int | None
    currency: Field
    period: Field | None
    key: Callable[[Any], str]
    ours: re.Pattern[str]
    others: re.Pattern[str] | None
    customers: Mapping[str, str]
    taken: TakenBack = field(default_factory=TakenBack)

    @property
    def status(self) -> str:
        """The name of the field that says in which state a record is."""
        return self.options.status

    def source(self, record: Any, changed: datetime | None) -> Row:
        """A record of the source as it should stand in the target."""
        flow = self.flow
        currency = _safe(self.currency.ours, record, None)
        code = currency if isinstance(currency, str) else None
        values = tuple([_safe(each.ours, record, code) for each in self.fields])
        minor = values[self.amount] if self.amount is not None else 0
        period = _safe(self.period.ours, record, code) if self.period is not None else ""
        return Row(
            self.key(record),
            text(_selected(flow.record.id, record)),
            text(_selected(flow.record.customer, record)),
            _month(period),
            code or "",
            _minor(minor, code or ""),
            values,
            0 if changed is None else (changed - _EPOCH) // _MS,
            _is_due(flow, record),
        )

    def target(self, entry: Entry) -> Row | None:
        """A record of the target; None for one that does not count."""
        if entry.status in self.options.void or not self.taken.counts(entry.reference, entry.id):
            return None
        key = self.taken.key(entry.reference) if self.ours.fullmatch(entry.reference) else ""
        if not key and (self.options.foreign == "ignore" or self._is_anothers(entry.reference)):
            return None
        get = entry.record.get
        values = tuple([each.theirs(get(each.name)) for each in self.fields])
        minor = values[self.amount] if self.amount is not None else 0
        named = self.options.customer
        return Row(
            key,
            entry.id,
            self.customers.get(text(get(named)), "") if named else "",
            _month(self.period.theirs(get(self.period.name))) if self.period is not None else "",
            (code := text(self.currency.theirs(get(self.currency.name)))),
            _minor(minor, code),
            values,
            0 if entry.changed is None else (entry.changed - _EPOCH) // _MS,
        )

    def _is_anothers(self, reference: str) -> bool:
        made_up = reference.startswith(MARK)
        return made_up or (self.others is not None and self.others.fullmatch(reference) is not None)

    def source_fields(self) -> tuple[str, ...]:
        """The paths of the source that a list must show."""
        when, record = self.flow.trigger.when, self.flow.record
        named = [record.id, record.customer, when.path if when else None, *_holes(self.write.key or "")]
        named += [path for each in (*self.fields, self.currency, self.period) if each for path in each.selectors]
        return tuple(dict.fromkeys(path for each in named if each for path in _paths(each)))

    def target_fields(self) -> tuple[str, ...]:
        """The fields of the target that a list must show."""
        own = [each.name for each in (*self.fields, self.currency, self.period) if each]
        also = [each for each in (self.options.customer, self.options.status, "reference") if each]
        return tuple(dict.fromkeys([*own, *also]))

    def counted(self, name: str) -> bool:
        """Whether differences of this field are differences of money."""
        return self.amount is not None and self.fields[self.amount].name == name


def rules_of(
    flow: Flow,
    own: Mapping[str, Transform],
    flows: Iterable[Flow] = (),
    customers: Mapping[str, str] | None = None,
    undone: Iterable[Undone] = (),
) -> Rules:
    """The comparison that a flow with a `reconcile` asks for; `flows` are all of the workspace, which may write records of the
    same kind, `undone` the compensations that were carried out in the target's connection. Raises ValueError where its fields come from nowhere."""
    options = flow.reconcile
    if options is None:
        raise ValueError(f"{flow.title} is not reconciled")
    write = next(each for each in flow.writes if each.name == options.write)
    known = dict(sources_of(flow, write))
    named = dict(options.fields) or {name: Compared() for name in demanded(flow, write, options)}
    fields = tuple(_field(name, known, own, flow, each.tolerance, each.days) for name, each in named.items())
    amount = options.amount or next((name for name in named if name.endswith("_minor")), None)
    places = [each.name for each in fields]
    return Rules(
        flow=flow,
        write=write,
        options=options,
        fields=fields,
        amount=places.index(amount) if amount in places else None,
        currency=_field(options.currency, known, own, flow),
        period=_field(options.period, known, own, flow) if options.period else None,
        key=_key(flow, write),
        ours=re.compile(_references(flow, write)),
        others=_others(flow, write, flows),
        customers=customers or {},
        taken=taken_back(undone),
    )


def demanded(flow: Flow, write: WriteRow, options: Reconciling) -> Iterator[str]:
    """The fields that the flow itself demands of the record, and its currency."""
    of = {each.name for each in flow.writes if each.of == write.name} | {write.name}
    names = [
        row.field
        for each in flow.writes
        if each.name in of
        for row in each.verify
        if row.from_ or row.value is not None
    ]
    yield from dict.fromkeys([*names, options.currency])


def sources_of(flow: Flow, write: WriteRow) -> Iterator[tuple[str, MapRow | VerifyRow]]:
    """Where each field of the record comes from; what a later write demands of it takes the place of what an earlier one does."""
    yield from ((row.to, row) for row in write.record if _says(row))
    for each in flow.writes:
        if each.name == write.name or each.of == write.name:
            yield from ((row.field, row) for row in each.verify if _says(row))


def _says(row: MapRow | VerifyRow) -> bool:
    """Whether the row says by the record alone what the field is."""
    return row.from_ is not None or row.value is not None or row.text is not None


def _field(
    name: str,
    known: Mapping[str, MapRow | VerifyRow],
    own: Mapping[str, Transform],
    flow: Flow,
    tolerance: int = 0,
    days: int = 0,
) -> Field:
    row = known.get(name)
    if row is None:
        raise ValueError(f"{name} is neither mapped from the source nor demanded of the target")
    selectors = (row.from_,) if row.from_ else tuple(_holes(row.text or ""))
    return Field(
        name=name,
        ours=_reader(row, own, flow),
        theirs=_canonical(row),
        selectors=selectors,
        tolerance=tolerance,
        days=days,
    )


def _reader(row: MapRow | VerifyRow, own: Mapping[str, Transform], flow: Flow) -> Reader:
    if row.text is not None:
        template, extra = row.text, {"flow": flow.name}
        return lambda record, currency: mapping.fill(template, record, extra)
    if row.from_ is None:
        fixed = _scalar(row.value)
        return lambda record, currency: fixed
    find, names, default = compile_selector(row.from_), row.transforms, row.default if isinstance(row, MapRow) else None
    if len(names) == 1 and names[0] in TRANSFORMS:
        one = TRANSFORMS[names[0]]
        return lambda record, currency: (
            default if mapping.missing(found := find(record)) else _scalar(one(found, currency))
        )

    def read(record: Any, currency: str | None) -> Value:
        found = find(record)
        return _scalar(default if mapping.missing(found) else apply(names, found, currency, own))

    return read


def _minor(value: Value, currency: str) -> int:
    """The amount in minor units: what is written as a decimal text is one of the currency; 0 where it cannot be read."""
    if isinstance(value, int):
        return value
    try:
        return money(value, currency).minor
    except NotMoney:
        return 0


def _canonical(row: MapRow | VerifyRow) -> Callable[[Any], Value]:
    """How the target's value is brought into the form in which the mapping leaves its own."""
    last = row.transforms[-1] if row.transforms else ""
    if last == "iso_date":
        return partial(_tolerant, _day)
    if last in ("minor_units", "integer") or isinstance(row.value, int):
        return partial(_tolerant, whole)
    return _scalar


def _day(value: Any) -> str:
    return value if isinstance(value, str) and len(value) == 10 else utc_date(value).isoformat()


def _tolerant(read: Callable[[Any], Value], value: Any) -> Value:
    try:
        return None if value is None else read(value)
    except _UNREADABLE:
        return _scalar(value)


def _scalar(value: Any) -> Value:
    if type(value) is int or type(value) is str:
        return value
    return None if mapping.missing(value) else text(value)


def _safe(read: Reader, record: Any, currency: str | None) -> Value:
    try:
        return read(record, currency)
    except _UNREADABLE:
        return None


def _selected(selector: str | None, record: Any) -> Any:
    try:
        return compile_selector(selector)(record) if selector else None
    except SelectorFailed:
        return None


def _is_due(flow: Flow, record: Any) -> bool:
    when = flow.trigger.when
    if when is None:
        return True
    if when.path is not None and when.rule is None:
        return when.holds(_selected(when.path, record))
    return due(record, flow) is None


def _month(value: Value) -> str:
    return value[:7] if isinstance(value, str) else ""


def _holes(template: str) -> list[str]:
    return [each for each in _HOLE.findall(template) if each != "flow"]


def _paths(selector: str) -> list[str]:
    return [each.strip() for each in selector.split("||")]


def _key(flow: Flow, write: WriteRow) -> Callable[[Any], str]:
    template, extra = write.key or "", {"flow": flow.name}
    found = re.fullmatch(r"([^{}]*)\{([A-Za-z_][A-Za-z0-9_]*)\}([^{}]*)", template)

    def filled(record: Any) -> str:
        try:
            return mapping.key(template, record, extra)
        except (KeyError, SelectorFailed):
            return ""

    if found is None or found[2] == "flow":
        return filled
    before, name, behind = found[1], found[2], found[3]

    def quick(record: Any) -> str:
        value = record.get(name)
        return f"{before}{value}{behind}" if type(value) is str and _PLAIN.fullmatch(value) else filled(record)

    return quick


def _references(flow: Flow, write: WriteRow) -> str:
    """What the references look like that this write makes."""
    pieces = _HOLE.split(write.key or "")
    holes = [re.escape(flow.name) if each == "flow" else "(.+)" for each in pieces[1::2]]
    fixed = [re.escape(each) for each in pieces[0::2]]
    return "".join(one for pair in zip(fixed, [*holes, ""], strict=True) for one in pair)


def _others(flow: Flow, write: WriteRow, flows: Iterable[Flow]) -> re.Pattern[str] | None:
    """The references of what else may stand in the target's list: also of credit notes, which stand among what they credit."""
    found = [
        _references(each, row)
        for each in flows
        for row in each.writes
        if row.connection == write.connection and (row.entity == write.entity or row.operation == "credit")
        if row.key and (each.name, row.name) != (flow.name, write.name)
    ]
    return re.compile("|".join(f"(?:{each})" for each in found)) if found else None
