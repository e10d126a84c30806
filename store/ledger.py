"""The ledger: every verb in one place. It hands out verbs, each one transaction, never a session."""

from __future__ import annotations

import os

from store.absences import Absences
from store.answering import Groups
from store.asking import Asking
from store.bindings import Bindings
from store.breakers import Breakers
from store.by_hand import ByHand
from store.bypassing import Bypasses
from store.cards import Cards
from store.cases import Cases
from store.claiming import Claiming
from store.comparisons import Comparisons
from store.contesting import Contests
from store.customers import Customers
from store.cutting_over import CuttingOver
from store.database import Database
from store.delivering import Delivering
from store.drifting import Drifting
from store.erasing import Erasing
from store.escalations import Escalations
from store.expiry import Expiry
from store.figures import Figuring
from store.holds import Holds
from store.homes import OpenHomes
from store.journal import Journal, finish
from store.keeping_keys import vault_of
from store.leftovers import Leftovers
from store.looks import Looks
from store.merging import Merging
from store.migrate import to_head
from store.modes import Modes
from store.newest import Newest
from store.outages import Outages
from store.packing import Packing
from store.pages import Pages
from store.pausing import Pausing
from store.periods import Periods
from store.picking import Picking
from store.preferences import Preferring
from store.receiving import Receiving
from store.reconciling import Reconciling
from store.recordings import Recordings
from store.releases import Releases
from store.replays import Replays
from store.reports import Reports
from store.retention import Keeping
from store.rollouts import Rollouts
from store.settle import Settling
from store.shadowing import Shadowing
from store.signs import Signs
from store.standing import Standing
from store.suggestions import Suggestions
from store.ticks import Ticks
from store.tidying import Tidying
from store.turns import Turns
from store.under_way import UnderWay
from store.vault import try_key
from store.waiting import HoldingQueue
from store.workers import Workers
from store.writes import Writes
from sync.errors import ConfigurationError


class Store(
    Receiving,
    Claiming,
    Settling,
    Writes,
    Turns,
    Bindings,
    Customers,
    Merging,
    Breakers,
    Modes,
    Cases,
    Releases,
    Comparisons,
    Recordings,
    Reconciling,
    CuttingOver,
    UnderWay,
    Shadowing,
    Signs,
    Replays,
    Rollouts,
    Packing,
    Pages,
    Cards,
    Delivering,
    Drifting,
    Absences,
    Asking,
    Groups,
    Pausing,
    Erasing,
    Escalations,
    Figuring,
    Expiry,
    Looks,
    Newest,
    Outages,
    Periods,
    Keeping,
    Tidying,
    HoldingQueue,
    Holds,
    Ticks,
    Journal,
    Preferring,
    Picking,
    ByHand,
    Bypasses,
    Leftovers,
    Contests,
    OpenHomes,
    Reports,
    Standing,
    Suggestions,
    Workers,
):
    """One database. `open` brings the schema to head and connects; `close` lets the last writes finish. The `key` wraps the keys
    of data subjects: MESHLINE_KEY where it is not given, else the file beside a ledger on SQLite."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.db, self._key = Database(url, finish), key

    async def open(self) -> None:
        """Raises ConfigurationError where the key is missing, or is not the one that the ledger was made with."""
        await to_head(self.db.url)
        self.db.vault = vault_of(self.db.url, self._key or os.environ.get("MESHLINE_KEY"))
        await self.db.open()
        try:
            await self.db.read(lambda tx: try_key(tx))
        except ConfigurationError:
            await self.db.close()
            raise

    async def close(self) -> None:
        await self.db.close()
