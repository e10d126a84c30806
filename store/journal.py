"""The journal: append-only, each line's hash chained over the line before it. The schema refuses to change or delete a line."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Select, bindparam, select

from store import rows
from store.database import Database, one_at_a_time
from store.given import Prepared, types
from store.sealed import opened_doc, sealed_doc
from store.tables import journal
from store.together import at_end
from store.vault import whom
from sync.model import Entry, Record
from sync.personal import ERASED, Part, Way, marked
from sync.words import fitted

GENESIS = "0" * 64
IDENTIFIERS = frozenset(
    "kind subject trace flow flows attempt write writes verb target to operation key reason cause delivery event team owner "
    "resolve_by until before after since from mode level backup fallback error slot state for by digest people timezone "
    "digest_at quiet_from quiet_until customer case by_release release action path matcher connection entity scope place "
    "currency severity version based_on files teams channel number about position period at".split()
)
"""Under these names the journal's data say what a thing is called by systems, not what people say."""
_Line = tuple[datetime, tuple[str, str, str, str], str]


def _chain(previous: str, seq: int, at: datetime, words: tuple[str, str, str, str], data: str) -> str:
    line = orjson.dumps([previous, seq, at.astimezone(UTC).isoformat(), *words, data])
    return hashlib.sha256(line).hexdigest()


def append(
    tx: Connection, *, actor: str, verb: str, noun: str, noun_id: object, now: datetime, data: Record | None = None
) -> None:
    """Add one line to the caller's transaction; it is chained when everything else of the transaction is done. `data` holds
    decisions and identifiers, never secrets. What people wrote or read in it is sealed, and the hash is over what is kept."""
    which = fitted(noun_id) if isinstance(noun_id, str) else str(noun_id)
    text = orjson.dumps(_kept(data or {}, f"{noun}:{which}", now), option=orjson.OPT_SORT_KEYS).decode()
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


def _kept(data: Record, line: str, now: datetime) -> Record:
    """The data as it is kept: identifiers as they are; words under the key of whom they are about, else under the line's own."""
    parts: list[Part] = []
    public: Record = _open(data, "", (), parts)
    if not parts:
        return public
    kept: Record = sealed_doc(marked(public, whom() or line, parts), period=now.astimezone(UTC).strftime("%Y-%m"))
    return kept


def _open(value: Any, name: str, way: Way, parts: list[Part]) -> Any:
    match value:
        case dict():
            return {key: _open(inner, key, (*way, key), parts) for key, inner in value.items()}
        case list() | tuple():
            return [_open(inner, name, (*way, index), parts) for index, inner in enumerate(value)]
        case str() if value and name not in IDENTIFIERS:
            parts.append((way, value, False))
            return ERASED
    return value


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
        return await self.db.read(lambda tx: _entries(tx, query))

    async def journal_page(self, after: int, *, limit: int = 1000, sealed: bool = False) -> list[Entry]:
        """Lines in order, from the one after `after`; `sealed`: their data as they are kept, which the hashes are over."""
        query = select(journal).where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
        return await self.db.read(lambda tx: _entries(tx, query, sealed=sealed))

    async def verify_journal(self) -> tuple[int, int | None]:
        """(lines read, first broken line or None): every hash is computed again and every link followed."""
        return await self.db.read(verify)


def _entries(tx: Connection, query: Select[Any], *, sealed: bool = False) -> list[Entry]:
    read: Callable[[Any], Any] = (lambda data: data) if sealed else opened_doc
    return [rows.entry(row, read(orjson.loads(row.data))) for row in tx.execute(query).all()]


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
