"""Who answers for a reason and by when, and what a contract promises. A clock may be loosened with an approval up to four
times its length; beyond that it is no clock any more, and that blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.reasons import reason
from sync.workspace.contract import Contract, RouteRule
from sync.workspace.diff.change import APPROVAL, BREAKING, SAFE, About, Category, Change
from sync.workspace.diff.leaves import same
from sync.workspace.diff.shapes import all_shapes, shapes
from sync.workspace.documents import Place

LOOSEST = 4
"""So many times longer a clock may become with an approval."""
_UNITS: dict[str, Decimal | int] = {
    "ms": Decimal("0.001"),
    "s": 1,
    "m": 60,
    "min": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "y": 31_536_000,
}
_PLAIN = re.compile(r"(milli|second|sec|minute|min|hour|day|week|year)s?")
_SHORT = {
    "milli": "ms",
    "second": "s",
    "sec": "s",
    "minute": "m",
    "min": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
    "year": "y",
}
_NO_CLOCKS = (
    "retention",
    "availability",
    "uptime",
    "throughput",
    "generalavailability",
    "endofsupport",
    "endoflife",
    "errorrate",
)
_NO_RULE = RouteRule()


def route_changes(about: About, old: Contract, new: Contract) -> Iterator[Change]:
    """What became of the reasons that the contract routes."""
    places = _places(new), _places(old)
    for code in sorted({*old.routes, *new.routes}):
        before, after = old.routes.get(code, _NO_RULE), new.routes.get(code, _NO_RULE)
        for key in RouteRule.model_fields:
            if getattr(before, key) != getattr(after, key):
                gone = getattr(after, key) is None
                alias = RouteRule.model_fields[key].alias or key
                at = (*places[code not in new.routes].get(code, ()), *(() if gone else (alias,)))
                yield _route(about, code, key, before, after, at, gone=code not in new.routes)


def _route(
    about: About, code: str, key: str, before: RouteRule, after: RouteRule, place: Place, *, gone: bool
) -> Change:
    old, new = _effective(code, before)[key], _effective(code, after)[key]
    path = f"reasons.{code}.{RouteRule.model_fields[key].alias or key}"
    if old == new:
        words = f"{code}: {path.rpartition('.')[2]} says {'no longer ' if gone else ''}what the reason says anyway"
        return about.change(SAFE, "route_same", path, words, old=old, new=new, place=place, gone=gone)
    told: dict[str, Any] = {"old": old, "new": new, "place": place, "gone": gone}
    if isinstance(old, timedelta) and isinstance(new, timedelta):
        category, kind, words, hint = _clock(f"the {key} clock of {code}", old, new)
        return about.change(category, kind, path, words, hint=hint, **told)
    nouns = {
        "team": "goes to another team",
        "severity": "has another class",
        "holds_billing": "holds billing otherwise",
    }
    kinds = {"team": "route_changed", "severity": "class_changed", "holds_billing": "billing_hold_changed"}
    return about.change(APPROVAL, kinds.get(key, "route_changed"), path, f"{code} {nouns.get(key, 'changes')}", **told)


def _effective(code: str, rule: RouteRule) -> dict[str, Any]:
    """What holds for a reason: the rule's own words, else the reason's."""
    known = reason(code)
    severity = rule.severity or known.severity
    resolve = rule.resolve or known.resolve
    return {
        **rule.model_dump(),
        "team": rule.team or known.role,
        "severity": severity.value,
        "resolve": resolve,
        "respond": min(rule.respond or replace(known, severity=severity).respond_within, resolve),
    }


def _clock(noun: str, old: timedelta, new: timedelta) -> tuple[Category, str, str, str]:
    if new > LOOSEST * old:
        hint = f"a clock may become at most {LOOSEST} times as long; take smaller steps, or take the reason out of the contract openly"
        return BREAKING, "clock_loosened", f"{noun} is loosened {_times(old, new)}", hint
    if new > old:
        return APPROVAL, "clock_loosened", f"{noun} is loosened", ""
    return APPROVAL, "clock_tightened", f"{noun} is tightened", ""


def _times(old: timedelta, new: timedelta) -> str:
    return f"{new // old} times" if not new % old else f"more than {new // old} times"


def _places(contract: Contract) -> dict[str, Place]:
    """Where each reason is routed: in the contract's own properties, or in those of a field."""
    own = [each.model_dump(by_alias=True) for each in contract.document.customProperties or ()]
    holders: list[tuple[Place, list[dict[str, Any]]]] = [((), own)]
    holders += [(each.place, each.own.get("customProperties", [])) for each in all_shapes(shapes(contract))]
    return {
        code: (*place, "customProperties", at, "value", code)
        for place, given in holders
        for at, each in enumerate(given)
        if each.get("property") == "reasons" and isinstance(each.get("value"), dict)
        for code in each["value"]
    }


def sla_changes(about: About, old: Contract, new: Contract) -> Iterator[Change]:
    """What became of the promises under `slaProperties`."""
    before, after = _promises(old), _promises(new)
    for name in dict.fromkeys((*before, *after)):
        at, gone = ("slaProperties", (after.get(name) or before[name])[0]), name not in after
        was, now = (each[name][1] if name in each else {} for each in (before, after))
        if same(was, now):
            continue
        told: dict[str, Any] = {"old": _words(was), "new": _words(now), "place": at, "gone": gone}
        yield about.change(*_promise(name, was, now)[:2], f"sla.{name}", _promise(name, was, now)[2], **told)


def _promise(name: str, old: dict[str, Any], new: dict[str, Any]) -> tuple[Category, str, str]:
    if not old or not new:
        verb = "given" if not old else "withdrawn"
        return APPROVAL, f"sla_{verb}", f"the promise {name} is {verb}"
    lengths = _length(old), _length(new)
    if {key: old[key] for key in old if key != "description"} == {key: new[key] for key in new if key != "description"}:
        return SAFE, "words_changed", f"the promise {name} is described anew"
    if name.split(" ")[0].lower() not in _NO_CLOCKS and lengths[0] and lengths[1] and lengths[0] != lengths[1]:
        category, kind, words, _ = _clock(f"the promise {name}", lengths[0], lengths[1])
        return category, kind.replace("clock", "sla"), words
    kind = "retention_changed" if "retention" in name.lower() else "sla_changed"
    return APPROVAL, kind, f"the promise {name} changes"


def _promises(contract: Contract) -> dict[str, tuple[int, dict[str, Any]]]:
    found: dict[str, tuple[int, dict[str, Any]]] = {}
    for at, each in enumerate(contract.document.slaProperties or ()):
        plain = each.model_dump(by_alias=True, exclude_none=True)
        name = str(each.property or "") + (f" of {each.element}" if each.element else "")
        found[name if name not in found else f"{name} {at + 1}"] = at, plain
    return found


def _words(promise: dict[str, Any]) -> str | None:
    return f"{promise.get('value', '')}{promise.get('unit', '')}" or None if promise else None


def _length(promise: dict[str, Any]) -> timedelta | None:
    unit = str(promise.get("unit", "")).lower()
    plain = _PLAIN.fullmatch(unit)
    seconds = _UNITS.get(_SHORT[plain[1]] if plain else unit)
    try:
        return timedelta(milliseconds=int(Decimal(str(promise.get("value"))) * seconds * 1000)) if seconds else None
    except (InvalidOperation, OverflowError, ValueError):
        return None
