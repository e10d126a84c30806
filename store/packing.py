"""The outbox of packs: each one once per kind, slot and channel, leased while it is sent, its files one by one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, literal_column, select, update

from store.database import Database, insert_or_nothing
from store.journal import append
from store.rows import AnyRow
from store.tables import pack_files, packs
from sync.records import Record
from sync.sending_packs import FileState, Outgoing, SentFile

_LEASE = timedelta(minutes=2)
_LEFT = packs.c.state != literal_column("'done'")  # the index over them is asked for by these words


class Packing:
    """What goes out with files."""

    db: Database

    async def put_pack(
        self, kind: str, slot: str, channel: str, body: Record, files: Sequence[SentFile], *, now: datetime
    ) -> bool:
        """Put a pack into the outbox. False when it is or was there already, whoever asks."""

        def work(tx: Connection) -> bool:
            values = {"kind": kind, "slot": slot, "channel": channel, "body": body, "state": "waiting", "made_at": now,
                      "due_at": now}  # fmt: skip
            made = tx.execute(insert_or_nothing(tx, packs).values(**values).returning(packs.c.id)).scalar_one_or_none()
            if made is None:
                return False
            for one in files:
                row = {"pack_id": made, "name": one.name, "alt": one.alt, "content": one.content, "state": one.state}
                tx.execute(pack_files.insert().values(**row))
            append(
                tx, actor="clock", verb="make", noun="pack", noun_id=made, now=now, data={"kind": kind, "slot": slot}
            )
            return True

        return await self.db.write(work)

    async def has_pack(self, kind: str, slot: str) -> bool:
        """Whether this pack was made already."""
        query = select(packs.c.id).where(packs.c.kind == kind, packs.c.slot == slot).limit(1)
        return await self.db.read(lambda tx: tx.execute(query).first() is not None)

    async def next_pack(self, *, now: datetime) -> Outgoing | None:
        """Lease the pack that waits longest. One whose sender died in the middle comes back `unsure`."""

        def work(tx: Connection) -> Outgoing | None:
            query = select(packs).where(_LEFT, packs.c.due_at <= now).order_by(packs.c.due_at, packs.c.id).limit(1)
            row = tx.execute(query.with_for_update(skip_locked=True)).one_or_none()
            if row is None:
                return None
            lease = secrets.token_hex(8)
            tx.execute(update(packs).where(packs.c.id == row.id).values(lease=lease, due_at=now + _LEASE))
            files = select(pack_files).where(pack_files.c.pack_id == row.id).order_by(pack_files.c.name)
            return _outgoing(row, lease, tx.execute(files).all())

        return await self.db.write(work)

    async def keep_file(self, post: Outgoing, name: str, *, state: str, file_id: str | None) -> bool:
        """How far one of its files is. False when the pack is no longer ours."""

        def work(tx: Connection) -> bool:
            ours = exists().where(packs.c.id == pack_files.c.pack_id, packs.c.lease == post.lease)
            mine = (pack_files.c.pack_id == post.id, pack_files.c.name == name, ours)
            return tx.execute(update(pack_files).where(*mine).values(state=state, file_id=file_id)).rowcount == 1

        return await self.db.write(work)

    async def pack_posted(self, post: Outgoing, *, ts: str, now: datetime) -> bool:
        """Its message is in Slack. False when the pack is no longer ours."""

        def work(tx: Connection) -> bool:
            if not _ours(tx, post, {"state": "posted", "ts": ts, "unsure": False, "error": ""}, packs.c.ts.is_(None)):
                return False
            data = {"kind": post.kind, "slot": post.slot, "channel": post.channel}
            append(tx, actor="clock", verb="post", noun="pack", noun_id=post.id, now=now, data=data)
            return True

        return await self.db.write(work)

    async def move_pack(self, post: Outgoing, *, to: str, now: datetime) -> bool:
        """It goes to another channel at the next try, for its own cannot be written to. False when the pack is no longer ours."""

        def work(tx: Connection) -> bool:
            values = {"channel": to, "lease": None, "due_at": now, "unsure": False}
            if not _ours(tx, post, values, packs.c.ts.is_(None)):
                return False
            data = {"from": post.channel, "to": to}
            append(tx, actor="clock", verb="move", noun="pack", noun_id=post.id, now=now, data=data)
            return True

        return await self.db.write(work)

    async def pack_done(self, post: Outgoing) -> bool:
        """All of it is in Slack, or given up; its contents are no longer kept. False when the pack is no longer ours."""

        def work(tx: Connection) -> bool:
            if not _ours(tx, post, {"state": "done", "lease": None, "body": None}, packs.c.ts.is_not(None)):
                return False
            tx.execute(update(pack_files).where(pack_files.c.pack_id == post.id).values(content=None))
            return True

        return await self.db.write(work)

    async def pack_failed(self, post: Outgoing, *, error: str, again_at: datetime, unsure: bool) -> bool:
        """Slack did not take it; try again at `again_at`. `unsure` when its message may be there all the same."""

        def work(tx: Connection) -> bool:
            values = {"lease": None, "error": error[:500], "due_at": again_at, "failures": packs.c.failures + 1,
                      "unsure": unsure}  # fmt: skip
            return _ours(tx, post, values)

        return await self.db.write(work)

    async def packs_left(self) -> int:
        """How many packs Slack still has to get."""
        return await self.db.read(lambda tx: len(tx.execute(select(packs.c.id).where(_LEFT)).all()))


def _ours(tx: Connection, post: Outgoing, values: dict[str, Any], *more: Any) -> bool:
    guard = (packs.c.id == post.id, packs.c.lease == post.lease, *more)
    return tx.execute(update(packs).where(*guard).values(**values)).rowcount == 1


def _outgoing(row: AnyRow, lease: str, files: Sequence[AnyRow]) -> Outgoing:
    return Outgoing(
        id=row.id, kind=row.kind, slot=row.slot, channel=row.channel, body=row.body, lease=lease,
        unsure=bool(row.unsure) or row.lease is not None, ts=row.ts, failures=row.failures, made_at=row.made_at,
        files=tuple(
            SentFile(name=one.name, alt=one.alt, content=one.content or b"", file_id=one.file_id, state=FileState(one.state))
            for one in files
        ),
    )  # fmt: skip
