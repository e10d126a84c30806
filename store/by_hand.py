"""What was done by hand: repairs in other systems that people report."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from store.causes import about_case, say, touch
from store.database import Database, insert_or_nothing
from store.journal import append
from store.tables import cases, manual_fixes
from store.vault import about
from sync.picking import ManualFix


class ByHand:
    """A person's own work, on record."""

    db: Database

    async def report_fix(self, fix: ManualFix, *, key: str) -> bool:
        """Put a manual fix on record; with an exception it is said in its thread. It closes nothing. `key` tells one report from
        another: False when this one is on record already."""

        def work(tx: Connection) -> bool:
            values = {
                "flow": fix.flow, "case_id": fix.case_id, "record": fix.record, "system": fix.system, "what": fix.what,
                "why": fix.why, "done_by": fix.by, "at": fix.at, "key": key,
            }  # fmt: skip
            with about(about_case(tx, fix.case_id)):
                made = tx.execute(insert_or_nothing(tx, manual_fixes).values(**values).returning(manual_fixes.c.id))
                number = made.scalar_one_or_none()
                if number is None:
                    return False
                told = {"flow": fix.flow, "record": fix.record, "system": fix.system, "note": fix.what, "why": fix.why}
                append(tx, actor=fix.by, verb="manual_fix", noun="fix", noun_id=number, now=fix.at, data=told)
                if fix.case_id is not None:
                    append(tx, actor=fix.by, verb="manual_fix", noun="case", noun_id=fix.case_id, now=fix.at, data=told)
                    _tell(tx, fix)
            return True

        return await self.db.write(work)

    async def manual_fixes(self, since: datetime, *, until: datetime | None = None) -> list[ManualFix]:
        """What was reported since then, the oldest first."""
        query = select(manual_fixes).where(manual_fixes.c.at >= since).order_by(manual_fixes.c.at, manual_fixes.c.id)
        if until is not None:
            query = query.where(manual_fixes.c.at < until)
        found = await self.db.read(lambda tx: tx.execute(query).all())
        return [
            ManualFix(
                id=row.id, flow=row.flow, case_id=row.case_id, record=row.record, system=row.system, what=row.what,
                why=row.why, by=row.done_by, at=row.at,
            )
            for row in found
        ]  # fmt: skip


def _tell(tx: Connection, fix: ManualFix) -> None:
    cause_id = tx.execute(select(cases.c.cause_id).where(cases.c.id == fix.case_id)).scalar_one()
    touch(tx, cause_id, fix.at)
    say(tx, cause_id, f"@{{{fix.by}}} mended EX-{fix.case_id} by hand in {fix.system}: {fix.what}", now=fix.at)
