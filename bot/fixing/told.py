"""What was decided, in the words of the card, the thread and the journal. Plain text; whoever draws it escapes it."""

from __future__ import annotations

from bot.customer_words import is_about_customers, settled
from bot.wording import is_a_difference, label_of
from sync.amounts import understood
from sync.fields import Field
from sync.giving_back import NewRecord
from sync.model import Violation
from sync.reasons import Fix, reason


def decided(question: Violation, answer: str | NewRecord, field: Field, *, shared: bool) -> str:
    """One decided value: what was found, and what it means."""
    label = label_of(question, shared=shared)
    if isinstance(answer, NewRecord):
        return f"{label} is created in the CRM: “{next(iter(answer.fields.values()), answer.entity)}”"
    if is_about_customers(question):
        return settled(question, answer)
    if not answer and is_a_difference(question):
        return f"{label}: accepted as it is"
    if not answer:
        return f"{label} “{question.found}” is accepted as it stands"
    if is_a_difference(question):
        chosen = next((one.label for one in question.candidates if one.value == answer), answer)
        return f"{label}: {chosen[:1].lower()}{chosen[1:]}"
    meant = understood(answer, field.currency) if field.kind == "money" else answer
    if reason(question.reason).fix in (Fix.FILL, Fix.PICK) and not question.found:
        return f"{label} is “{meant}”"
    return f"{label} “{question.found}” means “{meant}”"
