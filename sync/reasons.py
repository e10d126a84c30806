"""Reason codes. One entry is one reason: what happened in business words, its class, who owns it, its clocks and its fix.
A contract may override team, class and clocks; these are the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sync.severity import Severity as Severity


class Fix(StrEnum):
    """What a person does about it, which decides what the card offers."""

    FILL = "fill"  # enter the missing or wrong value
    PICK = "pick"  # choose among candidates, or enter another
    APPROVE = "approve"  # accept the value as it stands
    MERGE = "merge"  # merge in the CRM, then replay
    REPLAY = "replay"  # repair elsewhere, then replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason code. `role` is the team that owns it unless the contract says otherwise; `dead` sends the delivery to the dead
    letters; what is found the same in many records is one cause where it is `shared`."""

    code: str
    title: str
    role: str
    fix: Fix
    hint: str
    severity: Severity = Severity.B
    resolve: timedelta = timedelta(hours=24)
    respond: timedelta | None = None
    dead: bool = False
    shared: bool = False

    @property
    def passes_by_itself(self) -> bool:
        """Whether it is mended elsewhere and nothing tells of it, so that trying again now and then may find it mended."""
        mended = self.fix in (Fix.REPLAY, Fix.MERGE) or self.code in _MERGED
        return mended and self.code not in _WOKEN

    @property
    def respond_within(self) -> timedelta:
        """The first-response clock: 60 minutes for class A, otherwise 4 hours, never longer than the resolve clock."""
        usual = timedelta(hours=1) if self.severity is Severity.A else timedelta(hours=4)
        return min(self.respond or usual, self.resolve)


CONTRACT_OWNER = "the contract's owner"
"""The role of whoever owns the contract of the flow."""

_H = timedelta(hours=1)
_MERGED = frozenset({"maybe_duplicate"})
_WOKEN = frozenset(
    {"contract_mismatch", "schema_drift", "crashed", "poison", "drift_missing", "drift_stale"}
)  # by a release, by the source, by an update

