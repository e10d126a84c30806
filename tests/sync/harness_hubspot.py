"""The suite's HubSpot: the sandbox CRM, which HubSpot's own client is run against too, with one deal and two companies."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

from fakes.hubspot import API, CLIENT_SECRET, TOKEN, Account
from harness import Harness

from sync.ports import Incoming

TOLD = b'[{"objectId": 5, "subscriptionType": "deal.creation", "eventId": 9, "occurredAt": 1795165200000}]'


def account() -> Account:
    crm = Account()
    crm.put("deals", 1, dealname="One", at=crm.now - timedelta(hours=1))
    for company in (7, 8):
        crm.put("companies", company, name="Acme")
    return crm


def options(url: str) -> dict[str, Any]:
    return {"base_url": Account.at(url), "token": TOKEN, "client_secret": CLIENT_SECRET}


def sign(at: datetime, body: bytes) -> Incoming:
    stamp = str(int(at.timestamp() * 1000))
    url = "https://sync.example.com/hooks/crm"
    digest = hmac.new(CLIENT_SECRET.encode(), b"POST" + url.encode() + body + stamp.encode(), hashlib.sha256).digest()
    headers = {"x-hubspot-signature-v3": base64.b64encode(digest).decode(), "x-hubspot-request-timestamp": stamp}
    return Incoming(method="POST", url=url, headers=headers, body=body)


HARNESS = Harness(
    options=options,
    fake=account,
    mount=Account.mount,
    get=("deals", "1"),
    create=("tasks", "merge-7-8", {"subject": "Merge", "text": "Acme twice", "companies": ["7", "8"]}),
    write={"method": "POST", "path": f"{API}/tasks"},
    count=lambda crm: len(crm.tasks()),
    sign=sign,
    body=TOLD,
    read="deals",
    polled=True,
)
