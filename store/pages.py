"""The records of a cause page by page, found by what people call them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

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
        mine = [cases.c.cause_id == cause_id, *_found_by(search)]
        resolved = case((cases.c.state == CaseState.RESOLVED, 1), else_=0)

        def work(tx: Connection) -> Page:
            cause = cause_view(tx, cause_id)
            found = int(tx.execute(select(func.count()).select_from(cases).where(*mine)).scalar_one())
            pages = max(1, -(-found // size))
            at = min(max(1, number), pages)
            query = select(cases).where(*mine).order_by(resolved, cases.c.id).limit(size).offset((at - 1) * size)
            shown = tuple(rows.case(row) for row in tx.execute(query))
            return Page(cause=cause, cases=shown, number=at, pages=pages, found=found, search=search)

        return await self.db.read(work)


def _found_by(search: str) -> list[ColumnElement[bool]]:
    words = " ".join(search.split())
    if not words:
        return []
    c = cases.c
    by = [column.icontains(words, autoescape=True) for column in (c.title, c.customer_name, c.customer, c.subject)]
    if (named := _REF.fullmatch(words)) is not None:
        by.append(c.id == int(named[1]))
    return [or_(*by)]
