"""The checks about money: amounts that can be read in one way, sums to the minor unit, prices near the list price."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from sync import transforms
from sync.mapping import expand, get, missing, sibling, text
from sync.model import Candidate, Violation
from sync.money import NotMoney, decimal, exponent, minor_units
from sync.scene import CannotTell, Scene
from sync.transforms import Unreadable, whole
from sync.workspace.flow import Amount, PriceWithin, SumEquals
from sync.workspace.rows import Total

_POINTS = re.compile(r"[+-]?\d{1,3}(\.\d{3})*,\d{1,3}")
_COMMAS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d{1,3})?")
_BLANKS = re.compile(r"[+-]?\d{1,3}([ '\u00a0\u202f]\d{3})+([.,]\d{1,2})?")


def amount(index: int, check: Amount, scene: Scene) -> Iterator[Violation]:
    """A plain decimal with no more decimals than its currency has, and not negative."""
    currency = scene.currency(check.currency)
    for path, value in scene.values(check.path):
        try:
            number = transforms.amount(value)
            if currency is not None:
                minor_units(number, currency)
        except NotMoney:
            yield scene.violation(
                check, path, expected=_amount_words(currency), candidates=_readings(value), kind="money"
            )
            continue
        if number < 0:
            yield scene.violation(check, path, check.negative, expected="an amount that is not negative", kind="money")


def _amount_words(currency: str | None) -> str:
    places = exponent(currency) if currency else 2
    example = f"1234.{'56'.ljust(places, '0')[:places]}" if places else "1234"
    return f"a plain amount such as {example}" + (f" in {currency}" if currency else "")


def _readings(value: object) -> tuple[Candidate, ...]:
    """How an amount in another notation may be meant. Suggested to a person, never taken."""
    words = text(value)
    found: dict[str, str] = {}
    if _POINTS.fullmatch(words):
        found[words.replace(".", "").replace(",", ".")] = "read with a decimal comma"
    if _COMMAS.fullmatch(words):
        found.setdefault(words.replace(",", ""), "read with commas between thousands")
    if _BLANKS.fullmatch(words):
        found.setdefault(re.sub(r"[ '\u00a0\u202f]", "", words).replace(",", "."), "read with gaps between thousands")
    return tuple(Candidate(value=each, label=each, score=80, why=why) for each, why in found.items())


_HUNDRED = Decimal(100)


def sum_equals(index: int, check: SumEquals, scene: Scene) -> Iterator[Violation]:
    """The amount is exactly the sum of its items. Items that cannot be read are violations of their own."""
    items, currency = expand(scene.record, check.of), scene.currency(check.currency)
    total, readable = Decimal(0), bool(items)
    with localcontext() as context:
        context.prec = 60
        for path, item in items:
            try:
                total += _worth(item, check, currency)
            except NotMoney:
                readable = False
                yield from _unreadable(f"{path}.{check.price}", check, scene)
            except Unreadable:
                readable = False
                yield from _unreadable(f"{path}.{check.quantity}", check, scene)
            except NoDiscount:
                readable = False
                yield scene.violation(check, f"{path}.{check.discount}", "invalid_value", expected=str(NoDiscount()))
    if not readable:
        return
    for path, value in scene.values(check.path):
        yield from _compare(path, value, total, check, scene)


def total(row: Total, scene: Scene) -> int:
    """The worth of the record's items in whole minor units. Raises ValueError, LookupError for items that cannot be summed."""
    currency = scene.currency(None)
    if currency is None:
        raise CannotTell("the currency of the record is not known")
    with localcontext(prec=60):
        worth = sum((_worth(item, row, currency) for _, item in expand(scene.record, row.of)), Decimal(0))
    return minor_units(worth, currency)


class NoDiscount(ValueError):
    """The discount of an item is no percentage."""

    def __str__(self) -> str:
        return "a discount between 0 and 100 percent"


