"""Who may do what with an exception, written down as people would say it, and a case put into any state to try it on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from sync.model import Case
from tests.bot.hands import BEN, DANA, FAYE, GUS, MIRA, OMAR, PRIYA, SAM
from tests.world import MONDAY, World

OWNER, BACKUP, MEMBER, APPROVER, OTHER_TEAM, NOBODY = "owner", "backup", "member", "approver", "another team", "nobody"
PEOPLE = {
    "B": {OWNER: DANA, BACKUP: BEN, MEMBER: GUS, APPROVER: PRIYA, OTHER_TEAM: OMAR, NOBODY: SAM},
    "P": {OWNER: DANA, BACKUP: BEN, MEMBER: GUS, APPROVER: PRIYA, OTHER_TEAM: OMAR, NOBODY: SAM},
    "A": {OWNER: FAYE, BACKUP: GUS, MEMBER: BEN, APPROVER: PRIYA, OTHER_TEAM: MIRA, NOBODY: SAM},
}
"""Sales Operations has what is of class B (P: a product that is not in the list, with a suggestion), Billing what is of class A."""
STATES = ("open", "owned", "snoozed", "reopened", "proposed", "resolved")
_TEAM, _LEADS = {OWNER, BACKUP, MEMBER, APPROVER}, {OWNER, BACKUP, APPROVER}
_UNSETTLED = {"open", "owned", "snoozed", "reopened"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which roles may, and in which states there is something to do."""

    roles: set[str]
    states: set[str]


RULES: dict[str, dict[str, Rule]] = {
    "B": {
        "take": Rule(roles=_TEAM, states=_UNSETTLED),
        "replay": Rule(roles=_TEAM, states=_UNSETTLED),
        "hand_over": Rule(roles=_TEAM, states=_UNSETTLED),
        "snooze": Rule(roles=_TEAM, states=_UNSETTLED - {"snoozed"}),
        "resolve": Rule(roles=_LEADS, states=_UNSETTLED),
        "discard": Rule(roles=_LEADS, states=_UNSETTLED),
        "approve": Rule(roles={APPROVER}, states={"proposed"}),
        "reject": Rule(roles={APPROVER}, states={"proposed"}),
        "pause_clock": Rule(roles=_TEAM, states=_UNSETTLED),
    },
    "P": {"suggest": Rule(roles=_LEADS, states=_UNSETTLED)},
    "A": {
        "take": Rule(roles=_TEAM, states=_UNSETTLED),
        "replay": Rule(roles=_TEAM, states=_UNSETTLED),
        "hand_over": Rule(roles=_TEAM, states=_UNSETTLED),
        "snooze": Rule(roles=_TEAM, states=_UNSETTLED - {"snoozed"}),
        "resolve": Rule(roles=_LEADS, states=_UNSETTLED),  # it proposes
        "discard": Rule(roles={APPROVER}, states=_UNSETTLED),
        "approve": Rule(roles={APPROVER}, states={"proposed"}),
        "reject": Rule(roles={APPROVER}, states={"proposed"}),
        "pause_clock": Rule(roles={APPROVER}, states=_UNSETTLED),
    },
}
"""The contract's word, not the program's: class A is proposed by one and approved by another."""


FLOW = {OWNER: OMAR, BACKUP: MIRA, APPROVER: PRIYA, OTHER_TEAM: DANA, NOBODY: SAM}
"""The team that owns the flow."""
COMMANDS = {
    "run quote_to_cash": "run", "pause quote_to_cash": "pause", "resume quote_to_cash": "resume",
    'hold "Acme GmbH" credit check': "hold", 'release "Acme GmbH" they paid': "release",
}  # fmt: skip
"""What `/sync` changes about a flow or a customer, and what a refusal calls it: for who leads the team that owns the flow."""
_SHOWN = "for everybody: it only shows"
_OWN = "for everybody: it is about the person who presses"
_TABLE, _ELSEWHERE, _RELEASES = "the table", "test_rights_elsewhere", "test_release_cards"
PROVEN = {
    **dict.fromkeys(("take", "replay", "approve", "suggest", "resolve", "snooze", "hand_over", "discard", "reject", "pause_clock"), _TABLE),
    **dict.fromkeys(("release", "resume_clock", "go_on", "stop_rollout", "fix_replay", "fix_discard"), _ELSEWHERE),
    **dict.fromkeys(("replay_canary", "replay_rest", "replay_one"), _ELSEWHERE),
    **dict.fromkeys(("ask_run", "ask_pause", "ask_resume", "ask_hold", "ask_release", "ask_replay"), _ELSEWHERE),
    **dict.fromkeys(("ask_show", "ask_trace", "ask_reconcile", "timeline", "all", "all_next", "all_previous", "all_search"), _SHOWN),
    **dict.fromkeys(("drifts", "drifts_customers", "drifts_next", "drifts_previous"), _SHOWN),
    **dict.fromkeys(("prefer", "away", "back", "manual_fix", "fill"), _OWN),
    **dict.fromkeys(("release_approve", "release_reject", "release_promote", "release_roll_back"), _RELEASES),
    **dict.fromkeys(("rule_note", "rule_dismiss"), "test_fixing"),
    "hold_billing": "test_holding_cards",
    "postmortem": "test_bypass_cards",
}  # fmt: skip
"""Every verb of the surface: where it is tried by who may not, or why everybody may."""


def may(severity: str, verb: str, role: str) -> bool:
    """Whether the role may, whatever state the case is in."""
    return role in RULES[severity][verb].roles


def can(severity: str, verb: str, state: str) -> bool:
    """Whether there is something to do in this state, whoever does it."""
    return state in RULES[severity][verb].states


async def put(world: World, case: Case, state: str, *, proposer: str) -> None:
    """The case into this state, with what belongs to it, past every verb."""
    values: dict[str, Any] = {
        "id": case.id, "state": state, "delivery": case.delivery_id, "cause": case.cause_id,
        "assignee": proposer if state == "owned" else None, "proposer": proposer if state == "proposed" else "",
        "proposal": '[{"path": "billing_code", "found": "", "action": "set", "value": "BC-1", "reason": "x"}]'
        if state == "proposed" else None,
        "until": "2026-11-24 09:00:00.000000" if state == "snoozed" else None,
        "done": MONDAY.strftime("%Y-%m-%d %H:%M:%S.%f") if state == "resolved" else None,
        "by": proposer if state == "resolved" else "", "stands": "delivered" if state == "resolved" else "held",
    }  # fmt: skip
    statements = (
        "DELETE FROM overlays",
        "DELETE FROM clock_pauses",
        "UPDATE deliveries SET state = :stands, front = :stands = 'held', lease = NULL, leased_until = NULL WHERE id = :delivery",
        "UPDATE cases SET state = :state, assignee = :assignee, proposed_by = :proposer, proposal = :proposal,"
        " snoozed_until = :until, resolved_at = :done, decided_by = :by, decision = '', level = 0, paused_at = NULL WHERE id = :id",
        "UPDATE causes SET closed_at = :done, version = version + 1 WHERE id = :cause",
    )
    await world.store.db.write(lambda tx: [tx.execute(text(one), values) for one in statements] and None)
