"""The suite's HubSpot: the sandbox CRM, which HubSpot's own client is run against too, with one deal and two companies."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from connector_fakes import API, NOW, TOKEN
from harness import Harness

from bot.sandbox.crm import Crm
from bot.sandbox.crm_api import mount_crm
from sync.ports import Incoming

CLIENT_SECRET = "app-secret-2"
TOLD = b'[{"objectId": 5, "subscriptionType": "deal.creation", "eventId": 9, "occurredAt": 1795165200000}]'


class Account(Crm):
    """One account at a moment that the test moves."""

    def __init__(self) -> None:
        self.now = NOW
        super().__init__(clock=lambda: self.now, token=TOKEN, client_secret=CLIENT_SECRET)


def account() -> Account:
    crm = Account()
    crm.now = NOW - timedelta(hours=1)
    crm.create("deals", {"dealname": "One"}, record_id="1")
    for company in ("7", "8"):
        crm.create("companies", {"name": "Acme"}, record_id=company)
    crm.now = NOW
    return crm


def options(url: str) -> dict[str, Any]:
    return {"base_url": f"{url}/crm-api", "token": TOKEN, "client_secret": CLIENT_SECRET}


def sign(at: datetime, body: bytes) -> Incoming:
    stamp = str(int(at.timestamp() * 1000))
    url = "https://sync.example.com/hooks/crm"
    digest = hmac.new(CLIENT_SECRET.encode(), b"POST" + url.encode() + body + stamp.encode(), hashlib.sha256).digest()
    headers = {"x-hubspot-signature-v3": base64.b64encode(digest).decode(), "x-hubspot-request-timestamp": stamp}
    return Incoming(method="POST", url=url, headers=headers, body=body)


def _mount(crm: Account, app: web.Application) -> None:
    mount_crm(crm, app)


HARNESS = Harness(
    options=options,
    fake=account,
    mount=_mount,
    get=("deals", "1"),
    create=("tasks", "merge-7-8", {"subject": "Merge", "text": "Acme twice", "companies": ["7", "8"]}),
    write={"method": "POST", "path": f"{API}/tasks"},
    count=lambda crm: len(crm.tasks()),
    sign=sign,
    body=TOLD,
    read="deals",
    polled=True,
)
