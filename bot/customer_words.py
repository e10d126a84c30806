"""Whether two companies are one customer, in words: what the dialog offers and what was decided."""

from __future__ import annotations

from sync.customers import GONE, MAYBE, QUESTION, TWICE
from sync.model import Violation

_ACCEPTED = {
    MAYBE: ("Different customers", "they are different customers"),
    TWICE: ("Leave both records in the ERP", "both records stay in the ERP"),
    GONE: ("Make the customer again in the ERP", "the customer is made again in the ERP"),
}
_USUAL = ("Accept it as it is", "it stays as it is")


def is_about_customers(question: Violation) -> bool:
    """Whether the question asks who a customer is."""
    return question.kind == QUESTION


def accepting(question: Violation) -> str:
    """What accepting means, as a choice."""
    return _ACCEPTED.get(question.reason, _USUAL)[0]


def settled(question: Violation, answer: str) -> str:
    """What was decided, in the words of the card and the journal. Plain text."""
    if not answer:
        return _ACCEPTED.get(question.reason, _USUAL)[1]
    label = next((one.label for one in question.candidates if one.value == answer), answer)
    return f"it is the same customer as {label}"
