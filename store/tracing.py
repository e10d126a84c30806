"""Where a data subject stands in the ledger: what is sealed under its keys, what hangs on that, and every other text that names it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Column, ColumnElement, Connection, LargeBinary, String, Table, Text, cast, func, or_, select
from sqlalchemy.types import JSON

from store.columns import Name, Prose
from store.rows import AnyRow
from store.sealed import SecretDoc, SecretName, SecretText
from store.tables import (
    attempts,
    bindings,
    cards,
    cases,
    deliveries,
    events,
    journal,
    messages,
    metadata,
    pack_files,
    packs,
    subject_keys,
)
from store.vault import LEDGER, beginning, number_of, session
from sync.personal import PRIVATE
from sync.traces import Traces, stands_in, worth_a_search

OURS = frozenset({"subject_keys", "erasures", "unsaid", "journal", "workers", "ticks", "presses"})
"""Tables in which no text is looked for: what names nobody, and the journal, of which no line is ever changed."""
_WORDS = (String, Text, JSON, Name, Prose, SecretText, SecretName, SecretDoc)
_SECRET = (SecretText, SecretName, SecretDoc)
_HELD = {events: events.c.payload, attempts: attempts.c.snapshot}
_MANY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A column of a row whose text names the subject, and under whose key it is sealed."""

    table: Table
    row: AnyRow
    column: Column[Any]
    value: Any
    about: str = ""


def keys_of(tx: Connection, abouts: Collection[str]) -> list[int]:
    """The numbers of their keys that are still there."""
    k = subject_keys.c
    return list(tx.execute(select(k.id).where(k.about.in_(abouts), k.wrapped.is_not(None)).order_by(k.id)).scalars())


def traces_of(tx: Connection, about: str) -> Traces:
    """Everything that the ledger holds about a data subject."""
    own = keys_of(tx, {about})
    ids, values = _sealed_under(tx, own)
    mine = select(cases.c.delivery_id).where(cases.c.about == about)
    ids |= set(tx.execute(mine).scalars())
    of = _rows_of(tx, sorted(ids))
    names = (about, *sorted(_names(of) - {about}))
    more, others = _sealed_under(tx, keys_of(tx, set(names) - {about}))
    sought = worth_a_search([*values, *others])
    alone = _alone_that_name(tx, sought)
    ids |= set(alone.values())
    names += tuple(sorted(alone.keys() - set(names)))
    stopped = tx.execute(select(cases).where(cases.c.delivery_id.in_(ids | more))).all()
    hits = list(hits_of(tx, sought))
    sent, files = _packs(tx, stopped)
    names += tuple(f"case:{row.id}" for row in stopped) + tuple(_lines_that_name(tx, sought, set(keys_of(tx, names))))
    keys = keys_of(tx, names)
    return Traces(
        about=names, values=sought, found=_counted(tx, keys, hits), cases=tuple(row.id for row in stopped),
        causes=tuple(sorted({row.cause_id for row in stopped})), deliveries=tuple(sorted(ids | more)),
        bindings=_bindings(tx, of), places=tuple(sorted({*_lines_of(tx, keys), *_places(tx, hits), *sent})),
        files=tuple(sorted(files)),
    )  # fmt: skip


def _alone_that_name(tx: Connection, values: tuple[str, ...]) -> dict[str, int]:
    """Exceptions of records that are about nobody else and whose titles name the subject: under what they are sealed, and their
    deliveries."""
    c = cases.c
    query = select(c.about, c.subject, c.delivery_id, c.title, c.customer_name).where(c.about != "")
    own = [row for row in tx.execute(query).all() if row.about.endswith(f"/{row.subject}")]
    return {row.about: row.delivery_id for row in own if stands_in([row.title, row.customer_name], values)}


def hits_of(tx: Connection, values: tuple[str, ...]) -> Iterator[Hit]:
    """Every text that names the subject and is not sealed under a key of its own, in every table."""
    for table in metadata.sorted_tables:
        if table.name in OURS or not values:
            continue
        for column in table.columns:
            yield from _hits_in(tx, table, column, values)


def _hits_in(tx: Connection, table: Table, column: Column[Any], values: tuple[str, ...]) -> Iterator[Hit]:
    key = list(table.primary_key.columns)
    if isinstance(column.type, LargeBinary):
        query = select(*key, column.label("sought")).where(column.is_not(None))
    elif isinstance(column.type, _WORDS) and not column.primary_key:
        words = cast(column, Text)
        where = [words.icontains(each, autoescape=True) for each in values]
        if isinstance(column.type, _SECRET):
            numbers = keys_of(tx, {LEDGER}) if table is not messages else [None]
            where += [words.like(f"%{beginning(number)}%") for number in numbers]
        query = select(*key, column.label("sought"), words.label("stored")).where(or_(*where))
    else:
        return
    for row in tx.execute(query).all():
        if stands_in(row.sought, values):
            number = None if isinstance(column.type, LargeBinary) else number_of(row.stored)
            yield Hit(table=table, row=row, column=column, value=row.sought, about=name_of(tx, number))


def name_of(tx: Connection, number: int | None) -> str:
    """Whose key that is; empty where it is none."""
    query = select(subject_keys.c.about).where(subject_keys.c.id == number)
    return "" if number is None else tx.execute(query).scalar_one_or_none() or ""


