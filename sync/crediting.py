"""Credit notes: what is posted is never changed, it is credited. An ability that a target may have."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sync.model import Found, Record
from sync.ports import Target


@runtime_checkable
class CreditingTarget(Target, Protocol):
    """A target that can also credit what is posted. Every method raises ConnectorError; AnswerLost where the fate is unknown."""

    def credits(self, entity: str) -> bool:
        """Whether it makes credit notes of this entity."""
        ...

    async def credit(self, entity: str, target_id: str, reference: str, body: Record) -> Found:
        """The credit note, posted: a record of `entity` of its own, with the external reference, found by it. It credits the
        posted record `target_id` wholly, or by the `lines` of the body alone, and never more than the record in total. Never
        credits twice knowingly; a taken reference is Rejected(reason="reference_taken")."""
        ...
