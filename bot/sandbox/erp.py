"""The sandbox ERP: a strict little ledger over HTTP on loopback, with an indelible log and bad days on request."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from bot.sandbox.deals_names import PAYMENT_TERMS
from bot.sandbox.erp_books import Books
from bot.sandbox.erp_log import Entry, RequestLog
from bot.sandbox.erp_rules import Json, Refused
from bot.sandbox.faults import ErpFaults

__all__ = ["ACCOUNTS", "PREFIX", "Entry", "Erp", "Refused"]

PREFIX = "/erp-api"
ACCOUNTS = ("4000", "4100", "4200", "4210")


class Erp:
    """Books, faults and the log of one company, served by `erp_api`."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        token: str = "sandbox-erp-token",  # noqa: S107  a sandbox has no secrets
        payment_terms: Iterable[str] = PAYMENT_TERMS,
        accounts: Iterable[str] = ACCOUNTS,
        closed_until: date | None = None,
        log_file: Path | None = None,
    ) -> None:
        self.clock = clock
        self.token = token
        self.faults = ErpFaults()
        self.late: set[asyncio.Future[None]] = set()
        self.books = Books(payment_terms, accounts, lambda: self.faults.reject_for, lambda: self.clock())
        self.books.closed_until = closed_until
        self.log = RequestLog(log_file)

    @property
    def request_log(self) -> Sequence[Entry]:
        return self.log.entries

    async def settled(self) -> None:
        """Wait until every late commit has happened or was refused."""
        await asyncio.gather(*self.late)

    def invoices(self) -> list[Json]:
        """All invoices, drafts too, in the order they were created."""
        return [invoice.document() for invoice in self.books.invoices.values()]

    def customers(self) -> list[Json]:
        return [customer.document() for customer in self.books.customers.values()]

    def contracts(self) -> list[Json]:
        return [contract.document() for contract in self.books.contracts.all.values()]

    def papers(self, kind: str) -> list[Json]:
        """Further papers of a kind: schedules, journals, opportunities, contacts."""
        return [paper.document() for paper in self.books.papers.all[kind].values()]

    def posted(self) -> list[Json]:
        return [invoice.document() for invoice in self.books.posted()]

    def duplicates(self) -> tuple[str, ...]:
        """References that more than one invoice carries. There must be none."""
        return self.books.duplicates()

    def totals(self) -> dict[str, int]:
        """Posted minor units by currency."""
        return self.books.totals()

    def accept(self, customer: str) -> None:
        """The bookkeeper lets a refused customer (by name) buy again."""
        self.faults.reject_for.pop(customer, None)
        for each in [each for each in self.books.customers.values() if each.name == customer and each.blocked]:
            self.books.change_customer(each.id, {"blocked": False})
