"""Tasks for people in Salesforce. A task carries our reference as a marker in its subject, because it has no external id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sync.connectors import salesforce_soql as soql
from sync.connectors.failures import clip
from sync.model import Record

ENTITY = "Task"
NAMES = frozenset({ENTITY, "tasks"})
"""What flows may call it: its own name, and the one that they use for any CRM."""

FIELDS = ("Subject", "Description", "Status", "Priority", "ActivityDate", "WhatId", "WhoId", "OwnerId", "IsClosed")
_LONGEST_SUBJECT = 255
_LONGEST_TEXT = 32_000
_WORDS = {
    "subject": "Subject",
    "body": "Description",
    "text": "Description",
    "priority": "Priority",
    "due": "ActivityDate",
}
_WHO = "003"  # the ids of contacts; leads have 00Q
_LEAD = "00Q"


def marker(reference: str) -> str:
    """What a task's subject ends with."""
    return f"[meshline {reference}]"


def query(reference: str) -> str:
    """The tasks that carry the reference, the oldest first."""
    return soql.query(
        ["Id", *FIELDS], ENTITY, [f"Subject LIKE {soql.holding(marker(reference))}"], order="CreatedDate, Id", limit=2
    )


def fields(reference: str, body: Record, *, address: str, now: datetime) -> Record:
    """The fields of a new task. It hangs on the first record that it is about; the others stand in its text with their links."""
    about = list(_about(body))
    given = {_WORDS.get(name, name): value for name, value in body.items() if isinstance(value, str) and value}
    given["Subject"] = _subject(given.get("Subject", "Please check"), reference)
    links = "\n".join(f"{address}/{each}" for each in about)
    text = "\n\n".join(each for each in (given.get("Description", ""), links) if each)
    what = next((each for each in about if not each.startswith((_WHO, _LEAD))), None)
    who = next((each for each in about if each.startswith((_WHO, _LEAD))), None)
    due = given.pop("ActivityDate", now.date().isoformat())[:10]
    hangs = {name: value for name, value in (("WhatId", what), ("WhoId", who)) if value}
    return {
        "Status": "Not Started", "Priority": "High", **hangs, **given, "ActivityDate": due,
        "Description": text[:_LONGEST_TEXT],
    }  # fmt: skip


def _subject(words: str, reference: str) -> str:
    mark = marker(reference)
    return f"{clip(words, max(_LONGEST_SUBJECT - len(mark) - 1, 1))} {mark}"


def _about(body: Mapping[str, Any]) -> Iterable[str]:
    """The ids under the names of other objects."""
    lists = (each for each in body.values() if isinstance(each, list | tuple))
    return dict.fromkeys(str(one) for each in lists for one in each if soql.is_id(str(one)))
