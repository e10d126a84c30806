"""The suite's Salesforce: one opportunity with its company and a line, and outbound messages that carry the token."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fakes.salesforce import ORGANISATION, TOKEN, Salesforce
from fakes.salesforce_org import long_id
from harness import Harness

from sync.ports import Incoming

HOOK_TOKEN = "a-token-of-at-least-24-characters"
HOOK = "https://sync.example.com/hooks/crm"
COMPANY, DEAL, TOLD = long_id("0015f0000000001"), long_id("0065f0000000001"), long_id("0065f00000000Aa")


def crm() -> Salesforce:
    fake = Salesforce()
    at = fake.org.now - timedelta(hours=1)
    fake.org.put("Account", Id=COMPANY, Name="Acme", BillingCountry="DE", VAT_ID__c="DE1", at=at)
    fake.org.put(
        "Opportunity", Id=DEAL, Name="One", Amount="2490.50", StageName="Closed Won", CloseDate="2026-11-30",
        CurrencyIsoCode="EUR", AccountId=COMPANY, at=at,
    )  # fmt: skip
    fake.org.put("OpportunityLineItem", OpportunityId=DEAL, Quantity=2, UnitPrice="1245.25", Name="Atlas", at=at)
    return fake


def message(*records: tuple[str, str, str], organisation: str = ORGANISATION) -> bytes:
    """An outbound message about (notification, object, record)."""
    notifications = "".join(
        f'<Notification><Id>{number}</Id><sObject xsi:type="sf:{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f"<sf:Id>{record}</sf:Id><sf:Amount>1.0</sf:Amount></sObject></Notification>"
        for number, kind, record in records
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f'<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>{organisation}</OrganizationId>'
        "<ActionId>04k5f0000000001AAA</ActionId><SessionId>00D!secret.session</SessionId>"
        f"<EnterpriseUrl>https://acme.example</EnterpriseUrl><PartnerUrl>https://acme.example</PartnerUrl>{notifications}"
        "</notifications></soapenv:Body></soapenv:Envelope>"
    ).encode()


def sent(body: bytes, *, token: str = HOOK_TOKEN) -> Incoming:
    return Incoming(method="POST", url=f"{HOOK}?token={token}", headers={"content-type": "text/xml"}, body=body)


def options(url: str) -> dict[str, Any]:
    return {"base_url": url, "token": TOKEN, "organisation": ORGANISATION, "hook_token": HOOK_TOKEN}


def _sign(at: datetime, body: bytes) -> Incoming:
    return sent(body)


HARNESS = Harness(
    options=options,
    fake=crm,
    mount=Salesforce.mount,
    get=("Opportunity", DEAL),
    create=("tasks", "merge-7-8", {"subject": "Merge", "text": "Acme twice", "Account": [COMPANY]}),
    write={"method": "POST", "path": "/sobjects/Task"},
    count=lambda fake: len(fake.org.rows("Task")),
    sign=_sign,
    body=message(("04l5f0000000001AAA", "Opportunity", TOLD)),
    read="Opportunity",
    polled=True,
    seen=DEAL,
    told=TOLD,
)
