"""What an answer's headers say about how often we may ask. The families of names that vendors use are read as one; what
cannot be true is not heard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from multidict import istr

from sync.connectors.failures import sent_at
from sync.throttle import Limit

_FAMILIES = tuple(
    (istr(f"{prefix}remaining"), istr(f"{prefix}limit"), istr(f"{prefix}reset"))
    for prefix in ("x-ratelimit-", "ratelimit-", "x-rate-limit-")
)
_DRAFT = istr("ratelimit")
_HUBSPOT = tuple(istr(f"x-hubspot-ratelimit-{word}") for word in ("remaining", "max", "interval-milliseconds"))
_SALESFORCE = istr("sforce-limit-info")
_NUMBER = re.compile(r"\s*(\d{1,15})(\.\d{1,9})?\s*(?:[,;].*)?", re.ASCII | re.DOTALL)
_PARTS = re.compile(r"\b(r|t|limit|remaining|reset)\s*=\s*(\d{1,15})(?=\s*(?:[,;]|$))", re.ASCII)
_USAGE = re.compile(r"\bapi-usage=(\d{1,12})/(\d{1,12})\b", re.ASCII)
_LONG = {"r": "remaining", "t": "reset"}
_ROLLING = (
    3600.0  # a day that rolls: it is never renewed at once, so what is left is spread as if it had to last an hour
)
_EPOCH = 1_000_000_000
_EPOCH_MILLISECONDS = 1_000_000_000_000


def limit_of(headers: Mapping[str, str], *, now: datetime) -> Limit | None:
    """What the headers say (their names are found in lower case), or None; costs next to nothing when they say nothing.
    A reset is a moment (seconds or milliseconds of the epoch) or seconds from now."""
    for remaining, limit, reset in _FAMILIES:
        if remaining in headers:
            return _limit(headers, remaining, limit, _from_now(_number(headers.get(reset, "")), headers, now))
    if _DRAFT in headers:
        return _draft(headers[_DRAFT])
    if _HUBSPOT[0] in headers:
        interval = _number(headers.get(_HUBSPOT[2], ""))
        said = _limit(headers, _HUBSPOT[0], _HUBSPOT[1], None if interval is None else interval / 1000)
        return None if said is None else replace(said, span=said.reset)
    if _SALESFORCE in headers and (usage := _USAGE.search(headers[_SALESFORCE])):
        used, most = int(usage[1]), int(usage[2])
        return Limit(remaining=max(most - used, 0), limit=most, reset=_ROLLING)
    return None


def _limit(headers: Mapping[str, str], remaining: str, limit: str, reset: float | None) -> Limit | None:
    left, most = _number(headers[remaining]), _number(headers.get(limit, ""))
    return None if left is None else Limit(remaining=int(left), limit=int(most) if most else None, reset=reset)


def _draft(value: str) -> Limit | None:
    """The header of the IETF's draft, `"default";r=50;t=30` or `limit=100, remaining=50, reset=5`. Of several limits the one
    with the least left counts."""
    several = value.split(",") if "r=" in value and "remaining" not in value else [value]
    found = []
    for one in several:
        said = {_LONG.get(name, name): int(number) for name, number in _PARTS.findall(one)}
        if "remaining" in said:
            found.append(Limit(remaining=said["remaining"], limit=said.get("limit"), reset=said.get("reset")))
    return min(found, key=lambda limit: limit.remaining, default=None)


def _from_now(value: float | None, headers: Mapping[str, str], now: datetime) -> float | None:
    if value is None or value < _EPOCH:
        return value
    moment = value / 1000 if value >= _EPOCH_MILLISECONDS else value
    return max(moment - (sent_at(headers) or now).timestamp(), 0.0)


def _number(text: str) -> float | None:
    """A number that is not negative; of a list the first. None for anything else."""
    match = _NUMBER.fullmatch(text)
    return float(match[1] + (match[2] or "")) if match else None
