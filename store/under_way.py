"""What the ledger knows of records that reconciliation asks about: when they were written, and what they wait for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, select

from store.database import Database
from store.tables import bindings, cases, deliveries, disagreements, events, overlays, writes
from sync.lifecycle import CaseState, DeliveryState, WriteState
from sync.model import Overlay
from sync.reconciling.ledger import KIND
from sync.reconciling.nouns import Disagreement, Kind, Known
from sync.reconciling.taken import Undone

_OPEN = (DeliveryState.PENDING, DeliveryState.RUNNING, DeliveryState.HELD, DeliveryState.DEAD)


class UnderWay:
    """Reading only."""

    db: Database

    async def known_of(
        self, flow: str, entity: str, target: tuple[str, str], keys: Mapping[str, str], *, also: Collection[str] = ()
    ) -> Mapping[str, Known]:
        """What is known of each key, with the source's id where the caller has it: in this flow, of records of `entity`, written
        to the `target`'s (connection, entity). `also` are writes upon the record, whose keys end in their names."""

        def work(tx: Connection) -> Mapping[str, Known]:
            written, ids = _written(tx, target, keys, also)
            ids |= {key: record_id for key, record_id in keys.items() if record_id}
            subjects = {f"{entity}:{record_id}": key for key, record_id in ids.items()}
            waiting, decided = _waiting(tx, flow, subjects), _decided(tx, flow, subjects)
            accepted = _accepted(tx, flow, keys)
            return {
                key: Known(
                    written_at=written.get(key), source_id=ids.get(key, ""), state=waiting.get(key, ("", ""))[0],
                    waits=waiting.get(key, ("", ""))[1], decided=key in decided,
                    accepted=frozenset(accepted.get(key, ())),
                )
                for key in keys
            }  # fmt: skip

        return await self.db.read(work) if keys else {}

    async def taken_back(self, connection: str) -> tuple[Undone, ...]:
        """The compensations that were carried out there."""
        undo, made = writes.c, writes.alias("made")
        key = func.substr(undo.key, 1, func.length(undo.key) - func.length(undo.operation) - 1)
        ours = (made.c.connection == undo.connection) & (made.c.operation == "create") & (made.c.key == key)
        query = (
            select(key.label("key"), func.coalesce(made.c.target_id, "").label("made_id"), undo.target_id)
            .join_from(writes, made, ours, isouter=True)
            .where(
                undo.connection == connection,
                undo.operation.in_(("credit", "void")),
                undo.state == WriteState.CONFIRMED,
            )
            .where(undo.key.like("%-credit") | undo.key.like("%-void"))
        )
        return await self.db.read(
            lambda tx: tuple(Undone(row.key, row.made_id, row.target_id) for row in tx.execute(query))
        )

    async def decided_about(self, flow: str, subject: str) -> tuple[Overlay, ...]:
        """What people decided about values of this record, the oldest first."""
        query = select(overlays).where(overlays.c.flow == flow, overlays.c.subject == subject).order_by(overlays.c.id)

        def work(tx: Connection) -> tuple[Overlay, ...]:
            return tuple(
                Overlay(path=row.path, found=row.found, action=row.action, value=row.value, reason=row.reason)
                for row in tx.execute(query)
            )

        return await self.db.read(work)

    async def bound_customers(self, source: str, target: tuple[str, str]) -> dict[str, str]:
        """The source's id of every record that is bound to one of the target's (connection, entity), by the target's id."""
        b = bindings.c
        mine = (b.source_connection == source, b.target_connection == target[0], b.target_entity == target[1])
        query = select(b.target_id, b.source_id).where(*mine)
        return await self.db.read(lambda tx: {row.target_id: row.source_id for row in tx.execute(query)})


def _written(
    tx: Connection, target: tuple[str, str], keys: Collection[str], also: Collection[str]
) -> tuple[dict[str, datetime], dict[str, str]]:
    """When something was sent last for each key, and for which record of the source."""
    named = {key: key for key in keys} | {f"{key}-{name}": key for key in keys for name in also}
    w, d, e = writes.c, deliveries.c, events.c
    query = (
        select(w.key, w.sent_at, e.record_id, e.kind)
        .join_from(writes, deliveries, d.id == w.delivery_id, isouter=True)
        .join(events, e.id == d.event_id, isouter=True)
        .where(w.connection == target[0], w.entity == target[1], w.key.in_(list(named)))
    )
    at: dict[str, datetime] = {}
    ids: dict[str, str] = {}
    for row in tx.execute(query):
        key = named[row.key]
        at[key] = max(at.get(key, row.sent_at), row.sent_at)
        if row.record_id and row.kind != KIND:
            ids[key] = row.record_id
    return at, ids


def _waiting(tx: Connection, flow: str, subjects: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """The state of the newest delivery that is not done, and what it waits for in words."""
    d, c = deliveries.c, cases.c
    unresolved = (c.delivery_id == d.id) & (c.state != CaseState.RESOLVED)
    query = (
        select(d.subject, d.state, d.hold_id, d.updated_at, c.id.label("case_id"))
        .join_from(deliveries, cases, unresolved, isouter=True)
        .where(d.flow == flow, d.subject.in_(list(subjects)), d.state.in_(_OPEN))
        .order_by(d.id)
    )
    found: dict[str, tuple[str, str]] = {}
    for row in tx.execute(query):
        if row.hold_id is not None:
            told = ("waiting", "waits for a billing hold")
        elif row.case_id is not None:
            told = (row.state, f"waits for EX-{row.case_id}")
        else:
            told = (row.state, f"under way since {row.updated_at:%d %b %H:%M} UTC")
        found[subjects[row.subject]] = told
    return found


def _decided(tx: Connection, flow: str, subjects: Mapping[str, str]) -> set[str]:
    o = overlays.c
    query = select(o.subject).where(o.flow == flow, o.action == "set", o.subject.in_(list(subjects))).distinct()
    return {subjects[subject] for subject in tx.execute(query).scalars()}


def _accepted(tx: Connection, flow: str, keys: Iterable[str]) -> dict[str, list[str]]:
    d = disagreements.c
    query = select(disagreements).where(d.flow == flow, d.accepted.is_(True), d.key.in_(list(keys)))
    found: dict[str, list[str]] = {}
    for row in tx.execute(query):
        what = Disagreement(
            kind=Kind(row.kind), key=row.key, source_id="", target_ids=tuple(row.target_ids), customer="", period="",
            currency="", field=row.field, source_value=row.source_value, target_value=row.target_value,
        )  # fmt: skip
        found.setdefault(row.key, []).append(what.print)
    return found
