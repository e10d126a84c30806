"""How Meshline says things: one word per thing, whole sentences, nothing that only Meshline's makers understand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import escape, few, link, moment, quote, said, tidy, utc
from bot.customer_words import is_about_customers
from store.waiting import COUNTED
from sync.ladder import APPROVERS, BACKUP
from sync.lifecycle import CaseState
from sync.model import Case, Cause, Overlay, Violation
from sync.money import Money
from sync.reasons import Fix, reason

_MARK = re.compile(r"@\{([^{}]{1,64})\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a drawing needs to know of the world: the time, and what ids are called."""

    now: datetime
    flow_title: Callable[[str], str]
    team_title: Callable[[str], str]
    person: Callable[[str], str]
    crm_link: Callable[[str], str | None]
    contract: Callable[[str], str]
    needs: Callable[[str, str], bool]
    """Whether a flow needs a connection."""


CLASSES = {"A": "money or data at risk", "B": "needs a fix", "C": "can wait for the digest"}
_STOPPED = "Nothing is billed until this is decided."
_CONSEQUENCES = {
    "duplicate_customer": "No invoice goes out until one of the two is left.",
    "crm_rejected": "The CRM does not show yet what was decided or billed.",
    "ambiguous_reference": "Nothing more is written for it until one record is left.",
    "erp_rejected": "It is not billed until the ERP accepts it.",
    "erp_unavailable": "It waits. Nothing is lost, and nothing is written twice.",
    "crm_unavailable": "It waits. Nothing is lost, and nothing is written twice.",
    "batch_partial": "Whether it reached the ERP is not known. It waits, and nothing is written twice.",
    "unauthorized": "Nothing passes through this connection until its credentials are renewed.",
    "not_found": "There is nothing to bill as long as the record is gone.",
    "price_off_list": "It is not billed until a second person has agreed to the price.",
    "totals_differ": "It counts as billed only when both totals agree.",
    "changed_after_posting": "The invoice in the ERP still shows what was agreed before.",
    "draft_left": "The draft stays in the ERP, where somebody may post it, until it is voided there.",
    "to_credit": "The invoice in the ERP stands as it is until a second person has agreed.",
    "missing_document": "Without the document it is not billed.",
    "draft_differs": "The draft is not posted while it says something else than it is to say.",
    "erp_warning": "It is not billed until a second person has agreed to let it pass.",
    "not_in_erp": "It is not billed while the ERP does not know it.",
    "period_closed": "Nothing is posted in a period that is closed.",
    "credit_exceeded": "It is not billed until a second person has agreed to it.",
    "status_differs": "Nothing is written while the two systems disagree.",
    "not_bound": "It cannot be written before the record it refers to.",
    "contract_mismatch": "Records of this version wait; all others go on.",
    "schema_drift": "Nothing that depends on it is billed. It goes out by itself once the two agree again.",
    "drift_missing": "It was sold and is not billed.",
    "drift_stale": "What was billed is not what is agreed now.",
    "drift_orphan": "Somebody was billed for what was not sold.",
    "drift_duplicate": "Somebody is billed twice.",
    "drift_amount": "One of the two is wrong, and reports do not add up.",
    "drift_status": "One of the two is wrong, and reports do not add up.",
    "drift_bypass": "The books say what Meshline did not write, and the next change may undo it.",
    "rule_failed": "What cannot be checked is not billed.",
    "crashed": "This record waits; all others go on.",
    "poison": "This record waits; all others go on.",
}
OUTAGES = frozenset({"erp_unavailable", "crm_unavailable"})
_PRESS = {Fix.FILL: "Fill in", Fix.PICK: "Choose", Fix.APPROVE: "Approve or correct"}
_APPROVE = {"price_off_list": "Approve price", "draft_differs": "Write it again", "erp_warning": "Let it pass", "to_credit": "Credit it",
            "maybe_duplicate": "Decide", "customer_twice_in_erp": "Leave both", "customer_gone": "Make it again"} | dict.fromkeys(
    ("drift_amount", "drift_status", "drift_bypass"), "Accept as it is"
)  # fmt: skip
_LINE = re.compile(r" \(line \d+\)$")
_FEW = 5


def consequence(code: str) -> str:
    """What it means for the business while nobody decides."""
    return _CONSEQUENCES.get(code, _STOPPED)


def asks(code: str) -> bool:
    """Whether a person's answer on the card mends it; otherwise it is mended elsewhere and replayed."""
    return reason(code).fix in _PRESS


