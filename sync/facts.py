"""What a rule sees of a record: its fields by name, the whole as `record`, and beside a plain amount its whole minor units as
`<name>_minor`. Fractions come as text, never as floats. No more is shown than a rule can look through in good time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync import cel
from sync.cel import Rule, RuleFailed
from sync.model import Record
from sync.money import NotMoney, minor_units

WHOLE = "record"
MINOR = "_minor"
MOST_VALUES = 10_000
MOST_ITEMS = 1_000
LONGEST = 500
DEEPEST = 20
_LARGEST = 2**63


def holds(rule: Rule, record: Record, currency: str | None) -> bool:
    """What the rule says of the record, whose amounts are in this currency. Raises RuleFailed."""
    return cel.evaluate(rule, facts(rule, record, currency))


def facts(rule: Rule, record: Record, currency: str | None) -> dict[str, Any]:
    """The values of the rule's names. An amount that cannot be read has no minor units. Raises RuleFailed for too much."""
    amounts = frozenset(each.removesuffix(MINOR) for each in rule.words if each.endswith(MINOR))
    eye = _Eye(currency=currency, amounts=amounts)
    shown: dict[str, Any] = {}
    for name in rule.names:
        if name == WHOLE:
            shown[name] = eye.see(record)
        elif name in record or not name.endswith(MINOR):
            shown[name] = eye.see(record.get(name))
        elif (minor := eye.minor(record.get(name.removesuffix(MINOR)))) is not None:
            shown[name] = minor
    return shown


def roots(rule: Rule) -> frozenset[str]:
    """The fields at the top of a record that the rule reads; `record` stands for all of them."""
    return frozenset(name for each in rule.names for name in (each, each.removesuffix(MINOR)))


@dataclass(slots=True, kw_only=True)
class _Eye:
    """Looks at values, and counts them."""

    currency: str | None
    amounts: frozenset[str]
    left: int = MOST_VALUES

    def see(self, value: Any, depth: int = 0) -> Any:
        self.left -= 1
        if self.left < 0 or depth > DEEPEST:
            raise RuleFailed(f"a rule sees at most {MOST_VALUES:,} values, {DEEPEST} levels deep")
        match value:
            case str():
                return self._text(value)
            case bool() | None:
                return value
            case int():
                return (
                    value if -_LARGEST <= value < _LARGEST else self._text(str(value) if abs(value) < 10**300 else "")
                )
            case dict():
                return self._object(value, depth)
            case list():
                if len(value) > MOST_ITEMS:
                    raise RuleFailed(f"a rule sees lists of at most {MOST_ITEMS:,} items")
                return [self.see(each, depth + 1) for each in value]
        return repr(value)[:LONGEST]

    def minor(self, value: Any) -> int | None:
        """The whole minor units of a plain amount."""
        try:
            return minor_units(value, self.currency) if self.currency is not None else None
        except NotMoney:
            return None

    def _object(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        seen = {str(name)[:LONGEST]: self.see(inner, depth + 1) for name, inner in value.items()}
        for name in self.amounts:
            if f"{name}{MINOR}" not in value and (minor := self.minor(value.get(name))) is not None:
                seen[f"{name}{MINOR}"] = minor
        return seen

    def _text(self, value: str) -> str:
        if len(value) > LONGEST:
            raise RuleFailed(f"a rule sees texts of at most {LONGEST:,} characters")
        return value.encode("utf-8", "replace").decode()
