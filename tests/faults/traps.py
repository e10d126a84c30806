"""The outside world, watched: what the ERP commits and what Slack shows is seen at that very moment, before any answer is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.erp_books import Books, Customer, Invoice
from bot.sandbox.erp_log import RequestLog
from bot.sandbox.world import SandboxWorld

CARD, LINE = "meshline_card", "meshline_history"


@dataclass
class Trap:
    """Springs once when `what` has happened `nth` times since it was set."""

    spring: Callable[[], None]
    what: str = ""
    left: int = 0
    seen: Counter[str] = field(default_factory=Counter)

    def set(self, what: str, nth: int) -> None:
        self.what, self.left = what, nth

    @property
    def is_set(self) -> bool:
        return self.left > 0

    def saw(self, what: str) -> None:
        self.seen[what] += 1
        if self.left and what == self.what:
            self.left -= 1
            if not self.left:
                self.spring()


class WatchedLog(RequestLog):
    """The ERP's log, which tells the trap about every commit."""

    def __init__(self, trap: Trap) -> None:
        super().__init__(None)
        self._trap = trap

    def add(self, *, at: str, method: str, path: str, reference: str | None, status: int, committed: bool) -> None:
        super().add(at=at, method=method, path=path, reference=reference, status=status, committed=committed)
        if committed:
            self._trap.saw(write_of(path))
        elif status == 0:
            self._trap.saw("late")


def write_of(path: str) -> str:
    """What a committed request wrote: customer, invoice or post. A request that commits after its connection was cut is `late`."""
    return "post" if path.endswith("/post") else "invoice" if "/invoices" in path else "customer"


class ForgivingBooks(Books):
    """An ERP that takes the same reference twice, as many do: nothing but Meshline keeps an invoice from being doubled."""

    def create_customer(self, body: object) -> Customer:
        self._forget(body, self._customer_ids)
        return super().create_customer(body)

    def create_invoice(self, body: object) -> Invoice:
        self._forget(body, self._invoice_ids)
        return super().create_invoice(body)

    def _forget(self, body: object, taken: dict[str, str]) -> None:
        if isinstance(body, dict):
            taken.pop(str(body.get("reference")), None)


def watch(world: SandboxWorld, trap: Trap) -> None:
    """Let the trap see every commit of the ERP and every message of the app in Slack."""
    books = world.erp.books
    world.erp.books = ForgivingBooks(books.payment_terms, books.accounts, lambda: {})
    world.erp.log = WatchedLog(trap)
    changes, workspace = world.slack.state.changes, world.slack.state.workspace
    tell = changes.tell

    def telling(kind: str, **about: Any) -> None:
        tell(kind, **about)
        if kind == "message":
            message = workspace.find(about["channel"], about["ts"])
            event = (message.metadata or {}).get("event_type")
            if event == CARD:
                trap.saw("redraw" if message.edited else "card")
            elif event == LINE:
                trap.saw("line")

    changes.tell = telling  # type: ignore[method-assign]  # seen before Slack answers
