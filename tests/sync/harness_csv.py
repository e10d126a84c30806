"""The suite's directory: one file of orders that is read and one of invoices that is written."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from connector_fakes import NOW, TOKEN
from harness import Harness

from sync.ports import Incoming

ENTITIES: dict[str, Any] = {
    "orders": {"files": "orders*.csv", "key": "order_id", "numbers": ["amount"]},
    "invoices": {"write": "invoices.csv", "key": "reference", "columns": ["customer", "total"], "status": "status",
                 "numbers": ["total"]},
}  # fmt: skip


class Place:
    """A directory of its own, gone with this object."""

    last: Place | None = None

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="meshline-csv-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        self.put("orders.csv", "order_id,customer,amount\n1,Acme,10.50\n", at=NOW - timedelta(hours=1))
        (self.path / "invoices.csv").write_text("reference,customer,total,status\nold,Acme,1.00,draft\n")
        Place.last = self

    def put(self, name: str, content: str | bytes, *, at: datetime) -> Path:
        """A file that was put there at this moment."""
        path = self.path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (at.timestamp(), at.timestamp()))
        return path

    def text(self, name: str) -> str:
        return (self.path / name).read_bytes().decode("utf-8-sig")


def options(_: str) -> dict[str, Any]:
    place = Place.last or Place()
    return {"directory": str(place.path), "entities": ENTITIES, "token": TOKEN}


def upload(at: datetime, body: bytes) -> Incoming:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return Incoming(method="POST", url="https://sync.example.com/hooks/files", headers=headers, body=body)


HARNESS = Harness(
    options=options,
    fake=Place,
    get=("invoices", "old"),
    create=("invoices", "crm-deal-5", {"customer": "Beta", "total": "12.50"}),
    count=lambda place: place.text("invoices.csv").count("crm-deal-5"),
    sign=upload,
    body=b"order_id,customer,amount\n5,Acme,12.50\n",
    read="orders",
    polled=True,
)
