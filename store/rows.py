"""Rows become nouns here, and nowhere else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from sync.ladder import from_record
from sync.model import BillingHold, Candidate, Case, Contrast, Delivery, Entry, Event, Message, Overlay, Violation
from sync.money import Money

AnyRow = Row[*tuple[Any, ...]]


def event(row: AnyRow) -> Event:
    return Event(
        id=row.event_id,
        connection=row.connection,
        entity=row.entity,
        record_id=row.record_id,
        kind=row.kind,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        trace=row.trace,
        payload=row.payload,
        sequence=row.sequence,
    )


def delivery(row: AnyRow, *, lease: str, leased_until: datetime, overlays: tuple[Overlay, ...]) -> Delivery:
    return Delivery(
        id=row.id,
        flow=row.flow,
        event=event(row),
        lease=lease,
        leased_until=leased_until,
        number=row.number,
        retries=row.retries,
        overlays=overlays,
        outdone=row.outdone,
    )


def violation(data: dict[str, Any]) -> Violation:
    return Violation(**{**data, "candidates": tuple(Candidate(**one) for one in data.get("candidates", ()))})


def overlay(row: AnyRow) -> Overlay:
    return Overlay(path=row.path, found=row.found, action=row.action, value=row.value, reason=row.reason)


def case(row: AnyRow) -> Case:
    return Case(
        id=row.id,
        cause_id=row.cause_id,
        delivery_id=row.delivery_id,
        flow=row.flow,
        subject=row.subject,
        reason=row.reason,
        state=row.state,
        severity=row.severity,
        team=row.team,
        owner=row.owner,
        backup=row.backup,
        four_eyes=row.four_eyes,
        holds_billing=row.holds_billing,
        assignee=row.assignee,
        title=row.title,
        customer=row.customer,
        customer_name=row.customer_name,
        money=None if row.currency is None else Money(currency=row.currency, minor=row.minor),
        violations=tuple(violation(one) for one in row.violations),
        detail=row.detail,
        trace=row.trace,
        attempts=row.attempts,
        level=row.level,
        opened_at=row.opened_at,
        respond_by=row.respond_by,
        resolve_by=row.resolve_by,
        responded_at=row.responded_at,
        resolved_at=row.resolved_at,
        snoozed_until=row.snoozed_until,
        decision=row.decision,
        decided_by=row.decided_by,
        proposal=tuple(Overlay(**one) for one in row.proposal or ()),
        proposed_by=row.proposed_by,
        look_at=row.look_at,
        ladder=from_record(row.chain, backup=row.backup),
        rung=row.rung,
        paused_at=row.paused_at,
        paused_seconds=row.paused_seconds,
        contrast=tuple(Contrast(**one) for one in row.contrast or ()),
    )


def hold(row: AnyRow, waiting: int = 0) -> BillingHold:
    return BillingHold(
        id=row.id,
        scope=row.scope,
        key=row.customer,
        name=row.customer_name,
        source=row.source,
        case_id=row.case_id,
        why=row.why,
        placed_by=row.placed_by,
        placed_at=row.placed_at,
        released_by=row.released_by,
        released_at=row.released_at,
        note=row.note,
        waiting=waiting,
    )


def message(row: AnyRow, thread: str | None, place: str, tried_at: datetime) -> Message:
    return Message(
        id=row.id,
        cause_id=row.cause_id,
        channel=place,
        kind=row.kind,
        text=row.text,
        mention=row.mention,
        broadcast=row.broadcast,
        body=row.body,
        at=row.at,
        thread=thread,
        unsure=row.unsure,
        tried_at=tried_at,
    )


def entry(row: AnyRow, data: dict[str, Any]) -> Entry:
    return Entry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        verb=row.verb,
        noun=row.noun,
        noun_id=row.noun_id,
        data=data,
        previous=row.previous,
        hash=row.hash,
    )
