"""Erasing data subjects. The keys go, and with them what is sealed under them; every other text is written anew without them; then
the files of the database are written anew too. Each step is a transaction, and an erasure that was cut off goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from store import rows
from store.causes import touch
from store.compacting import compact
from store.database import Database, insert_or_nothing
from store.journal import append
from store.moves import Press, move
from store.rows import AnyRow
from store.tables import cases, erasures, messages, pack_files, subject_keys, unsaid
from store.tracing import hits_of, keys_of, traces_of
from store.vault import LEDGER
from store.vault import about as whose
from sync.errors import IllegalMove, NotFound
from sync.lifecycle import CaseState
from sync.model import Message
from sync.traces import Erasure, Traces, named, without

WORDS = "The data subject was erased."
_E = erasures.c


class Erasing:
    """Who is erased, and how far that is."""

    db: Database

    async def erased(self) -> frozenset[str]:
        """The data subjects that were erased and not admitted again."""
        query = select(_E.about).where(_E.readmitted_at.is_(None))

        def work(tx: Connection) -> frozenset[str]:
            return frozenset(tx.execute(query).scalars())

        return await self.db.read(work)

    async def data_subject(self, asked: str) -> str:
        """The data subject of that name: `crm/companies:4711`, or `companies:4711`. Raises NotFound where there is none, or are
        several."""
        k = subject_keys.c
        known = select(k.about).where(k.period == "", k.about != LEDGER).union(select(_E.about))
        found = named(asked, await self.db.read(lambda tx: list(tx.execute(known).scalars())))
        if len(found) > 1:
            raise NotFound(f"{asked} is the name of several: {', '.join(sorted(found))}")
        if not found:
            raise NotFound(
                f"nothing is kept about {asked}; write the entity and the id as the CRM has them: companies:4711"
            )
        return found[0]

    async def traces(self, about: str) -> Traces:
        """What is kept about a data subject. Changes nothing."""
        return await self.db.read(lambda tx: traces_of(tx, about))

    async def erasure(self, about: str) -> Erasure | None:
        """How far its erasure is; None where there is none."""
        query = select(erasures).where(_E.about == about, _E.readmitted_at.is_(None))
        row = await self.db.read(lambda tx: tx.execute(query).one_or_none())
        return None if row is None else _erasure(row)

    async def erase(self, about: str, *, by: str, now: datetime) -> Traces:
        """Begin or go on: destroy the keys, take the subject out of every other text, discard what waits for a person, and have
        Slack show it. One transaction; what it found, which is nothing where it was done before. `compacted` is the last step."""
        found = await self.db.write(lambda tx: _erase(tx, about, by, now))
        self._forget_keys()
        return found

    async def compacted(self, about: str, *, now: datetime) -> None:
        """Write the database's files anew, so that no byte of what is gone is left in them, and call the erasure done. Needs a
        moment in which nobody else writes."""
        await compact(self.db)

        def work(tx: Connection) -> None:
            gone = (_E.about == about, _E.readmitted_at.is_(None), _E.state == "gone")
            if tx.execute(update(erasures).where(*gone).values(state="done", done_at=now)).rowcount:
                append(tx, actor="engine", verb="compact", noun="subject", noun_id=about, now=now)

        await self.db.write(work)
        self._forget_keys()

    async def readmit(self, about: str, *, by: str, now: datetime) -> None:
        """From now on its records are kept and delivered again, under a new key. Raises IllegalMove where it was not erased."""

        def work(tx: Connection) -> None:
            ended = (_E.about == about, _E.readmitted_at.is_(None), _E.state == "done")
            if tx.execute(update(erasures).where(*ended).values(readmitted_at=now)).rowcount == 0:
                raise IllegalMove(f"{about} was not erased, or not wholly yet.")
            k = subject_keys.c
            for row in tx.execute(select(k.id, k.about).where(k.about == about, k.wrapped.is_(None))).all():
                tx.execute(update(subject_keys).where(k.id == row.id).values(about=f"{row.about[:200]}~{row.id}"))
            append(tx, actor=by, verb="readmit", noun="subject", noun_id=about, now=now)

        await self.db.write(work)
        self._forget_keys()

    async def unfinished_erasures(self) -> list[str]:
        """Whose erasure was begun and is not done."""
        query = select(_E.about).where(_E.done_at.is_(None)).order_by(_E.id)
        return await self.db.read(lambda tx: list(tx.execute(query).scalars()))

    async def unsaid(self, *, limit: int = 20) -> list[tuple[int, str, str, str]]:
        """(number, channel, ts, file) of what Slack still shows as it was."""
        u = unsaid.c
        query = select(u.id, u.channel, u.ts, u.file_id).where(u.done_at.is_(None)).order_by(u.id).limit(limit)
        return await self.db.read(lambda tx: [tuple(row) for row in tx.execute(query)])

    async def messages_at(self, channel: str, ts: str) -> list[Message]:
        """The lines that Slack shows as one message, wherever their card is by now."""
        mine = select(messages).where(messages.c.ts == ts).order_by(messages.c.id)

        def work(tx: Connection) -> list[Message]:
            return [rows.message(row, None, channel, row.at) for row in tx.execute(mine).all()]

        return await self.db.read(work)

    async def ask_to_erase(self, abouts: Sequence[str], *, by: str, now: datetime) -> int:
        """Have these data subjects erased at the next beat; how many that is news of."""

        def work(tx: Connection) -> int:
            return sum(_begin(tx, about, by, now) for about in abouts)

        return await self.db.write(work)

    async def said(self, number: int, *, now: datetime) -> None:
        """Slack shows it no more."""
        mine = (unsaid.c.id == number, unsaid.c.done_at.is_(None))
        await self.db.write(lambda tx: tx.execute(update(unsaid).where(*mine).values(done_at=now)))

    async def shred_audit(self, *, before: datetime, now: datetime) -> int:
        """Destroy the keys of what the journal sealed in months that were over before that moment; how many. Its lines and hashes
        stay."""
        k = subject_keys.c
        old = (k.period != "", k.period < before.strftime("%Y-%m"), k.wrapped.is_not(None))

        def work(tx: Connection) -> int:
            many = tx.execute(update(subject_keys).where(*old).values(wrapped=None, destroyed_at=now)).rowcount
            if many:
                data = {"before": before.isoformat(), "keys": many}
                append(tx, actor="clock", verb="retire", noun="journal", noun_id="audit", now=now, data=data)
            return int(many)

        if not await self.db.read(lambda tx: tx.execute(select(k.id).where(*old).limit(1)).first()):
            return 0
        many = await self.db.write(work)
        self._forget_keys()
        return many

    def _forget_keys(self) -> None:
        """What was destroyed is not known here any more either; other processes forget it within a minute."""
        if self.db.vault is not None:
            self.db.vault.forget()


def _erase(tx: Connection, about: str, by: str, now: datetime) -> Traces:
    _begin(tx, about, by, now)
    found = traces_of(tx, about)
    _discard(tx, found.cases, by, now)
    for hit in list(hits_of(tx, found.values)):
        key = [column == getattr(hit.row, column.name) for column in hit.table.primary_key.columns]
        with whose(hit.about):
            tx.execute(update(hit.table).where(*key).values({hit.column.name: without(hit.value, found.values)}))
    for channel, ts, file_id in [(*place, "") for place in found.places] + [("", "", each) for each in found.files]:
        tx.execute(insert_or_nothing(tx, unsaid).values(channel=channel, ts=ts, file_id=file_id, at=now))
    if found.files:
        tx.execute(update(pack_files).where(pack_files.c.file_id.in_(found.files)).values(content=None))
    for cause_id in found.causes:
        touch(tx, cause_id, now)
    destroyed = _destroy(tx, keys_of(tx, found.about), now)
    _note(tx, about, by, found, destroyed, now)
    return found


def _begin(tx: Connection, about: str, by: str, now: datetime) -> int:
    values = {"about": about, "state": "begun", "asked_by": by, "asked_at": now, "found": {}}
    return int(tx.execute(insert_or_nothing(tx, erasures).values(**values)).rowcount)


def _discard(tx: Connection, ids: Sequence[int], by: str, now: datetime) -> None:
    """What waits for a person waits no more."""
    open_ = tx.execute(select(cases.c.id).where(cases.c.id.in_(ids), cases.c.state != CaseState.RESOLVED)).scalars()
    if waiting := list(open_):
        move(tx, Press(verb="discard", cases=waiting, by=by, words=WORDS), now, told=False)


def _destroy(tx: Connection, numbers: Sequence[int], now: datetime) -> int:
    mine = (subject_keys.c.id.in_(numbers), subject_keys.c.wrapped.is_not(None))
    return int(tx.execute(update(subject_keys).where(*mine).values(wrapped=None, destroyed_at=now)).rowcount)


def _note(tx: Connection, about: str, by: str, found: Traces, destroyed: int, now: datetime) -> None:
    """How far it is. What came in since it was done makes it unfinished again."""
    begun = (_E.about == about, _E.readmitted_at.is_(None))
    if not destroyed and not found.found:
        tx.execute(update(erasures).where(*begun, _E.state == "begun").values(state="gone"))
        return
    counts = {name: many for name, many in found.found.items()}
    tx.execute(update(erasures).where(*begun).values(state="gone", done_at=None, found=counts))
    append(tx, actor=by, verb="erase", noun="subject", noun_id=about, now=now, data={"keys": destroyed, **counts})


def _erasure(row: AnyRow) -> Erasure:
    return Erasure(**{name: getattr(row, name) for name in Erasure.__slots__})
