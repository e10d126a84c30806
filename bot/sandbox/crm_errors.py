"""Refusals of the CRM in HubSpot's shape: {status, message, correlationId, category}, sometimes with details."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.crm_record import InvalidProperties, Missing, NoSuchAssociation, Taken
from bot.sandbox.crm_search import BadSearch


class Refusal(Exception):
    """The request is answered with this status and body."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **details: object,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"status": "error", "message": message, "category": category, **details}


def invalid(message: str) -> Refusal:
    return Refusal(400, "VALIDATION_ERROR", message)


def refusal_of(error: Missing | InvalidProperties | NoSuchAssociation | BadSearch) -> Refusal:
    """What the records refuse, as HubSpot says it."""
    match error:
        case Missing():
            return Refusal(404, "OBJECT_NOT_FOUND", "resource not found")
        case Taken(name="email", existing=existing):
            words = f"Contact already exists. Existing ID: {existing}"
            return Refusal(409, "CONFLICT", words, context={"existingId": [existing]})
        case InvalidProperties(problems=problems):
            return Refusal(
                400, "VALIDATION_ERROR", f"Property values were not valid: {error}", errors=_details(problems)
            )
    return invalid(str(error))


def _details(problems: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [
        {"message": words, "code": code, "context": {"propertyName": [name]}, "name": name}
        for name, code, words in problems
    ]
