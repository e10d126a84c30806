"""The objects of the fake Salesforce org: their fields, what they refer to, and how describe tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SYSTEM = "Id:id CreatedDate:datetime LastModifiedDate:datetime SystemModstamp:datetime IsDeleted:boolean"

_OBJECTS: dict[str, tuple[str, str]] = {
    "Account": (
        "001",
        "Name:string! AccountNumber:string BillingCountry:string BillingCity:string BillingPostalCode:string Website:url "
        "Phone:phone CurrencyIsoCode:picklist=EUR|USD|JPY VAT_ID__c:string Meshline_Key__c:string* Old_Key__c:string+ "
        "Credit__c:currency OwnerId:reference>User/Owner MasterRecordId:reference>Account/MasterRecord",
    ),
    "Contact": (
        "003",
        "FirstName:string LastName:string! Name:string Email:email Phone:phone AccountId:reference>Account/Account "
        "MasterRecordId:reference>Contact/MasterRecord",
    ),
    "Opportunity": (
        "006",
        "Name:string! Amount:currency StageName:picklist=Prospecting|Negotiation|Closed_Won|Closed_Lost! CloseDate:date! "
        "IsWon:boolean IsClosed:boolean CurrencyIsoCode:picklist=EUR|USD|JPY Billing_Code__c:string Invoice_Number__c:string "
        "Terms__c:picklist=NET14|NET30 Discount__c:percent AccountId:reference>Account/Account OwnerId:reference>User/Owner",
    ),
    "OpportunityLineItem": (
        "00k",
        "Name:string ProductCode:string Quantity:double! UnitPrice:currency! TotalPrice:currency Description:string "
        "OpportunityId:reference>Opportunity/Opportunity Product2Id:reference>Product2/Product2",
    ),
    "Product2": ("01t", "Name:string! ProductCode:string IsActive:boolean"),
    "User": ("005", "Name:string! Email:email IsActive:boolean"),
    "Task": (
        "00T",
        "Subject:string Description:textarea Status:picklist=Not_Started|Completed Priority:picklist=High|Normal ActivityDate:date "
        "IsClosed:boolean WhatId:reference>Account,Opportunity/What WhoId:reference>Contact/Who OwnerId:reference>User/Owner",
    ),
}  # fmt: skip

CHILDREN = {
    ("Account", "Opportunities"): ("Opportunity", "AccountId"),
    ("Account", "Contacts"): ("Contact", "AccountId"),
    ("Opportunity", "OpportunityLineItems"): ("OpportunityLineItem", "OpportunityId"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. `external` is an external id, `unique` one that no two records may share."""

    name: str
    type: str
    required: bool = False
    external: bool = False
    unique: bool = False
    values: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    relationship: str | None = None

    def described(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "label": self.name.removesuffix("__c").replace("_", " "),
            "type": self.type,
            "nillable": not self.required,
            "externalId": self.external,
            "unique": self.unique,
            "idLookup": self.external or self.name == "Id",
            "updateable": self.name not in SYSTEM,
            "createable": self.name not in SYSTEM,
            "filterable": self.type != "textarea",
            "deprecatedAndHidden": False,
            "custom": self.name.endswith("__c"),
            "referenceTo": list(self.refers),
            "relationshipName": self.relationship,
            "picklistValues": [
                {"value": each, "label": each, "active": True, "defaultValue": False} for each in self.values
            ],
        }


@dataclass(slots=True, kw_only=True)
class Kind:
    """One object. Tests add and remove fields."""

    name: str
    prefix: str
    fields: dict[str, Field]

    def field(self, name: str) -> Field | None:
        """By its name in any case, as Salesforce finds it."""
        return next((each for known, each in self.fields.items() if known.lower() == name.lower()), None)

    def parent(self, relationship: str) -> Field | None:
        return next(
            (e for e in self.fields.values() if e.relationship and e.relationship.lower() == relationship.lower()), None
        )

    def described(self) -> dict[str, Any]:
        children = [
            {"relationshipName": name, "childSObject": child, "field": field, "deprecatedAndHidden": False}
            for (parent, name), (child, field) in CHILDREN.items()
            if parent == self.name
        ]
        return {
            "name": self.name,
            "label": self.name,
            "keyPrefix": self.prefix,
            "queryable": True,
            "createable": True,
            "custom": self.name.endswith("__c"),
            "fields": [each.described() for each in self.fields.values()],
            "childRelationships": children,
            "urls": {"sobject": f"/services/data/v67.0/sobjects/{self.name}"},
        }


def field(spec: str) -> Field:
    """One field from its short form: `!` required, `*` unique external id, `+` external id, `=a|b` values, `>Kind/Relationship`."""
    name, _, rest = spec.partition(":")
    required, rest = rest.endswith("!"), rest.removesuffix("!")
    unique, external = rest.endswith("*"), rest.endswith(("*", "+"))
    rest = rest.rstrip("*+")
    type_, _, values = rest.partition("=")
    type_, _, refers = type_.partition(">")
    kinds, _, relationship = refers.partition("/")
    return Field(
        name=name, type=type_, required=required, external=external, unique=unique, relationship=relationship or None,
        values=tuple(each.replace("_", " ") for each in values.split("|") if each),
        refers=tuple(each for each in kinds.split(",") if each),
    )  # fmt: skip


def schema() -> dict[str, Kind]:
    """A fresh copy of every object."""
    found = {}
    for name, (prefix, specs) in _OBJECTS.items():
        fields = [field(each) for each in (SYSTEM + " " + specs).split()]
        found[name] = Kind(name=name, prefix=prefix, fields={each.name: each for each in fields})
    return found
