"""Whatever happens to the records, to the network and to us between two pages: every change is seen at least once, and each takes
effect once. The histories are random and the same ones every time; each connector that polls goes through them."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from connector_fakes import NOW
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from polled_systems import SYSTEMS, System

from sync.abilities import Ability
from sync.connectors import build, kinds
from sync.connectors.testing.front import Front, served
from sync.errors import ConnectorError
from sync.model import Change

LATE = (30, 200, 285)
ID = st.integers(1, 7)
STEP = st.one_of(
    st.tuples(st.just("edit"), ID),
    st.tuples(st.just("late"), ID, st.sampled_from(LATE)),
    st.tuples(st.just("bulk"), st.integers(2, 7)),
    st.tuples(st.just("delete"), ID),
    st.tuples(st.just("merge"), ID, ID),
    st.tuples(st.just("tick"), st.sampled_from((0.4, 1, 3, 15, 60, 290, 400))),
    st.tuples(st.just("poll"), st.integers(1, 4)),
    st.tuples(st.just("crash"), st.integers(0, 2)),
    st.tuples(st.just("cut")),
)
HISTORY = st.lists(STEP, min_size=4, max_size=25)


@dataclass
class Play:
    """One history. `versions` are the records as they are now, `pending` the commits that are still to come."""

    system: System
    connector: Any
    front: Front
    now: datetime = NOW
    cursor: Any = None
    versions: dict[int, int] = field(default_factory=dict)
    stamps: dict[int, datetime] = field(default_factory=dict)
    pending: list[tuple[datetime, int, datetime]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    effects: Counter[tuple[int, int]] = field(default_factory=Counter)
    edits: Counter[int] = field(default_factory=Counter)
    keys: Counter[int] = field(default_factory=Counter)

    async def step(self, what: str, *more: Any) -> None:
        match what, more:
            case "edit", (number,):
                self.edit(number)
            case "late", (number, seconds):
                self.late(number, seconds)
            case "bulk", (count,):
                for number in range(1, count + 1):
                    self.edit(number)
            case "delete", (number,):
                self.delete(number)
            case "merge", (winner, loser) if winner != loser and loser in self.versions:
                self.delete(loser)
                self.edit(winner)
            case "tick", (seconds,):
                self.tick(seconds)
            case "poll", (pages,):
                await self.poll(pages)
            case "crash", (pages,):
                await self.poll(pages)
                await self.poll(1, crash=True)
            case "cut", ():
                for _ in range(2):  # the transport repeats a read once on its own
                    self.front.next("cut")
                await self.poll(1)
                self.front.faults.clear()

    def edit(self, number: int) -> None:
        """Committed at once."""
        if not any(each[1] == number for each in self.pending):
            self.show(number, self.stamp())

    def late(self, number: int, seconds: float) -> None:
        """Stamped now and committed later; not under the stamp that the record has already, for nobody could see that."""
        if self.stamp() > self.stamps.get(number, NOW - timedelta(days=1)):
            self.pending = [each for each in self.pending if each[1] != number]
            self.pending.append((self.now + timedelta(seconds=seconds), number, self.stamp()))

    def show(self, number: int, stamp: datetime) -> None:
        self.edits[number] += 1
        self.versions[number], self.stamps[number] = self.edits[number], stamp
        self.system.put(number, stamp, self.edits[number])

    def delete(self, number: int) -> None:
        if self.versions.pop(number, None) is not None:
            self.system.gone(number, self.stamp())

    def stamp(self) -> datetime:
        return self.now - (self.now - NOW) % self.system.grain

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.system.at(self.now)
        for due in [each for each in self.pending if each[0] <= self.now]:
            self.pending.remove(due)
            self.show(due[1], due[2])

    async def poll(self, pages: int, *, crash: bool = False) -> bool:
        """So many pages, or to the end of the window. A page that was fetched when the process died was not taken in."""
        for _ in range(pages):
            try:
                page = await self.connector.changes(self.system.entity, self.cursor, now=self.now)
            except ConnectorError:
                return False
            if crash:
                return False
            self.cursor = json.loads(json.dumps(page.cursor))
            for change in page.changes:
                self.take_in(change)
            if not page.more:
                return True
        return False

    def take_in(self, change: Change) -> None:
        """The ledger takes a key in once; its delivery reads the record as it is then."""
        if change.key in self.known:
            return
        self.known.add(change.key)
        [number] = [each for each in range(1, 8) if self.system.id_of(each) == change.record_id]
        self.keys[number] += change.kind == "polled"  # a row of a file is told apart by the whole file
        if number in self.versions:
            self.effects[number, self.versions[number]] += 1

    async def rest(self) -> None:
        """Everything is committed, and polling comes to its end; then once more, long after."""
        for seconds in (max(LATE), 20, 600):
            self.tick(seconds)
            assert await self.poll(60), "the walk does not end"


async def played(system: System, history: list[Any]) -> Play:
    """The history, in a fresh fake."""
    front = Front()
    with system.small():
        async with served(system.mount, front) as url:
            connector = build(system.kind, system.options(url), name="polled")
            system.at(NOW)
            play = Play(system, connector, front)
            try:
                for step in history:
                    await play.step(*step)
                await play.rest()
            finally:
                await connector.close()
                system.close()
    return play


def holds(kind: str, history: list[Any]) -> None:
    play = asyncio.run(played(SYSTEMS[kind](), history))
    unseen = {number for number, version in play.versions.items() if not play.effects[number, version]}
    assert unseen == set(), "a change was never seen"
    twice = {number for number in play.keys if play.keys[number] > play.edits[number]}
    assert twice == set(), "one change, two keys"


def story(test: Any) -> Any:
    """The histories in which a protection that is missing shows."""
    ties = [("bulk", 7), ("tick", 15), ("poll", 1), ("crash", 1), ("poll", 4)]
    behind = [("bulk", 5), ("tick", 15), ("poll", 1), ("edit", 1), ("tick", 15), ("poll", 4), ("poll", 4)]
    late = [("edit", 1), ("tick", 1), ("late", 2, 285), ("tick", 15), ("poll", 4), ("tick", 60), ("edit", 3),
            ("tick", 15), ("poll", 4), ("tick", 400), ("poll", 4)]  # fmt: skip
    same = [("edit", 1), ("tick", 0.4), ("poll", 4), ("edit", 1), ("tick", 15), ("poll", 4)]
    gone = [("bulk", 6), ("tick", 15), ("poll", 1), ("delete", 1), ("delete", 3), ("merge", 5, 2), ("poll", 4)]
    for history in (ties, behind, late, same, gone):
        test = example(history=history)(test)
    return test


quick = settings(
    max_examples=1, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)
long = settings(quick, max_examples=60)
each_system = pytest.mark.parametrize("kind", sorted(SYSTEMS))


@each_system
def test_every_change_is_seen_and_takes_effect_once(kind: str) -> None:
    @quick
    @story
    @given(history=HISTORY)
    def check(history: list[Any]) -> None:
        holds(kind, history)

    check()


@pytest.mark.slow
@each_system
def test_every_change_is_seen_and_takes_effect_once_in_many_more_histories(kind: str) -> None:
    @long
    @given(history=HISTORY)
    def check(history: list[Any]) -> None:
        holds(kind, history)

    check()


def test_every_kind_that_polls_goes_through_the_histories() -> None:
    polled = {name for name, kind in kinds().items() if Ability.CHANGES in kind.abilities}
    assert polled == SYSTEMS.keys()
