"""The message that tells the owner of a flow of a rule that might be. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.blocks import Block, actions, button, context, message, moment, said, section
from bot.carried import Carried, carry
from bot.wording import Around, person
from sync.suggestions import ProposedRule, in_words

NOTE, DISMISS = "rule_note", "rule_dismiss"
_ENDS = {"noted": "noted for the governance review", "dismissed": "dismissed"}


def rule_card(rule: ProposedRule, around: Around) -> Block:
    """What the owner of a flow reads of a rule that might be."""
    flow = said(around.flow_title(rule.flow), 80)
    words = f"{said(in_words(rule), 400)}: {rule.accepted} of {rule.accepted}."
    body = (
        f"*Perhaps a rule for {flow}*\n{words}\n"
        "People took this suggestion each time. Nothing is changed by itself: a rule is written into the flow and published."
    )
    if rule.state == "proposed":
        value = carry(Carried(cause=rule.id, version=1))
        below = actions(button(NOTE, "Note it for the governance review", value), button(DISMISS, "Dismiss", value))
        return message(f"Perhaps a rule for {flow}: {words}", section(body), below)
    when = f" {moment(rule.decided_at)}" if rule.decided_at is not None else ""
    ended = f"{_ENDS[rule.state].capitalize()} by {person(rule.decided_by or '', around)}{when}."
    return message(
        f"Perhaps a rule for {flow}: {words} {_ENDS[rule.state].capitalize()}.", section(body), context(ended)
    )


def told(body: dict[str, Any], around: Around) -> Block:
    """The message of a rule that was just proposed, from what the outbox holds of it."""
    at = datetime.fromisoformat(body["proposed_at"])
    return rule_card(ProposedRule(**{**body, "proposed_at": at}), around)
