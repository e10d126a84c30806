"""The ERP's credit notes: a posted invoice never changes, a posted document with the opposite sign takes it back. Whatever is
credited of an invoice, in how many notes ever, is never more than the invoice."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from bot.sandbox.erp_books_rows import CREDIT_NOTE, Invoice
from bot.sandbox.erp_rules import Field, Json, Refused, day, fields, invalid, lines_field, text


def credit_note(
    invoice: Invoice,
    body: object,
    *,
    others: Iterable[Invoice],
    taken: Collection[str],
    accounts: Collection[str],
    closed_until: date | None,
) -> Invoice:
    """The note that the body asks for, not numbered yet; `others` are the notes of the invoice that there are. Without lines
    it credits the invoice wholly; the quantities of given lines are counted as taken back."""
    values = fields(_fields(accounts), body)
    if values["reference"] in taken:
        raise Refused(409, "duplicate_reference", f"reference {values['reference']!r} is taken", "reference")
    if invoice.kind == CREDIT_NOTE:
        raise Refused(409, "not_an_invoice", f"{invoice.number} is a credit note itself")
    if invoice.status != "posted":
        raise Refused(409, "not_posted", f"invoice {invoice.id} is not posted: void it instead")
    if closed_until is not None and date.fromisoformat(values["issue_date"]) <= closed_until:
        raise Refused(422, "period_closed", f"the books are closed until {closed_until}", "issue_date")
    note = replace(
        invoice,
        kind=CREDIT_NOTE,
        credits=invoice.id,
        number=None,
        reference=values["reference"],
        issue_date=values["issue_date"],
        lines=tuple(_taken_back(line) for line in values["lines"] or invoice.lines),
    )
    left = invoice.total_minor + sum(each.total_minor for each in others)
    if note.total_minor >= 0:
        raise invalid("lines", "the total of a credit note must be less than zero")
    if -note.total_minor > left:
        words = f"of {invoice.number} {left} {invoice.currency} minor units are left to credit, not {-note.total_minor}"
        raise Refused(422, "credit_exceeds_invoice", words, "lines")
    return note


def _taken_back(line: Json) -> Json:
    return {**line, "quantity": -line["quantity"]}


def _fields(accounts: Collection[str]) -> dict[str, Field]:
    return {
        "reference": Field(text(100)),
        "issue_date": Field(day),
        "lines": Field(lines_field(accounts), required=False, default=()),
    }
