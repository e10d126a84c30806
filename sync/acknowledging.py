"""Warnings. Some systems refuse a call until a person says that they have read the warning. The person agrees to the words of one
warning; the same words pass once more for that record, any others are asked about anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from sync.errors import Rejected
from sync.model import Overlay, Violation

WARNING, AGREE = "erp_warning", "agree"
_LONGEST = 200
_T = TypeVar("_T")
_MOST = 5  # warnings of one call


@runtime_checkable
class AcknowledgingTarget(Protocol):
    """A target whose warnings can be passed. It raises Rejected(reason="erp_warning"); `code` is the warning's own key."""

    async def acknowledge(self, warning: str) -> None:
        """The next call passes the warning with this key, once. Raises ConnectorError."""
        ...


def warned(error: Rejected) -> Violation:
    """What a person is asked to agree to."""
    return Violation(
        reason=WARNING,
        path=error.path or "",
        label="Warning of the ERP",
        found=error.words[:_LONGEST],
        expected="that a person agrees to it",
        kind=AGREE,
    )


async def passing(target: object, call: Callable[[], Awaitable[_T]], overlays: Sequence[Overlay]) -> _T:
    """What the call gives, past the warnings that people agreed to. A call that was warned of did nothing. Raises what it raises."""
    for _ in range(_MOST):
        try:
            return await call()
        except Rejected as error:
            if error.reason != WARNING or not isinstance(target, AcknowledgingTarget) or not _agreed(error, overlays):
                raise
            key = error.code
        await target.acknowledge(key)
    return await call()


def _agreed(error: Rejected, overlays: Sequence[Overlay]) -> bool:
    asked = warned(error)
    decided = (asked.reason, asked.path, asked.found)
    return any(each.action == "waive" and (each.reason, each.path, each.found) == decided for each in overlays)
