"""Pairs of workspaces: the example, with a contract of what the ERP demands, and small edits of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

EXAMPLE = Path(__file__).parents[3] / "examples" / "quote_to_cash"
FLOW, SETTINGS, DEAL = "flows/quote_to_cash.yaml", "meshline.yaml", "contracts/deal.odcs.yaml"
COMPANY, LINE, INVOICE = "contracts/company.odcs.yaml", "contracts/line_item.odcs.yaml", "contracts/invoice.odcs.yaml"
PRICES, TERMS, ACCOUNTS, ERP = (
    "reference/price_list.csv",
    "reference/billing_terms.csv",
    "reference/gl_accounts.csv",
    "connections/erp.yaml",
)

OURS = "transforms.py"

DEMANDS = """\
apiVersion: v3.1.0
kind: DataContract
id: invoice
name: Invoice of the ERP
version: 1.0.0
status: active
schema:
  - name: invoice
    logicalType: object
    properties:
      - {name: customer_id, logicalType: string, required: true}
      - {name: currency, logicalType: string, required: true, logicalTypeOptions: {maxLength: 3}}
      - {name: issue_date, logicalType: date, required: true}
      - {name: payment_terms, logicalType: string, required: true}
      - {name: billing_code, logicalType: string, physicalType: varchar(40), logicalTypeOptions: {maxLength: 40}}
      - {name: status, logicalType: string, enum: [{value: draft}, {value: posted}]}
      - {name: cost_centre, logicalType: string}
      - name: lines
        logicalType: array
        required: true
        items:
          logicalType: object
          properties:
            - {name: product_code, logicalType: string, required: true}
            - {name: quantity, logicalType: integer, required: true}
            - {name: account, logicalType: string, required: true}
customProperties:
  - {property: owner, value: finance}
"""


OWN = """\
def net(value: str) -> str:
    \"\"\"The net price.\"\"\"
    return value.strip()


def spare(value: str) -> str:
    return value
"""


class Edit(NamedTuple):
    """In a file, this text becomes that one. Without an old text, the file is written anew; without a new one, it may go."""

    file: str
    old: str
    new: str


RICHER = (
    Edit(INVOICE, "", DEMANDS),
    Edit(SETTINGS, "retention:\n", "flags:\n  newer: {share: 10%}\n\nretention:\n"),
    Edit(DEAL, "businessName: Payment terms}", "businessName: Payment terms, enum: [{value: NET30}, {value: NET60}]}"),
    Edit(DEAL, "{name: price, logicalType: number,", "{name: price, logicalType: number, physicalType: 'decimal(10,2)',"),
    Edit(DEAL, "businessName: Quantity}", "businessName: Quantity, logicalTypeOptions: {minimum: 1, maximum: 1000}}"),
    Edit(DEAL, "    businessName: Deal\n", "    businessName: Deal\n    quality:\n"
         "      - {name: amounts_add_up, type: sql, query: 'SELECT count(*) FROM deals WHERE amount < 0', mustBe: 0}\n"
         "      - {name: late, type: sql, query: 'SELECT count(*) FROM deals WHERE stale', mustBeLessThan: 10, severity: error}\n"),
    Edit(DEAL, "        businessName: Company\n", "        businessName: Company\n        customProperties:\n"
         "          - {property: pii, value: [name, tax_id]}\n          - {property: owner, value: marketing-ops}\n"
         "          - {property: reasons, value: {missing_field: {resolve: 8h}}}\n"),
    Edit(DEAL, "slaProperties:\n", "slaProperties:\n  - {property: timeToResolve, value: 24, unit: h}\n"
         "  - {property: retention, value: 2, unit: y}\n"),
)  # fmt: skip

WITH_OWN = (
    Edit(OURS, "", OWN),
    Edit(
        FLOW,
        '{to: description, from: "name || product_code", transform: clip200}',
        "{to: description, from: name, transform: ours.net}",
    ),
)


def made(directory: Path, *edits: Edit) -> Path:
    """The richer example in a new directory, without its samples, edited."""
    shutil.copytree(EXAMPLE, directory, ignore=shutil.ignore_patterns("samples"))
    for edit in (*RICHER, *edits):
        apply(directory, edit)
    return directory


def apply(directory: Path, edit: Edit) -> None:
    """Edit one file. The old text must be there, once at least."""
    file = directory / edit.file
    text = file.read_text(encoding="utf-8") if edit.old else ""
    assert edit.old in text, f"{edit.old!r} does not stand in {edit.file}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text.replace(edit.old, edit.new, 1), encoding="utf-8")
