"""What an answer means for us, as one table for every connector: try again, read back, or ask a person
about the record or about the connection."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sync.errors import AnswerLost, ConnectorError, Rejected, Throttled, Unauthorized, Unavailable

LONGEST_WAIT = 3600.0
_WORDS = 500
_WHYS = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"scopes?(\b|_)", "what it may do does not cover this: a scope is missing"),
        (r"(?<!or )\brevoked\b(?! or)", "the access was revoked"),
        (r"(?<!or )(\b|_)expired(\b|_)(?! or)", "the access has expired"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer. `headers` are found in lower case, `data` is the JSON of the body or None, `retry_after` is in seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    data: Any = None
    retry_after: float | None = None

    @property
    def text(self) -> str:
        """The body as words for a person: one line, at most 500 characters."""
        return clip(self.body[: 4 * _WORDS].decode("utf-8", "replace"))


Refusal = Callable[[Answer], ConnectorError | None]
"""A connector's reading of a 4xx answer in its vendor's words; None when the body says nothing that it knows."""


def failure(answer: Answer, call: str, *, idempotent: bool, refusal: Refusal) -> ConnectorError:
    """The error that an answer from 300 up stands for. `call` names the connection and request in words."""
    said = f"{call} was answered {answer.status}"
    match answer.status:
        case 300 if (read := refusal(answer)) is not None:  # several records go by that name: nothing was done
            return read
        case 401:
            return Unauthorized(f"{said}{_why(answer)}{_words(refusal(answer))}")
        case 407:
            return Unauthorized(f"{said} by the proxy: it does not take proxy_user and proxy_password")
        case 429:
            read = refusal(answer)
            return read if isinstance(read, Throttled) else Throttled(said, retry_after=answer.retry_after, sent=True)
        case 503:
            return Unavailable(said, retry_after=answer.retry_after)
        case 403:
            read = refusal(answer)
            return (
                read if isinstance(read, Unavailable) else Unauthorized(f"{said}{_why(answer)}: {read or answer.text}")
            )
        case status if 400 <= status < 500 and status != 408:
            return refusal(answer) or Rejected(f"{said}: {answer.text}", code=str(status))
        case _:
            return unanswered(said, idempotent=idempotent, retry_after=answer.retry_after)


def _words(read: ConnectorError | None) -> str:
    return f": {read}" if read is not None else ""


def _why(answer: Answer) -> str:
    """What is wrong with the credentials, where the other side says it plainly (RFC 6750 or its own words)."""
    said = f"{answer.headers.get('www-authenticate', '')} {answer.text}".lower()
    return next((f" ({words})" for pattern, words in _WHYS if pattern.search(said)), "")


@contextmanager
def understood(words: str, *, idempotent: bool = True) -> Iterator[None]:
    """Around the reading of what an answer says: a value of another type than the other side has always given is Unavailable, or
    AnswerLost where it answers a write, and not a fault of ours. `words` say who answered."""
    try:
        yield
        return
    except (AttributeError, TypeError, LookupError, ValueError) as error:
        kind = type(error).__name__
    raise unanswered(f"{words} answered with something that cannot be read ({kind})", idempotent=idempotent)


def unanswered(words: str, *, idempotent: bool, retry_after: float | None = None) -> ConnectorError:
    """The request went out and its fate is not known: harmless when it can be repeated, to be read back when it cannot."""
    return Unavailable(words, retry_after=retry_after) if idempotent else AnswerLost(words)


def retry_after(headers: Mapping[str, str], *, now: datetime, milliseconds_from: float = math.inf) -> float | None:
    """Seconds to wait, at most an hour, from a number of `retry-after-ms`, or a number or HTTP date of `retry-after`. A date
    is read against the sender's own clock when it shows one. Numbers from `milliseconds_from` up are milliseconds."""
    exact = _seconds(headers.get("retry-after-ms", ""))
    if exact is not None:
        return min(exact / 1000, LONGEST_WAIT)
    value = headers.get("retry-after", "").strip()
    number = _seconds(value)
    if number is not None:
        return min(number / 1000 if number >= milliseconds_from else number, LONGEST_WAIT)
    until = _moment(value)
    if until is None:
        return None
    return min(max((until - (sent_at(headers) or now)).total_seconds(), 0.0), LONGEST_WAIT)


def sent_at(headers: Mapping[str, str]) -> datetime | None:
    """When the answer was sent, by the sender's own clock."""
    return _moment(headers.get("date", ""))


def _seconds(value: str) -> float | None:
    value = value.strip()
    return float(value) if value.isascii() and value.replace(".", "", 1).isdecimal() else None


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def clip(text: str, limit: int = _WORDS) -> str:
    """One line of at most `limit` characters, without control characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
