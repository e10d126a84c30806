"""Edits of flows: triggers, checks, mapping rows and writes."""

from __future__ import annotations

from tests.sync.diff.pairs import FLOW, OURS
from tests.sync.diff.verdicts import APPROVAL, BREAKING, FINANCE, PROOF, SAFE, pair

FLOWS = {
    "other records trigger the flow": pair(
        FLOW, "equals: closedwon", "any_of: [closedwon, invoiced]", PROOF, "when_changed", "trigger.when.any_of",
        "other records", "", "closedwon, invoiced"
    ),
    "the source is asked more rarely": pair(
        FLOW, "poll: 5m", "poll: 15m", APPROVAL, "poll_changed", "trigger.poll", "another pace", "5m", "15m", by=("revops",)
    ),
    "the flow has another owner": pair(
        FLOW, "owner: revops", "owner: finance", APPROVAL, "owner_changed", "owner", "owner", "revops", "finance",
        by=("revops",)
    ),
    "records are known by another id": pair(
        FLOW, "record:\n", "record:\n  id: dealname\n", BREAKING, "identity_changed", "record.id", "another id", "id",
        "dealname"
    ),
    "it is tried again less often": pair(
        FLOW, "attempts: 6", "attempts: 3", APPROVAL, "retry_changed", "retry.attempts", "retry", "6", "3"
    ),
    "a transform changes": pair(
        FLOW, "from: price, transform: minor_units", "from: price, transform: integer", PROOF, "transform_changed",
        "writes.invoice.lines.unit_price_minor.transform", "written otherwise", "minor_units", "integer", by=FINANCE
    ),
    "a row comes from elsewhere": pair(
        FLOW, "{to: country, from: company.country", "{to: country, from: company.region", PROOF, "source_changed",
        "writes.customer.country", "instead of", "company.country", "company.region"
    ),
    "a row has another owner": pair(
        FLOW, "transform: country2, required: true, owner: crm-ops", "transform: country2, required: true, owner: finance",
        APPROVAL, "row_owner_changed", "writes.customer.country.owner", "another owner", "crm-ops", "finance",
        by=("crm-ops",)
    ),
    "a row is described anew": pair(
        FLOW, "Which flow wrote it", "The writer", SAFE, "words_changed", "writes.invoice.sync_reference.note",
        "described anew"
    ),
    "a row is removed": pair(
        FLOW, "      - {to: email, from: company.billing_email, transform: text, owner: crm-ops}\n", "", PROOF,
        "row_removed", "writes.customer.email", "no longer filled"
    ),
    "a row fills another field": pair(
        FLOW, "{to: email, from", "{to: billing_email, from", PROOF, "row_renamed", "writes.customer.email", "from now on",
        "email", "billing_email"
    ),
    "a row demands what may be empty": pair(
        FLOW, "{to: vat_id, from: company.vat_id, transform: text,",
        "{to: vat_id, from: company.vat_id, transform: text, required: true,", BREAKING, "required_added",
        "writes.customer.vat_id.required", "`company.vat_id` may be empty"
    ),
    "a row demands what is always there": pair(
        FLOW, "{to: billing_code, from: billing_code, transform: text,",
        "{to: billing_code, from: billing_code, transform: text, required: true,", SAFE, "required_added",
        "writes.invoice.billing_code.required", "always given"
    ),
    "a row no longer demands its value": pair(
        FLOW, "transform: country2, required: true", "transform: country2", SAFE, "required_dropped",
        "writes.customer.country.required", "still right", "true", ""
    ),
    "a price comes from another column": pair(
        FLOW, "column: account}, owner: finance", "column: name}, owner: finance", PROOF, "lookup_changed",
        "writes.invoice.lines.account.lookup", "lookup", by=FINANCE
    ),
    "a write goes to another entity": pair(
        FLOW, "entity: customer\n", "entity: invoice\n", BREAKING, "target_changed", "writes.customer.entity", "not found",
        "customer", "invoice"
    ),
    "a write updates what is there": pair(
        FLOW, "operation: upsert", "operation: create", PROOF, "write_operation_changed", "writes.customer.operation",
        "operation", "upsert", "create"
    ),
    "a confirmation is removed": pair(
        FLOW, "      - {field: status, value: draft}\n", "", PROOF, "verify_removed", "writes.invoice.verify.status",
        "removed", "the value draft"
    ),
    "a confirmation expects something else": pair(
        FLOW, "value: posted}", "value: paid}", PROOF, "verify_changed", "writes.posted.verify.status", "changes",
        "the value posted", "the value paid"
    ),
    "a tolerance is loosened": pair(
        FLOW, "tolerance: 10%", "tolerance: 25%", PROOF, "check_loosened", "checks.price_within lines[*].price.tolerance",
        "loosened", "10%", "25%", by=FINANCE
    ),
    "a tolerance is tightened": pair(
        FLOW, "tolerance: 10%", "tolerance: 5%", PROOF, "check_tightened", "checks.price_within lines[*].price.tolerance",
        "tightened"
    ),
    "a range is loosened": pair(
        FLOW, "max: 100000", "max: 200000", PROOF, "check_loosened", "checks.range lines[*].quantity.max", "loosened",
        "100000", "200000"
    ),
    "a range is tightened": pair(
        FLOW, "min: 1,", "min: 2,", PROOF, "check_tightened", "checks.range lines[*].quantity.min", "tightened", "1", "2"
    ),
    "a pattern lets everything through": pair(
        FLOW, '"[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}"', '".*"', BREAKING, "check_constant", "checks.regex billing_code.pattern",
        "can never fail"
    ),
    "a pattern is another one": pair(
        FLOW, "{0,39}", "{0,79}", PROOF, "check_changed", "checks.regex billing_code.pattern", "is changed"
    ),
    "a check is removed": pair(
        FLOW,
        "  - {check: sum_equals, path: amount, of: \"lines[*]\", quantity: quantity, price: price, reason: amount_mismatch}\n",
        "", PROOF, "check_removed", "checks.sum_equals amount", "is removed"
    ),
    "a check is new": pair(
        FLOW, "checks:\n", "checks:\n  - {check: required, path: dealname}\n", PROOF, "check_added",
        "checks.required dealname", "is new"
    ),
    "a check raises another reason": pair(
        FLOW, "reason: duplicate_customer,", "reason: unknown_value,", APPROVAL, "reason_changed",
        "checks.unique company.vat_id.reason", "instead of", "duplicate_customer", "unknown_value"
    ),
    "a check is worded anew": pair(
        FLOW, "at most 40 letters", "up to 40 letters", SAFE, "words_changed", "checks.regex billing_code.expected",
        "worded anew"
    ),
    "a check looks elsewhere": pair(
        FLOW, "{check: date, path: closedate}", "{check: date, path: signed_at}", PROOF, "check_moved",
        "checks.date signed_at.path", "instead of", "closedate", "signed_at"
    ),
    "two checks change places": pair(
        FLOW,
        "  - {check: required, path: deal_currency_code, reason: unknown_currency}\n  - {check: currency, path: deal_currency_code}\n",
        "  - {check: currency, path: deal_currency_code}\n  - {check: required, path: deal_currency_code, reason: unknown_currency}\n",
        PROOF, "checks_reordered", "checks", "another order"
    ),
}  # fmt: skip

TRANSFORMS = {
    "a company's own transform works otherwise": pair(
        OURS, "value.strip()", "value.strip().upper()", PROOF, "transform_changed", "ours.net", "quote_to_cash calls it", by=FINANCE
    ),
    "a transform that no flow calls works otherwise": pair(
        OURS, "    return value\n", "    return value.upper()\n", SAFE, "transform_changed", "ours.spare", "no flow calls it"
    ),
    "a transform is described anew": pair(OURS, "The net price.", "Net.", SAFE, "words_changed", "ours.net", "described anew"),
    "what the transforms share changes": pair(
        OURS, "def net", "import re\n\n\ndef net", PROOF, "transform_changed", "", "what the transforms share", by=FINANCE
    ),
}  # fmt: skip