def _worth(item: object, check: SumEquals | Total, currency: str | None) -> Decimal:
    price = transforms.amount(get(item, check.price))
    worth = price * whole(get(item, check.quantity)) if check.quantity else price
    off = get(item, check.discount) if check.discount else None
    if missing(off):
        return worth
    try:
        percent = decimal(off)
    except NotMoney as error:
        raise NoDiscount from error
    if not 0 <= percent <= _HUNDRED:
        raise NoDiscount
    return share(worth, _HUNDRED - percent, currency)


def percent_of(percent: object, amount: object, currency: str | None) -> int:
    """So many percent of an amount in whole minor units, rounded half to even. Raises NotMoney."""
    if currency is None:
        raise NotMoney("the currency of the record is not known")
    with localcontext(prec=60):
        return minor_units(share(transforms.amount(amount), decimal(percent), currency), currency)


def share(amount: Decimal, percent: Decimal, currency: str | None) -> Decimal:
    """So many percent of an amount, rounded half to even to the minor unit; not rounded where no currency is known."""
    exact = amount * percent / _HUNDRED
    if currency is None:
        return exact
    return exact.quantize(Decimal(1).scaleb(-exponent(currency)), rounding=ROUND_HALF_EVEN)


def _unreadable(path: str, check: SumEquals, scene: Scene) -> Iterator[Violation]:
    if not scene.is_spoiled(path):
        empty = missing(get(scene.record, path))
        reason = "missing_field" if empty else "invalid_amount" if path.endswith(check.price) else "invalid_value"
        yield scene.violation(check, path, reason, expected="a plain number", kind="money")


def _compare(path: str, value: Any, total: Decimal, check: SumEquals, scene: Scene) -> Iterator[Violation]:
    currency = scene.currency(check.currency)
    try:
        same = transforms.amount(value) == total
    except NotMoney:
        yield scene.violation(check, path, "invalid_amount", expected=_amount_words(currency), kind="money")
        return
    if not same:
        plain = _plain(total, currency)
        words = f"{plain}{f' {currency}' if currency else ''}"
        proposal = Candidate(value=plain, label=words, score=90, why="sum of the line items")
        yield scene.violation(
            check, path, expected=f"{words}, the sum of the line items", candidates=(proposal,), kind="money"
        )


def price_within(index: int, check: PriceWithin, scene: Scene) -> Iterator[Violation]:
    """The price is near the list price of the product beside it."""
    table = scene.table(check.reference)
    currency = scene.currency(check.currency)
    for path, value in scene.values(check.path):
        product = sibling(path, check.path, check.of)
        if scene.is_spoiled(product) or missing(get(scene.record, product)):
            continue
        row = table.find(check.key, text(get(scene.record, product)))
        if row is None:
            raise CannotTell(f"{text(get(scene.record, product))} is not in {check.reference}")
        listed, unit = (
            transforms.amount(row[check.column]),
            row[check.currency_column] if check.currency_column else currency,
        )
        proposal = Candidate(
            value=_plain(listed, unit), label=f"{_plain(listed, unit)} {unit or ''}".strip(), score=90, why="list price"
        )
        if unit != currency and currency is not None:
            expected = f"a price in {unit}, the currency of the list"
            yield scene.violation(check, path, expected=expected, kind="money")
        elif not _near(value, listed, check):
            expected = f"{_plain(listed, unit)} {unit or ''} ± {(check.tolerance * 100).normalize():f}%".replace(
                "  ", " "
            )
            yield scene.violation(
                check, path, expected=f"{expected} (list price)", candidates=(proposal,), kind="money"
            )


def _near(value: Any, listed: Decimal, check: PriceWithin) -> bool:
    return abs(transforms.amount(value) - listed) <= listed * check.tolerance


def _plain(number: Decimal, currency: str | None) -> str:
    places = exponent(currency) if currency else 2
    return f"{number:.{places}f}" if number == round(number, places) else f"{number:f}"
