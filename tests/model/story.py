"""A world of the model for a test with a story: one engine at work, fair weather, and whatever the story does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from store.ledger import Store
from store.vault import SIZE, Vault
from sync.model import Case
from tests.ledgers import ledger_url
from tests.model.erp import Document
from tests.model.judging import judge
from tests.model.operations import Op
from tests.model.playing import Playing


class Story(Playing):
    """`tell` plays operations one after the other; `rest` lets everything arrive and settle."""

    async def tell(self, *ops: Op) -> None:
        for op in ops:
            await self.apply(op)

    async def settled(self) -> None:
        """At rest, with every difference explained."""
        assert await self.rest()
        assert (await judge(self)).unexplained == ()

    async def cases(self) -> list[tuple[str, str]]:
        """Reason and record of each open exception."""
        return [(each.reason, each.subject) for each in await self.store.exceptions()]

    async def only_case(self) -> Case:
        [case] = await self.store.exceptions()
        return case

    def invoices(self) -> list[tuple[str, str, int, str]]:
        """Reference, currency, minor units and status of each."""
        return [_shown(each) for each in self.erp.of("invoice")]


def _shown(document: Document) -> tuple[str, str, int, str]:
    return document.reference, document.fields["currency"], document.total, document.status


@asynccontextmanager
async def model_world(folder: Path, *, seed: int = 1) -> AsyncIterator[Story]:
    """A world with companies C0 to C2 and open deals D0 to D4. Its webhooks say only that something changed, and its ERP refuses a
    reference that is taken."""
    store = Store(ledger_url(folder))
    store.db.vault = Vault(bytes(SIZE))
    await store.db.open()
    try:
        story = Story(store, seed)
        story.crm.carries, story.erp.strict = False, True
        await story.begin()
        yield story
    finally:
        await store.close()