def fix_label(code: str, questions: Sequence[Violation] = ()) -> str:
    """The word on the button that fixes it."""
    fix = reason(code).fix
    if fix is Fix.APPROVE and code in _APPROVE:
        return _APPROVE[code]
    if fix is Fix.FILL and questions and all(one.found for one in questions):
        return "Correct"
    return _PRESS.get(fix, "Replay")


def counted(count: int, noun: str) -> str:
    """`1 record`, `529 records`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def records(count: int) -> str:
    """A number of records in words."""
    return counted(count, "record")


def title_of(case: Case) -> str:
    """What people call the record; not escaped."""
    return tidy(case.title) or tidy(case.subject)


def headline(cause: Cause) -> str:
    """What broke, and for whom; not escaped."""
    what = reason(cause.reason).title
    if is_outage(cause) and cause.downtime:
        answers = cause.downtime.answers_since is not None
        return f"{what.replace('does not answer', 'answers again') if answers else what} · {cause.downtime.connection}"
    if is_many(cause):
        return f"{what} · {records(cause.unresolved or cause.total)}"
    return f"{what} · {title_of(cause.first[0])}" if cause.first else what


def is_many(cause: Cause) -> bool:
    """Whether the card speaks of many records."""
    return cause.unresolved > 1 or (cause.unresolved == 0 and cause.total > 1)


def is_outage(cause: Cause) -> bool:
    """Whether a connection was down and nobody has to act: its records go on by themselves."""
    return cause.reason in OUTAGES and cause.downtime is not None and not cause.downtime.stopped


def waiting(count: int, noun: str = "record") -> str:
    """`412 records wait`; further than 10,000 nobody counted."""
    if count >= COUNTED:
        return f"{COUNTED:,}+ {noun}s wait"
    return f"{counted(count, noun)} wait{'s' if count == 1 else ''}"


def held_up(cause: Cause, around: Around) -> tuple[int, str]:
    """How many records wait in all flows that need the connection of an outage, and in which flows; not escaped."""
    down = cause.downtime
    if down is None:
        return 0, ""
    flows = {
        flow: many
        for flow, many in down.waiting.items()
        if many and (flow == cause.flow or around.needs(flow, down.connection))
    }
    titles = [around.flow_title(flow) for flow in flows or (cause.flow,)]
    return sum(flows.values()), " and ".join(titles) if len(titles) < 3 else f"{len(titles)} flows"


def worth(sums: Iterable[Money]) -> str:
    """Money per currency; not escaped, because it holds only digits and codes."""
    return ", ".join(few([str(each) for each in sums], _FEW))


def named(text: str, around: Around, limit: int = 300) -> str:
    """Words from the ledger, escaped, with its marks for people replaced by their names."""
    return escape(told(text, around, limit))


def told(text: str, around: Around, limit: int = 300) -> str:
    """The same without escaping, for plain text."""
    words = _MARK.sub(lambda mark: around.person(mark[1]), text)
    return words if len(words) <= limit else f"{words[:limit]}…"


def person(user: str, around: Around) -> str:
    """A person's name, escaped. It mentions nobody."""
    return said(around.person(user), 80)


def wrong(violation: Violation, *, shared: bool = False) -> str:
    """One thing that is wrong, as a sentence in mrkdwn. `shared`: it is wrong in many records, wherever it stands in each."""
    label = said(label_of(violation, shared=shared), 100)
    expected, fix = said(violation.expected, 300), reason(violation.reason).fix
    if fix is Fix.MERGE and violation.candidates:
        both = " and ".join(f"*{said(one.label, 80)}*" for one in violation.candidates[:_FEW])
        return f"{label} {quote(violation.found)} belongs to {both}."
    if not violation.found and violation.expected == "a value":
        return f"*{label}* is empty."
    if not asks(violation.reason):
        return ended(f"*{label}*: {f'{quote(violation.found)}, ' if violation.found else ''}{expected}")
    if is_about_customers(violation):
        return ended(f"*{label}*: {expected}")
    if is_a_difference(violation):
        return ended(f"*{label}*{', for example' if shared else ''}: {expected}")
    stands = f"is {quote(violation.found)}" if violation.found else "is empty"
    return f"*{label}* {stands}; expected {expected}."


def is_a_difference(violation: Violation) -> bool:
    """Whether two systems disagree: then the sentence says all of it."""
    return violation.reason.startswith("drift_")


