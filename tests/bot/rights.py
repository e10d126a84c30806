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
    "A": {OWNER: FAYE, BACKUP: GUS, MEMBER: BEN, APPROVER: PRIYA, OTHER_TEAM: MIRA, NOBODY: SAM},
}
"""Sales Operations has what is of class B, Billing what is of class A."""
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
    },
    "A": {
        "take": Rule(roles=_TEAM, states=_UNSETTLED),
        "replay": Rule(roles=_TEAM, states=_UNSETTLED),
        "hand_over": Rule(roles=_TEAM, states=_UNSETTLED),
        "snooze": Rule(roles=_TEAM, states=_UNSETTLED - {"snoozed"}),
        "resolve": Rule(roles=_LEADS, states=_UNSETTLED),  # it proposes
        "discard": Rule(roles={APPROVER}, states=_UNSETTLED),
        "approve": Rule(roles={APPROVER}, states={"proposed"}),
        "reject": Rule(roles={APPROVER}, states={"proposed"}),
    },
}
"""The contract's word, not the program's: class A is proposed by one and approved by another."""


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
        "UPDATE deliveries SET state = :stands, front = :stands = 'held', lease = NULL, leased_until = NULL WHERE id = :delivery",
        "UPDATE cases SET state = :state, assignee = :assignee, proposed_by = :proposer, proposal = :proposal,"
        " snoozed_until = :until, resolved_at = :done, decided_by = :by, decision = '', level = 0 WHERE id = :id",
        "UPDATE causes SET closed_at = :done, version = version + 1 WHERE id = :cause",
    )
    await world.store.db.write(lambda tx: [tx.execute(text(one), values) for one in statements] and None)
