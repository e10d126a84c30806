"""Leading signs: what goes wrong between a source and us before any record is late for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

REFUSED, UNREAD, SIGNED_OUT = "webhooks_refused", "unread", "signed_out"
CALM = timedelta(hours=1)
"""So long no webhook has to be refused for it to be over."""
_MANY = 5
_LATE, _POLLS = timedelta(minutes=15), 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that goes wrong with a connection, or with one `entity` of it: `since` when, how `many` times, when `last_at`."""

    kind: str
    connection: str
    entity: str
    since: datetime
    last_at: datetime
    many: int
    told: bool
    words: str


def is_over(sign: Sign, now: datetime) -> bool:
    """Whether webhooks were refused and none was for an hour. A source that is not read is so until it is read."""
    return sign.kind == REFUSED and now - sign.last_at >= CALM


def is_due(sign: Sign, every: timedelta | None, now: datetime) -> bool:
    """Whether its owners are to hear of it: at once of a source that does not accept our
    sign-in, of webhooks when several were refused, of a source that does not answer after three polls and a quarter of an hour."""
    if sign.told or sign.kind == SIGNED_OUT:
        return not sign.told
    if sign.kind == REFUSED:
        return sign.many >= _MANY
    return now - sign.since >= max(_LATE, _POLLS * (every or timedelta()))
