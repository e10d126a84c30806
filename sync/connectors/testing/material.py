"""What the stories of the suite are told with: how waits are named, how answers get lost, what is no answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, SecretStr

from sync.connectors.testing.harness import World
from sync.errors import Unavailable
from sync.model import Found

RETRY_AFTER = [
    ({"Retry-After": "7"}, 7.0),
    ({"Retry-After": "0.5"}, 0.5),
    ({"Retry-After": "Fri, 20 Nov 2026 09:01:30 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"}, 90.0),
    ({"Retry-After": "Fri, 20 Nov 2026 08:00:00 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"}, 0.0),
    ({"Retry-After": "Fri, 20 Nov 2026 19:00:00 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"}, 3600.0),
    ({"Retry-After": "soon"}, None),
    ({}, None),
]
LOST = [
    {"what": "cut"},
    {"what": "truncate"},
    {"what": "flood"},
    {"what": "say", "body": "<html>Welcome</html>"},
    {"what": "say", "body": '{"hello": 1}'},
    {"what": "say", "status": 500},
    {"what": "say", "status": 502, "body": "<html>Bad gateway</html>"},
    {"what": "say", "status": 302, "headers": {"Location": "http://elsewhere.example/"}},
    {"what": "hang"},
]
NO_ANSWERS = ["<!doctype html><title>Log in</title>", '{"id": NaN}', "[" * 100, "[]", '{"a": 1}']


async def found_in_the_end(w: World) -> Found | None:
    """What was created; a machine that is busy may take longer than the short time-out allows."""
    for _ in range(10):
        try:
            found: Found | None = await w.connector.find(*w.harness.create[:2])
            return found
        except Unavailable:
            continue
    return None


def secrets_of(value: Any) -> Iterator[str]:
    """Every secret among the options."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from secrets_of(getattr(value, name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from secrets_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from secrets_of(each)
