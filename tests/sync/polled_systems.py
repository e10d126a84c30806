"""The systems that the histories of `test_polling_property` are played in. A new connector that polls is one class more in SYSTEMS:
how a record comes to be there, with the moment that the system says it changed, and how it goes; pages are as small as can be."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import harness_csv
import harness_sql
import tryton_fake
from aiohttp import web
from connector_harness import HARNESSES
from fakes.hubspot import TOKEN, Account
from fakes.salesforce import TOKEN as SALESFORCE_TOKEN
from fakes.salesforce import Salesforce
from fakes.salesforce_org import long_id
from harness_netsuite import NETSUITE

from tests.sync.fakes.netsuite import NetSuite


class System:
    """One fake. `grain` is the finest step of its stamps."""

    kind = ""
    entity = ""
    grain = timedelta(seconds=1)

    def options(self, url: str) -> dict[str, Any]:
        raise NotImplementedError

    def mount(self, app: web.Application) -> None:
        """What is spoken to by other ways than HTTP needs no server."""

    def small(self) -> AbstractContextManager[Any]:
        """Makes pages of two records where no option can."""
        return nullcontext()

    def put(self, number: int, stamp: datetime, version: int) -> None:
        """The record is there, as of this version, and says that it changed at `stamp`."""
        raise NotImplementedError

    def gone(self, number: int, stamp: datetime) -> None:
        """The record was deleted at `stamp`."""
        raise NotImplementedError

    def at(self, now: datetime) -> None:
        """What the system's own clock says."""

    def id_of(self, number: int) -> str:
        """What the system calls the record."""
        return str(number)

    def close(self) -> None:
        """Nothing of it is needed any more."""


class HubSpotDeals(System):
    kind, entity, grain = "hubspot", "deals", timedelta(milliseconds=1)

    def __init__(self) -> None:
        self.crm = Account()

    def options(self, url: str) -> dict[str, Any]:
        return {"base_url": Account.at(url), "token": TOKEN, "page_size": 2}

    def mount(self, app: web.Application) -> None:
        self.crm.mount(app)

    def put(self, number: int, stamp: datetime, version: int) -> None:
        self.crm.put("deals", number, at=stamp, dealname=str(version))

    def gone(self, number: int, stamp: datetime) -> None:
        self.crm.drop("deals", number)


class NetSuiteCustomers(System):
    """Stamps are by the second, and by the account's clock."""

    kind, entity = "netsuite", "customer"

    def __init__(self) -> None:
        self.fake = NetSuite()

    def options(self, url: str) -> dict[str, Any]:
        return {**NETSUITE, "base_url": url}

    def mount(self, app: web.Application) -> None:
        self.fake.mount(app)

    def small(self) -> AbstractContextManager[Any]:
        return patch("sync.connectors.netsuite_lists.ROWS", 2)

    def put(self, number: int, stamp: datetime, version: int) -> None:
        self.fake.records["customer"][number] = {"companyName": f"v{version}", "lastModifiedDate": stamp}

    def gone(self, number: int, stamp: datetime) -> None:
        self.fake.records["customer"].pop(number)


class RestRecords(System):
    """A described REST system that lists by id, two at a time, and stamps by the second."""

    kind, entity = "rest", "thing"

    def __init__(self) -> None:
        self.rows: dict[int, datetime] = {}

    def options(self, url: str) -> dict[str, Any]:
        asked = {"limit": "{limit}", "after": "{after}", "since": "{since}"}
        thing = {
            "find": {"path": "/things", "query": {"reference": "{reference}"}},
            "get": {"path": "/things/{id}"},
            "list": {"path": "/things", "query": asked, "items": "items", "after": "next", "changed": "at", "most": 2},
        }
        describe = {"probe": {"method": "GET", "path": "/things"}, "entities": {"thing": thing}}
        return {"base_url": url, "token": TOKEN, "describe": describe}

    def mount(self, app: web.Application) -> None:
        app.router.add_get("/things", self.listed)

    async def listed(self, request: web.Request) -> web.Response:
        since, after = datetime.fromisoformat(request.query["since"]), int(request.query.get("after", 0))
        behind = [number for number, at in sorted(self.rows.items()) if number > after and at >= since]
        most = int(request.query["limit"])
        shown = [{"id": number, "at": self.rows[number].isoformat()} for number in behind[:most]]
        return web.json_response({"items": shown, "next": str(behind[most - 1]) if len(behind) > most else None})

    def put(self, number: int, stamp: datetime, version: int) -> None:
        self.rows[number] = stamp

    def gone(self, number: int, stamp: datetime) -> None:
        self.rows.pop(number)


