"""The pairs that everybody must block or let through, and edits of the fields of contracts."""

from __future__ import annotations

from tests.sync.diff.pairs import COMPANY, DEAL, FLOW, INVOICE, LINE, Edit
from tests.sync.diff.verdicts import APPROVAL, BREAKING, FINANCE, PROOF, SAFE, pair

CENTRE = "- {name: cost_centre, logicalType: string}"
NINE = {
    "the idempotency formula changes": pair(
        FLOW, 'key: "crm-deal-{id}"', 'key: "deal-{id}"', BREAKING, "key_changed", "writes.invoice.key", "second time",
        "crm-deal-{id}", "deal-{id}"
    ),
    "the resolve clock goes from 24 to 240 hours": pair(
        DEAL, "unknown_product: {team: sales-ops, class: B, respond: 4h, resolve: 24h}",
        "unknown_product: {team: sales-ops, class: B, respond: 4h, resolve: 240h}", BREAKING, "clock_loosened",
        "reasons.unknown_product.resolve", "10 times", "24h", "240h"
    ),
    "personal data is made public": pair(
        DEAL, "businessName: VAT id, classification: restricted", "businessName: VAT id, classification: public", BREAKING,
        "pii_lowered", "company.vat_id", "restricted → public", "restricted", "public"
    ),
    "a quality rule becomes a constant": pair(
        DEAL, "SELECT count(*) FROM deals WHERE amount < 0", "SELECT 0", BREAKING, "quality_constant",
        "quality.amounts_add_up", "can never fail"
    ),
    "a required source field is renamed": pair(
        DEAL, "name: billing_code,", "name: billing_reference,", BREAKING, "field_renamed", "billing_code",
        "quote_to_cash reads `billing_code` still", "billing_code", "billing_reference",
        more=(Edit(FLOW, "write_back: [billing_code, payment_terms]", "write_back: [payment_terms]"),)
    ),
    "a target demands a new field": pair(
        INVOICE, CENTRE, CENTRE + "\n      - {name: tax_code, logicalType: string, required: true}", BREAKING,
        "required_added", "tax_code", "no flow gives it a value", "", "string"
    ),
    "a target no longer demands a field": pair(
        INVOICE, "{name: payment_terms, logicalType: string, required: true}", "{name: payment_terms, logicalType: string}",
        SAFE, "required_dropped", "payment_terms", "still right", "required", "optional"
    ),
    "the type of a nested item changes": pair(
        DEAL, "{name: product_code, logicalType: string", "{name: product_code, logicalType: integer",
        BREAKING, "type_changed", "lines[*].product_code", "from string to integer", "string", "integer"
    ),
}  # fmt: skip


