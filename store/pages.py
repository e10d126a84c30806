"""The records of a cause page by page, found by what people call them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from store import rows
from store.cause_view import cause_view
from store.database import Database
from store.tables import cases
from sync.lifecycle import CaseState
from sync.model import Case, Cause

_REF = re.compile(r"(?:ex-)?(\d{1,18})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some records of a cause, the unresolved first, then by number. `number` counts from 1, `pages` is at least 1, `found` counts
    what the search found, of all the records that the cause ever had."""

    cause: Cause
    cases: tuple[Case, ...]
    number: int
    pages: int
    found: int
    search: str


class Pages:
    """Show all."""

    db: Database

    async def page_of(self, cause_id: int, *, number: int = 1, search: str = "", size: int = 10) -> Page:
        """One page, the last one where there are not so many. Raises NotFound for a cause that is not there."""
        words = " ".join(search.split()).casefold()
        mine = [cases.c.cause_id == cause_id]
        resolved = case((cases.c.state == CaseState.RESOLVED, 1), else_=0)

        def work(tx: Connection) -> Page:
            cause = cause_view(tx, cause_id)
            order = (resolved, cases.c.id)
            if words:
                ids = [
                    row.id for row in tx.execute(select(*_SOUGHT).where(*mine).order_by(*order)) if _found(row, words)
                ]
                found = len(ids)
            else:
                found = int(tx.execute(select(func.count()).select_from(cases).where(*mine)).scalar_one())
            pages = max(1, -(-found // size))
            at = min(max(1, number), pages)
            first = (at - 1) * size
            which = [cases.c.id.in_(ids[first : first + size])] if words else mine
            query = select(cases).where(*which).order_by(*order).limit(size).offset(0 if words else first)
            shown = tuple(rows.case(row) for row in tx.execute(query))
            return Page(cause=cause, cases=shown, number=at, pages=pages, found=found, search=search)

        return await self.db.read(work)


_SOUGHT = (cases.c.id, cases.c.title, cases.c.customer_name, cases.c.customer, cases.c.subject)


def _found(row: rows.AnyRow, words: str) -> bool:
    """Whether the record is called so. Names are sealed, so the database cannot look for them itself."""
    named = _REF.fullmatch(words)
    called = (row.title, row.customer_name, row.customer or "", row.subject)
    return any(words in each.casefold() for each in called) or (named is not None and row.id == int(named[1]))
