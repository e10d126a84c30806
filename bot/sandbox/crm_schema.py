"""What the sandbox CRM knows about its objects: types, properties and association types, in HubSpot's words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from bot.sandbox.crm_revenue import CONTRACTS, LEADS, PAYMENTS, PRODUCTS, QUOTES, SUBSCRIPTIONS, TICKETS
from bot.sandbox.crm_shapes import Json as Json
from bot.sandbox.crm_shapes import ObjectType as ObjectType
from bot.sandbox.crm_shapes import Property as Property
from bot.sandbox.crm_shapes import object_type, reference, texts

API_VERSION: Final = "2026-09"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotADate(ValueError):
    """Neither epoch milliseconds nor ISO-8601."""


def millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_millis(value: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=value)


@lru_cache(maxsize=20_000)
def iso(moment: datetime) -> str:
    """HubSpot's text of a moment: 2026-11-02T09:30:00.000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


@lru_cache(maxsize=20_000)
def moment(text: str) -> datetime:
    """The moment that an epoch-ms or ISO-8601 text means. Raises NotADate."""
    try:
        if text.lstrip("-").isascii() and text.lstrip("-").isdigit():
            return from_millis(int(text))
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise NotADate(text) from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


STAGES: Final = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
    "closedwon",
    "closedlost",
    "leadwon",
    "contractwon",
    "retainersigned",
)
"""The stages of all pipelines, each id once: sales, inbound leads, frame contracts and retainers."""

_DEALS = object_type(
    "deals",
    "deal",
    "dealname",
    Property(name="amount", label="Amount", type="number"),
    Property(name="dealstage", label="Deal Stage", type="enumeration", options=STAGES),
    Property(name="closedate", label="Close Date", type="datetime"),
    Property(name="price_basis", label="Prices are", type="enumeration", options=("net", "gross")),
    Property(name="commission_status", label="Commission", type="enumeration", options=("none", "due", "paid")),
    Property(name="retainer_months", label="Months of retainer", type="number"),
    Property(name="hs_primary_associated_company", label="Primary Associated Company", type="number", computed=True),
    Property(name="hs_num_of_associated_line_items", label="Number of Line Items", type="number", computed=True),
    *texts(
        dealname="Deal Name",
        pipeline="Pipeline",
        deal_currency_code="Currency",
        billing_code="Billing code",
        payment_terms="Payment terms",
        contract_url="Signed contract",
        hubspot_owner_id="Deal owner",
        billing_status="Billing status",
        invoice_number="Invoice number",
        invoice_total="Invoice total",
        po_number="Customer's order number",
        product_family="Product family",
        lead_source="Lead source",
        commission_plan="Commission plan",
        commission_rep="Commission goes to",
        order_status="Order status",
    ),
)
_COMPANIES = object_type(
    "companies",
    "company",
    "name domain",
    Property(name="hs_merged_object_ids", label="Merged Record IDs", computed=True),
    *texts(
        name="Company name",
        domain="Company Domain Name",
        vat_id="VAT ID",
        country="Country",
        city="City",
        zip="Postal Code",
        billing_email="Billing e-mail",
        currency="Currency",
        erp_customer_code="ERP customer",
        payment_terms="Payment terms",
        hubspot_owner_id="Company owner",
        lifecyclestage="Lifecycle Stage",
        billing_terms="Billing terms",
    ),
    reference("meshline_reference", "Reference"),
)
_LINE_ITEMS = object_type(
    "line_items",
    "line_item",
    "name",
    Property(name="quantity", label="Quantity", type="number"),
    Property(name="price", label="Unit price", type="number"),
    Property(name="amount", label="Net price", type="number"),
    Property(name="hs_discount_percentage", label="Discount percentage", type="number"),
    *texts(name="Name", product_code="Product code", hs_sku="SKU"),
)
_TASKS = object_type(
    "tasks",
    "task",
    "hs_task_subject hs_task_body",
    Property(name="hs_timestamp", label="Due date", type="datetime"),
    Property(name="hs_task_status", label="Status", type="enumeration",
             options=("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED")),
    Property(name="hs_task_priority", label="Priority", type="enumeration", options=("NONE", "LOW", "MEDIUM", "HIGH")),
    Property(name="hs_task_type", label="Type", type="enumeration", options=("TODO", "EMAIL", "CALL")),
    *texts(hs_task_subject="Subject", hs_task_body="Notes", hubspot_owner_id="Assigned to", meshline_reference="Reference"),
)  # fmt: skip
_CONTACTS = object_type(
    "contacts",
    "contact",
    "email firstname lastname",
    Property(
        name="hs_email_optout", label="Unsubscribed from all email", type="enumeration", options=("true", "false")
    ),
    Property(name="consent_at", label="Consent given or withdrawn", type="datetime"),
    *texts(consent_source="Source of the consent"),
    reference("email", "Email"),
    *texts(firstname="First Name", lastname="Last Name", phone="Phone", hubspot_owner_id="Owner"),
    modified="lastmodifieddate",
)

TYPES: Final[Mapping[str, ObjectType]] = {
    kind.plural: kind
    for kind in (
        _DEALS,
        _COMPANIES,
        _LINE_ITEMS,
        _TASKS,
        _CONTACTS,
        TICKETS,
        LEADS,
        SUBSCRIPTIONS,
        CONTRACTS,
        PAYMENTS,
        PRODUCTS,
        QUOTES,
    )
}

ASSOCIATION_TYPES: Final[Mapping[tuple[str, str], int]] = {
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("deals", "line_items"): 19,
    ("line_items", "deals"): 20,
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("tasks", "companies"): 192,
    ("companies", "tasks"): 191,
    ("tasks", "contacts"): 204,
    ("contacts", "tasks"): 203,
    ("tasks", "deals"): 216,
    ("deals", "tasks"): 215,
    ("tickets", "companies"): 339,
    ("companies", "tickets"): 340,
    ("tickets", "contacts"): 16,
    ("contacts", "tickets"): 15,
    ("quotes", "deals"): 64,
    ("deals", "quotes"): 63,
    ("quotes", "companies"): 71,
    ("companies", "quotes"): 72,
    ("quotes", "contacts"): 69,
    ("contacts", "quotes"): 70,
    ("quotes", "line_items"): 67,
    ("line_items", "quotes"): 68,
    ("tickets", "deals"): 28,
    ("deals", "tickets"): 27,
    ("leads", "companies"): 610,
    ("companies", "leads"): 611,
    ("subscriptions", "companies"): 700,
    ("companies", "subscriptions"): 701,
    ("contracts", "companies"): 710,
    ("companies", "contracts"): 711,
    ("deals", "contracts"): 712,
    ("contracts", "deals"): 713,
    ("commerce_payments", "deals"): 390,
    ("deals", "commerce_payments"): 391,
    ("commerce_payments", "companies"): 388,
    ("companies", "commerce_payments"): 389,
}
PRIMARY: Final[Mapping[tuple[str, str], int]] = {
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
    ("tickets", "companies"): 26,
    ("companies", "tickets"): 25,
}
