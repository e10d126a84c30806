"""What is bound to what: which record of a target a source's record became."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import Connection, select

from store.database import Database
from store.tables import bindings
from sync.bound import Bound

_SHARE = 500
_Pair = tuple[str, str, str]


class Bindings:
    """The table of bindings, as flows read it."""

    db: Database

    async def bound_to(self, asked: Collection[Bound]) -> dict[Bound, tuple[str, ...]]:
        """For each of them the ids of the target's records that it is bound to; none where it never was."""

        def work(tx: Connection) -> dict[Bound, tuple[str, ...]]:
            known = {pair: _known(tx, pair, ids) for pair, ids in _by_pair(asked).items()}
            return {each: _ids(each, known[_pair(each)]) for each in asked}

        return await self.db.read(work)


def _pair(each: Bound) -> _Pair:
    return each.source_connection, each.source_entity, each.target_connection


def _by_pair(asked: Collection[Bound]) -> dict[_Pair, set[str]]:
    found: dict[_Pair, set[str]] = defaultdict(set)
    for each in asked:
        found[_pair(each)].add(each.source_id)
    return found


def _known(tx: Connection, pair: _Pair, source_ids: set[str]) -> dict[str, list[tuple[str, str]]]:
    """The target's entity and id of each binding, by the source's id."""
    b, wanted = bindings.c, sorted(source_ids)
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for at in range(0, len(wanted), _SHARE):
        rows = select(b.source_id, b.target_entity, b.target_id).where(
            b.source_connection == pair[0], b.source_entity == pair[1], b.target_connection == pair[2],
            b.source_id.in_(wanted[at : at + _SHARE]),
        )  # fmt: skip
        for row in tx.execute(rows.order_by(b.id)):
            found[row.source_id].append((row.target_entity, row.target_id))
    return found


def _ids(each: Bound, known: dict[str, list[tuple[str, str]]]) -> tuple[str, ...]:
    pairs = known.get(each.source_id, [])
    return tuple(target_id for entity, target_id in pairs if each.target_entity in ("", entity))
