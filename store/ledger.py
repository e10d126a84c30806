"""The ledger: every verb in one place. It hands out verbs, each one transaction, never a session."""

from __future__ import annotations

from store.cards import Cards
from store.cases import Cases
from store.database import Database
from store.deliveries import Deliveries
from store.escalations import Escalations
from store.holds import Holds
from store.journal import Journal
from store.migrate import to_head
from store.replays import Replays
from store.reports import Reports
from store.settle import Settling
from store.ticks import Ticks
from store.writes import Writes


class Store(Deliveries, Settling, Writes, Cases, Replays, Cards, Escalations, Holds, Ticks, Journal, Reports):
    """One database. `open` brings the schema to head and connects; `close` lets the last writes finish."""

    def __init__(self, url: str) -> None:
        self.db = Database(url)

    async def open(self) -> None:
        await to_head(self.db.url)
        await self.db.open()

    async def close(self) -> None:
        await self.db.close()
