"""A CRM in the process of the test: records with all their versions, webhooks that wait to be sent, and a poll by moment and id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sync.errors import Rejected
from sync.model import Change, Found, Record
from sync.ports import Page
from tests.model.weather import Weather

PLACES = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
PAGE = 3


def written(minor: int, currency: str) -> str:
    """An amount as people write it: 1234.56."""
    places = PLACES[currency]
    sign, digits = ("-" if minor < 0 else ""), f"{abs(minor):0{places + 1}d}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    id: str
    name: str
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """`lines` are (product, quantity, price in minor units); `off` is by how much the amount misses their sum."""

    id: str
    company: str | None
    stage: str
    currency: str
    code: str
    lines: tuple[tuple[str, int, int], ...]
    off: int = 0
    version: int = 1
    gone: bool = False

    @property
    def total(self) -> int:
        return sum(quantity * price for _, quantity, price in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    id: str
    deal: str
    company: str
    currency: str
    amount: int
    kind: str
    status: str = "approved"
    version: int = 1
    gone: bool = False


@dataclass(slots=True)
class Crm:
    """`clock` gives the time and is moved on by a millisecond with every change, so that no two happen at once. Where it `carries`,
    a webhook brings the record as it was then; else it says only that something changed."""

    clock: Any
    weather: Weather = field(default_factory=Weather)
    companies: dict[str, Company] = field(default_factory=dict)
    deals: dict[str, Deal] = field(default_factory=dict)
    refunds: dict[str, Refund] = field(default_factory=dict)
    history: dict[str, list[Deal]] = field(default_factory=dict)
    names: dict[str, list[Company]] = field(default_factory=dict)
    modified: dict[tuple[str, str], datetime] = field(default_factory=dict)
    outbox: list[Change] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)
    carries: bool = False
    _keys: int = 0

    def put(self, what: Company | Deal | Refund, *, tell: bool = True) -> None:
        """A new version of a record, with a webhook for it."""
        if isinstance(what, Company):
            self.companies[what.id] = what
            self.names.setdefault(what.id, []).append(what)
            return
        entity: dict[str, Any] = self.deals if isinstance(what, Deal) else self.refunds
        name = "deals" if isinstance(what, Deal) else "refunds"
        entity[what.id] = what
        if isinstance(what, Deal):
            self.history.setdefault(what.id, []).append(what)
        if not tell:
            return
        now = self.clock.forward(milliseconds=1)
        self.modified[(name, what.id)] = now
        self._keys += 1
        payload = self.shown(what) if self.carries and not what.gone else None
        told = Change(
            entity=name,
            record_id=what.id,
            key=f"w{self._keys}",
            kind=f"{name}.changed",
            occurred_at=now,
            payload=payload,
        )
        self.outbox.append(told)

    def change(self, what: Any, *, tell: bool = True, **values: Any) -> None:
        """Change fields of a record."""
        self.put(replace(what, version=what.version + 1, **values), tell=tell)

    def was_called(self, company: str, name: str, version: int) -> bool:
        """Whether the company had that name in that version."""
        return any((each.name, each.version) == (name, version) for each in self.names[company])

    def canonical(self, company: str | None) -> str | None:
        """The company that a company has become."""
        while company is not None and company in self.merged:
            company = self.merged[company]
        return company

    def record(self, entity: str, record_id: str) -> Record:
        """As the API shows it now. Raises Rejected when it is gone."""
        found: Any = (self.deals if entity == "deals" else self.refunds).get(record_id)
        if found is None or found.gone:
            raise Rejected(f"there is no {entity} {record_id}", reason="not_found")
        return self.shown(found)

    def shown(self, found: Deal | Refund) -> Record:
        if isinstance(found, Refund):
            return {
                "id": found.id, "title": f"Refund {found.id}", "deal": found.deal, "company": found.company,
                "currency": found.currency, "amount": written(found.amount, found.currency), "kind": found.kind,
                "status": found.status,
            }  # fmt: skip
        company = self.companies[found.company] if found.company is not None else None
        return {
            "id": found.id, "title": f"Deal {found.id}", "stage": found.stage, "currency": found.currency,
            "amount": written(found.total + found.off, found.currency), "code": found.code, "version": found.version,
            "company": {"id": company.id, "name": company.name, "version": company.version} if company else None,
            "lines": [
                {"product": product, "quantity": quantity, "price": written(price, found.currency)}
                for product, quantity, price in found.lines
            ],
        }  # fmt: skip

    def page(self, entity: str, cursor: Record | None) -> Page:
        """What changed after the cursor, a few at a time."""
        after = (datetime.fromisoformat(cursor["at"]), cursor["id"]) if cursor else None
        found = sorted((at, record_id) for (name, record_id), at in self.modified.items() if name == entity)
        rest = [each for each in found if after is None or each > after]
        page = rest[:PAGE]
        changes = tuple(
            Change(entity=entity, record_id=each, key=f"p-{each}-{at.isoformat()}", kind="polled", occurred_at=at)
            for at, each in page
        )
        at, last = page[-1] if page else after or (datetime.min, "")
        return Page(changes=changes, cursor={"at": at.isoformat(), "id": last}, more=len(rest) > PAGE)


@dataclass(slots=True)
class CrmPort:
    """The CRM as one engine sees it: a source, and the target of what is written back."""

    crm: Crm
    call: Callable[..., Any]

    def accept(self, incoming: Any, *, now: datetime) -> list[Change]:
        return list(incoming)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        page: Page = await self.call(self.crm, "read", lambda: self.crm.page(entity, cursor), reads=True)
        return page

    def start_at(self, entity: str, since: datetime) -> Record:
        return {"at": (since - timedelta(milliseconds=1)).isoformat(), "id": ""}

    async def read(self, entity: str, record_id: str) -> Record:
        record: Record = await self.call(self.crm, "read", lambda: self.crm.record(entity, record_id), reads=True)
        return record

    async def search(self, entity: str, by: Any) -> list[Record]:
        return []

    async def find(self, entity: str, reference: str) -> Found | None:
        return None

    async def get(self, entity: str, target_id: str) -> Found | None:
        return Found(id=target_id, record=self.crm.record(entity, target_id))

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        raise Rejected("nothing is created here")

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        made: Found = await self.call(self.crm, "update", lambda: Found(id=target_id, record=body))
        return made

    async def post(self, entity: str, target_id: str) -> Found:
        raise Rejected("nothing is posted here")
