"""What is taken back, and who agrees to it. What is safe goes by itself; anything else shows two people what it changes, with the
amounts, and counts for exactly what they saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sync.drafts import AGREE
from sync.drafts import agreed as agreed
from sync.mapping import text
from sync.model import Found, Violation, WriteSpec
from sync.money import Money, NotMoney, decimal, money
from sync.replaying import ABSENT, of_values
from sync.writing import differing, fingerprint

REASON = "to_credit"
_SHOWN = 6
_MINOR = "_minor"


def anew(spec: WriteSpec, by: WriteSpec, shown: Found, body: Mapping[str, object], worth: Money | None) -> Violation:
    """That what was made is taken back and made again from what the record says now."""
    number, was = numbered(shown), billed(shown, (by, spec), worth)
    verb = "Void" if by.undo is not None and by.undo.operation == "void" else "Credit"
    becomes = f" {worth}" if worth is not None and was is not None else ""
    over = f" over {was}" if was is not None else ""
    changes = _changes(shown.record, body)
    return Violation(
        reason=REASON, path=f"{spec.name}_{fingerprint(dict(body))[:12]}", label=_label(spec), found=f"{number}{over}",
        expected=f"{verb} {number}{over} and bill{becomes or ' it'} {'instead' if becomes else 'anew'}: {changes}", kind=AGREE,
    )  # fmt: skip


def withdrawn(spec: WriteSpec, by: WriteSpec, shown: Found, worth: Money | None, why: str) -> Violation:
    """That what was made is taken back for good."""
    number, was = numbered(shown), billed(shown, (by, spec), worth)
    verb = "Void" if by.undo is not None and by.undo.operation == "void" else "Credit"
    over = f" over {was}" if was is not None else ""
    return Violation(
        reason=REASON, path=f"{spec.name}_{fingerprint({'gone': shown.id})[:12]}", label=_label(spec),
        found=f"{number}{over}", expected=f"{verb} {number}{over} and bill nothing instead: {why}", kind=AGREE,
    )  # fmt: skip


def numbered(shown: Found) -> str:
    """What people know the record by."""
    return text(shown.record.get("number")) or shown.id


def billed(shown: Found, specs: Sequence[WriteSpec], worth: Money | None) -> Money | None:
    """What the record is over, read where the flow verifies its total; None where it verifies none."""
    if worth is None:
        return None
    names = dict.fromkeys(
        [name for spec in specs for name, value in spec.verify.items() if _is_total(name, value, worth)]
    )
    for name in (*names, "total_minor"):
        value = shown.record.get(name)
        if name.endswith(_MINOR) and isinstance(value, int):
            return Money(currency=worth.currency, minor=value)
        try:
            return money(value, worth.currency) if name in shown.record else None
        except NotMoney:
            continue
    return None


def _is_total(name: str, value: object, worth: Money) -> bool:
    if name.endswith(_MINOR):
        return value == worth.minor
    try:
        return money(value, worth.currency) == worth and decimal(value) != 0
    except NotMoney:
        return False


def _label(spec: WriteSpec) -> str:
    return spec.entity.replace("_", " ").capitalize()


def _changes(shown: Mapping[str, object], body: Mapping[str, object]) -> str:
    names = differing(shown, body)
    every = (each for name in names for each in of_values(name, shown.get(name), body[name]))
    found = [(path, _said(was), _said(becomes)) for path, was, becomes in every if _said(was) != _said(becomes)]
    told = [f"{path} {was or 'empty'} → {becomes or 'empty'}" for path, was, becomes in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(told) + more


def _said(value: object) -> str:
    return "" if value is ABSENT else text(value)