def _sealed_under(tx: Connection, numbers: Sequence[int]) -> tuple[set[int], list[Any]]:
    """The deliveries whose records are sealed under these keys, and what is surely personal in those."""
    ids, values, keys = set[int](), list[Any](), session()
    for table, column in _HELD.items():
        way = deliveries.c.event_id == events.c.id if table is events else deliveries.c.id == attempts.c.delivery_id
        for number in numbers:
            words = cast(column, Text)
            query = select(deliveries.c.id, words.label("stored")).select_from(table.join(deliveries, way))
            for row in tx.execute(query.where(words.like(f"%{beginning(number)}%"))).all():
                ids.add(row.id)
                opened = keys.open(orjson.loads(row.stored)[PRIVATE]) if keys is not None else None
                values += [value for _, value, sure in orjson.loads(opened or "[]") if sure]
    return ids, values


def _rows_of(tx: Connection, ids: Sequence[int]) -> list[AnyRow]:
    d, e = deliveries.c, events.c
    query = select(d.id, d.event_id, d.subject, e.connection, e.entity, e.record_id)
    return list(tx.execute(query.join_from(deliveries, events, e.id == d.event_id).where(d.id.in_(ids))).all())


def _names(of: Sequence[AnyRow]) -> set[str]:
    """Under what else something about them may be sealed: the records themselves, and lines about their deliveries."""
    found = {f"{row.connection}/{row.subject}" for row in of}
    return found | {f"delivery:{row.id}" for row in of} | {f"event:{row.event_id}" for row in of}


def _lines_that_name(tx: Connection, values: tuple[str, ...], known: Collection[int]) -> set[str]:
    """Under which names lines of the journal are sealed that name the subject and are about something else."""
    keys, found, after = session(), set[str](), 0
    sealed = journal.c.data.like(f'%"{PRIVATE}"%')
    while keys is not None and values:
        query = select(journal.c.seq, journal.c.noun, journal.c.noun_id, journal.c.data).where(
            journal.c.seq > after, sealed
        )
        page = tx.execute(query.order_by(journal.c.seq).limit(_MANY)).all()
        if not page:
            break
        for row in page:
            stored = orjson.loads(row.data)[PRIVATE]
            if number_of(stored) not in known and stands_in(keys.open(stored) or "", values):
                found.add(f"{row.noun}:{row.noun_id}")
        after = page[-1].seq
    return found


def _lines_of(tx: Connection, keys: Sequence[int]) -> set[tuple[str, str]]:
    """Where Slack shows lines that are sealed under these keys."""
    words = [cast(messages.c.text, Text).like(f"{beginning(number)}%") for number in keys]
    return _shown(tx, or_(*words)) if words else set()


def _places(tx: Connection, hits: Sequence[Hit]) -> set[tuple[str, str]]:
    """Where Slack shows messages that name the subject."""
    ids = {hit.row.id for hit in hits if hit.table is messages}
    return _shown(tx, messages.c.id.in_(ids)) if ids else set()


def _shown(tx: Connection, which: ColumnElement[bool]) -> set[tuple[str, str]]:
    place = func.coalesce(cards.c.channel, messages.c.channel)
    joined = messages.join(cards, cards.c.cause_id == messages.c.cause_id, isouter=True)
    query = select(place.label("place"), messages.c.ts).select_from(joined).where(messages.c.ts.is_not(None), which)
    return {(row.place, row.ts) for row in tx.execute(query).all()}


def _packs(tx: Connection, stopped: Sequence[AnyRow]) -> tuple[set[tuple[str, str]], set[str]]:
    """Packs that Slack shows and that may name the subject, made when its exceptions were there: their messages, their rows."""
    if not stopped:
        return set(), set()
    made = packs.c.made_at >= min(row.opened_at for row in stopped)
    sent = tx.execute(select(packs.c.channel, packs.c.ts).where(made, packs.c.ts.is_not(None))).all()
    rows = select(pack_files.c.file_id).join(packs, packs.c.id == pack_files.c.pack_id)
    files = tx.execute(rows.where(made, pack_files.c.alt == "", pack_files.c.file_id.is_not(None))).scalars()
    return {(row.channel, row.ts) for row in sent}, set(files)


def _bindings(tx: Connection, of: Sequence[AnyRow]) -> tuple[str, ...]:
    """What the records became in the targets, which stays there."""
    b = bindings.c
    records = {(row.connection, row.entity, row.record_id) for row in of}
    ids = {row.id for row in of}
    query = select(bindings).where(or_(b.source_id.in_({one[2] for one in records}), b.delivery_id.in_(ids)))
    made = [row for row in tx.execute(query).all() if row.delivery_id in ids or _source(row) in records]
    return tuple(sorted({f"{row.target_connection} {row.target_entity} {row.target_id}" for row in made}))


def _source(row: AnyRow) -> tuple[str, str, str]:
    return (row.source_connection, row.source_entity, row.source_id)


def _counted(tx: Connection, keys: Sequence[int], hits: Sequence[Hit]) -> Mapping[str, int]:
    """How many rows of each table hold something, sealed or not."""
    found: dict[str, int] = {}
    for table in metadata.sorted_tables:
        for column in table.columns:
            if not isinstance(column.type, _SECRET) and (table is not journal or column.name != "data"):
                continue
            words = cast(column, Text)
            for number in keys:
                rows = select(*table.primary_key.columns).where(words.like(f"%{beginning(number)}%"))
                many = len(tx.execute(rows).all())
                if many:
                    found[str(table.name)] = found.get(str(table.name), 0) + many
    for hit in hits:
        found[str(hit.table.name)] = found.get(str(hit.table.name), 0) + 1
    return found
