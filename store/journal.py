"""The journal: append-only, each line's hash chained over the line before it. The schema refuses to change or delete a line."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from sqlalchemy import Connection, bindparam, select

from store import rows
from store.database import Database, one_at_a_time
from store.given import Prepared, types
from store.tables import journal
from store.together import at_end
from sync.model import Entry, Record
from sync.words import fitted

GENESIS = "0" * 64
_Line = tuple[datetime, tuple[str, str, str, str], str]


def _chain(previous: str, seq: int, at: datetime, words: tuple[str, str, str, str], data: str) -> str:
    line = orjson.dumps([previous, seq, at.astimezone(UTC).isoformat(), *words, data])
    return hashlib.sha256(line).hexdigest()


def append(
    tx: Connection, *, actor: str, verb: str, noun: str, noun_id: object, now: datetime, data: Record | None = None
) -> None:
    """Add one line to the caller's transaction; it is chained when everything else of the transaction is done. `data` holds
    decisions and identifiers, never secrets."""
    text = orjson.dumps(data or {}, option=orjson.OPT_SORT_KEYS).decode()
    which = fitted(noun_id) if isinstance(noun_id, str) else str(noun_id)  # the hash is over what is kept
    at_end(tx).append((now, (actor, verb, noun, which), text))


def finish(tx: Connection, lines: Sequence[_Line]) -> None:
    """Chain the transaction's lines to the journal's last one. Comes last: until the commit nobody else can add any."""
    if not lines:
        return
    one_at_a_time(tx, '["journal"]')
    last = tx.execute(_LAST).one_or_none()
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    rows: list[Record] = []
    for at, words, text in lines:
        seq, before = seq + 1, previous
        previous = _chain(before, seq, at, words, text)
        actor, verb, noun, noun_id = words
        rows.append({"seq": seq, "at": at, "actor": actor, "verb": verb, "noun": noun, "noun_id": noun_id,
                     "data": text, "previous": before, "hash": previous})  # fmt: skip
    _CHAINED.run(tx, rows)


_LAST = select(journal.c.seq, journal.c.hash).order_by(journal.c.seq.desc()).limit(1)
_CHAINED = Prepared(
    types(*journal.c),
    lambda given, _: journal.insert().from_select(
        [c.name for c in journal.c], select(*given.c).where(given.c.seq.is_not(None))
    ),
)


class Journal:
    """Reading the journal and proving that it is whole."""

    db: Database

    async def entries(self, *, noun: str | None = None, noun_id: object = None, limit: int = 200) -> list[Entry]:
        """The newest lines first, of one noun if asked."""
        query = select(journal).order_by(journal.c.seq.desc()).limit(limit)
        if noun is not None:
            query = query.where(journal.c.noun == noun)
        if noun_id is not None:
            query = query.where(journal.c.noun_id == str(noun_id))
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return [rows.entry(row, orjson.loads(row.data)) for row in found]

    async def journal_page(self, after: int, *, limit: int = 1000) -> list[Entry]:
        """Lines in order, from the one after `after`."""
        query = select(journal).where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return [rows.entry(row, orjson.loads(row.data)) for row in found]

    async def verify_journal(self) -> tuple[int, int | None]:
        """(lines read, first broken line or None): every hash is computed again and every link followed."""
        return await self.db.read(verify)


def verify(tx: Connection) -> tuple[int, int | None]:
    """(lines read, first broken line or None), page by page."""
    previous, last, read = GENESIS, _BEFORE_ALL, 0
    while page := tx.execute(_NEXT, {"after": last}).all():
        for row in page:
            words = (row.actor, row.verb, row.noun, row.noun_id)
            whole = row.seq == read + 1 and row.previous == previous
            if not whole or row.hash != _chain(previous, row.seq, row.at, words, row.data):
                return read + 1, read + 1
            previous, last, read = row.hash, row.seq, read + 1
    return read, None


_BEFORE_ALL = -(2**62)
_NEXT = select(journal).where(journal.c.seq > bindparam("after")).order_by(journal.c.seq).limit(1000)
