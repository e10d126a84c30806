"""What Salesforce's answers mean for us: one table from its error codes to what is done about them. The codes are those of the
"Status Codes and Error Responses" of its REST API guide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.failures import Answer, clip
from sync.errors import ConnectorError, Rejected, Throttled, Unavailable

LIMIT_WAIT = 900.0
_LOCKED_WAIT = 2.0
_CROWDED_WAIT = 10.0

_AGAIN: Mapping[str, float | None] = {
    "UNABLE_TO_LOCK_ROW": _LOCKED_WAIT,
    "QUERY_TIMEOUT": None,
    "REQUEST_RUNNING_TOO_LONG": None,
    "SERVER_UNAVAILABLE": None,
    "ORG_LOCKED": 60.0,
}
"""Nothing was written, and the same call may work later: after so many seconds, where we know better than to guess."""

_REASONS: Mapping[str, str] = {
    "NOT_FOUND": "not_found",
    "ENTITY_IS_DELETED": "not_found",
    "INVALID_CROSS_REFERENCE_KEY": "not_found",
    "DUPLICATE_EXTERNAL_ID": "ambiguous_reference",
}
"""Everything else that is refused is "crm_rejected": DUPLICATES_DETECTED, REQUIRED_FIELD_MISSING,
FIELD_CUSTOM_VALIDATION_EXCEPTION and their kind need a person who knows the record."""


def refusal(answer: Answer) -> ConnectorError | None:
    """An answer of 300 or 4xx in Salesforce's words; None where the body is none of its own."""
    if answer.status == 300:
        return several(answer.data)
    first = answer.data[0] if isinstance(answer.data, list) and answer.data else None
    return of_error(first) if isinstance(first, Mapping) and (first.get("errorCode") or first.get("message")) else None


def several(listed: Any) -> ConnectorError:
    """An external id that names several records, which the answer lists."""
    many = len(listed) if isinstance(listed, list) else "several"
    return Rejected(
        f"{many} records carry the same external id; only one may", reason="ambiguous_reference", code="300"
    )


def of_error(error: Mapping[str, Any]) -> ConnectorError:
    """One entry of an error array, or of a collection's `errors`."""
    code = clip(str(error.get("errorCode") or error.get("statusCode") or ""), 100)
    words = clip(str(error.get("message") or code))
    named = error.get("fields")
    fields = [clip(str(each), 100) for each in named if each] if isinstance(named, list) else []
    if code == "REQUEST_LIMIT_EXCEEDED":
        crowded = "concurrent" in words.lower()
        why, wait = (
            ("too many requests at once", _CROWDED_WAIT) if crowded else ("the day's requests are used up", LIMIT_WAIT)
        )
        return Throttled(f"{why}: {words}", retry_after=wait, sent=True)
    if code in _AGAIN:
        return Unavailable(f"{words} ({code})", retry_after=_AGAIN[code])
    reason = _REASONS.get(code, "crm_rejected")
    return Rejected(
        f"{words} ({code})" if code else words, reason=reason, code=code, path=fields[0] if fields else None
    )
