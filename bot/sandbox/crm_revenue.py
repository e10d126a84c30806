"""The objects around a deal: tickets, leads, subscriptions, contracts, payments, products and quotes."""

from bot.sandbox.crm_shapes import Property, object_type, reference, texts

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
PRODUCTS = object_type(
    "products",
    "product",
    "name hs_sku",
    Property(name="price", label="Unit price", type="number"),
    Property(name="hs_cost_of_goods_sold", label="Unit cost", type="number"),
    *texts(
        name="Name",
        description="Description",
        recurringbillingfrequency="Billing frequency",
        hs_price_eur="Price in EUR",
    ),
    reference("hs_sku", "SKU"),
)
QUOTES = object_type(
    "quotes",
    "quote",
    "hs_title",
    Property(name="hs_expiration_date", label="Expiration date", type="datetime"),
    Property(name="hs_quote_amount", label="Quote amount", type="number"),
    Property(name="hs_status", label="Status", type="enumeration",
             options=("DRAFT", "PENDING_APPROVAL", "APPROVAL_NOT_NEEDED", "APPROVED", "REJECTED")),
    *texts(hs_title="Title", hs_currency="Currency", hs_quote_number="Quote number", hs_language="Language",
           hubspot_owner_id="Owner"),
    type_id="0-14",
)  # fmt: skip
