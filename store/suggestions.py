"""Suggestions and proposed rules. What a decision says about them is counted in the decision's own transaction; a rule is proposed
once and never applied."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from store.database import Database, insert
from store.fixing_tables import proposed_rules, suggestions
from store.journal import append
from store.rows import AnyRow
from store.sealed import sealed_text
from store.tables import messages
from store.vault import LEDGER
from sync.errors import IllegalMove, NotFound
from sync.suggestions import Counting, Mark, ProposedRule, Suggestion, in_words

RULE = "rule"
"""The kind of the message that tells of a proposed rule is `rule:<id>`; its body holds the rule as data."""
_S, _P = suggestions.c, proposed_rules.c
_RULE, _COUNTED = ([each.name for each in fields(noun)] for noun in (ProposedRule, Suggestion))


class Suggestions:
    """What is kept of suggestions, and of the rules that may follow from them."""

    db: Database

    async def suggestions(self, *, flow: str | None = None, limit: int = 200) -> list[Suggestion]:
        """How often each suggestion was taken and passed over, the most taken first."""
        query = select(suggestions).order_by(_S.accepted.desc(), _S.id).limit(limit)
        if flow is not None:
            query = query.where(_S.flow == flow)
        return await self.db.read(lambda tx: [_suggestion(row) for row in tx.execute(query)])

    async def proposed_rules(self, since: datetime, *, until: datetime | None = None) -> list[ProposedRule]:
        """The rules that were proposed from `since` on (and before `until`), the oldest first, whatever became of them."""
        query = select(proposed_rules).where(_P.proposed_at >= since).order_by(_P.proposed_at, _P.id)
        if until is not None:
            query = query.where(_P.proposed_at < until)
        return await self.db.read(lambda tx: [_rule(row) for row in tx.execute(query)])

    async def proposed_rule(self, rule_id: int) -> ProposedRule:
        """The rule of that number. Raises NotFound."""
        return await self.db.read(lambda tx: _rule(_found(tx, rule_id)))

    async def end_rule(self, rule_id: int, state: str, *, by: str, now: datetime) -> ProposedRule:
        """Note the rule for the governance review, or dismiss it. Raises NotFound, and IllegalMove where somebody was faster."""

        def work(tx: Connection) -> ProposedRule:
            guard = (_P.id == rule_id, _P.state == "proposed")
            ended = update(proposed_rules).where(*guard).values(state=state, decided_by=by, decided_at=now)
            if tx.execute(ended).rowcount == 0:
                row = _found(tx, rule_id)
                raise IllegalMove(
                    f"It is already {row.state} by @{{{row.decided_by}}}.", state=row.state, by=row.decided_by
                )
            append(tx, actor=by, verb=state, noun="rule", noun_id=rule_id, now=now)
            return _rule(_found(tx, rule_id))

        return await self.db.write(work)


def count(tx: Connection, counting: Counting | None, now: datetime) -> None:
    """Count what a decision says about suggestions, in its transaction; propose the rules that follow."""
    for mark in counting.marks if counting is not None else ():
        streak = _counted(tx, mark, now)
        if counting is not None and mark.accepted and streak >= counting.enough:
            _propose(tx, mark, streak, (counting.channels or {}).get(mark.flow, ""), now)


def _counted(tx: Connection, mark: Mark, now: datetime) -> int:
    """How often it was taken by now since it was last passed over."""
    about = _about(mark) | {"matcher": mark.matcher, "first_at": now, "last_at": now}
    tx.execute(insert(tx.dialect.name, suggestions).values(about).on_conflict_do_nothing())
    changed: dict[str, Any] = {"last_at": now, "matcher": mark.matcher}
    if mark.accepted:
        changed |= {"accepted": _S.accepted + 1, "streak": _S.streak + 1}
    else:
        changed |= {"rejected": _S.rejected + 1, "streak": 0}
    query = update(suggestions).where(_S.key == mark.key).values(changed).returning(_S.streak)
    return int(tx.execute(query).scalar_one())


def _propose(tx: Connection, mark: Mark, accepted: int, channel: str, now: datetime) -> None:
    values = _about(mark) | {"accepted": accepted, "state": "proposed", "proposed_at": now}
    fresh = insert(tx.dialect.name, proposed_rules).values(values).on_conflict_do_nothing().returning(_P.id)
    rule_id = tx.execute(fresh).scalar_one_or_none()
    if rule_id is None:  # it was proposed before, whatever became of it
        return
    data = {"flow": mark.flow, "found": mark.found, "value": mark.value, "accepted": accepted}
    append(tx, actor="engine", verb="propose_rule", noun="rule", noun_id=rule_id, now=now, data=data)
    if channel:
        body = {
            **{name: value for name, value in values.items() if name not in ("key", "proposed_at")},
            "id": rule_id,
            "proposed_at": now.isoformat(),
        }
        told = {
            "channel": channel,
            "kind": f"{RULE}:{rule_id}",
            "text": sealed_text(in_words(mark), LEDGER),
            "body": body,
        }
        tx.execute(messages.insert().values(**told, at=now, due_at=now))


def _about(mark: Mark) -> dict[str, Any]:
    return {
        "key": mark.key, "flow": mark.flow, "reason": mark.reason, "path": mark.path, "label": mark.label,
        "found": mark.found, "value": mark.value, "means": mark.means,
    }  # fmt: skip


def _found(tx: Connection, rule_id: int) -> AnyRow:
    row = tx.execute(select(proposed_rules).where(_P.id == rule_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no proposed rule {rule_id}")
    return row


def _rule(row: AnyRow) -> ProposedRule:
    return ProposedRule(**{name: getattr(row, name) for name in _RULE})


def _suggestion(row: AnyRow) -> Suggestion:
    return Suggestion(**{name: getattr(row, name) for name in _COUNTED})
