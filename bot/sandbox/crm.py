"""The sandbox CRM: a small HubSpot, served by `crm_api`. What a salesperson does here is heard outside as a signed webhook."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.crm_oauth import Grants
from bot.sandbox.crm_objects import Objects
from bot.sandbox.crm_record import InvalidProperties, Missing, Record
from bot.sandbox.crm_schema import API_VERSION, Json
from bot.sandbox.crm_sender import Sender
from bot.sandbox.deals_values import Owner
from bot.sandbox.faults import CrmFaults

__all__ = ["API_VERSION", "PREFIX", "Asked", "Crm", "Missing"]

PREFIX = "/crm-api"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as the CRM saw it. Status 0 means that the answer was lost on purpose."""

    seq: int
    at: datetime
    method: str
    path: str
    status: int


class Crm:
    """Records, webhooks and faults of one account."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        token: str = "sandbox-crm-token",  # noqa: S107  a sandbox has no secrets
        client_secret: str = "sandbox-crm-secret",  # noqa: S107  nor here
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        seed: int = 7,
    ) -> None:
        self.clock = clock
        self.token = token
        self.grants = Grants(clock=clock, client_secret=client_secret)
        self.owners: tuple[Owner, ...] = ()
        self.faults = CrmFaults()
        self.enforce_limits = False
        self.search_lag = timedelta(0)
        self.request_log: list[Asked] = []
        self.webhooks = Sender(clock=clock, client_secret=client_secret, sleep=sleep, seed=seed)
        self.objects = Objects(clock, self.webhooks.hear)

    async def close(self, _: object = None) -> None:
        """Stop sending webhooks."""
        await self.webhooks.close()

    def create(
        self,
        kind: str,
        properties: Mapping[str, object],
        *,
        record_id: str | None = None,
        links: Iterable[tuple[str, str]] = (),
    ) -> str:
        """A salesperson enters a record, linked to (type, id) others; its id."""
        return self.objects.create(kind, properties, record_id=record_id, links=links).id

    def update(self, kind: str, record_id: str, properties: Mapping[str, object]) -> None:
        """A salesperson edits a record. Raises Missing or InvalidProperties."""
        self.objects.update(kind, record_id, properties)

    def associate(self, kind: str, record_id: str, to: str, to_id: str) -> None:
        self.objects.associate(kind, record_id, to, to_id)

    def merge(self, primary_id: str, merged_id: str, kind: str = "companies") -> None:
        """The CRM administrator merges one record into another."""
        self.objects.merge(kind, primary_id, merged_id)

    def delete(self, kind: str, record_id: str, *, forget: bool = False) -> None:
        """Archive a record; `forget` is a deletion on the person's request (privacyDeletion)."""
        self.objects.archive(kind, record_id, forget=forget)

    def rename_property(self, kind: str, name: str, new: str) -> None:
        """The CRM administrator gives a property another name. Raises Missing or InvalidProperties."""
        if kind not in self.objects.types or not _NAME.fullmatch(new):
            raise InvalidProperties([(new, "INVALID_NAME", f"{kind} cannot have a property {new!r}")])
        self.objects.change_property(kind, name, name=new)

    def fields(self) -> list[Json]:
        """The properties of deals, companies and line items that may be renamed."""
        return [
            {"kind": kind, "name": each.name, "label": each.label}
            for kind in ("deals", "companies", "line_items")
            for each in self.objects.types[kind].properties.values()
            if not each.computed
        ]

    def deal(self, deal_id: str) -> Json:
        """The deal with its first company and its line items, flat. Raises Missing."""
        deal = self.objects.find("deals", deal_id)
        companies = self.objects.links("deals", deal.id, "companies")
        lines = sorted(self.objects.links("deals", deal.id, "line_items"), key=int)
        return {
            **_flat(deal),
            "company": self.company(companies[0]) if companies else None,
            "lines": [_flat(self.objects.find("line_items", each)) for each in lines],
        }

    def deals(self) -> list[Json]:
        return [self.deal(record.id) for record in self.objects.all("deals")]

    def company(self, company_id: str) -> Json:
        """The company, or the survivor of its merge. Raises Missing."""
        return _flat(self.objects.find("companies", company_id))

    def companies(self) -> list[Json]:
        return [_flat(record) for record in self.objects.all("companies")]

    def record(self, kind: str, record_id: str) -> Json:
        """Any record, flat. Raises Missing."""
        return _flat(self.objects.find(kind, record_id))

    def tasks(self) -> list[Json]:
        """Tasks, each with the ids of the companies it is attached to."""
        return [
            {**_flat(task), "companies": list(self.objects.links("tasks", task.id, "companies"))}
            for task in self.objects.all("tasks")
        ]

    def note(self, method: str, path: str, status: int) -> None:
        self.request_log.append(
            Asked(seq=len(self.request_log) + 1, at=self.clock(), method=method, path=path, status=status)
        )


def _flat(record: Record) -> Json:
    return {"id": record.id} | {name: record.value(name) for name in record.kind.properties}