REASONS: dict[str, Reason] = {
    reason.code: reason
    for reason in (
        Reason(code="missing_field", title="A required field is empty", role="sales-ops", fix=Fix.FILL, hint="Enter the value."),
        Reason(code="missing_billing_code", title="Billing code is missing", role="sales-ops", fix=Fix.FILL,
               hint="Enter the billing code from the signed order form."),
        Reason(code="missing_payment_terms", title="Payment terms are missing", role="sales-ops", fix=Fix.PICK,
               hint="Choose the payment terms that the customer signed."),
        Reason(code="missing_account", title="Deal has no company", role="marketing-ops", fix=Fix.FILL, resolve=8 * _H,
               hint="Pick the company that this deal belongs to, or attach it in the CRM and replay."),
        Reason(code="missing_lines", title="Deal has no line items", role="sales-ops", fix=Fix.REPLAY,
               hint="Add the line items in the CRM, then replay."),
        Reason(code="unknown_product", title="Product is not in the price list", role="sales-ops", fix=Fix.PICK,
               hint="Choose the catalogue product that was meant."),
        Reason(code="unknown_value", title="Value is not in the reference list", role="sales-ops", fix=Fix.PICK,
               hint="Choose a value from the list."),
        Reason(code="unknown_currency", title="Currency is not known", role="finance", fix=Fix.FILL,
               hint="Enter the ISO currency code of the order."),
        Reason(code="invalid_value", title="Value cannot be read", role="sales-ops", fix=Fix.FILL,
               hint="Enter the value in the form shown."),
        Reason(code="invalid_amount", title="Amount cannot be read", role="sales-ops", fix=Fix.FILL,
               hint="Enter the amount as plain digits, such as 1234.56."),
        Reason(code="negative_amount", title="Amount is negative", role="finance", fix=Fix.FILL,
               hint="Enter the right amount. A credit is never billed as a negative invoice."),
        Reason(code="amount_mismatch", title="Deal amount and line items disagree", role="sales-ops", fix=Fix.FILL,
               hint="Enter the amount that was sold, or correct the lines in the CRM and replay."),
        Reason(code="price_off_list", title="Price is off the price list", role="finance", fix=Fix.APPROVE,
               severity=Severity.A, hint="Approve the price as sold, or correct it in the CRM and replay."),
        Reason(code="duplicate_customer", title="Customer exists twice in the CRM", role="crm-ops", fix=Fix.MERGE,
               hint="Merge the two companies in the CRM (a task is waiting there), then replay."),
        Reason(code="maybe_duplicate", title="Customer may be billed already", role="crm-ops", fix=Fix.APPROVE,
               shared=True, hint="Say whether it is the same customer, or merge the two in the CRM: then it goes on by itself."),
        Reason(code="customer_twice_in_erp", title="Merged customer has two records in the ERP", role="finance", fix=Fix.APPROVE,
               hint="Move what is open to the record that stays and block the other one in the ERP, then replay; or leave both."),
        Reason(code="customer_gone", title="Customer was deleted in the ERP", role="finance", fix=Fix.APPROVE, shared=True,
               hint="Restore the customer in the ERP and replay, or have it made again: what is billed from now on goes there."),
        Reason(code="circular_merge", title="Customers were merged in a circle", role="crm-ops", fix=Fix.REPLAY,
               hint="Two companies were merged into each other: decide in the CRM which one stays, then replay."),
        Reason(code="erp_rejected", title="ERP refused the record", role="finance", fix=Fix.REPLAY, dead=True,
               hint="Correct what the ERP names, then replay."),
        Reason(code="crm_rejected", title="CRM refused the request", role="crm-ops", fix=Fix.REPLAY, dead=True,
               hint="Correct what the CRM names, then replay."),
        Reason(code="ambiguous_reference", title="ERP has several records with one reference", role="finance", fix=Fix.REPLAY,
               severity=Severity.A, dead=True, hint="Keep one of the records in the ERP, then replay."),
        Reason(code="ambiguous_existing", title="ERP has several records that may be this one", role="finance", fix=Fix.REPLAY,
               severity=Severity.A, hint="Give the right one our reference in the ERP, or correct what tells them apart; then replay."),
        Reason(code="erp_warning", title="ERP warns before it goes on", role="finance", fix=Fix.APPROVE, severity=Severity.A,
               hint="Agree to let this one warning pass, or correct what it names and replay."),
        Reason(code="not_in_erp", title="ERP does not know what the record names", role="finance", fix=Fix.REPLAY,
               hint="Create it in the ERP under this code, or correct the code in the CRM; then replay."),
        Reason(code="period_closed", title="Period is closed in the ERP", role="finance", fix=Fix.REPLAY,
               hint="Have the period opened in the ERP, or agree on another date in the CRM; then replay."),
        Reason(code="missing_tax_code", title="ERP finds no tax code", role="finance", fix=Fix.REPLAY,
               hint="Give the product or the customer a tax code in the ERP, then replay."),
        Reason(code="approval_needed", title="ERP wants somebody else's approval", role="finance", fix=Fix.REPLAY,
               hint="Have the document approved in the ERP by whoever may, then replay."),
        Reason(code="subsidiary_locked", title="Subsidiary is locked in the ERP", role="finance", fix=Fix.REPLAY,
               hint="Have the subsidiary opened in the ERP, or agree on another one; then replay."),
        Reason(code="erp_unavailable", title="ERP does not answer", role="revops", fix=Fix.REPLAY, dead=True,
               hint="Wait until the system is back, then replay."),
        Reason(code="crm_unavailable", title="CRM does not answer", role="revops", fix=Fix.REPLAY, dead=True,
               hint="Wait until the system is back, then replay."),
        Reason(code="batch_partial", title="ERP left records out of its answer", role="revops", fix=Fix.REPLAY, resolve=8 * _H,
               hint="Ask why the ERP leaves them out, then replay: Meshline looks for each record before it sends it again."),
        Reason(code="unauthorized", title="A connection is not accepted any more", role="revops", fix=Fix.REPLAY,
               hint="Renew the credentials of the connection, then replay."),
        Reason(code="not_found", title="Record is gone from the CRM", role="crm-ops", fix=Fix.REPLAY,
               hint="Restore the record in the CRM and replay, or discard."),
        Reason(code="unreadable_file", title="File or row cannot be read", role=CONTRACT_OWNER, fix=Fix.REPLAY,
               hint="Correct it in the file, put the file back under the same name, then replay."),
        Reason(code="totals_differ", title="ERP total differs from the deal", role="finance", fix=Fix.REPLAY,
               severity=Severity.A, hint="Compare the draft with the deal, correct the ERP, then replay."),
        Reason(code="changed_after_posting", title="Deal changed after it was billed", role="finance", fix=Fix.REPLAY,
               severity=Severity.A, hint="Credit and bill again in the ERP, or put the deal back, then replay."),
        Reason(code="draft_left", title="Draft was left in the ERP", role="finance", fix=Fix.REPLAY,
               hint="Void the draft in the ERP, then replay. It was given up here, and nothing posts it."),
        Reason(code="bypassed", title="Changed around Meshline", role="revops", fix=Fix.PICK, severity=Severity.A,
               hint="Let the change stand, or have what Meshline wrote put back. Then write down what changes in the runbook."),
        Reason(code="conflict", title="Two systems changed one value", role="revops", fix=Fix.PICK,
               hint="Choose the value that counts; it is written to the system that has the other one."),
        Reason(code="to_credit", title="What was billed has to be credited", role="finance", fix=Fix.APPROVE,
               severity=Severity.A, hint="Agree to what is shown, or put the record back in the CRM and replay."),
        Reason(code="missing_contract", title="Deal has no contract", role=CONTRACT_OWNER, fix=Fix.FILL,
               hint="Pick the contract that this deal is billed under, or attach it in the CRM and replay."),
        Reason(code="missing_order", title="No order is named", role="crm-ops", fix=Fix.FILL,
               hint="Pick the order that this is about, or link it in the CRM and replay."),
        Reason(code="stale_order", title="Order was replaced by another one", role="finance", fix=Fix.REPLAY,
               severity=Severity.A, hint="Link the order that is in force in the CRM, then replay."),
        Reason(code="wrong_account", title="Lead seems to belong to another company", role="marketing-ops", fix=Fix.APPROVE,
               hint="Attach the right company in the CRM and replay, or approve this one."),
        Reason(code="tax_inclusive", title="Prices include tax", role="finance", fix=Fix.REPLAY,
               hint="Enter the prices without tax in the CRM, then replay: tax is added when the invoice is made."),
        Reason(code="credit_over_policy", title="Credit is more than the policy grants", role="finance", fix=Fix.APPROVE,
               severity=Severity.A, hint="Approve it as an exception, or correct it in the CRM and replay."),
        Reason(code="missing_document", title="A document is missing", role="sales-ops", fix=Fix.REPLAY,
               hint="Attach the document in the CRM, then replay."),
        Reason(code="credit_exceeded", title="Amount is over the credit that is left", role="finance", fix=Fix.APPROVE,
               severity=Severity.A, hint="Approve it once, or raise the limit or have open invoices paid and replay."),
        Reason(code="status_differs", title="Two systems disagree about the state", role="revops", fix=Fix.REPLAY,
               hint="Bring the two systems together, then replay."),
        Reason(code="not_bound", title="A record it refers to is not in the ERP", role="revops", fix=Fix.REPLAY,
               hint="Have the record it refers to delivered first, then replay."),
        Reason(code="draft_differs", title="Draft in the ERP says something else", role="finance", fix=Fix.APPROVE,
               severity=Severity.A, shared=True,
               hint="Agree to write the draft again as shown, or correct the record in the CRM and replay."),
        Reason(code="contract_mismatch", title="Record was made by another version of the contract", role=CONTRACT_OWNER,
               fix=Fix.REPLAY, shared=True,
               hint="Publish a flow that reads this version, or have the sender go back to the one that is read; then replay."),
        Reason(code="schema_drift", title="CRM and contract disagree", role=CONTRACT_OWNER, fix=Fix.REPLAY, resolve=8 * _H,
               hint="Put the field back in the CRM, or publish a contract that follows it; then replay."),
        Reason(code="drift_missing", title="Record never reached the ERP", role="finance", fix=Fix.REPLAY, shared=True,
               hint="Replay: the record is sent round again, and every check applies."),
        Reason(code="drift_stale", title="ERP shows an earlier version", role="finance", fix=Fix.REPLAY, shared=True,
               hint="Replay: the record is sent round again as it is now."),
        Reason(code="drift_orphan", title="ERP record has no source record", role="finance", fix=Fix.PICK,
               severity=Severity.A, shared=True,
               hint="Have it taken back, or accept it as it is; a second person agrees. Or mend it in the ERP and replay."),
        Reason(code="drift_duplicate", title="Record is in the ERP more than once", role="finance", fix=Fix.PICK,
               severity=Severity.A, shared=True,
               hint="Have all but one taken back, or accept it as it is; a second person agrees. Or mend it in the ERP and replay."),
        Reason(code="drift_amount", title="CRM and ERP show different values", role="finance", fix=Fix.APPROVE,
               severity=Severity.A, shared=True,
               hint="Correct the side that is wrong and replay, or accept the difference with a second person."),
        Reason(code="drift_status", title="CRM and ERP contradict each other", role="finance", fix=Fix.APPROVE, shared=True,
               severity=Severity.A, hint="Bring the two together and replay, or accept it as it is with a second person."),
        Reason(code="drift_bypass", title="ERP was changed past Meshline", role="finance", fix=Fix.APPROVE,
               severity=Severity.A, shared=True,
               hint="Put it back in the ERP and replay, or accept the change with a second person."),
        Reason(code="rule_failed", title="A check could not be evaluated", role="revops", fix=Fix.REPLAY,
               hint="Correct the rule in the workspace, then replay."),
        Reason(code="crashed", title="Meshline hit a bug", role="revops", fix=Fix.REPLAY, dead=True,
               hint="Report the reference, then replay after the update."),
        Reason(code="poison", title="Record stopped the worker again and again", role="revops", fix=Fix.REPLAY, dead=True,
               hint="Report the reference; the rest goes on."),
    )
}  # fmt: skip


def reason(code: str) -> Reason:
    """The entry for a code; an unknown code (from a newer contract) reads as a generic refusal that keeps its name."""
    known = REASONS.get(code)
    if known is not None:
        return known
    return Reason(
        code=code, title=code.replace("_", " ").capitalize(), role="revops", fix=Fix.REPLAY, hint="Repair, then replay."
    )
