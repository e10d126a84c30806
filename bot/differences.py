"""What disagrees in a flow, for whoever asks: a dialog that opens from the report of a run. It only shows."""

from __future__ import annotations

from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import Block
from bot.carried import carried
from bot.clicks import Click, Submission
from bot.differences_view import CUSTOMERS, NEXT, PREVIOUS, RECORDS, differences_view
from bot.modals import loading_view
from bot.parts import Reply
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Opens the dialog, and turns its pages."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    verbs: frozenset[str] = frozenset({CUSTOMERS, RECORDS, PREVIOUS, NEXT})

    async def on_click(self, click: Click) -> None:
        """Open the list, or show another page of it, as it is now. Raises NotFound for a run or a flow that is gone."""
        pressed = carried(str(click.action.get("value") or ""))
        page = pressed.page if pressed is not None and pressed.page else 1
        by_customer = bool(click.version) if click.verb in (PREVIOUS, NEXT) else click.verb == CUSTOMERS
        shown = click.view
        if not shown:
            opened = await self.client.views_open(trigger_id=click.trigger, view=loading_view("What disagrees"))
            shown = opened["view"]
        drawn = await self._drawn(click.cause, page, by_customer=by_customer)
        try:
            await self.client.views_update(view_id=shown["id"], hash=shown["hash"], view=drawn)
        except SlackApiError as error:
            if error.response.get("error") != "hash_conflict":  # pressed twice: the first press has turned the page
                raise

    async def on_submit(self, sent: Submission) -> Reply:
        """Nothing is submitted here."""
        raise NotFound("This dialog is out of date.")

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select asks."""
        return []

    async def _drawn(self, run: int, page: int, *, by_customer: bool) -> Block:
        found = await self.store.run_of(run)
        flow = self.surroundings.workspace.flows.get(found.flow)
        if flow is None or flow.reconcile is None:
            raise NotFound("This flow is not reconciled any more.")
        write = next(each for each in flow.writes if flow.reconcile and each.name == flow.reconcile.write)
        rows = await self.store.open_disagreements(flow.name)
        return differences_view(flow, write, rows, run, page, by_customer=by_customer)
