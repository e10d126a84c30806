"""The ERP's further papers: schedules of deferred revenue, journal entries, opportunities and contacts. Strict like the rest: a
reference exists once, a journal entry balances, what is posted never changes."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from bot.sandbox.erp_changes import Shelf
from bot.sandbox.erp_rules import (
    CURRENCY,
    MAIL,
    Field,
    Json,
    Refused,
    day,
    fields,
    flag,
    invalid,
    known,
    list_of,
    matching,
    text,
    whole,
)

LEDGER_ACCOUNTS: Final = ("1200", "2400", "2500", "4200", "6100", "6800")
"""Receivables, deferred revenue, commissions owed, subscriptions, commissions, bank fees."""

_PERIOD = matching(re.compile(r"\d{4}-(0[1-9]|1[0-2])"), "a month such as 2026-11")
_ACCOUNT = Field(known(LEDGER_ACCOUNTS, "unknown_account", "Account"))


def _integer(field: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(field, f"{field} must be a whole number")
    return value


_SCHEDULE = {
    "customer_id": Field(text(40)),
    "currency": Field(CURRENCY),
    "invoice_reference": Field(text(100)),
    "sync_reference": Field(text(100)),
    "from_account": _ACCOUNT,
    "to_account": _ACCOUNT,
    "lines": Field(
        list_of({"period": Field(_PERIOD), "starts": Field(day), "ends": Field(day), "amount_minor": Field(_integer)})
    ),
}
_JOURNAL = {
    "journal_date": Field(day),
    "currency": Field(CURRENCY),
    "description": Field(text(200)),
    "sync_reference": Field(text(100)),
    "lines": Field(
        list_of(
            {
                "account": _ACCOUNT,
                "debit_minor": Field(whole(0), required=False, default=0),
                "credit_minor": Field(whole(0), required=False, default=0),
                "memo": Field(text(200), required=False),
            }
        )
    ),
}
_OPPORTUNITY = {
    "customer_id": Field(text(40)),
    "title": Field(text(200)),
    "currency": Field(CURRENCY, required=False),
    "amount_minor": Field(whole(0), required=False),
    "salesperson": Field(text(60)),
    "sync_reference": Field(text(100)),
    "tags": Field(list_of({"name": Field(text(40)), "value": Field(text(100))})),
}
_CONTACT = {
    "name": Field(text(200)),
    "email": Field(MAIL),
    "customer_id": Field(text(40), required=False),
    "may_email": Field(flag),
    "consent_source": Field(text(100), required=False),
    "consent_at": Field(day, required=False),
}
PAPERS: Final[Mapping[str, tuple[str, Mapping[str, Field]]]] = {
    "schedules": ("S", _SCHEDULE),
    "journals": ("J", _JOURNAL),
    "opportunities": ("O", _OPPORTUNITY),
    "contacts": ("P", _CONTACT),
}
"""What each kind's ids begin with, and its fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    id: str
    reference: str
    kind: str
    values: Json
    status: str = "draft"

    def document(self) -> Json:
        shown = {"id": self.id, "reference": self.reference, "status": self.status, **self.values}
        if self.kind == "schedules":
            shown["total_minor"] = sum(line["amount_minor"] for line in self.values["lines"])
        if self.kind == "journals":
            shown["total_minor"] = sum(line["debit_minor"] for line in self.values["lines"])
        return shown


class Papers:
    """Every write either commits whole or raises Refused. `exists` tells whether there is a customer with that id."""

    def __init__(self, exists: Callable[[str], bool], clock: Callable[[], datetime] | None) -> None:
        self.all: dict[str, Shelf[Paper]] = {kind: Shelf(clock) for kind in PAPERS}
        self._exists = exists

    def one(self, kind: str, paper_id: str) -> Paper:
        found = self.all[kind].get(paper_id)
        if found is None:
            raise Refused(404, "not_found", f"there is none of the {kind} with the id {paper_id[:60]}")
        return found

    def with_reference(self, kind: str, reference: str) -> tuple[Paper, ...]:
        """The one paper of the kind that carries the reference, if any."""
        return tuple(each for each in self.all[kind].values() if each.reference == reference)

    def create(self, kind: str, body: object) -> Paper:
        letter, spec = PAPERS[kind]
        values = fields({"reference": Field(text(100)), **spec}, body)
        reference = values.pop("reference")
        if self.with_reference(kind, reference):
            raise Refused(409, "duplicate_reference", f"reference {reference!r} is taken", "reference")
        return self._keep(
            Paper(id=f"{letter}-{len(self.all[kind]) + 1:05}", reference=reference, kind=kind, values=values)
        )

    def change(self, kind: str, paper_id: str, body: object) -> Paper:
        paper = self.one(kind, paper_id)
        if paper.status == "posted":
            raise Refused(409, "posted_is_immutable", f"{paper.id} is posted and cannot change")
        values = fields({"reference": Field(text(100)), **PAPERS[kind][1]}, body, partial=True)
        if values.pop("reference", paper.reference) != paper.reference:
            raise invalid("reference", "a reference never changes")
        return self._keep(replace(paper, values=paper.values | values))

    def post(self, kind: str, paper_id: str) -> Paper:
        paper = self.one(kind, paper_id)
        if paper.status == "posted":
            raise Refused(409, "already_posted", f"{paper.id} is posted already")
        posted = self.all[kind][paper.id] = replace(paper, status="posted")
        return posted

    def _keep(self, paper: Paper) -> Paper:
        customer_id = paper.values.get("customer_id")
        if customer_id is not None and not self._exists(customer_id):
            raise Refused(422, "unknown_customer", f"there is no customer {customer_id[:60]!r}", "customer_id")
        _RULES.get(paper.kind, _anything)(paper.values)
        self.all[paper.kind][paper.id] = paper
        return paper


def _balances(values: Mapping[str, Any]) -> None:
    debit, credit = (sum(line[side] for line in values["lines"]) for side in ("debit_minor", "credit_minor"))
    if debit != credit or not debit:
        raise Refused(422, "unbalanced", f"debit {debit} and credit {credit} must be the same, and not zero", "lines")


def _is_proven(values: Mapping[str, Any]) -> None:
    if values["may_email"] and not (values["consent_source"] and values["consent_at"]):
        raise invalid("may_email", "who may be written to has agreed: consent_source and consent_at are needed")


def _anything(values: Mapping[str, Any]) -> None:
    """A paper without a rule of its own."""


_RULES: Mapping[str, Callable[[Mapping[str, Any]], None]] = {"journals": _balances, "contacts": _is_proven}
