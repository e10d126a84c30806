"""Which checks may find something in a record, known at a glance. What a glance passes, the check itself would pass whatever
is spoiled already; about everything else it is not sure, and the check decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any

from sync.finding import Steps, beside
from sync.finding import every as every
from sync.kept import kept as kept
from sync.mapping import MOST_ITEMS, TooMany, compile_path, getter, missing, text
from sync.model import Record
from sync.money import decimal, exponent, is_currency
from sync.patterns import LONGEST_FOR_PATTERN
from sync.shapes import IS
from sync.transforms import amount, currency_at, utc_date, whole
from sync.workspace import flow as f
from sync.workspace.tables import ReferenceTable

Tables = Mapping[str, ReferenceTable]
Passes = Callable[[Any], bool]
Rule = tuple[int, Passes]
"""A check by its index, and whether it surely passes what it looks at."""
Fields = dict[str, tuple[list[Rule], list[Rule]]]
"""The rules about each field of an object: about an empty one, and about one that is not. `""` is the object itself."""

CANNOT = (ValueError, ArithmeticError, LookupError, TypeError, RecursionError)
"""How a rule, a selector or a transform fails on a record."""

_LARGEST = 10**15
_DIGITS = 60
_PLAIN = {places: re.compile(rf"[0-9]{{1,15}}(\.[0-9]{{1,{places}}})?") for places in (2, 3, 9)}
_PLAIN[0] = re.compile("[0-9]{1,15}")


def suspects(record: Record, flow: f.Flow, tables: Tables) -> Sequence[int]:
    """The indexes, in order, of the checks that may find something in the record."""
    return _glance(flow, tables)(record)


@kept
def _glance(flow: f.Flow, tables: Tables) -> Callable[[Record], Sequence[int]]:
    objects, relations = _sorted(flow, tables)
    looks = [(every(way), [(name, *rules) for name, rules in fields.items()]) for way, fields in objects.items()]

    def glance(record: Record) -> Sequence[int]:
        try:
            unsure = [index for index, passes in relations if not passes(record)]
        except TooMany:
            unsure = [index for index, _ in relations]
        for find, fields in looks:
            try:
                objects = find(record)
            except TooMany:
                unsure += [index for _, empty, filled in fields for index, _ in (*empty, *filled)]
                continue
            for found in objects:
                _look(found, fields, unsure)
        return sorted(set(unsure)) if unsure else ()

    return glance


def _look(found: Any, fields: list[tuple[str, list[Rule], list[Rule]]], unsure: list[int]) -> None:
    get = found.get if isinstance(found, dict) else {}.get
    for name, empty, filled in fields:
        value = get(name) if name else found
        for index, passes in empty if missing(value) else filled:
            if not passes(value):
                unsure.append(index)


def _sorted(flow: f.Flow, tables: Tables) -> tuple[dict[Steps, Fields], list[Rule]]:
    """The rules that look at one field, by the way to it; and those that look at the whole record."""
    objects: dict[Steps, Fields] = {}
    relations: list[Rule] = []
    for index, check in enumerate(flow.checks):
        if isinstance(check, f.Off | f.Elsewhere):
            continue  # nothing to find, or not yet
        way = compile_path(check.path)
        name = way[-1] if isinstance(way[-1], str) else ""
        empty, filled = objects.setdefault(way[:-1] if name else way, {}).setdefault(name, ([], []))
        if isinstance(check, f.Required):
            empty.append((index, _never))
            filled += [(index, _is_no_stub)] if check.fill else []
        elif isinstance(check, f.InReference | f.PriceWithin) and check.reference not in tables:
            relations.append((index, _never))
        elif rule := _OF_A_VALUE.get(type(check)):
            filled.append((index, rule(check, tables)))
        else:
            relations.append((index, _OF_A_RECORD.get(type(check), _unknown)(check, flow, tables)))
    return objects, relations


def _surely(passes: Passes) -> Passes:
    """Not sure where the rule fails."""

    def surely(value: Any) -> bool:
        try:
            return passes(value)
        except CANNOT:
            return False

    return surely


def _never(value: Any) -> bool:
    return False


def _unknown(check: f.Check, flow: f.Flow, tables: Tables) -> Passes:
    return _never


def _is_no_stub(value: Any) -> bool:
    return not (isinstance(value, dict) and len(value) == 1)


def _enum(check: f.Enum, tables: Tables) -> Passes:
    known = frozenset(each for each in check.values if text(each) == each)
    return lambda value: (value if type(value) is str else text(value)) in known


def _in_reference(check: f.InReference, tables: Tables) -> Passes:
    rows = tables[check.reference].by.get(check.column, {})
    return lambda value: text(value) in rows


def _range(check: f.Range, tables: Tables) -> Passes:
    least = -_LARGEST if check.min is None else check.min
    most = _LARGEST if check.max is None else check.max
    read = whole if check.whole else decimal

    def passes(value: Any) -> bool:
        if type(value) is int and -_LARGEST < value < _LARGEST:
            return least <= value <= most
        return bool(least <= read(value) <= most)

    return _surely(passes)


def _regex(check: f.Regex, tables: Tables) -> Passes:
    fullmatch = re.compile(check.pattern).fullmatch

    def passes(value: Any) -> bool:
        words = value if type(value) is str else text(value)
        return len(words) <= LONGEST_FOR_PATTERN and fullmatch(words.strip()) is not None

    return passes


def _type(check: f.Type, tables: Tables) -> Passes:
    return IS.get(check.type or "", _never)


def _length(check: f.Length, tables: Tables) -> Passes:
    least, most = check.min, MOST_ITEMS if check.max is None else check.max
    return lambda value: isinstance(value, str | list) and least <= len(value) <= most


def _currency(check: f.Currency, tables: Tables) -> Passes:
    return lambda value: is_currency(text(value))


def _date(check: f.Date, tables: Tables) -> Passes:
    return _surely(lambda value: utc_date(value) is not None)


def _amount(check: f.Amount, flow: f.Flow, tables: Tables) -> Passes:
    selector, values = check.currency or flow.record.currency, every(compile_path(check.path))

    def passes(record: Record) -> bool:
        currency = currency_at(selector, record)
        plain = _PLAIN[exponent(currency) if currency else 9]
        return all(_is_amount(value, plain) for value in values(record))

    return passes


def _is_amount(value: Any, plain: re.Pattern[str]) -> bool:
    if isinstance(value, str) and plain.fullmatch(value):
        return True
    return missing(value) or (type(value) is int and 0 <= value < _LARGEST)


def _date_order(check: f.DateOrder, flow: f.Flow, tables: Tables) -> Passes:
    pairs = beside(check.path, check.before)
    return _surely(
        lambda record: all(
            missing(value) or missing(later) or utc_date(value) <= utc_date(later) for value, later in pairs(record)
        )
    )


def _price_within(check: f.PriceWithin, flow: f.Flow, tables: Tables) -> Passes:
    pairs, rows = beside(check.path, check.of), tables[check.reference].by.get(check.key, {})
    selector = check.currency or flow.record.currency

    def is_near(value: Any, product: Any, currency: str | None) -> bool:
        row = rows[text(product)]
        unit = row[check.currency_column] if check.currency_column else currency
        listed = amount(row[check.column])
        return currency in (unit, None) and abs(amount(value) - listed) <= listed * check.tolerance

    def passes(record: Record) -> bool:
        currency = currency_at(selector, record)
        return all(
            missing(value) or missing(product) or is_near(value, product, currency) for value, product in pairs(record)
        )

    return _surely(passes)


def _sum_equals(check: f.SumEquals, flow: f.Flow, tables: Tables) -> Passes:
    if check.discount is not None:
        return _never
    items, values = every(compile_path(check.of)), every(compile_path(check.path))
    price = getter(compile_path(check.price))
    quantity = getter(compile_path(check.quantity)) if check.quantity else None

    def worth(item: Any) -> Decimal:
        return amount(price(item)) * whole(quantity(item)) if quantity else amount(price(item))

    def passes(record: Record) -> bool:
        found = items(record)
        with localcontext(prec=_DIGITS):
            total = sum(map(worth, found), Decimal(0))
        return not found or all(missing(value) or amount(value) == total for value in values(record))

    return _surely(passes)


_OF_A_VALUE: dict[type[f.Check], Callable[[Any, Tables], Passes]] = {
    f.Enum: _enum,
    f.InReference: _in_reference,
    f.Range: _range,
    f.Regex: _regex,
    f.Currency: _currency,
    f.Date: _date,
    f.Type: _type,
    f.Length: _length,
    f.Unique: lambda check, tables: _never,
}
_OF_A_RECORD: dict[type[f.Check], Callable[[Any, f.Flow, Tables], Passes]] = {
    f.Amount: _amount,
    f.SumEquals: _sum_equals,
    f.PriceWithin: _price_within,
    f.DateOrder: _date_order,
}
