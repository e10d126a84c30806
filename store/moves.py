"""A move of cases by a person, inside one transaction: the move, its consequence for the deliveries, the decision in the journal,
the line in the thread. The state is the guard: of many who press at once, one counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Update, func, select, update

from store import leftovers
from store.asking import about, ask
from store.causes import hurry, touch
from store.database import tell_news
from store.holds import doubts, release
from store.journal import append
from store.lines import line_up, lock, put_back
from store.pausing import let_run
from store.rows import AnyRow
from store.tables import cases, deliveries, overlays
from store.vault import about as whose
from sync.errors import IllegalMove, NotAllowed
from sync.lifecycle import CaseState, case_move, delivery_move
from sync.model import Contrast, Overlay
from sync.pausing import ENDED_BY
from sync.suggestions import Counting

_SETTLES = ("resolve", "approve", "discard")
_SAID = frozenset({"reject", "resolve", "approve", "discard", "propose"})
"""The verbs whose words stay with the case."""
_RELEASES = {"resolve": "replay", "approve": "replay", "replay": "replay", "discard": "discard"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """What a person asks for: a verb of the case table, on these cases. `words` is the decision as people read it,
    `overlays` what it means for each case, `to` the person it is handed to, `until` the end of a snooze, `acting_for` whose right
    it is when it is not the person's own: of people who are away, `counting` what it says about suggestions, `contrast`
    what a proposal changes in the target. Before `not_before`
    the records do not go out."""

    verb: str
    cases: Sequence[int]
    by: str
    words: str
    overlays: Mapping[int, tuple[Overlay, ...]] = field(default_factory=dict)
    to: str | None = None
    until: datetime | None = None
    acting_for: tuple[str, ...] = ()
    not_before: datetime | None = None
    counting: Counting | None = None
    contrast: Mapping[int, tuple[Contrast, ...]] = field(default_factory=dict)


def move(tx: Connection, press: Press, now: datetime, *, told: bool = True) -> list[AnyRow]:
    """Move the cases and what hangs on them; those that moved, perhaps none. `told`: in their cards and threads too. Raises
    NotAllowed when a person would decide alone what needs two."""
    doubted = doubts(tx, press.cases) if press.verb in _SETTLES else []
    if press.verb in ENDED_BY:
        let_run(tx, press.cases, by=press.by, now=now)
    moved = _move(tx, press, now)
    if not moved:
        return []
    if press.verb in ("resolve", "approve"):
        _decide(tx, press, moved, now)
    if press.verb in _RELEASES:
        _set_going(tx, press, moved, now)
    if press.verb == "discard" and told:
        leftovers.tell(tx, [(row.id, row.delivery_id) for row in moved], now)
    for hold in doubted:
        if hold.case_id in {row.id for row in moved}:
            release(tx, hold, by=press.by, note=press.words, now=now)
    _record(tx, press, moved, now, told=told)
    return moved


def _move(tx: Connection, press: Press, now: datetime) -> list[AnyRow]:
    take_turns(tx, press.cases)
    four_eyes(tx, press)
    moved = list(tx.execute(_moving(press, now).where(*movable(press)).returning(*cases.c)).all())
    for name in {row.about for row in moved} if press.verb in _SAID else ():
        ids = [row.id for row in moved if row.about == name]
        with whose(name):
            tx.execute(update(cases).where(cases.c.id.in_(ids)).values(decision=press.words))
    return moved


def movable(press: Press) -> list[ColumnElement[bool]]:
    """Which of the cases the press can move now."""
    guard: list[ColumnElement[bool]] = [cases.c.id.in_(press.cases), cases.c.state.in_(case_move(press.verb).sources)]
    if press.verb in ("replay", "discard"):  # what is on its way already is neither sent again nor called off
        guard.append(cases.c.delivery_id.in_(_stopped(press.verb)))
    return guard


def take_turns(tx: Connection, ids: Sequence[int]) -> None:
    """On PostgreSQL whoever presses second waits here, and then looks at what the first has done. SQLite has one writer."""
    tx.execute(select(cases.c.id).where(cases.c.id.in_(ids)).order_by(cases.c.id).with_for_update()).all()


def _stopped(verb: str) -> Select[int]:
    return select(deliveries.c.id).where(deliveries.c.state.in_(delivery_move(_RELEASES[verb]).sources))


def _moving(press: Press, now: datetime) -> Update:
    values: dict[str, Any] = {
        "state": case_move(press.verb).target,
        "responded_at": func.coalesce(cases.c.responded_at, now),
        "snoozed_until": press.until if press.verb == "snooze" else None,
    }
    match press.verb:
        case "take" | "replay":
            values["assignee"] = press.by
        case "hand_over":
            values["assignee"] = press.to
        case "reject":
            values |= {
                "proposal": None,
                "contrast": None,
                "assignee": cases.c.proposed_by,
                "proposed_by": "",
            }
        case "resolve" | "approve" | "discard":
            values |= {"resolved_at": now, "decided_by": press.by}
        case "propose":
            values |= {"proposed_by": press.by}
    return update(cases).values(**values)


def four_eyes(tx: Connection, press: Press) -> None:
    """Raises NotAllowed when a person would decide alone what needs two."""
    c = cases.c
    match press.verb:
        case "approve":
            lent = press.acting_for if len(press.acting_for) == 1 else ()
            alone = (c.state == CaseState.PROPOSED) & ((c.proposed_by == press.by) | c.proposed_by.in_(lent))
            words = "Nobody approves their own proposal: a second person has to look at it."
        case "resolve":
            alone = c.four_eyes & c.state.in_(case_move("resolve").sources)
            words = "Nobody decides this alone: propose it, and a second person has to look at it."
        case _:
            return
    if tx.execute(select(c.id).where(c.id.in_(press.cases), alone).limit(1)).first() is not None:
        raise NotAllowed(words)


def too_late(tx: Connection, press: Press) -> IllegalMove:
    """Why the press could move none of its cases: who was faster."""
    row = (tx.execute(select(cases).where(cases.c.id.in_(press.cases)).limit(1))).one_or_none()
    if row is None:
        return IllegalMove("There is no such exception.")
    if row.state in case_move(press.verb).sources:
        return IllegalMove(f"EX-{row.id} is on its way already.", state="pending")
    who = row.decided_by if row.state == CaseState.RESOLVED else row.proposed_by or row.assignee or ""
    when = f" at {row.resolved_at:%H:%M} UTC" if row.resolved_at else ""
    name = f" by @{{{who}}}" if who and who != "engine" else ""
    return IllegalMove(f"EX-{row.id} is already {row.state}{name}{when}.", state=row.state, by=who)


def _decide(tx: Connection, press: Press, moved: list[AnyRow], now: datetime) -> None:
    for row in moved:
        chosen = press.overlays.get(row.id, ())
        if press.verb == "approve":
            chosen = tuple(Overlay(**one) for one in row.proposal or ())
        with whose(row.about):
            for one in chosen:
                made = {
                    "flow": row.flow,
                    "subject": row.subject,
                    "case_id": row.id,
                    "decided_by": press.by,
                    "decided_at": now,
                }
                tx.execute(overlays.insert().values(**made, **asdict(one)))


def _set_going(tx: Connection, press: Press, moved: list[AnyRow], now: datetime) -> None:
    move = delivery_move(_RELEASES[press.verb])
    line = {(row.flow, row.subject) for row in moved}
    lock(tx, line)
    put_back(tx, deliveries.c.id.in_([row.delivery_id for row in moved]), move, now, due=press.not_before)
    line_up(tx, line)
    tell_news(tx)


def _record(tx: Connection, press: Press, moved: list[AnyRow], now: datetime, *, told: bool) -> None:
    if press.verb == "propose":
        for row in moved:
            plan = [asdict(one) for one in press.overlays.get(row.id, ())]
            shown = [asdict(one) for one in press.contrast.get(row.id, ())]
            with whose(row.about):
                tx.execute(update(cases).where(cases.c.id == row.id).values(proposal=plan, contrast=shown))
    for cause_id in {row.cause_id for row in moved} if told else ():
        touch(tx, cause_id, now)
        hurry(tx, cause_id)
        count = sum(row.cause_id == cause_id for row in moved)
        many = f" ({count} records)" if count > 1 else ""
        first = next(row for row in moved if row.cause_id == cause_id)
        ask(tx, about(first, f"{press.words}{many}", (press.to,) if press.to else ()), now)
    for row in moved:
        data = {
            "decision": press.words,
            "overlays": [asdict(one) for one in press.overlays.get(row.id, ())],
            "delivery": row.delivery_id,
        }
        if press.acting_for:
            data["for"] = list(press.acting_for)
        with whose(row.about):
            append(tx, actor=press.by, verb=press.verb, noun="case", noun_id=row.id, now=now, data=data)
