"""Bodies made the plain way: by functions that each write has, with nothing in their way. Where something is, the Builder of
`sync.bodies` says what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sync import mapping
from sync.kept import kept
from sync.mapping import compile_selector, missing, text
from sync.model import Record, Ref
from sync.quick import CANNOT, Tables
from sync.scene import Scene
from sync.selectors import Finder
from sync.sending import sendable
from sync.transforms import TRANSFORMS, Transform
from sync.workspace.flow import Flow, Lookup, MapRow, WriteRow


def ref(words: str) -> Ref:
    """What stands for `invoice.number`, or for the id of `invoice`."""
    write, _, named = words.partition(".")
    return Ref(write, named or "id")


class _InTheWay(ValueError):
    """Something that the Builder has words for."""


Own = Mapping[str, Transform]
Make = Callable[[Any, str | None], Any]
"""Makes a value from the record, or an item of it, and the record's currency; None where there is none."""


def plain_body(write: WriteRow, scene: Scene) -> Record | None:
    """Exactly what the Builder makes of the rows of a write, None if anything may be in the way."""
    try:
        body: Record = _plain_body(write, scene.flow, scene.tables, scene.own)(scene.record, scene.currency(None))
    except CANNOT:
        return None
    return body


@kept
def _plain_body(write: WriteRow, flow: Flow, tables: Tables, own: Own) -> Make:
    return _body(write.record, flow, tables, own)


def _body(rows: Sequence[MapRow], flow: Flow, tables: Tables, own: Own) -> Make:
    fields = [(row.to, _value(row, flow, tables, own), row.required) for row in rows]

    def make(record: Any, currency: str | None) -> Record:
        built: Record = {}
        for to, value_of, required in fields:
            value = value_of(record, currency)
            if value is not None:
                built[to] = value
            elif required:
                raise _InTheWay
        return built

    return make


def _value(row: MapRow, flow: Flow, tables: Tables, own: Own) -> Make:
    if row.each is not None:
        return _list(compile_selector(row.each), _body(row.record or (), flow, tables, own))
    if row.text is not None:
        return _text(row.text, {"flow": flow.name})
    if row.spread is not None or row.percent_of is not None:
        return _asked
    if row.from_ is not None:
        return _mapped(row, compile_selector(row.from_), tables, own)
    if row.xref is not None:
        return _asked  # the Builder looks into what the ledger answered
    constant = _there(row.value if row.ref is None else ref(row.ref))
    return lambda record, currency: constant


def _asked(record: Any, currency: str | None) -> Any:
    raise _InTheWay


def _there(value: Any) -> Any:
    return None if missing(value) else value


def _list(find: Finder, body: Make) -> Make:
    def make(record: Any, currency: str | None) -> list[Record] | None:
        items = find(record)
        if missing(items):
            return None
        if not isinstance(items, list) or len(items) > mapping.MOST_ITEMS:
            raise _InTheWay
        return [body(item, currency) for item in items]

    return make


def _text(template: str, extra: dict[str, str]) -> Make:
    return lambda record, currency: _there(mapping.fill(template, record, extra))


def _mapped(row: MapRow, find: Finder, tables: Tables, own: Own) -> Make:
    default, steps = _there(row.default), [TRANSFORMS.get(name) or own[name] for name in row.transforms]
    if row.lookup is not None:
        steps.insert(0, _look_up(row.lookup, tables))
    if not steps:
        return lambda record, currency: default if missing(value := find(record)) else sendable(value)
    theirs = not TRANSFORMS.keys() >= set(row.transforms)

    def make(record: Any, currency: str | None) -> Any:
        value = find(record)
        if missing(value):
            return default
        for step in steps:
            value = step(value, currency)  # no step of ours makes nothing of something
        if theirs:
            return _there(sendable(value))
        return value if type(value) is str else sendable(value)

    return make


def _look_up(lookup: Lookup, tables: Tables) -> Transform:
    table = tables.get(lookup.reference)
    rows = {} if table is None else table.by.get(lookup.key, {})

    def look_up(value: Any, currency: str | None) -> str:
        found = rows[text(value)][lookup.column]
        if missing(found):
            raise _InTheWay
        return found

    return look_up
