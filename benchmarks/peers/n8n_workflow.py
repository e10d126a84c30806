"""The one small job as an n8n workflow: a webhook, a code node that validates and maps, an HTTP request."""

from __future__ import annotations

from typing import Any

ID = "benchWf0000001"
PATH = "/webhook/in"

_CODE = r"""
const event = $input.first().json.body, wrong = [];
const words = (value, name) => { if (typeof value !== 'string' || !value.length || value.length > 200) wrong.push(name); };
words(event.event_id, 'event_id'); words(event.key, 'key');
if (!['customer.updated', 'customer.created'].includes(event.event_type)) wrong.push('event_type');
if (event.contract !== 'crm.customer' || event.contract_version !== 3) wrong.push('contract');
const customer = event.data || {};
words(customer.id, 'id'); words(customer.name, 'name');
if (!/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(customer.email)) wrong.push('email');
if (!['EUR', 'USD', 'GBP', 'CHF'].includes(customer.currency)) wrong.push('currency');
const days = customer.payment_terms_days;
if (!Number.isInteger(days) || days < 0 || days > 180) wrong.push('terms');
if (!(Number(customer.credit_limit) >= 0)) wrong.push('credit_limit');
for (const address of [customer.billing, customer.shipping]) {
  if (!address) continue;
  words(address.street, 'street'); words(address.city, 'city');
  if (!/^[0-9A-Z -]{3,10}$/.test(address.zip)) wrong.push('zip');
  if (!/^[A-Z]{2}$/.test(address.country)) wrong.push('country');
}
if (wrong.length) throw new Error('contract: ' + wrong.join(','));
const place = address => address && {
  line1: address.street, city: address.city, postalCode: address.zip, countryCode: address.country };
return [{ json: {
  externalId: customer.id, idempotencyKey: event.event_id, companyName: customer.name, email: customer.email,
  phone: customer.phone, taxRegistration: customer.vat_id, currencyCode: customer.currency, terms: 'NET' + days,
  creditLimit: customer.credit_limit, inactive: !customer.active, category: customer.segment.toUpperCase(),
  address: place(customer.billing), shipTo: place(customer.shipping),
  contacts: (customer.contacts || []).map(one => ({ displayName: one.name, mail: one.email, function: one.role })),
  sourceSeq: event.seq } }];
"""


def workflow(target_port: int) -> list[dict[str, Any]]:
    """What `n8n import:workflow` reads."""
    key = {"name": "Idempotency-Key", "value": "={{ $json.idempotencyKey }}"}
    request = {
        "method": "POST",
        "url": f"http://127.0.0.1:{target_port}/customers",
        "sendHeaders": True,
        "headerParameters": {"parameters": [key]},
        "sendBody": True,
        "specifyBody": "json",
        "jsonBody": "={{ JSON.stringify($json) }}",
        "options": {},
    }
    hook = {"httpMethod": "POST", "path": "in", "responseMode": "onReceived", "options": {}}
    nodes = [
        {**_node("Webhook", "webhook", 2, hook), "webhookId": "11111111-1111-4111-8111-111111111111"},
        _node("Validate", "code", 2, {"jsCode": _CODE}),
        {**_node("ERP", "httpRequest", 4.2, request), "retryOnFail": True, "maxTries": 3},
    ]
    ways = {before: {"main": [[_to(after)]]} for before, after in (("Webhook", "Validate"), ("Validate", "ERP"))}
    settings = {"executionOrder": "v1"}
    return [{"id": ID, "name": "bench", "active": False, "settings": settings, "nodes": nodes, "connections": ways}]


def _node(name: str, kind: str, version: float, parameters: dict[str, Any]) -> dict[str, Any]:
    place = [{"Webhook": 0, "Validate": 200, "ERP": 400}[name], 0]
    return {
        "id": name.lower(),
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": place,
        "parameters": parameters,
    }


def _to(name: str) -> dict[str, Any]:
    return {"node": name, "type": "main", "index": 0}
