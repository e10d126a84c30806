"""What the sandbox CRM knows about its objects: types, properties and association types, in HubSpot's words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

API_VERSION: Final = "2026-09"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property: `type` is HubSpot's (string, number, datetime, enumeration)."""

    name: str
    label: str
    type: str = "string"
    options: tuple[str, ...] = ()
    computed: bool = False
    archived: bool = False

    def document(self) -> Json:
        options = [{"label": option, "value": option, "displayOrder": at} for at, option in enumerate(self.options)]
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": {"number": "number", "datetime": "date", "enumeration": "select"}.get(self.type, "text"),
            "options": options,
            "calculated": False,
            "archived": self.archived,
            "modificationMetadata": {"readOnlyValue": self.computed, "archivable": not self.computed},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One object type: its plural is the path, its singular the prefix of webhooks."""

    plural: str
    singular: str
    modified: str
    searched: tuple[str, ...]
    properties: Mapping[str, Property]

    def living(self, name: str) -> Property | None:
        """The property of that name, unless it is archived."""
        found = self.properties.get(name)
        return None if found is None or found.archived else found

    def with_property(self, old: str, new: Property) -> "ObjectType":
        """The type with another property in the place of one."""
        changed = {
            new.name if name == old else name: new if name == old else each for name, each in self.properties.items()
        }
        return replace(self, properties=changed)


class NotADate(ValueError):
    """Neither epoch milliseconds nor ISO-8601."""


def millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_millis(value: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=value)


def iso(moment: datetime) -> str:
    """HubSpot's text of a moment: 2026-11-02T09:30:00.000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def moment(text: str) -> datetime:
    """The moment that an epoch-ms or ISO-8601 text means. Raises NotADate."""
    try:
        if text.lstrip("-").isascii() and text.lstrip("-").isdigit():
            return from_millis(int(text))
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise NotADate(text) from error
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _type(
    plural: str, singular: str, searched: str, *own: Property, modified: str = "hs_lastmodifieddate"
) -> ObjectType:
    computed = (
        Property(name="hs_object_id", label="Record ID", type="number", computed=True),
        Property(name="createdate", label="Create Date", type="datetime", computed=True),
        Property(name=modified, label="Last Modified Date", type="datetime", computed=True),
    )
    properties = {item.name: item for item in (*own, *computed)}
    return ObjectType(
        plural=plural, singular=singular, modified=modified, searched=tuple(searched.split()), properties=properties
    )


def _texts(**labels: str) -> tuple[Property, ...]:
    return tuple(Property(name=name, label=label) for name, label in labels.items())


STAGES: Final = (
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "decisionmakerboughtin",
    "contractsent",
    "closedwon",
    "closedlost",
)

_DEALS = _type(
    "deals",
    "deal",
    "dealname",
    Property(name="amount", label="Amount", type="number"),
    Property(name="dealstage", label="Deal Stage", type="enumeration", options=STAGES),
    Property(name="closedate", label="Close Date", type="datetime"),
    Property(name="hs_primary_associated_company", label="Primary Associated Company", type="number", computed=True),
    Property(name="hs_num_of_associated_line_items", label="Number of Line Items", type="number", computed=True),
    *_texts(
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
    ),
)
_COMPANIES = _type(
    "companies",
    "company",
    "name domain",
    *_texts(
        name="Company name",
        domain="Company Domain Name",
        vat_id="VAT ID",
        country="Country",
        city="City",
        zip="Postal Code",
        billing_email="Billing e-mail",
        currency="Currency",
        erp_customer_code="ERP customer",
        meshline_reference="Reference",
        hubspot_owner_id="Company owner",
    ),
)
_LINE_ITEMS = _type(
    "line_items",
    "line_item",
    "name",
    Property(name="quantity", label="Quantity", type="number"),
    Property(name="price", label="Unit price", type="number"),
    Property(name="amount", label="Net price", type="number"),
    *_texts(name="Name", product_code="Product code", hs_sku="SKU"),
)
_TASKS = _type(
    "tasks",
    "task",
    "hs_task_subject hs_task_body",
    Property(name="hs_timestamp", label="Due date", type="datetime"),
    Property(name="hs_task_status", label="Status", type="enumeration",
             options=("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED")),
    Property(name="hs_task_priority", label="Priority", type="enumeration", options=("NONE", "LOW", "MEDIUM", "HIGH")),
    Property(name="hs_task_type", label="Type", type="enumeration", options=("TODO", "EMAIL", "CALL")),
    *_texts(hs_task_subject="Subject", hs_task_body="Notes", hubspot_owner_id="Assigned to", meshline_reference="Reference"),
)  # fmt: skip
_CONTACTS = _type(
    "contacts",
    "contact",
    "email firstname lastname",
    *_texts(email="Email", firstname="First Name", lastname="Last Name", phone="Phone", hubspot_owner_id="Owner"),
    modified="lastmodifieddate",
)

TYPES: Final[Mapping[str, ObjectType]] = {
    kind.plural: kind for kind in (_DEALS, _COMPANIES, _LINE_ITEMS, _TASKS, _CONTACTS)
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
}
PRIMARY: Final[Mapping[tuple[str, str], int]] = {
    ("deals", "companies"): 5,
    ("companies", "deals"): 6,
    ("contacts", "companies"): 1,
    ("companies", "contacts"): 2,
}
