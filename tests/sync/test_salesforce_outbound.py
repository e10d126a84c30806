"""Salesforce's outbound messages: only what carries our token and our org gets in, and nothing in them is believed but which
records changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from connector_fakes import NOW
from fakes.salesforce import ORGANISATION, TOKEN
from fakes.salesforce_org import long_id
from harness_salesforce import HOOK, HOOK_TOKEN, message, options, sent

from sync.connectors import build
from sync.errors import WebhookRefused

FIRST, SECOND = long_id("04l5f0000000001"), long_id("04l5f0000000002")
DEAL, COMPANY = long_id("0065f0000000001"), long_id("0015f0000000001")
BOTH = message((FIRST, "Opportunity", DEAL), (SECOND, "Account", COMPANY))


def crm(**more: Any) -> Any:
    return build("salesforce", {**options("https://acme.my.salesforce.com"), **more}, name="crm")


def test_every_notification_is_one_change_with_a_key_of_its_own_and_no_values() -> None:
    deal, company = crm().accept(sent(BOTH), now=NOW)
    assert (deal.entity, deal.record_id, deal.key, deal.kind) == (
        "Opportunity",
        DEAL,
        f"message:{FIRST}",
        "outbound_message",
    )
    assert (company.entity, company.record_id, company.payload) == ("Account", COMPANY, None)
    assert "secret.session" not in repr((deal, company))


def test_the_org_may_be_told_by_fifteen_or_eighteen_characters() -> None:
    for told in (ORGANISATION, ORGANISATION[:15]):
        for said in (ORGANISATION, ORGANISATION[:15]):
            assert crm(organisation=told).accept(sent(message((FIRST, "Account", COMPANY), organisation=said)), now=NOW)


@pytest.mark.parametrize(
    "incoming",
    [
        sent(BOTH, token="wrong"),
        sent(BOTH, token=""),
        sent(BOTH, token=HOOK_TOKEN + "&token=" + HOOK_TOKEN),
        sent(BOTH, token="%C3%A4"),
        replace(sent(BOTH), url=HOOK),
        replace(sent(BOTH), url=f"{HOOK}#token={HOOK_TOKEN}"),
        sent(message((FIRST, "Account", COMPANY), organisation="00D5f000000Zz2EEAS")),
        sent(message((FIRST, "Account", COMPANY), organisation="")),
    ],
)
def test_a_message_of_somebody_else_is_refused(incoming: Any) -> None:
    with pytest.raises(WebhookRefused) as refused:
        crm().accept(incoming, now=NOW)
    assert refused.value.status == 401 and HOOK_TOKEN not in str(refused.value)


def test_without_a_token_no_message_gets_in() -> None:
    closed: Any = build("salesforce", {"base_url": "https://acme.my.salesforce.com", "token": TOKEN}, name="crm")
    with pytest.raises(WebhookRefused) as refused:
        closed.accept(sent(BOTH), now=NOW)
    assert refused.value.status == 401


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"<html></html>", LAUGHS, OUTSIDE, BOTH.replace(b"?>", b"?><!DOCTYPE x>", 1), BOTH[:-20], b"\xff\xfe" + BOTH,
        BOTH.replace(b"UTF-8", b"EBCDIC-99"), BOTH.replace(b"notifications", b"others"), message(),
        message(("1", "Account", COMPANY)), message((FIRST, "Account", "7")), message((FIRST, "", COMPANY)),
        message((FIRST, "Acc ount", COMPANY)), message(*[(FIRST, "Account", COMPANY)] * 101), b"<a>" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_outbound_message_is_refused_unread(body: bytes) -> None:
    with pytest.raises(WebhookRefused) as refused:
        crm().accept(sent(body), now=NOW)
    assert refused.value.status in {400, 401} and refused.value.__cause__ is None


def test_the_acknowledgement_is_the_one_that_salesforce_waits_for() -> None:
    said = crm().reply()
    assert said.status == 200 and b"<Ack>true</Ack>" in said.body and said.content_type == "text/xml"
