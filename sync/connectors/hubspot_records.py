"""What HubSpot answers, in our words: flat records of text, association targets and errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sync.connectors.failures import LONGEST_WAIT, Answer, clip, understood
from sync.errors import ConnectorError, Rejected, Throttled, Unavailable
from sync.model import Found, Record

_PRIMARY = (1, 5, 26)  # association types of the primary company of a contact, a deal and a ticket
_ATTACHED = {("companies", "deals"): 342, ("contacts", "companies"): 279, ("contacts", "deals"): 4}
_TAKEN = "CONFLICTING_UNIQUE_VALUE"
_DAILY = "the account has used up its requests for today; HubSpot counts anew at midnight of its time zone"
_WORD = re.compile(r"\w{2,}")


def flat(result: Any) -> Record:
    """An object as a flat record: `id` and every property as text or None; a property that the account does not have is not
    there. Raises Unavailable when it is no object."""
    if not isinstance(result, dict) or not _is_id(result.get("id")):
        raise Unavailable("the CRM answered with something that is not a record")
    properties = result.get("properties") or {}
    if not isinstance(properties, dict):
        raise Unavailable("the CRM answered with a record whose properties are none")
    return {name: text(value) for name, value in properties.items()} | {"id": str(result["id"])}


def found(record: Record) -> Found:
    """A flat record as what is found in a target."""
    return Found(id=record["id"], record=record, status=record.get("hs_task_status") or record.get("dealstage") or "")


def owner(result: Any) -> Record:
    """A person who owns records: `id`, `email`, `first_name`, `last_name`. Raises Unavailable when it is none."""
    if not isinstance(result, dict) or not result.get("id"):
        raise Unavailable("the CRM answered with something that is not an owner")
    named = {"email": "email", "first_name": "firstName", "last_name": "lastName"}
    return {"id": str(result["id"])} | {ours: text(result.get(theirs)) for ours, theirs in named.items()}


def results(answer: Any) -> list[Any]:
    """The results of an answer. Raises Unavailable when it has none."""
    found = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise Unavailable("the CRM answered without results")
    return found


def total(answer: Any) -> int:
    """How many records a search finds. Raises Unavailable when it does not say."""
    number = answer.get("total") if isinstance(answer, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise Unavailable("the CRM answered a search without saying how many there are")
    return number


def associated(answer: Any, record_id: str) -> tuple[list[dict[str, Any]], str | None]:
    """The association targets of one record in a batch answer, and where its next page begins.
    Having none is no error; any other error in a partial answer is Unavailable."""
    if not isinstance(answer, dict) or not isinstance(answer.get("results", []), list):
        raise Unavailable("the CRM answered with something that is not a list of associations")
    with understood("the CRM"):
        return _associated(answer, record_id)


def _associated(answer: Mapping[str, Any], record_id: str) -> tuple[list[dict[str, Any]], str | None]:
    errors = answer.get("errors") or []
    if any("NO_ASSOCIATIONS" not in str(error.get("subCategory", "")).upper() for error in errors):
        raise Unavailable(f"the CRM could not list associations: {clip(str(errors[0].get('message', '')))}")
    ours = [item for item in answer.get("results", []) if str(item.get("from", {}).get("id")) == record_id]
    targets = [target for item in ours for target in item.get("to", [])]
    if not all(isinstance(target, dict) and _is_id(target.get("toObjectId")) for target in targets):
        raise Unavailable("the CRM answered with an association to something that is not a record")
    onward = (item.get("paging", {}).get("next", {}).get("after") for item in ours)
    return targets, next((str(after) for after in onward if after), None)


def primary(targets: Iterable[Mapping[str, Any]]) -> str | None:
    """The primary one among association targets, or else the one with the lowest id."""
    ranked = sorted((not _is_primary(target), int(target["toObjectId"])) for target in targets)
    return str(ranked[0][1]) if ranked else None


def attached(entity: str, body: Mapping[str, Any]) -> list[Record]:
    """What a new record hangs on: the ids in the body under the names of other objects."""
    return [
        {
            "to": {"id": str(record_id)},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
        }
        for (near, to), type_id in _ATTACHED.items()
        if near == entity
        for record_id in body.get(to) or []
    ]


def attaches(entity: str, name: str) -> bool:
    """Whether a new record of the entity can hang on the object of that name."""
    return (entity, name) in _ATTACHED


def refusal(answer: Answer) -> ConnectorError | None:
    """A 4xx answer in HubSpot's words."""
    error = answer.data if isinstance(answer.data, dict) else {}
    if answer.status == 429:
        daily = str(error.get("policyName") or "").upper() == "DAILY"
        return Throttled(_DAILY, retry_after=answer.retry_after or LONGEST_WAIT, sent=True) if daily else None
    return refused(error, answer.status, answer.text, answer.retry_after)


def refused(error: Mapping[str, Any], status: int, text: str, retry_after: float | None = None) -> ConnectorError:
    """An error of HubSpot as ours. Locked records (423), moving accounts (477) and limits can be tried again."""
    category = str(error.get("category") or error.get("errorType") or "")
    words = clip(str(error.get("message") or text or f"status {status}"))
    if status in {423, 477} or "RATE_LIMIT" in category.upper():
        return Unavailable(words, retry_after=max(retry_after or 0.0, 2.0))
    if error.get("correlationId"):
        words = f"{words} (correlation {clip(str(error['correlationId']), 60)})"
    reason = "not_found" if status == 404 else "crm_rejected"
    return Rejected(words, reason=reason, code=_code(error) or category or str(status), path=_property(error))


def taken(refused: Rejected, named: str) -> Rejected:
    """The refusal, as `reference_taken` where another record has our reference in the property `named` already."""
    by_another = refused.code == _TAKEN or _TAKEN in refused.words
    ours = refused.path == named if refused.path else named in refused.words
    if (by_another and ours) or (refused.code == "CONFLICT" and named == "email"):
        return Rejected(refused.words, reason="reference_taken", code=refused.code, path=refused.path)
    return refused


def words(text: str, limit: int = 5) -> list[str]:
    """The longest different words of a text, to search by."""
    found = dict.fromkeys(word.lower() for word in _WORD.findall(text[:1000]))
    return sorted((word for word in found if len(word) <= 60), key=len, reverse=True)[:limit]


def _is_id(value: Any) -> bool:
    return str(value).isascii() and str(value).isdecimal()


def _is_primary(target: Mapping[str, Any]) -> bool:
    return any(kind.get("typeId") in _PRIMARY for kind in target.get("associationTypes") or [])


def text(value: Any) -> str | None:
    """A value as HubSpot keeps it: text, `true` and `false`, or nothing."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _code(error: Mapping[str, Any]) -> str:
    """What a taken value is called among the details; the category says no more than that something is invalid."""
    details = error.get("errors")
    codes = {each.get("code") for each in details if isinstance(each, dict)} if isinstance(details, list) else set()
    return _TAKEN if _TAKEN in codes else ""


def _property(error: Mapping[str, Any]) -> str | None:
    """The property that an error is about, where HubSpot says it."""
    for item in error.get("errors") or []:
        named = (item.get("context") or {}).get("propertyName") or item.get("in")
        if named:
            return str(named[0] if isinstance(named, list) else named)
    return None