def ended(words: str) -> str:
    """Words that end like a sentence."""
    return f"{words}." if words and words[-1] not in ".!?…" else words


def label_of(violation: Violation, *, shared: bool = False) -> str:
    """What people call the field; without its line when it is wrong in many records. Not escaped."""
    return _LINE.sub("", violation.label) if shared else violation.label


def all_wrong(case: Case) -> list[str]:
    """Everything that is wrong with a record; what the ledger noted when there are no single values to name."""
    lines = [wrong(each) for each in case.violations]
    return few(lines, _FEW) or [_sentence(case.detail) or f"{reason(case.reason).title}."]


def _sentence(words: str) -> str:
    text = said(words, 500)
    return f"{text[:1].upper()}{text[1:]}{'' if text[-1:] in '.!?' else '.'}" if text else ""


def changes(case: Case) -> list[str]:
    """What a proposal would change: before → after."""
    labels = {each.path: each.label for each in case.violations}
    return few([change(one, labels.get(one.path, one.path)) for one in case.proposal], _FEW)


def proposed(case: Case, around: Around) -> str:
    """Who proposed what, in one sentence."""
    return ended(named(case.decision, around)) or f"Proposed by {person(case.proposed_by, around)}."


def change(overlay: Overlay, label: str) -> str:
    """One decided value."""
    after = "accepted as it stands" if overlay.action == "waive" else quote(overlay.value)
    return f"*{said(label, 100)}*: {quote(overlay.found)} → {after}"


def line_of(case: Case, around: Around) -> str:
    """One record among many, on one line."""
    money = f" · {case.money}" if case.money else ""
    until = clock_of(case, around)
    return f"{case.ref} · {link(around.crm_link(case.subject), title_of(case), 100)}{money} · {until}"


def due(at: datetime | None, around: Around) -> str:
    """A deadline in words: late is said, not only shown."""
    if at is None:
        return "no deadline"
    return f"late since {moment(at)}" if at <= around.now else f"by {moment(at)}"


def due_plain(at: datetime | None, around: Around) -> str:
    """The same without markup."""
    if at is None:
        return "no deadline"
    return f"late since {utc(at)}" if at <= around.now else f"resolve by {utc(at)}"


def clock_of(case: Case, around: Around, *, plain: bool = False) -> str:
    """The deadline of one record in words, or that its clock stands still; `plain` is without markup."""
    if case.paused_at is not None and case.resolve_by > case.paused_at:
        return "its clock stands still"
    return due_plain(case.resolve_by, around) if plain else due(case.resolve_by, around)


def standing(case: Case, around: Around) -> str:
    """Who has it, in a few words of mrkdwn."""
    match case.state:
        case CaseState.OWNED if case.assignee:
            return f"{person(case.assignee, around)} has it"
        case CaseState.SNOOZED if case.snoozed_until:
            return f"snoozed until {moment(case.snoozed_until)}"
        case CaseState.PROPOSED:
            return f"proposed by {person(case.proposed_by, around)}, waits for approval"
        case CaseState.REOPENED:
            return "came back after a replay"
        case CaseState.RESOLVED:
            return "resolved"
        case _:
            return f"nobody has it yet, {person(case.owner, around)} is asked"


def asked_now(case: Case, around: Around) -> str:
    """Who is asked since nobody answered, in a sentence of mrkdwn."""
    rung = case.ladder[min(case.rung, len(case.ladder)) - 1] if case.ladder and case.rung else None
    if rung is None or rung.to == BACKUP:
        return f"{person(rung.people[0] if rung else case.backup, around)} is the backup and is asked now."
    if not rung.people:
        return f"{rung.called[:1].upper()}{rung.called[1:]} is asked now."
    names = ", ".join(few([person(one, around) for one in rung.people], 3))
    one, many = ("an approver", "approvers") if rung.to == APPROVERS else ("in the team", "in the team")
    return f"{names} is {one} and is asked now." if len(rung.people) == 1 else f"{names} are {many} and are asked now."


def refs_in_short(cause: Cause) -> str:
    """The first id, and how many more there are."""
    left = (cause.unresolved or cause.total) - 1
    return f"{cause.first[0].ref} and {left:,} more" if left > 0 else cause.first[0].ref


def refs(cause: Cause) -> str:
    """The ids of the records of a card."""
    shown = ", ".join(case.ref for case in cause.first)
    left = (cause.unresolved or cause.total) - len(cause.first)
    return f"{shown} and {left:,} more" if left > 0 else shown
