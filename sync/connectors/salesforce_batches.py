"""Writing many records in one call: a collection of up to 200, each created by its external id, each answered for itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync.connectors import salesforce_records as records
from sync.connectors import salesforce_soql as soql
from sync.connectors.http import Client, segment
from sync.connectors.salesforce_errors import of_error
from sync.connectors.salesforce_schema import Shape
from sync.errors import AnswerLost, ConnectorError
from sync.model import Found, Record

MOST = 200
"""How many records one collection may hold ("Upsert Records Using sObject Collections")."""


async def upserted(
    client: Client, data: str, shape: Shape, named: str, given: Sequence[tuple[str, Record]]
) -> list[Found | ConnectorError | None]:
    """What became of each record, in their order; `named` is the field of our reference. Raises ConnectorError where the first
    collection fails as a whole; where a later one does, that is said of each of its records."""
    told: list[Found | ConnectorError | None] = []
    for start in range(0, len(given), MOST):
        part = given[start : start + MOST]
        try:
            told += await _collection(client, data, shape, named, part)
        except ConnectorError as error:
            if start == 0:
                raise
            told += [None if isinstance(error, AnswerLost) else error] * len(part)
    return told


async def _collection(
    client: Client, data: str, shape: Shape, named: str, part: Sequence[tuple[str, Record]]
) -> list[Found | ConnectorError | None]:
    collection = [
        {"attributes": {"type": shape.name}, **records.sent(shape, records.own(body)), named: reference}
        for reference, body in part
    ]
    path = f"{data}/composite/sobjects/{segment(shape.name)}/{segment(named)}"
    asked = {"allOrNone": False, "records": collection}
    answer = await client.request("PATCH", path, json=asked, idempotent=False)
    if not isinstance(answer.data, list) or len(answer.data) != len(part):
        raise AnswerLost(f"{client.name} answered a collection without saying what became of each record")
    return [_outcome(each) for each in answer.data]


def _outcome(result: Any) -> Found | ConnectorError | None:
    """What one result clearly says."""
    if not isinstance(result, dict):
        return None
    made, errors = result.get("id"), result.get("errors")
    if result.get("success") is True and isinstance(made, str) and soql.is_id(made):
        return Found(id=made, record={"id": made})
    if result.get("success") is False and isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return of_error(errors[0])
    return None
