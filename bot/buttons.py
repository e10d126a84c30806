"""The buttons of a card and the menu beside it: only what the state allows, two to four, the rest in the menu."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import VALUE, Block, button, clip, confirm, option, overflow
from bot.carried import Carried, carry
from bot.customer_words import is_about_customers
from bot.pause_views import may_be_paused
from bot.rollout_cards import go_on
from bot.wording import Around, asks, fix_label, is_many, is_outage, records, title_of, told, worth
from sync.decide import shared_questions
from sync.lifecycle import CaseState, case_verbs
from sync.model import BillingHold, Candidate, Cause, Violation
from sync.reasons import Fix, reason

_MOST = 4
_MENU = {"snooze": "Snooze", "pause_clock": "Stop the clock", "hand_over": "Hand over", "hold_billing": "Hold billing",
         "discard": "Discard"}  # fmt: skip
_NO_WAY_BACK = "What is written to the ERP cannot be undone here."


def verbs(cause: Cause) -> frozenset[str]:
    """What a person may do with at least one record of the card."""
    return frozenset(verb for case in cause.first for verb in case_verbs(case.state, four_eyes=case.four_eyes))


def is_proposed(cause: Cause) -> bool:
    """Whether all that the card shows waits for a second person."""
    return bool(cause.first) and all(case.state == CaseState.PROPOSED for case in cause.first)


def questions(cause: Cause) -> tuple[Violation, ...]:
    """What the fix asks, as far as the card knows it."""
    if is_many(cause):
        return shared_questions([case.violations for case in cause.first])[:1]
    return cause.first[0].violations if cause.first else ()


def suggestion(cause: Cause) -> Candidate | None:
    """The one value that is probably meant, when it answers all that the card asks and rests on something."""
    asked = questions(cause)
    single = len({(one.reason, one.found) for one in asked}) == 1 and (asked[0].found or len(asked) == 1)
    if not single or any(case.four_eyes for case in cause.first) or _is_approved(cause, asked[0]):
        return None
    best = next(iter(asked[0].candidates), None)
    if best is None or best.score <= 0 or not best.value or len(_carry(cause, candidate=best.value)) > VALUE:
        return None
    return best


def _is_approved(cause: Cause, question: Violation) -> bool:
    return reason(cause.reason).fix is Fix.APPROVE and not is_about_customers(question)


def pressable(cause: Cause, around: Around) -> list[Block]:
    """The buttons, the fix first."""
    allowed = verbs(cause)
    release = [_release(cause, around)] if cause.holds else []
    fixes = _fixes(cause, allowed)
    if first := go_on(cause):
        fixes = [*first, *map(_without_style, fixes)]
    if "approve" in allowed:
        return [_approve(cause), _reject(cause), *map(_without_style, fixes[:1]), *release]
    take = [button("take", _take_label(cause), _carry(cause))] if "take" in allowed else []
    return [*[*fixes, *take][: _MOST - len(release)], *release]


def menu(cause: Cause, around: Around) -> Block:
    """The menu behind three dots. A card that is closed keeps its history. What finds no room is the CRM: the title leads there."""
    allowed = frozenset() if is_proposed(cause) else verbs(cause)
    if cause.rollout is not None and cause.rollout.live:
        allowed -= {"discard"}
    if is_outage(cause):  # its records go on by themselves: there is nothing to call off
        allowed -= {"discard"}
    elif allowed and may_be_paused(cause):
        allowed |= {"pause_clock"}
    if allowed and not cause.holds and any(case.customer and case.four_eyes for case in cause.first):
        allowed |= {"hold_billing"}  # where money is at risk; there nobody discards alone, so the menu has room
    entries = [option(words, _carry(cause, verb=verb)) for verb, words in _MENU.items() if verb in allowed]
    entries.append(option("Timeline", _carry(cause, verb="timeline")))
    url = around.crm_link(cause.first[0].subject) if cause.first and not is_many(cause) else None
    if url is not None and url.startswith("https://"):
        entries.append(option("Open in CRM", _carry(cause, verb="open"), url=url))
    return overflow("more", entries)


def _fixes(cause: Cause, allowed: frozenset[str]) -> list[Block]:
    found: list[Block] = []
    if asks(cause.reason):
        if "resolve" in allowed:
            found = _answering(cause)
        elif "propose" in allowed:
            found = [button("resolve", "Propose fix", _carry(cause), style="primary")]
    if "replay" in allowed:
        style = None if found else "primary"
        found.append(button("replay", _replay_label(cause), _carry(cause), style=style, confirm=_sure_to_replay(cause)))
    return found


def _answering(cause: Cause) -> list[Block]:
    best = suggestion(cause)
    if best is None:
        return [button("resolve", fix_label(cause.reason, questions(cause)), _carry(cause), style="primary")]
    what = records(cause.unresolved) if is_many(cause) else f"1 record, {clip(title_of(cause.first[0]), 80)}"
    goes = f"{what}{_worth(cause)} will go on with “{clip(best.label, 60)}” ({clip(best.why, 60)})."
    value = _carry(cause, candidate=best.value)
    if is_about_customers(questions(cause)[0]):
        goes = f"{what}{_worth(cause)} will be billed to {clip(best.label, 60)} ({clip(best.why, 80)})."
        sure = confirm("The same customer?", f"{goes} {_NO_WAY_BACK}", "Same customer")
        other = button("resolve", "Different customers", _carry(cause))
        return [button("suggest", "Same customer", value, style="primary", confirm=sure), other]
    sure = confirm(f"Use {best.label}?", f"{goes} {_NO_WAY_BACK}", f"Use it for {records(cause.unresolved)}")
    other = button("resolve", "Choose another", _carry(cause))
    return [button("suggest", f"Use {best.label}", value, style="primary", confirm=sure), other]


def _approve(cause: Cause) -> Block:
    what = records(cause.unresolved) if is_many(cause) else title_of(cause.first[0])
    who = "" if is_many(cause) else f" of {what}"
    text = f"You agree to the proposed change{who}{_worth(cause)} as the second person. {_NO_WAY_BACK}"
    sure = confirm(f"Approve for {what}?", text, "Approve")
    return button("approve", "Approve", _carry(cause), style="primary", confirm=sure)


def _without_style(block: Block) -> Block:
    return {name: value for name, value in block.items() if name != "style"}


def _reject(cause: Cause) -> Block:
    return button("reject", "Reject", _carry(cause), style="danger")


def _release(cause: Cause, around: Around) -> Block:
    only = cause.holds[0] if len(cause.holds) == 1 else None
    value = _carry(cause, hold=only.id if only else None)
    return button("release", "Release billing", value, style="danger", confirm=sure_to_release(cause.holds, around))


def sure_to_release(holds: Sequence[BillingHold], around: Around) -> Block:
    """The question before a release; it names the customer."""
    who = told(holds[0].called, around, 80) if len(holds) == 1 else f"{len(holds)} customers"
    text = f"Invoices for {who} go out again. An invoice that is out cannot be taken back here."
    return confirm(f"Release billing for {who}?", text, "Release billing", style="danger")


def _sure_to_replay(cause: Cause) -> Block | None:
    if not is_many(cause):
        return None
    text = f"{records(cause.unresolved)}{_worth(cause)} will be read again and tried again. {_NO_WAY_BACK}"
    return confirm(f"Replay {records(cause.unresolved)}?", text, "Replay all")


def _replay_label(cause: Cause) -> str:
    return f"Replay all {cause.unresolved:,}" if is_many(cause) else "Replay"


def _take_label(cause: Cause) -> str:
    return "Take over" if all(case.assignee for case in cause.first) else "Take it"


def _worth(cause: Cause) -> str:
    money = worth(cause.sums)
    return f" worth {money}" if money else ""


def _carry(cause: Cause, *, verb: str = "", hold: int | None = None, candidate: str | None = None) -> str:
    return carry(Carried(cause=cause.id, version=cause.version, verb=verb, hold=hold, candidate=candidate))