class SqlRows(System):
    kind, entity = "sql", "orders"

    def __init__(self) -> None:
        self.books = harness_sql.Books()
        self.kept = sqlite3.connect(self.books.file, isolation_level=None)  # opened once: histories have many steps
        self.kept.execute("PRAGMA synchronous = OFF")
        self.kept.execute("DELETE FROM orders")

    def options(self, url: str) -> dict[str, Any]:
        return {"url": self.books.url, "timezone": "UTC", "entities": harness_sql.ENTITIES}

    def small(self) -> AbstractContextManager[Any]:
        return patch("sync.connectors.sql_polling.PAGE", 2)

    def put(self, number: int, stamp: datetime, version: int) -> None:
        at = stamp.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        self.kept.execute(f"INSERT OR REPLACE INTO orders VALUES ({number}, 'v{version}', 1, 'EUR', '{at}')")

    def gone(self, number: int, stamp: datetime) -> None:
        self.kept.execute(f"DELETE FROM orders WHERE id = {number}")

    def close(self) -> None:
        self.kept.close()


class SalesforceOpportunities(System):
    """Deleted records are kept and shown, and stamps compare by the second."""

    kind, entity = "salesforce", "Opportunity"

    def __init__(self) -> None:
        self.fake = Salesforce()

    def options(self, url: str) -> dict[str, Any]:
        return {"base_url": url, "token": SALESFORCE_TOKEN, "page_size": 2}

    def mount(self, app: web.Application) -> None:
        self.fake.mount(app)

    def put(self, number: int, stamp: datetime, version: int) -> None:
        self.fake.org.put("Opportunity", Id=self.id_of(number), Name=f"v{version}", at=stamp)

    def gone(self, number: int, stamp: datetime) -> None:
        self.fake.org.bury("Opportunity", self.id_of(number), at=stamp)

    def id_of(self, number: int) -> str:
        return long_id(f"0065f{number:010d}")


class TrytonCustomers(System):
    kind, entity = "tryton", "customer"

    def __init__(self) -> None:
        self.fake = tryton_fake.Tryton()

    def at(self, now: datetime) -> None:
        self.fake.now = now

    def options(self, url: str) -> dict[str, Any]:
        return HARNESSES["tryton"].options(url)

    def mount(self, app: web.Application) -> None:
        self.fake.mount(app)

    def small(self) -> AbstractContextManager[Any]:
        return patch("sync.connectors.tryton_source._PAGE", 2)

    def put(self, number: int, stamp: datetime, version: int) -> None:
        row = {"id": number, "code": f"crm-company-{number}", "name": f"v{version}", "active": 1, "addresses": [1]}
        self.fake.parties[number] = {**row, "write_date": tryton_fake.moment(stamp)}
        self.fake.parties = dict(sorted(self.fake.parties.items()))

    def gone(self, number: int, stamp: datetime) -> None:
        self.fake.parties.pop(number)


class CsvOrders(System):
    """One file that is written anew for every change: its rows are told apart by the whole content, so each of them has a new
    key whenever one of them changed."""

    kind, entity, grain = "csv", "orders", timedelta(microseconds=1)

    def __init__(self) -> None:
        self.place = harness_csv.Place()
        (self.place.path / "orders.csv").unlink()
        self.rows: dict[int, int] = {}
        self.written = 0

    def options(self, url: str) -> dict[str, Any]:
        return {**harness_csv.HARNESS.options(url), "settle": 2.0}

    def small(self) -> AbstractContextManager[Any]:
        return patch("sync.connectors.csv_watching.PAGE", 2)

    def put(self, number: int, stamp: datetime, version: int) -> None:
        self.rows[number] = version
        self.write(stamp)

    def gone(self, number: int, stamp: datetime) -> None:
        self.rows.pop(number)
        self.write(stamp)

    def write(self, stamp: datetime) -> None:
        self.written += 1  # no two states of a file have the same moment
        rows = "".join(f"{number},v{version},1.00\n" for number, version in sorted(self.rows.items()))
        at = stamp + timedelta(microseconds=self.written)
        self.place.put("orders.csv", f"order_id,customer,amount\n{rows}", at=at)


_ALL: tuple[type[System], ...] = (
    CsvOrders, HubSpotDeals, NetSuiteCustomers, RestRecords, SalesforceOpportunities, SqlRows, TrytonCustomers,
)  # fmt: skip
SYSTEMS: Mapping[str, type[System]] = {each.kind: each for each in _ALL}
