"""Synthetic records: made up, marked in everything that they touch, written as drafts and voided. They prove every night that
the way from a change to an invoice is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from sync.drafts import has_post, up_to_post
from sync.mapping import put
from sync.model import Change, Delivery, Found, Plan, Record, WriteSpec
from sync.workspace.flow import Flow

KIND = "synthetic"
MARK = "synthetic-"
"""Every reference and number of a made-up record begins so."""


def is_synthetic(delivery: Delivery) -> bool:
    """Whether the record was made up."""
    return delivery.event.kind == KIND


def change(flow: Flow, record: Record, day: date, now: datetime) -> Change:
    """The change that sets a made-up record on its way: one a day, under a number that says what it is."""
    number = f"{MARK}{day.isoformat()}"
    return Change(
        entity=flow.trigger.entity, record_id=number, key=f"{KIND}:{flow.name}:{number}", kind=KIND, occurred_at=now,
        payload=put(record, flow.record.id, number),
    )  # fmt: skip


def marked(plan: Plan) -> Plan:
    """What is written for a made-up record: drafts only, each under a reference that no real one has."""
    writes = tuple(replace(each, key=f"{MARK}{each.key}") for each in up_to_post(plan.writes))
    return replace(plan, writes=writes, customer=None)


def to_void(plan: Plan, done: Mapping[str, Found]) -> tuple[WriteSpec, ...]:
    """What takes the drafts of an unmarked plan back; `done` are those that are written."""
    return tuple(
        replace(
            each, name=f"{each.name} void", operation="void", key=f"{MARK}{each.key}", body={}, verify={},
            of=done[each.name].id if each.name in done else None,
        )
        for each in plan.writes
        if has_post(each, plan.writes)
    )  # fmt: skip
