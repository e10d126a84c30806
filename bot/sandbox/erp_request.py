"""Reading a request to the ERP: what is asked for, refused by name when it cannot be read."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from aiohttp import web

from bot.sandbox.erp_rules import Refused, invalid

MOST_PER_PAGE: Final = 1000


def reference_of(body: object) -> str | None:
    """The reference that a body carries, if it does."""
    reference = body.get("reference") if isinstance(body, dict) else None
    return reference if isinstance(reference, str) else None


def since(text: str | None) -> datetime | None:
    """The moment that a list begins at. Raises Refused."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise invalid("since", "since must be a moment such as 2026-03-31T00:00:00+00:00") from None


def limit(text: str) -> int:
    """How many items a page has. Raises Refused."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST_PER_PAGE:
        raise invalid("limit", f"limit must be between 1 and {MOST_PER_PAGE}")
    return int(text)


async def body_of(request: web.Request) -> object:
    """The body as JSON with exact numbers. Raises Refused."""
    raw = await request.read()
    if not raw:
        return None
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "malformed", "the body is not JSON") from error


def _no_such_number(name: str) -> Any:
    raise ValueError(name)
