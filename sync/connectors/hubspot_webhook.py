"""HubSpot's webhook body becomes changes. Only the fact that a record changed is taken; its values are read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sync.connectors.decode import decode
from sync.errors import WebhookRefused
from sync.model import Change

BATCH_LIMIT = 100
_ENTITIES = {
    "deal": "deals",
    "company": "companies",
    "contact": "contacts",
    "line_item": "line_items",
    "product": "products",
    "ticket": "tickets",
}
_TYPE_IDS = {
    "0-1": "contacts",
    "0-2": "companies",
    "0-3": "deals",
    "0-5": "tickets",
    "0-7": "products",
    "0-8": "line_items",
    "0-14": "quotes",
    "0-69": "subscriptions",
    "0-101": "commerce_payments",
    "0-123": "orders",
    "0-136": "leads",
}
_SANE = range(946_684_800_000, 4_102_444_800_000)  # the years 2000 to 2099 in milliseconds
_BY_PEOPLE = frozenset({"CRM", "CRM_UI", "MOBILE_IOS", "MOBILE_ANDROID"})
_KEY = ("portalId", "subscriptionId", "objectId", "eventId", "occurredAt")


def read_changes(
    body: bytes, *, portal: int | None, written_back: frozenset[str], objects: Mapping[str, str] = _TYPE_IDS
) -> list[Change]:
    """The changes of a verified body. Left out are other portals, unknown objects and the properties that we write
    ourselves, unless a person changed them; `objects` names custom objects by their type ids. Raises WebhookRefused: 400
    where it cannot be read, 401 where nothing in it is of our portal: the app then sends another account's events here."""
    try:
        items = decode(body)
    except ValueError as error:
        raise _malformed(f"The body is not JSON: {error}.") from None
    if not isinstance(items, list) or len(items) > BATCH_LIMIT:
        raise _malformed(f"The body must be an array of at most {BATCH_LIMIT} changes.")
    known = {**_TYPE_IDS, **objects}
    found = [_change(item, known) for item in items]
    _not_only_others(items, portal)
    wanted = zip(items, found, strict=True)
    return [change for item, change in wanted if change and _concerns_us(item, portal, written_back)]


def _not_only_others(items: Sequence[Mapping[str, Any]], portal: int | None) -> None:
    if not items or portal is None or any(item.get("portalId") == portal for item in items):
        return
    others = ", ".join(dict.fromkeys(_part(item.get("portalId")) for item in items))
    raise WebhookRefused(
        401, "Another account's events", f"These are events of the accounts {others} and not of {portal}."
    )


def _concerns_us(item: Mapping[str, Any], portal: int | None, written_back: frozenset[str]) -> bool:
    ours = portal is None or item.get("portalId") == portal
    return ours and not (item.get("propertyName") in written_back and _by_a_program(item))


def _by_a_program(item: Mapping[str, Any]) -> bool:
    """Whether the change may be our own write coming back; one that a person made is not, and is looked at."""
    return item.get("changeSource") not in _BY_PEOPLE


def _change(item: Any, known: Mapping[str, str]) -> Change | None:
    if not isinstance(item, dict) or not isinstance(item.get("subscriptionType"), str):
        raise _malformed("Every change must be an object with a subscriptionType.")
    kind = item["subscriptionType"]
    entity = _entity(kind, item, known)
    if entity is None:
        return None
    item = {**item, "objectId": item.get("objectId", item.get("fromObjectId"))}
    return Change(
        entity=entity,
        record_id=_object_id(item["objectId"]),
        key=":".join(_part(item.get(name)) for name in _KEY),
        kind=kind[:100],
        occurred_at=_moment(item.get("occurredAt")),
        sequence=_sequence(item.get("eventId")),
        **_merge(item),
    )


def _merge(item: Mapping[str, Any]) -> dict[str, Any]:
    """Which records became which, where the change is a merge."""
    gone, kept = item.get("mergedObjectIds"), item.get("newObjectId", item.get("primaryObjectId"))
    if not isinstance(gone, list) or len(gone) > BATCH_LIMIT or kept is None:
        return {}
    survivor = _object_id(kept)
    every = [_object_id(each) for each in (*gone, item.get("primaryObjectId", kept))]
    return {"survivor": survivor, "merged": tuple(dict.fromkeys(each for each in every if each != survivor))}


def _entity(kind: str, item: Mapping[str, Any], known: Mapping[str, str]) -> str | None:
    noun, _, verb = kind.partition(".")
    if not verb:
        return None
    return known.get(str(item.get("objectTypeId"))) if noun == "object" else _ENTITIES.get(noun)


def _object_id(value: Any) -> str:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise _malformed("Every change must carry its objectId as a number.")
    return text


def _moment(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int) or value not in _SANE:
        raise _malformed("Every change must carry occurredAt in milliseconds.")
    return datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000)


def _sequence(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else 0


def _part(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 100:
        raise _malformed("The ids of a change must be numbers or short texts.")
    return str(value)


def _malformed(detail: str) -> WebhookRefused:
    return WebhookRefused(400, "Body is malformed", detail)
