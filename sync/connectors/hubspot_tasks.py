"""Tasks for people in the CRM. A task carries our reference as a marker in its subject, because HubSpot has no external id."""

from __future__ import annotations

import html
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sync.connectors.failures import clip
from sync.model import Record

ENTITY = "tasks"
ATTACHED = {"companies": 192, "contacts": 204, "deals": 216}  # association types from a task
PROPERTIES = ("hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_priority", "hs_task_type", "hs_timestamp")
_NAMES = {
    "subject": "hs_task_subject",
    "body": "hs_task_body",
    "text": "hs_task_body",
    "priority": "hs_task_priority",
    "due": "hs_timestamp",
}


def marker(reference: str) -> str:
    """What a task's subject ends with."""
    return f"[meshline {reference}]"


def carries(record: Mapping[str, Any], reference: str) -> bool:
    """Whether a task is the one of this reference."""
    mark = marker(reference)
    return any(mark in str(record.get(name) or "") for name in ("hs_task_subject", "hs_task_body"))


def properties(reference: str, body: Record, *, now: datetime) -> dict[str, str]:
    """The properties of a new task. The text is shown as it is: HubSpot reads task bodies as HTML, so it is escaped."""
    plain = {name: value for name, value in body.items() if name not in ATTACHED and value is not None}
    given = {_NAMES.get(name, name): str(value) for name, value in plain.items()}
    text = html.escape(given.get("hs_task_body", "")).replace("\n", "<br>")
    return {
        "hs_task_status": "NOT_STARTED",
        "hs_task_type": "TODO",
        "hs_task_priority": "HIGH",
        "hs_timestamp": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **given,
        "hs_task_subject": f"{clip(given.get('hs_task_subject', 'Please check'), 200)} {marker(reference)}",
        "hs_task_body": text,
    }


def associations(body: Record) -> list[Record]:
    """What a new task is attached to: the ids under `companies`, `contacts` and `deals`."""
    return [
        {
            "to": {"id": str(record_id)},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}],
        }
        for entity, type_id in ATTACHED.items()
        for record_id in body.get(entity) or []
    ]


def search(reference: str) -> Record:
    """The search that lists tasks which may carry the reference."""
    token = {"propertyName": "hs_task_subject", "operator": "CONTAINS_TOKEN", "value": reference}
    return {"filterGroups": [{"filters": [token]}], "properties": list(PROPERTIES), "limit": 100}
