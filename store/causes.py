"""Causes: cases of one flow, reason and value. Whatever changes a case raises the version of its cause, so its card is redrawn."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from store.database import insert_or_nothing, one_at_a_time
from store.given import packed
from store.looks import look_values
from store.tables import cards, cases, causes, messages, rollouts
from store.vault import about, whom
from sync import clocks, ladder
from sync.lifecycle import CaseState
from sync.model import Delivery
from sync.severity import Severity
from sync.steps import Opening, Route


def open_cause(
    tx: Connection, flow: str, opening: Opening, route: Route, now: datetime, *, own: int | None = None
) -> int:
    """The open cause for this opening; when there is none, the case's `own` is open again, or one is created. It has a card,
    unless all of it is class C: that is for the digest until it is late."""
    one_at_a_time(tx, packed([f"cause\n{flow}\n{opening.reason}\n{opening.cause}"]))
    same = (causes.c.flow == flow, causes.c.reason == opening.reason, causes.c.value == opening.cause)
    query = select(causes.c.id).where(*same, causes.c.closed_at.is_(None))
    query = query.with_for_update()  # on PostgreSQL whoever is closing it is waited for
    found: int | None = (tx.execute(query)).scalar_one_or_none()
    if found is None and own is not None:
        tx.execute(update(causes).where(causes.c.id == own).values(closed_at=None))
        found = own
    if found is None:
        values = {
            "flow": flow, "reason": opening.reason, "value": opening.cause, "team": route.team,
            "channel": route.channel, "opened_at": now,
        }  # fmt: skip
        found = int((tx.execute(causes.insert().values(**values).returning(causes.c.id))).scalar_one())
    if route.severity != Severity.C:
        show_card(tx, found, now, route)
    return found


def show_card(tx: Connection, cause_id: int, now: datetime, route: Route | None = None) -> None:
    """The cause has a card from now on, in the channel that its route named when it was opened. Cards are posted by the class
    and the deadline of the route that they were opened with, late ones without a route after those of class A and B."""
    channel = select(causes.c.channel).where(causes.c.id == cause_id).scalar_subquery()
    order = {"severity": route.severity, "deadline": route.resolve_by} if route else {"severity": Severity.C.value}
    tx.execute(insert_or_nothing(tx, cards).values(cause_id=cause_id, channel=channel, due_at=now, **order))


def touch(tx: Connection, cause_id: int, now: datetime) -> None:
    """The cause changed: its card is out of date. A cause without unresolved cases is closed unless a decision about it is on its way,
    one with some is open. Comes after
    the change of its cases: on PostgreSQL of two who change them at once the second waits here, and counts what both did. The lock lets
    what refers to the cause through, for a case that changes twice in a transaction looks at its cause again."""
    tx.execute(select(causes.c.id).where(causes.c.id == cause_id).with_for_update(key_share=True)).all()
    unresolved = (
        select(func.count()).select_from(cases).where(cases.c.cause_id == cause_id, cases.c.state != CaseState.RESOLVED)
    )
    left = (tx.execute(unresolved)).scalar_one() or tx.execute(_decided_now(cause_id)).first()
    closed = None if left else func.coalesce(causes.c.closed_at, now)
    tx.execute(update(causes).where(causes.c.id == cause_id).values(version=causes.c.version + 1, closed_at=closed))


def hurry(tx: Connection, cause_id: int) -> None:
    """A person changed it and looks at the card: it is drawn at once, however recently it was drawn."""
    tx.execute(update(cards).where(cards.c.cause_id == cause_id).values(hurried=True))


def _decided_now(cause_id: int) -> Select[int]:
    """While a decision goes out, what it sends may come back, and what joins meanwhile belongs to the same card."""
    return select(rollouts.c.id).where(rollouts.c.cause_id == cause_id, rollouts.c.ended_at.is_(None))


def say(
    tx: Connection, cause_id: int, text: str, *, now: datetime, mention: str | None = None, broadcast: bool = False
) -> None:
    """A line of history for the card's thread; nothing where there is no card."""
    channel = tx.execute(select(cards.c.channel).where(cards.c.cause_id == cause_id)).scalar_one_or_none()
    if channel is None:
        return
    with about(whom() or about_cause(tx, cause_id)):
        tx.execute(
            messages.insert().values(
                cause_id=cause_id, channel=channel, kind="history", text=text, mention=mention, broadcast=broadcast,
                at=now, due_at=now,
            )
        )  # fmt: skip


def about_case(tx: Connection, case_id: int | None) -> str:
    """Whom the case is about; empty where it is about nobody."""
    query = select(cases.c.about).where(cases.c.id == case_id)
    return "" if case_id is None else tx.execute(query).scalar_one_or_none() or ""


def about_cause(tx: Connection, cause_id: int) -> str:
    """Whom the newest case of the cause is about; empty where none is about anybody."""
    query = select(cases.c.about).where(cases.c.cause_id == cause_id, cases.c.about != "")
    return tx.execute(query.order_by(cases.c.id.desc()).limit(1)).scalar_one_or_none() or ""


def case_values(delivery: Delivery, opening: Opening, route: Route, now: datetime) -> dict[str, Any]:
    """The columns of a fresh case."""
    return {
        "delivery_id": delivery.id,
        "flow": delivery.flow,
        "subject": delivery.subject,
        "reason": opening.reason,
        "state": CaseState.OPEN,
        "severity": route.severity,
        "team": route.team,
        "owner": route.owner,
        "backup": route.backup,
        "four_eyes": route.four_eyes,
        "holds_billing": route.holds_billing,
        "trace": delivery.event.trace,
        "about": delivery.about,
        "opened_at": now,
        **deadlines(route),
        **look_values(route),
        **opening_values(opening),
    }


def deadlines(route: Route) -> dict[str, Any]:
    """All clocks, from the route, with the calendar they run on and who hears when one runs out: what the workspace says later
    changes nothing for this case."""
    return {
        "respond_by": route.respond_by,
        "resolve_by": route.resolve_by,
        "expire_by": route.expire_by,
        "remind_at": route.remind_at,
        "chain": ladder.as_record(route.ladder),
        "hours": None if route.hours is None else clocks.as_record(route.hours),
        "rung": 0,
        "rung_at": None,
    }


def opening_values(opening: Opening) -> dict[str, Any]:
    """What the case says happened."""
    return {
        "title": opening.title,
        "customer": opening.customer,
        "customer_name": opening.customer_name,
        "currency": opening.money.currency if opening.money else None,
        "minor": opening.money.minor if opening.money else None,
        "violations": [asdict(violation) for violation in opening.violations],
        "detail": opening.detail[:2000],
    }