FIELDS = {
    "an optional field that a flow reads goes": pair(
        DEAL,
        '      - {name: dealname, logicalType: string, businessName: Deal name, description: What people call the deal.}\n',
        "", BREAKING, "field_removed", "dealname", "quote_to_cash reads it"
    ),
    "a field that no flow reads goes": pair(
        DEAL, "      - {name: contract_url, logicalType: string, businessName: Signed contract,\n"
              "         customProperties: [{property: entered_as, value: link}]}\n", "", SAFE,
        "field_removed", "contract_url", "no flow"
    ),
    "a field goes together with what read it": pair(
        DEAL, "{name: billing_email, logicalType: string", "{name: employees, logicalType: integer",
        PROOF, "field_removed", "company.billing_email", "no flow reads it any more",
        more=(Edit(FLOW, "      - {to: email, from: company.billing_email, transform: text, owner: crm-ops}\n", ""),)
    ),
    "personal data is no longer named as such": pair(
        DEAL, "value: [name, tax_id]", "value: [name]", BREAKING, "pii_lowered", "company", "tax_id", "name, tax_id", "name"
    ),
    "a field has another owner": pair(
        DEAL, "{property: owner, value: marketing-ops}", "{property: owner, value: crm-ops}", APPROVAL, "field_owner_changed", "company",
        "another owner", "marketing-ops", "crm-ops", by=("marketing-ops",)
    ),
    "a clock that stands at a field is loosened": pair(
        DEAL, "missing_field: {resolve: 8h}", "missing_field: {resolve: 80h}", BREAKING, "clock_loosened", "reasons.missing_field.resolve",
        "10 times", "8h", "80h"
    ),
    "a field is renamed together with its flow": pair(
        DEAL, "name: billing_email,", "name: invoice_email,", PROOF, "field_renamed", "company.billing_email",
        "and the flows with it", "company.billing_email", "company.invoice_email",
        more=(Edit(FLOW, "company.billing_email", "company.invoice_email"),)
    ),
    "a field that no flow reads is renamed": pair(
        DEAL, "name: contract_url", "name: contract_link", SAFE, "field_renamed", "contract_url",
        "renamed to `contract_link`", "contract_url", "contract_link"
    ),
    "an object is renamed with all that is in it": pair(
        DEAL, "- name: lines\n", "- name: line_items\n", BREAKING, "field_renamed", "lines", "reads `lines` still", "lines",
        "line_items"
    ),
    "an optional source field is new": pair(
        DEAL, "      - {name: contract_url", "      - {name: region, logicalType: string}\n      - {name: contract_url",
        SAFE, "field_added", "region", "optional"
    ),
    "a required source field is new": pair(
        DEAL, "      - {name: contract_url",
        "      - {name: region, logicalType: string, required: true}\n      - {name: contract_url", PROOF, "required_added",
        "region", "will be stopped", by=FINANCE
    ),
    "a source field becomes optional while a check asks for it": pair(
        DEAL, "{name: closedate, logicalType: timestamp, required: true,", "{name: closedate, logicalType: timestamp,",
        PROOF, "required_dropped", "closedate", "may be empty", "required", "optional"
    ),
    "a source field becomes required": pair(
        DEAL, "{name: dealname, logicalType: string,", "{name: dealname, logicalType: string, required: true,", PROOF,
        "required_added", "dealname", "will be stopped", "optional", "required"
    ),
    "the type of a field that is read changes": pair(
        DEAL, "{name: amount, logicalType: number,", "{name: amount, logicalType: string,", BREAKING, "type_changed",
        "amount", "number to string", "number", "string"
    ),
    "the type of a field that nobody reads changes": pair(
        DEAL, "{name: contract_url, logicalType: string", "{name: contract_url, logicalType: integer", SAFE, "type_changed",
        "contract_url", "no flow reads it"
    ),
    "the items of a list become something else": pair(
        DEAL, "          logicalType: object\n          properties:", "          logicalType: string\n          properties:",
        BREAKING, "item_type_changed", "lines", "each item of `lines`", "object", "string"
    ),
    "a source field gets more decimals": pair(
        DEAL, "decimal(10,2)", "decimal(12,4)", PROOF, "precision_changed", "lines[*].price", "more values", "decimal(10,2)",
        "decimal(12,4)"
    ),
    "a source field gets fewer digits": pair(
        DEAL, "decimal(10,2)", "decimal(8,2)", SAFE, "precision_changed", "lines[*].price", "fewer values"
    ),
    "a target's field gets shorter": pair(
        INVOICE, "varchar(40)", "varchar(20)", BREAKING, "precision_changed", "billing_code", "fewer values", "varchar(40)",
        "varchar(20)"
    ),
    "a target's limit is tightened": pair(
        INVOICE, "maxLength: 40", "maxLength: 20", BREAKING, "limit_tightened", "billing_code", "maxLength", "40", "20"
    ),
    "a target's limit is widened": pair(
        INVOICE, "maxLength: 40", "maxLength: 80", SAFE, "limit_widened", "billing_code", "maxLength"
    ),
    "a source's range is widened": pair(
        DEAL, "maximum: 1000", "maximum: 5000", PROOF, "limit_widened", "lines[*].quantity", "maximum", "1000", "5000"
    ),
    "a source's range is tightened": pair(
        DEAL, "maximum: 1000", "maximum: 500", SAFE, "limit_tightened", "lines[*].quantity", "maximum"
    ),
    "a source may have another value": pair(
        DEAL, "{value: NET60}", "{value: NET60}, {value: NET90}", PROOF, "enum_widened", "payment_terms", "more values",
        "NET30, NET60", "NET30, NET60, NET90"
    ),
    "a source has a value less": pair(
        DEAL, ", {value: NET60}", "", SAFE, "enum_tightened", "payment_terms", "fewer values"
    ),
    "a target takes a value less": pair(
        INVOICE, ", {value: posted}", "", BREAKING, "enum_tightened", "status", "fewer values"
    ),
    "a target takes a value more": pair(
        INVOICE, "{value: posted}", "{value: posted}, {value: void}", SAFE, "enum_widened", "status", "more values"
    ),
    "a target's whole number may be any number": pair(
        INVOICE, "{name: quantity, logicalType: integer", "{name: quantity, logicalType: number", SAFE, "type_changed",
        "lines[*].quantity", "integer to number"
    ),
    "a target demands a field that is always given": pair(
        INVOICE, "{name: billing_code, logicalType: string,", "{name: billing_code, logicalType: string, required: true,",
        SAFE, "required_added", "billing_code", "always given", "optional", "required"
    ),
    "a target demands a field that may be empty": pair(
        INVOICE, CENTRE, "- {name: cost_centre, logicalType: string, required: true}", BREAKING, "required_added",
        "cost_centre", "may be empty",
        more=(Edit(FLOW, "      - {to: contract_reference", "      - {to: cost_centre, from: contract_url}\n      - {to: contract_reference"),)
    ),
    "a target's field that is written goes": pair(
        INVOICE, "      - {name: issue_date, logicalType: date, required: true}\n", "", BREAKING, "field_removed",
        "issue_date", "quote_to_cash writes it"
    ),
    "what a target demands is no longer mapped": pair(
        FLOW, "          - {to: quantity, from: quantity, transform: integer}\n", "", BREAKING, "demand_unmet",
        "lines[*].quantity", "no flow gives it"
    ),
    "what a target demands is mapped under a condition only": pair(
        FLOW, "transform: iso_date, owner: finance}", "transform: iso_date, owner: finance, when: {path: dealstage, equals: closedwon}}",
        BREAKING, "demand_unmet", "issue_date", "may be empty"
    ),
    "where a value comes from is said for the first time": pair(
        DEAL, "{property: entered_as, value: link}",
        "{property: entered_as, value: link}, {property: source, value: Archive}",
        SAFE, "words_changed", "contract_url", "said for the first time", "", "Archive"
    ),
    "a value comes from elsewhere, as the dictionary says": pair(
        DEAL, "{property: source, value: signed order form}", "{property: source, value: sales}", PROOF, "source_changed", "billing_code",
        "source changes", "signed order form", "sales"
    ),
    "personal data gets a class": pair(
        DEAL, "{name: name, logicalType: string, required: true, businessName: Company name}",
        "{name: name, logicalType: string, required: true, businessName: Company name, classification: confidential}",
        APPROVAL, "pii_changed", "company.name", "unclassified → confidential", by=FINANCE
    ),
    "personal data loses its class": pair(
        COMPANY, "businessName: Billing e-mail, classification: confidential", "businessName: Billing e-mail", BREAKING,
        "pii_lowered", "billing_email", "unclassified"
    ),
    "a value may stand twice": pair(
        COMPANY, "unique: true, ", "", PROOF, "unique_changed", "vat_id", "several records"
    ),
    "another field identifies a record": pair(
        LINE, "primaryKeyPosition: 1", "primaryKeyPosition: 2", BREAKING, "identity_changed", "id", "identifies"
    ),
    "a field is described anew": pair(
        DEAL, "What people call the deal.", "What sales calls the deal.", SAFE, "words_changed", "dealname", "description"
    ),
    "the contract describes another entity": pair(
        LINE, "- name: line_items", "- name: positions", BREAKING, "entity_changed", "entity", "instead of", "line_items",
        "positions"
    ),
}  # fmt: skip
