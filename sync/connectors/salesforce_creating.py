"""Creating a record together with what hangs on it: one composite request, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors import salesforce_soql as soql
from sync.connectors.http import segment
from sync.connectors.salesforce_errors import of_error, several
from sync.connectors.salesforce_reader import Reader
from sync.connectors.salesforce_schema import Shape
from sync.errors import ConnectorError
from sync.model import Record

MOST = 25
"""How many parts one composite request may have ("Composite", REST API guide)."""

_MADE = "made"
_HALTED = "PROCESSING_HALTED"


async def hanging(reader: Reader, entity: str, body: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The records that a body names and that can refer to a new one of the entity: object, id, and the field that does."""
    found = []
    for kind, ids in body.items():
        shape = await reader.objects.of(kind) if isinstance(ids, list | tuple) and ids else None
        column = _referring(shape, entity) if shape is not None else None
        found += [(kind, str(each), column) for each in ids if column and soql.is_id(str(each))]
    return found[: MOST - 1]


def request(data: str, path: str, values: Record, hung: list[tuple[str, str, str]]) -> Record:
    """The composite request that creates the record at `path` and lets the others refer to it."""
    made = {"method": "PATCH", "url": f"{data}/sobjects/{path}", "referenceId": _MADE, "body": values}
    refer = [
        {
            "method": "PATCH",
            "url": f"{data}/sobjects/{segment(kind)}/{segment(record_id)}",
            "referenceId": f"hung{at}",
            "body": {column: f"@{{{_MADE}.id}}"},
        }
        for at, (kind, record_id, column) in enumerate(hung)
    ]
    return {"allOrNone": True, "compositeRequest": [made, *refer]}


def made(answer: Any) -> str | ConnectorError | None:
    """The id of the record that was created, why nothing was, or None where the answer does not say."""
    parts = answer.get("compositeResponse") if isinstance(answer, dict) else None
    if not isinstance(parts, list) or not all(isinstance(each, dict) for each in parts):
        return None
    for each in parts:
        if each.get("httpStatusCode") == 300:
            return several(each.get("body"))
    wrong = [
        error
        for each in parts
        if isinstance(each.get("body"), list)
        for error in each["body"]
        if isinstance(error, dict) and error.get("errorCode") != _HALTED
    ]
    if wrong:
        return of_error(wrong[0])
    body = next((each.get("body") for each in parts if each.get("referenceId") == _MADE), None)
    found = body.get("id") if isinstance(body, dict) else None
    return found if isinstance(found, str) and soql.is_id(found) else None


def _referring(shape: Shape, entity: str) -> str | None:
    """The field of an object that refers to the entity: the one that is called so, or else the only one."""
    fields = [each.name for each in shape.columns.values() if entity in each.refers and each.name != "MasterRecordId"]
    usual = f"{entity}Id"
    return usual if usual in fields else fields[0] if len(fields) == 1 else None
