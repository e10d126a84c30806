"""What the fake NetSuite knows of its own records: the names of their properties, its catalogue, and its tables for SuiteQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.sync.fakes.netsuite_query import moment

if TYPE_CHECKING:
    from tests.sync.fakes.netsuite_books import Books

READ_ONLY = frozenset(
    {
        "id",
        "links",
        "tranId",
        "status",
        "subtotal",
        "taxTotal",
        "total",
        "amountRemaining",
        "createdDate",
        "lastModifiedDate",
    }
)
_HEAD = READ_ONLY | {
    "externalId", "entity", "tranDate", "currency", "memo", "department", "class", "subsidiary", "location", "otherRefNum",
}  # fmt: skip
NAMES: Mapping[str, frozenset[str]] = {
    "customer": frozenset(
        {"id", "links", "createdDate", "lastModifiedDate", "externalId", "companyName", "isPerson", "entityId", "email", "phone", "url",
         "currency", "subsidiary", "terms", "vatRegNumber", "comments", "isInactive", "addressBook"}
    ),
    "invoice": _HEAD | {"terms", "approvalStatus", "item", "postingPeriod"},
    "creditMemo": _HEAD | {"item", "apply", "createdFrom"},
    "customerPayment": _HEAD | {"payment", "apply", "createdFrom"},
    "line": frozenset({"item", "quantity", "rate", "amount", "description", "price", "taxCode", "department", "class", "location", "line"}),
}  # fmt: skip
_TYPES = {"invoice": "CustInvc", "creditMemo": "CustCred", "customerPayment": "CustPymt"}
_OF_TRANSACTION = (
    "id", "externalid", "tranid", "type", "entity", "trandate", "currency", "terms", "memo", "approvalstatus", "status", "foreigntotal",
    "lastmodifieddate", "createddate",
)  # fmt: skip
_OF_LINE = (
    "transaction",
    "linesequencenumber",
    "mainline",
    "taxline",
    "item",
    "quantity",
    "foreignamount",
    "createdfrom",
)
_OF_CUSTOMER = (
    "id", "externalid", "entityid", "companyname", "email", "phone", "url", "currency", "terms", "vatregnumber", "comments", "isinactive",
    "lastmodifieddate",
)  # fmt: skip
Table = tuple[Sequence[str], list[dict[str, Any]]]


def catalog(kind: str) -> dict[str, Any]:
    """The JSON schema of a record."""
    kinds = {
        "isInactive": "boolean",
        "isPerson": "boolean",
        "subtotal": "number",
        "taxTotal": "number",
        "total": "number",
    }
    properties: dict[str, Any] = {
        name: {"title": name, "type": kinds.get(name, "string"), "nullable": True}
        for name in sorted(NAMES[kind] - {"links"})
    }
    for name in ("tranDate",):
        if name in properties:
            properties[name]["format"] = "date"
    return {"type": "object", "properties": properties}


def tables(account: Books, text: str) -> dict[str, Table]:
    """What SuiteQL may read of what the text names."""
    named = {each for each in (*_MADE, *account.lists) if re.search(rf"\b{each}\b", text, re.IGNORECASE)}
    found = {name: make(account) for name, make in _MADE.items() if name in named}
    for name in named - found.keys():
        rows = account.lists[name]
        columns = sorted({"isinactive", *(column for row in rows.values() for column in row)})
        found[name] = (("id", *columns), [{"isinactive": "F", **row, "id": number} for number, row in rows.items()])
    return found


def _transaction(account: Books) -> Table:
    rows = [row for kind in _TYPES for row in _transactions(account, kind)]
    customs = sorted({name for row in rows for name in row if name.startswith("custbody")})
    return (*_OF_TRANSACTION, *customs), rows


def _transactionline(account: Books) -> Table:
    return _OF_LINE, [row for kind in _TYPES for row in _lines(account, kind)]


def _customers(account: Books) -> Table:
    return _OF_CUSTOMER, [_customer(account, number) for number in account.records["customer"]]


def _accountingperiod(account: Books) -> Table:
    return ("id", "startdate", "enddate", "closed", "arlocked", "alllocked", "isquarter", "isyear"), _periods(account)


def _transactions(account: Books, kind: str) -> Iterator[dict[str, Any]]:
    for number, each in account.records[kind].items():
        sign = 1 if kind == "invoice" else -1
        approval = (each.get("approvalStatus") or {}).get("id")
        shown = account.shown(kind, number, whole=False)
        yield {
            **{name: value for name, value in each.items() if name.startswith("custbody")},
            "id": number, "externalid": each.get("externalId"), "tranid": each.get("tranId"), "type": _TYPES[kind],
            "entity": int(each["entity"]["id"]), "trandate": moment(f"{each['tranDate']} 00:00:00"), "memo": each.get("memo"),
            "currency": int((each.get("currency") or {"id": 1})["id"]), "terms": (each.get("terms") or {}).get("id"),
            "approvalstatus": int(approval) if approval else None, "foreigntotal": float(shown["total"]) * sign,
            "status": {"Pending Approval": "D", "Paid In Full": "B", "Rejected": "E"}.get((shown.get("status") or {}).get("id"), "A"),
            "lastmodifieddate": moment(account.local(each["lastModifiedDate"])), "createddate": moment(account.local(each["createdDate"])),
        }  # fmt: skip


def _lines(account: Books, kind: str) -> Iterator[dict[str, Any]]:
    for number, each in account.records[kind].items():
        made_of = (each.get("createdFrom") or {}).get("id")
        of, sign = (
            {"transaction": number, "createdfrom": int(made_of) if made_of else None},
            1 if kind == "invoice" else -1,
        )
        totals = account.totals(kind, number)
        yield {
            **of,
            "linesequencenumber": 0,
            "mainline": "T",
            "taxline": "F",
            "foreignamount": float(totals["total"]) * sign,
        }
        for line in (each.get("item") or {"items": []})["items"]:
            yield {
                **of, "linesequencenumber": line["line"], "mainline": "F", "taxline": "F", "item": int(line["item"]["id"]),
                "quantity": -float(line.get("quantity", 1)) * sign, "foreignamount": -float(line["amount"]) * sign,
            }  # fmt: skip
        if "taxTotal" in totals:
            yield {
                **of,
                "linesequencenumber": 99,
                "mainline": "F",
                "taxline": "T",
                "foreignamount": -float(totals["taxTotal"]) * sign,
            }


def _customer(account: Books, number: int) -> dict[str, Any]:
    each = account.records["customer"][number]
    return {
        **{name: each.get(theirs) for name, theirs in (("externalid", "externalId"), ("companyname", "companyName"), ("email", "email"),
           ("phone", "phone"), ("url", "url"), ("vatregnumber", "vatRegNumber"), ("comments", "comments"))},
        "id": number, "entityid": f"CUS{number}", "isinactive": "T" if each.get("isInactive") else "F",
        "currency": (each.get("currency") or {}).get("id"), "terms": (each.get("terms") or {}).get("id"),
        "lastmodifieddate": moment(account.local(each["lastModifiedDate"])),
    }  # fmt: skip


def _periods(account: Books) -> list[dict[str, Any]]:
    months = [f"2026-{month:02d}" for month in range(1, 13)]
    return [
        {"id": at, "startdate": moment(f"{each}-01 00:00:00"), "enddate": moment(f"{each}-{_last(each)} 00:00:00"), "isquarter": "F",
         "isyear": "F", "closed": "T" if each in account.closed else "F", "arlocked": "F", "alllocked": "F"}
        for at, each in enumerate(months)
    ]  # fmt: skip


def _last(month: str) -> int:
    return 28 if month.endswith("-02") else 30 if month[-2:] in ("04", "06", "09", "11") else 31


_MADE: Mapping[str, Callable[[Books], Table]] = {
    "transaction": _transaction,
    "transactionline": _transactionline,
    "customer": _customers,
    "accountingperiod": _accountingperiod,
}
