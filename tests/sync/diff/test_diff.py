"""What a change of a workspace breaks, proves, asks or leaves alone: one small edit at a time, and its verdict."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from sync.workspace import Workspace, load
from sync.workspace.diff import Category, diff
from tests.sync.diff.pairs import COMPANY, DEAL, ERP, FLOW, INVOICE, LINE, PRICES, SETTINGS, TERMS, ACCOUNTS, Edit, made

BREAKING, PROOF, APPROVAL, SAFE = Category


class Pair(NamedTuple):
    """One edit, and the change that it must be told as: `old` and `new` are what is named of the two sides."""

    edit: Edit
    category: Category
    kind: str
    path: str
    words: str
    old: str = ""
    new: str = ""
    approvers: tuple[str, ...] | None = None
    more: tuple[Edit, ...] = ()


def pair(
    file: str, old: str, new: str, category: Category, kind: str, path: str, words: str, *sides: str,
    by: tuple[str, ...] | None = None, more: tuple[Edit, ...] = (),
) -> Pair:  # fmt: skip
    return Pair(Edit(file, old, new), category, kind, path, words, *sides, approvers=by, more=more)


CENTRE = "- {name: cost_centre, logicalType: string}"
FINANCE = ("finance",)
NINE = {
    "the idempotency formula changes": pair(
        FLOW, 'key: "crm-deal-{id}"', 'key: "deal-{id}"', BREAKING, "key_changed", "writes.invoice.key", "second time", "crm-deal-{id}", "deal-{id}"),
    "the resolve clock goes from 24 to 240 hours": pair(
        DEAL, "unknown_product: {team: sales-ops, class: B, respond: 4h, resolve: 24h}", "unknown_product: {team: sales-ops, class: B, respond: 4h, resolve: 240h}",
        BREAKING, "clock_loosened", "reasons.unknown_product.resolve", "10 times", "24h", "240h"),
    "personal data is made public": pair(
        DEAL, "businessName: VAT id, classification: restricted", "businessName: VAT id, classification: public",
        BREAKING, "pii_lowered", "company.vat_id", "restricted → public", "restricted", "public"),
    "a quality rule becomes a constant": pair(
        DEAL, "SELECT count(*) FROM deals WHERE amount < 0", "SELECT 0", BREAKING, "quality_constant", "quality.amounts_add_up", "can never fail"),
    "a required source field is renamed": pair(
        DEAL, "name: billing_code,", "name: billing_reference,", BREAKING, "field_renamed", "billing_code",
        "quote_to_cash still reads `billing_code`", "billing_code", "billing_reference"),
    "a target demands a new field": pair(
        INVOICE, CENTRE, CENTRE + "\n      - {name: tax_code, logicalType: string, required: true}", BREAKING, "required_added", "tax_code",
        "no flow gives it a value", "", "string"),
    "a target no longer demands a field": pair(
        INVOICE, "{name: payment_terms, logicalType: string, required: true}", "{name: payment_terms, logicalType: string}",
        SAFE, "required_dropped", "payment_terms", "still right", "required", "optional"),
    "the type of a nested item changes": pair(
        DEAL, "{name: quantity, logicalType: integer", "{name: quantity, logicalType: string", BREAKING, "type_changed", "lines[*].quantity",
        "from integer to string", "integer", "string"),
}  # fmt: skip

FIELDS = {
    "an optional field that a flow reads goes": pair(
        DEAL, '      - {name: dealname, logicalType: string, businessName: Deal name, description: What people call the deal.}\n', "",
        BREAKING, "field_removed", "dealname", "quote_to_cash reads it"),
    "a field that no flow reads goes": pair(
        DEAL, "      - {name: contract_url, logicalType: string, businessName: Signed contract}\n", "", SAFE, "field_removed", "contract_url", "no flow"),
    "a field goes together with what read it": pair(
        DEAL, "          - {name: billing_email, logicalType: string, businessName: Billing e-mail, classification: confidential}\n", "",
        PROOF, "field_removed", "company.billing_email", "no flow reads it any more",
        more=(Edit(FLOW, "      - {to: email, from: company.billing_email, transform: text, owner: crm-ops}\n", ""),)),
    "a field is renamed together with its flow": pair(
        DEAL, "name: billing_email,", "name: invoice_email,", PROOF, "field_renamed", "company.billing_email", "and the flows with it",
        "company.billing_email", "company.invoice_email", more=(Edit(FLOW, "company.billing_email", "company.invoice_email"),)),
    "a field that no flow reads is renamed": pair(
        DEAL, "name: contract_url", "name: contract_link", SAFE, "field_renamed", "contract_url", "renamed to `contract_link`", "contract_url", "contract_link"),
    "an object is renamed with all that is in it": pair(
        DEAL, "- name: lines\n", "- name: line_items\n", BREAKING, "field_renamed", "lines", "still reads `lines`", "lines", "line_items"),
    "an optional source field is new": pair(
        DEAL, "      - {name: contract_url", "      - {name: region, logicalType: string}\n      - {name: contract_url", SAFE, "field_added", "region", "optional"),
    "a required source field is new": pair(
        DEAL, "      - {name: contract_url", "      - {name: region, logicalType: string, required: true}\n      - {name: contract_url",
        PROOF, "required_added", "region", "will be stopped", by=FINANCE),
    "a source field becomes optional while a check asks for it": pair(
        DEAL, "{name: closedate, logicalType: timestamp, required: true,", "{name: closedate, logicalType: timestamp,",
        PROOF, "required_dropped", "closedate", "may be empty", "required", "optional"),
    "a source field becomes required": pair(
        DEAL, "{name: dealname, logicalType: string,", "{name: dealname, logicalType: string, required: true,",
        PROOF, "required_added", "dealname", "will be stopped", "optional", "required"),
    "the type of a field that is read changes": pair(
        DEAL, "{name: amount, logicalType: number,", "{name: amount, logicalType: string,", BREAKING, "type_changed", "amount", "number to string", "number", "string"),
    "the type of a field that nobody reads changes": pair(
        DEAL, "{name: contract_url, logicalType: string", "{name: contract_url, logicalType: integer", SAFE, "type_changed", "contract_url", "no flow reads it"),
    "the items of a list become something else": pair(
        DEAL, "          logicalType: object\n          properties:", "          logicalType: string\n          properties:",
        BREAKING, "item_type_changed", "lines", "each item of `lines`", "object", "string"),
    "a source field gets more decimals": pair(
        DEAL, "decimal(10,2)", "decimal(12,4)", PROOF, "precision_changed", "lines[*].price", "more values", "decimal(10,2)", "decimal(12,4)"),
    "a source field gets fewer digits": pair(
        DEAL, "decimal(10,2)", "decimal(8,2)", SAFE, "precision_changed", "lines[*].price", "fewer values"),
    "a target's field gets shorter": pair(
        INVOICE, "varchar(40)", "varchar(20)", BREAKING, "precision_changed", "billing_code", "fewer values", "varchar(40)", "varchar(20)"),
    "a target's limit is tightened": pair(
        INVOICE, "maxLength: 40", "maxLength: 20", BREAKING, "limit_tightened", "billing_code", "maxLength", "40", "20"),
    "a target's limit is widened": pair(INVOICE, "maxLength: 40", "maxLength: 80", SAFE, "limit_widened", "billing_code", "maxLength"),
    "a source's range is widened": pair(DEAL, "maximum: 1000", "maximum: 5000", PROOF, "limit_widened", "lines[*].quantity", "maximum", "1000", "5000"),
    "a source's range is tightened": pair(DEAL, "maximum: 1000", "maximum: 500", SAFE, "limit_tightened", "lines[*].quantity", "maximum"),
    "a source may have another value": pair(
        DEAL, "{value: NET60}", "{value: NET60}, {value: NET90}", PROOF, "enum_widened", "payment_terms", "more values", "NET30, NET60", "NET30, NET60, NET90"),
    "a source has a value less": pair(DEAL, ", {value: NET60}", "", SAFE, "enum_tightened", "payment_terms", "fewer values"),
    "a target takes a value less": pair(INVOICE, ", {value: posted}", "", BREAKING, "enum_tightened", "status", "fewer values"),
    "a target takes a value more": pair(INVOICE, "{value: posted}", "{value: posted}, {value: void}", SAFE, "enum_widened", "status", "more values"),
    "a target's whole number may be any number": pair(
        INVOICE, "{name: quantity, logicalType: integer", "{name: quantity, logicalType: number", SAFE, "type_changed", "lines[*].quantity", "integer to number"),
    "a target demands a field that is always given": pair(
        INVOICE, "{name: billing_code, logicalType: string,", "{name: billing_code, logicalType: string, required: true,",
        SAFE, "required_added", "billing_code", "always given", "optional", "required"),
    "a target demands a field that may be empty": pair(
        INVOICE, CENTRE, "- {name: cost_centre, logicalType: string, required: true}", BREAKING, "required_added", "cost_centre", "may be empty",
        more=(Edit(FLOW, "      - {to: contract_reference", "      - {to: cost_centre, from: contract_url}\n      - {to: contract_reference"),)),
    "a target's field that is written goes": pair(
        INVOICE, "      - {name: issue_date, logicalType: date, required: true}\n", "", BREAKING, "field_removed", "issue_date", "quote_to_cash writes it"),
    "what a target demands is no longer mapped": pair(
        FLOW, "          - {to: quantity, from: quantity, transform: integer}\n", "", BREAKING, "demand_unmet", "lines[*].quantity", "no flow gives it"),
    "personal data gets a class": pair(
        DEAL, "{name: name, logicalType: string, required: true, businessName: Company name}",
        "{name: name, logicalType: string, required: true, businessName: Company name, classification: confidential}",
        APPROVAL, "pii_changed", "company.name", "unclassified → confidential", by=FINANCE),
    "personal data loses its class": pair(
        COMPANY, "businessName: Billing e-mail, classification: confidential", "businessName: Billing e-mail", BREAKING, "pii_lowered", "billing_email", "unclassified"),
    "a value may stand twice": pair(COMPANY, "unique: true, ", "", PROOF, "unique_changed", "vat_id", "several records"),
    "another field identifies a record": pair(LINE, "primaryKeyPosition: 1", "primaryKeyPosition: 2", BREAKING, "identity_changed", "id", "identifies"),
    "a field is described anew": pair(DEAL, "What people call the deal.", "What sales calls the deal.", SAFE, "words_changed", "dealname", "description"),
    "the contract describes another entity": pair(
        LINE, "- name: line_items", "- name: positions", BREAKING, "entity_changed", "entity", "instead of", "line_items", "positions"),
}  # fmt: skip

PROMISES = {
    "the owner changes": pair(
        DEAL, "value: sales-ops\n", "value: finance\n", APPROVAL, "owner_changed", "owner", "from sales-ops to finance", "sales-ops", "finance", by=("sales-ops",)),
    "the backup is removed": pair(
        DEAL, "  - property: backup\n    value: revops\n", "", APPROVAL, "backup_changed", "backup", "is removed", "revops", by=FINANCE),
    "the approvers change": pair(
        DEAL, "value: [finance]", "value: [finance, revops]", APPROVAL, "approvers_changed", "approvers", "changes", "finance", "finance, revops", by=FINANCE),
    "a clock is loosened twice": pair(
        DEAL, "respond: 4h, resolve: 8h", "respond: 4h, resolve: 16h", APPROVAL, "clock_loosened", "reasons.missing_account.resolve", "loosened", "8h", "16h"),
    "a clock is tightened": pair(
        DEAL, "respond: 60m, resolve: 24h", "respond: 30m, resolve: 24h", APPROVAL, "clock_tightened", "reasons.price_off_list.respond", "tightened", "1h", "30m"),
    "a reason goes to another team": pair(
        DEAL, "missing_account: {team: marketing-ops", "missing_account: {team: crm-ops", APPROVAL, "route_changed", "reasons.missing_account.team",
        "another team", "marketing-ops", "crm-ops", by=FINANCE),
    "a reason has another class": pair(
        DEAL, "price_off_list: {team: finance, class: A", "price_off_list: {team: finance, class: B", APPROVAL, "class_changed", "reasons.price_off_list.class",
        "another class", "A", "B", by=FINANCE),
    "billing is no longer held": pair(
        DEAL, "resolve: 24h, holds_billing: true}", "resolve: 24h, holds_billing: false}", APPROVAL, "billing_hold_changed", "reasons.missing_billing_code.holds_billing",
        "holds billing otherwise", "true", "false"),
    "the contract repeats what the reason says": pair(
        DEAL, "amount_mismatch: {team: sales-ops, class: B}", "amount_mismatch: {class: B}", SAFE, "route_same", "reasons.amount_mismatch.team", "says anyway"),
    "the promised latency is loosened beyond measure": pair(
        DEAL, "{property: latency, value: 15, unit: m", "{property: latency, value: 2, unit: h", BREAKING, "sla_loosened", "sla.latency", "8 times", "15m", "2h"),
    "the promised time to resolve is loosened": pair(
        DEAL, "{property: timeToResolve, value: 24, unit: h}", "{property: timeToResolve, value: 2, unit: d}", APPROVAL, "sla_loosened", "sla.timeToResolve", "loosened"),
    "a promise is withdrawn": pair(
        DEAL, "  - {property: frequency, value: 5, unit: m}\n", "", APPROVAL, "sla_withdrawn", "sla.frequency", "withdrawn", "5m"),
    "the promised retention changes": pair(
        DEAL, "{property: retention, value: 2, unit: y}", "{property: retention, value: 9, unit: y}", APPROVAL, "retention_changed", "sla.retention", "changes", "2y", "9y"),
    "a quality rule lets more through": pair(
        DEAL, "mustBeLessThan: 10", "mustBeLessThan: 99", PROOF, "quality_loosened", "quality.late", "loosened", "10", "99"),
    "a quality rule is removed": pair(
        DEAL, "      - {name: late, type: sql, query: 'SELECT count(*) FROM deals WHERE stale', mustBeLessThan: 10, severity: error}\n", "",
        PROOF, "quality_removed", "quality.late", "is removed"),
    "a quality rule is less severe": pair(DEAL, "severity: error", "severity: info", APPROVAL, "quality_severity", "quality.late", "severity", "error", "info"),
    "a quality rule looks elsewhere": pair(DEAL, "WHERE stale", "WHERE old", PROOF, "quality_changed", "quality.late", "query"),
    "the source of truth moves": pair(DEAL, "invoices: ERP", "invoices: CRM", APPROVAL, "source_of_truth_changed", "source_of_truth", "changes"),
    "the runbook is written anew": pair(COMPANY, "the task there names both", "ask both", SAFE, "runbook_changed", "runbook", "changes"),
    "the version is raised": pair(COMPANY, "version: 1.0.0", "version: 1.1.0", SAFE, "version_raised", "version", "1.1.0", "1.0.0", "1.1.0"),
    "the version is kept": pair(COMPANY, "businessName: City", "businessName: Town", SAFE, "version_kept", "version", "stays version 1.0.0"),
}  # fmt: skip

FLOWS = {
    "other records trigger the flow": pair(
        FLOW, "equals: closedwon", "any_of: [closedwon, invoiced]", PROOF, "when_changed", "trigger.when.any_of", "other records", "", "closedwon, invoiced"),
    "the source is asked more rarely": pair(FLOW, "poll: 5m", "poll: 15m", APPROVAL, "poll_changed", "trigger.poll", "another pace", "5m", "15m", by=("revops",)),
    "the flow has another owner": pair(FLOW, "owner: revops", "owner: finance", APPROVAL, "owner_changed", "owner", "owner", "revops", "finance", by=("revops",)),
    "records are known by another id": pair(FLOW, "record:\n", "record:\n  id: dealname\n", BREAKING, "identity_changed", "record.id", "another id", "id", "dealname"),
    "it is tried again less often": pair(FLOW, "attempts: 6", "attempts: 3", APPROVAL, "retry_changed", "retry.attempts", "retry", "6", "3"),
    "a transform changes": pair(
        FLOW, "from: price, transform: minor_units", "from: price, transform: integer", PROOF, "transform_changed", "writes.invoice.lines.unit_price_minor.transform",
        "written otherwise", "minor_units", "integer", by=FINANCE),
    "a row comes from elsewhere": pair(
        FLOW, "{to: country, from: company.country", "{to: country, from: company.region", PROOF, "source_changed", "writes.customer.country",
        "instead of", "company.country", "company.region"),
    "a row has another owner": pair(
        FLOW, "transform: country2, required: true, owner: crm-ops", "transform: country2, required: true, owner: finance",
        APPROVAL, "row_owner_changed", "writes.customer.country.owner", "another owner", "crm-ops", "finance", by=("crm-ops",)),
    "a row is described anew": pair(FLOW, "Which flow wrote it", "The writer", SAFE, "words_changed", "writes.invoice.sync_reference.note", "described anew"),
    "a row is removed": pair(
        FLOW, "      - {to: email, from: company.billing_email, transform: text, owner: crm-ops}\n", "", PROOF, "row_removed", "writes.customer.email", "no longer filled"),
    "a row fills another field": pair(
        FLOW, "{to: email, from", "{to: billing_email, from", PROOF, "row_renamed", "writes.customer.email", "from now on", "email", "billing_email"),
    "a row demands what may be empty": pair(
        FLOW, "{to: vat_id, from: company.vat_id, transform: text,", "{to: vat_id, from: company.vat_id, transform: text, required: true,",
        BREAKING, "required_added", "writes.customer.vat_id.required", "`company.vat_id` may be empty"),
    "a row demands what is always there": pair(
        FLOW, "{to: billing_code, from: billing_code, transform: text,", "{to: billing_code, from: billing_code, transform: text, required: true,",
        SAFE, "required_added", "writes.invoice.billing_code.required", "always given"),
    "a row no longer demands its value": pair(
        FLOW, "transform: country2, required: true", "transform: country2", SAFE, "required_dropped", "writes.customer.country.required", "still right", "true", ""),
    "a price comes from another column": pair(
        FLOW, "column: account}, owner: finance", "column: name}, owner: finance", PROOF, "lookup_changed", "writes.invoice.lines.account.lookup", "lookup", by=FINANCE),
    "a write goes to another entity": pair(
        FLOW, "entity: customer\n", "entity: invoice\n", BREAKING, "target_changed", "writes.customer.entity", "not found", "customer", "invoice"),
    "a write updates what is there": pair(
        FLOW, "operation: upsert", "operation: create", PROOF, "write_operation_changed", "writes.customer.operation", "operation", "upsert", "create"),
    "a confirmation is removed": pair(
        FLOW, "      - {field: status, value: draft}\n", "", PROOF, "verify_removed", "writes.invoice.verify.status", "removed", "the value draft"),
    "a confirmation expects something else": pair(
        FLOW, "value: posted}", "value: paid}", PROOF, "verify_changed", "writes.posted.verify.status", "changes", "the value posted", "the value paid"),
    "a tolerance is loosened": pair(
        FLOW, "tolerance: 10%", "tolerance: 25%", PROOF, "check_loosened", "checks.price_within lines[*].price.tolerance", "loosened", "10%", "25%", by=FINANCE),
    "a tolerance is tightened": pair(FLOW, "tolerance: 10%", "tolerance: 5%", PROOF, "check_tightened", "checks.price_within lines[*].price.tolerance", "tightened"),
    "a range is loosened": pair(FLOW, "max: 100000", "max: 200000", PROOF, "check_loosened", "checks.range lines[*].quantity.max", "loosened", "100000", "200000"),
    "a range is tightened": pair(FLOW, "min: 1,", "min: 2,", PROOF, "check_tightened", "checks.range lines[*].quantity.min", "tightened", "1", "2"),
    "a pattern lets everything through": pair(
        FLOW, '"[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}"', '".*"', BREAKING, "check_constant", "checks.regex billing_code.pattern", "can never fail"),
    "a pattern is another one": pair(FLOW, "{0,39}", "{0,79}", PROOF, "check_changed", "checks.regex billing_code.pattern", "is changed"),
    "a check is removed": pair(
        FLOW, "  - {check: sum_equals, path: amount, of: \"lines[*]\", quantity: quantity, price: price, reason: amount_mismatch}\n", "",
        PROOF, "check_removed", "checks.sum_equals amount", "is removed"),
    "a check is new": pair(
        FLOW, "checks:\n", "checks:\n  - {check: required, path: dealname}\n", PROOF, "check_added", "checks.required dealname", "is new"),
    "a check raises another reason": pair(
        FLOW, "reason: duplicate_customer,", "reason: unknown_value,", APPROVAL, "reason_changed", "checks.unique company.vat_id.reason", "instead of",
        "duplicate_customer", "unknown_value"),
    "a check is worded anew": pair(FLOW, "at most 40 letters", "up to 40 letters", SAFE, "words_changed", "checks.regex billing_code.expected", "worded anew"),
    "a check looks elsewhere": pair(
        FLOW, "{check: date, path: closedate}", "{check: date, path: signed_at}", PROOF, "check_moved", "checks.date signed_at.path", "instead of", "closedate", "signed_at"),
    "two checks change places": pair(
        FLOW, "  - {check: required, path: deal_currency_code, reason: unknown_currency}\n  - {check: currency, path: deal_currency_code}\n",
        "  - {check: currency, path: deal_currency_code}\n  - {check: required, path: deal_currency_code, reason: unknown_currency}\n",
        PROOF, "checks_reordered", "checks", "another order"),
}  # fmt: skip

SURROUNDINGS = {
    "prices change": pair(
        PRICES, "1190.00", "1290.00", PROOF, "rows_changed", "list_price", "1 row", "Atlas Basic 1190.00", "Atlas Basic 1290.00", by=FINANCE),
    "an account changes": pair(PRICES, "1190.00,EUR,4000", "1190.00,EUR,4100", PROOF, "rows_changed", "account", "1 row", "Atlas Basic 4000", "Atlas Basic 4100", by=FINANCE),
    "a product is new": pair(PRICES, "Kumo Edge,", "Kumo Core,Kumo Core,1.00,JPY,4000\nKumo Edge,", PROOF, "rows_added", "", "1 row new", "", "Kumo Core"),
    "a product goes": pair(PRICES, "Onboarding Day,\"Onboarding, one day on site\",1400.00,EUR,4100\n", "", PROOF, "rows_removed", "", "1 row removed", "Onboarding Day"),
    "a product is called otherwise": pair(PRICES, "Atlas Basic workstation", "Atlas workstation", SAFE, "rows_changed", "name", "no flow decides by it"),
    "payment terms are new": pair(TERMS, "NET60,", "NET90,90 days net,90\nNET60,", PROOF, "rows_added", "", "1 row new", "", "NET90"),
    "a table that no flow reads changes": pair(ACCOUNTS, "4100,Services", "4100,Service", SAFE, "rows_changed", "name", "no flow decides by it"),
    "a team's cards go elsewhere": pair(
        SETTINGS, "channel: C0FINANCE0", "channel: C0REVOPS00", APPROVAL, "channel_changed", "channel", "another channel", "C0FINANCE0", "C0REVOPS00", by=FINANCE),
    "another person answers": pair(SETTINGS, "owner: U0FAYE0001", "owner: U0OMAR0001", APPROVAL, "owner_changed", "owner", "another person", by=FINANCE),
    "another person approves": pair(
        SETTINGS, "approvers: [U0PRIYA001]", "approvers: [U0DANA0001]", APPROVAL, "approvers_changed", "approvers", "other people", "U0PRIYA001", "U0DANA0001", by=("sales-ops",)),
    "a team works on another calendar": pair(SETTINGS, "calendar: emea", "calendar: always", APPROVAL, "calendar_changed", "calendar", "another calendar", "emea", "always"),
    "the working hours change": pair(SETTINGS, "09:00-17:30", "09:00-16:30", APPROVAL, "calendar_changed", "closes", "clocks", "1050", "990"),
    "another address": pair(
        SETTINGS, "base_url: env:ERP_URL", "base_url: env:ERP_URL_2", PROOF, "address_changed", "base_url", "another address", "env:ERP_URL", "env:ERP_URL_2", by=("revops",)),
    "another credential": pair(SETTINGS, "token: env:ERP_TOKEN", "token: env:ERP_KEY", APPROVAL, "secret_changed", "token", "credential"),
    "another kind of connection": pair(SETTINGS, "kind: hubspot", "kind: salesforce", PROOF, "connection_changed", "kind", "another kind", "hubspot", "salesforce"),
    "the ERP is spoken to otherwise": pair(ERP, "posted: [posted]", "posted: [posted, paid]", PROOF, "description_changed", "describe.entities.invoice.posted", "spoken to"),
    "a lost answer is looked up sooner": pair(SETTINGS, "quarantine: 5s", "quarantine: 1s", APPROVAL, "quarantine_changed", "quarantine", "looked up", "5s", "1s"),
    "payloads are kept for longer": pair(SETTINGS, "snapshots: 90d", "snapshots: 365d", APPROVAL, "retention_changed", "retention.snapshots", "kept", "90d", "365d"),
    "digests come later": pair(SETTINGS, 'at: "08:30"', 'at: "09:30"', APPROVAL, "digests_changed", "digests.at", "digests", "08:30", "09:30"),
    "a lease is longer": pair(SETTINGS, "lease: 60s", "lease: 90s", APPROVAL, "engine_changed", "engine.lease", "engine", "1m", "90s"),
    "the company is called otherwise": pair(SETTINGS, "name: Northwind Trading", "name: Northwind", SAFE, "words_changed", "name", "called otherwise"),
}  # fmt: skip

PAIRS = NINE | FIELDS | PROMISES | FLOWS | SURROUNDINGS


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load(made(tmp_path_factory.mktemp("before") / "workspace"))


@pytest.mark.parametrize("name", PAIRS)
def test_an_edit_gets_its_verdict(name: str, before: Workspace, tmp_path: Path) -> None:
    wanted = PAIRS[name]
    after = load(made(tmp_path / "workspace", wanted.edit, *wanted.more))
    changes = diff(before, after)
    found = [each for each in changes if (each.kind, each.path) == (wanted.kind, wanted.path)]
    assert len(found) == 1, changes
    [change] = found
    assert change.category is wanted.category
    assert wanted.words in change.words
    assert wanted.old in change.old and wanted.new in change.new
    if wanted.approvers is not None:
        assert change.approvers == wanted.approvers
    assert bool(change.approvers) == (wanted.category in (PROOF, APPROVAL))
    if not wanted.more and wanted.kind != "demand_unmet":
        assert changes[0].category is wanted.category, "nothing worse is told of the same edit"
