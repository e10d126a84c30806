"""Outbound messages: SOAP that Salesforce sends at least once, unsigned, and goes on sending until it is acknowledged. What gets
in carries our token in its address and the org's own id; of its content only which records changed is believed."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from sync.connectors.salesforce_options import SalesforceOptions
from sync.connectors.salesforce_soql import is_id
from sync.errors import WebhookRefused
from sync.model import Change
from sync.ports import Incoming
from sync.replying import Reply

MOST = 100
"""How many notifications one message may hold ("Understanding the Outbound Messaging WSDL")."""

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_OUTBOUND = "{http://soap.sforce.com/2005/09/outbound}"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ID = "{urn:sobject.enterprise.soap.sforce.com}Id"
_SHORT = 15  # the part of an id that the other three only check

ACK = Reply(
    status=200,
    content_type="text/xml",
    body=(
        b'<?xml version="1.0" encoding="UTF-8"?>'
        b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
        b"</soapenv:Body></soapenv:Envelope>"
    ),
)
"""What Salesforce has to hear, or it sends the message again for a day."""


def read_changes(incoming: Incoming, options: SalesforceOptions, *, now: datetime) -> Sequence[Change]:
    """The changes in a message of the connection's own org. Raises WebhookRefused."""
    if options.hook_token is None or options.organisation is None:
        raise WebhookRefused(401, "Messages are off", "The connection has no hook_token to check them with.")
    _check(incoming, options.hook_token.get_secret_value())
    message = _message(incoming.body)
    sender = (message.findtext(f"{_OUTBOUND}OrganizationId") or "").strip()
    if not is_id(sender) or sender[:_SHORT] != options.organisation[:_SHORT]:
        raise WebhookRefused(401, "Organisation is wrong", "The message is from another org.")
    found = message.findall(f"{_OUTBOUND}Notification")
    if not found or len(found) > MOST:
        raise _malformed(f"A message holds 1 to {MOST} notifications.")
    return [_change(each, now) for each in found]


def _check(incoming: Incoming, token: str) -> None:
    given = parse_qs(urlsplit(incoming.url).query, max_num_fields=20).get("token", [""])
    if given == [""]:
        raise WebhookRefused(401, "Token is missing", "The token belongs behind ?token= in the address.")
    if len(given) != 1 or not hmac.compare_digest(given[0].encode("utf-8", "replace"), token.encode()):
        raise WebhookRefused(401, "Token is wrong")


def _message(body: bytes) -> Element:
    """The message in an envelope. Document types, entities and what they could blow up to are refused unread."""
    try:
        envelope: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise _malformed("The body is not the XML of an outbound message.") from None
    found = envelope.find(f"{_SOAP}Body/{_OUTBOUND}notifications") if envelope.tag == f"{_SOAP}Envelope" else None
    if found is None:
        raise _malformed("The body holds no notifications.")
    return found


def _change(notification: Element, now: datetime) -> Change:
    number = (notification.findtext(f"{_OUTBOUND}Id") or "").strip()
    record = notification.find(f"{_OUTBOUND}sObject")
    record_id = (record.findtext(_ID) or "").strip() if record is not None else ""
    entity = record.get(_TYPE, "").rpartition(":")[2] if record is not None else ""
    if not is_id(number) or not is_id(record_id) or not entity.isidentifier() or len(entity) > 80:
        raise _malformed("Every notification must carry its Id, and a record with its type and Id.")
    return Change(entity=entity, record_id=record_id, key=f"message:{number}", kind="outbound_message", occurred_at=now)


def _malformed(detail: str) -> WebhookRefused:
    return WebhookRefused(400, "Body is malformed", detail)
