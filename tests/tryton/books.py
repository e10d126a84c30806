"""Tryton's books in the shape in which the stories of the example flows read the sandbox's: so the same stories are told to it."""

from __future__ import annotations

from typing import Any

from sync.connectors.tryton_codes import Codes
from sync.connectors.tryton_customers import Customers
from sync.connectors.tryton_invoices import Invoices
from sync.connectors.tryton_journals import Journals
from sync.connectors.tryton_options import TrytonOptions
from sync.connectors.tryton_papers import Papers
from sync.connectors.tryton_rpc import Rpc
from sync.connectors.tryton_values import plain
from tests.tryton.peer import PASSWORD, USER, Peer

_PAPERS = {
    "schedules": ("deferral-",),
    "opportunities": ("crm-lead-",),
    "contracts": ("crm-contract-", "crm-retainer-"),
}


class Books:
    """What the administrator sees."""

    def __init__(self, peer: Peer) -> None:
        options = TrytonOptions.model_validate(peer.connector())
        codes = Codes(link=Rpc(options, "erp", user=USER, password=PASSWORD), options=options)
        self._peer = peer
        self._parties, self._invoices = Customers(codes), Invoices(codes)
        self._papers, self._journals = Papers(codes), Journals(codes)

    def invoices(self) -> list[dict[str, Any]]:
        return self._shown(self._invoices, [["type", "=", "out"]])

    def posted(self) -> list[dict[str, Any]]:
        return [each for each in self.invoices() if each["status"] == "posted"]

    def totals(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for each in self.posted():
            found[each["currency"]] = found.get(each["currency"], 0) + each["total_minor"]
        return found

    def duplicates(self) -> tuple[str, ...]:
        references = [each["reference"] for each in self.invoices() if each["status"] != "void"]
        return tuple(each for each in set(references) if references.count(each) > 1)

    def customers(self) -> list[dict[str, Any]]:
        return self._shown(self._parties, [["code", "like", "crm-company-%"]])

    def contracts(self) -> list[dict[str, Any]]:
        return self.papers("contracts")

    def papers(self, kind: str) -> list[dict[str, Any]]:
        if kind == "contacts":
            return self._shown(self._parties, [["code", "like", "crm-contact-%"]])
        if kind == "journals":
            return self._shown(self._journals, [["description", "like", "% | %"]])
        whole = self._shown(self._papers, [])
        return [each for each in whole if str(each["reference"]).startswith(_PAPERS[kind])]

    def _shown(self, shelf: Any, domain: list[Any]) -> list[dict[str, Any]]:
        found = self._peer.call(
            f"model.{shelf.model}.search_read", domain, 0, None, [["id", "ASC"]], list(shelf.fields)
        )
        return [shelf.shown(plain(each)).record for each in found]
