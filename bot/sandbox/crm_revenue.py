"""The objects around a deal: tickets, leads, subscriptions, contracts and payments."""

from bot.sandbox.crm_shapes import Property, object_type, texts

TICKETS = object_type(
    "tickets",
    "ticket",
    "subject",
    Property(name="ticket_status", label="Status", type="enumeration", options=("new", "waiting", "closed")),
    Property(name="outage_hours", label="Hours without service", type="number"),
    Property(name="closed_at", label="Closed", type="datetime"),
    *texts(subject="Ticket name", severity="Severity", credit_requested="Credit requested", credit_status="Credit"),
)
LEADS = object_type(
    "leads",
    "lead",
    "lead_name",
    Property(name="lead_status", label="Status", type="enumeration", options=("new", "qualified", "disqualified")),
    Property(name="estimated_amount", label="Estimated amount", type="number"),
    *texts(
        lead_name="Lead name",
        currency="Currency",
        email_domain="Domain of the e-mail",
        campaign="Campaign",
        channel="Channel",
        territory="Territory",
        billable_record="Billable record",
    ),
    type_id="0-136",
)
SUBSCRIPTIONS = object_type(
    "subscriptions",
    "subscription",
    "name",
    Property(name="status", label="Status", type="enumeration", options=("draft", "active", "cancelled")),
    Property(name="revision", label="Revision", type="number"),
    Property(name="change_amount", label="Amount of this change", type="number"),
    Property(name="months", label="Months that this change covers", type="number"),
    Property(name="starts_on", label="Starts on", type="datetime"),
    *texts(
        name="Name",
        subscription_number="Subscription",
        plan="Plan",
        currency="Currency",
        payment_terms="Payment terms",
        invoice_number="Invoice number",
    ),
    type_id="0-69",
)
CONTRACTS = object_type(
    "contracts",
    "contract",
    "title contract_number",
    Property(name="valid_from", label="Valid from", type="datetime"),
    Property(name="valid_until", label="Valid until", type="datetime"),
    Property(name="status", label="Status", type="enumeration", options=("draft", "signed", "ended")),
    *texts(
        title="Title",
        contract_number="Contract number",
        po_number="Customer's order number",
        payment_terms="Payment terms",
        cost_center="Cost centre",
        document_url="Signed document",
    ),
    type_id="2-3001",
)
PAYMENTS = object_type(
    "commerce_payments",
    "commerce_payment",
    "reference",
    Property(name="kind", label="Kind", type="enumeration", options=("payment", "refund", "chargeback")),
    Property(name="amount", label="Amount", type="number"),
    Property(name="fee", label="Fee of the bank", type="number"),
    Property(name="happened_at", label="Happened", type="datetime"),
    *texts(reference="Processor's reference", currency="Currency", reason="Reason", credit_status="Credit"),
    type_id="0-101",
)
