"""Whatever workers and people do in whatever order, some things stay true."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from store.database import address_of
from store.ledger import Store
from store.migrate import to_head
from sync.errors import IllegalMove, LeaseLost, MeshlineError, NotAllowed
from sync.lifecycle import CASE_MOVES
from sync.model import Delivery
from sync.steps import Deliver, Discard, Retry, Step
from tests.store.words import (
    CLASS_A,
    FLOW,
    ROUTE,
    begin,
    binding,
    bury,
    change,
    claim,
    end_write,
    hold,
    press,
    receive,
    rows,
    spec,
)
from tests.world import MONDAY

RECORDS = st.sampled_from(["1", "2", "3"])
PEOPLE = st.sampled_from(["UDANA", "UBEN", "UPRIYA"])
VERBS = st.sampled_from([verb for verb, move in CASE_MOVES.items() if move.roles])
STEPS: dict[str, Callable[[Delivery], Step]] = {
    "deliver": lambda one: Deliver(bindings=(binding(f"I-{one.subject}", one.subject, one.event.record_id),)),
    "retry": lambda one: Retry(due_at=MONDAY, detail="503"),
    "hold": lambda one: hold(cause=one.subject),
    "product": lambda one: hold("unknown_product", "Atlas Por"),
    "bury": lambda one: bury(),
    "ignore": lambda one: Discard(why="not won"),
}


class Ledger(RuleBasedStateMachine):
    """Two processes, three records, three people."""

    hands: Bundle[Delivery] = Bundle("hands")
    fresh: Path | None = None

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        self.now, self.told = MONDAY, 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    @initialize()
    def open(self) -> None:
        if Ledger.fresh is None:
            Ledger.fresh = Path(tempfile.mkdtemp()) / "fresh.db"
            self.run(to_head(address_of(f"sqlite:///{Ledger.fresh}")))
        shutil.copy(Ledger.fresh, self.folder / "ledger.db")
        self.stores = [Store(f"sqlite:///{self.folder}/ledger.db") for _ in range(2)]
        for store in self.stores:
            self.run(store.open())

    def teardown(self) -> None:
        for store in self.stores:
            self.run(store.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        shutil.rmtree(self.folder)

    @rule(record=RECORDS, again=st.booleans())
    def something_happens(self, record: str, again: bool) -> None:
        self.told += 0 if again and self.told else 1
        one = change(record, f"event-{self.told}", at=self.now - timedelta(seconds=self.told % 3))
        self.run(receive(self.stores[0], one, now=self.now))

    @rule(target=hands, limit=st.integers(1, 4))
    def both_claim(self, limit: int) -> Any:
        claimed = [self.run(claim(store, now=self.now, limit=limit)) for store in self.stores]
        return multiple(*(one for each in claimed for one in each))

    @rule(one=consumes(hands), step=st.sampled_from(sorted(STEPS)), class_a=st.booleans())
    def a_worker_settles(self, one: Delivery, step: str, class_a: bool) -> None:
        held = self.run(rows(self.stores[0], "SELECT lease FROM deliveries WHERE id = :id", id=one.id))[0].lease
        route = replace(CLASS_A if class_a else ROUTE, expire_by=self.now + timedelta(hours=1))
        try:
            self.run(self.stores[0].settle(one, STEPS[step](one), now=self.now, route=route))
        except LeaseLost:
            assert held != one.lease
        else:
            assert held == one.lease

    @rule(one=hands)
    def a_worker_writes(self, one: Delivery) -> None:
        try:
            permit = self.run(begin(self.stores[1], one, spec=spec(f"crm-{one.subject}"), now=self.now))
            if hasattr(permit, "again"):
                self.run(
                    end_write(
                        self.stores[1], one, permit.write_id, "confirm", now=self.now, target_id=f"I-{one.subject}"
                    )
                )
        except LeaseLost:
            pass

    @rule(who=PEOPLE, verb=VERBS, which=st.integers(1, 6))
    def somebody_presses(self, who: str, verb: str, which: int) -> None:
        until = self.now + timedelta(minutes=5)
        with contextlib.suppress(IllegalMove, NotAllowed):
            self.run(press(self.stores[1], verb, [which], by=who, to="UBEN", until=until, now=self.now))

    @rule(event=st.integers(1, 6))
    def somebody_replays(self, event: int) -> None:
        with contextlib.suppress(MeshlineError):
            self.run(self.stores[0].replay([event], by="UDANA", now=self.now))

    @rule(minutes=st.sampled_from([1, 2, 30, 600]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        self.run(self.stores[0].escalate(now=self.now))
        self.run(self.stores[1].wake(now=self.now))
        self.run(self.stores[0].expire(now=self.now))
        for hold_ in self.run(self.stores[0].holds()):
            self.run(self.stores[0].release(hold_.id, by="UDANA", note="", now=self.now))

    @rule()
    def the_newest_is_enough(self) -> None:
        self.run(self.stores[1].collapse([FLOW], now=self.now))

    def nothing(self, statement: str) -> bool:
        return not self.run(rows(self.stores[0], statement))

    @invariant()
    def one_of_a_subject_is_under_way(self) -> None:
        if hasattr(self, "stores"):
            running = "SELECT subject FROM deliveries WHERE state = 'running' GROUP BY subject HAVING count(*) > 1"
            assert self.nothing(running)

    @invariant()
    def every_line_has_one_front(self) -> None:
        if hasattr(self, "stores"):
            assert self.nothing(
                "SELECT subject FROM deliveries WHERE state IN ('pending', 'running', 'held') OR front "
                "GROUP BY flow, subject HAVING sum(front) <> 1"
            )

    @invariant()
    def one_case_of_a_delivery_is_open(self) -> None:
        if hasattr(self, "stores"):
            assert self.nothing(
                "SELECT delivery_id FROM cases WHERE state <> 'resolved' GROUP BY delivery_id HAVING count(*) > 1"
            )

    @invariant()
    def what_is_stopped_has_somebody_who_looks_at_it(self) -> None:
        if hasattr(self, "stores"):
            assert self.nothing(
                "SELECT id FROM deliveries d WHERE state IN ('held', 'dead') AND hold_id IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM cases c WHERE c.delivery_id = d.id AND c.state <> 'resolved')"
            )

    @invariant()
    def an_open_cause_has_an_open_case_and_the_other_way_round(self) -> None:
        if hasattr(self, "stores"):
            assert self.nothing(
                "SELECT id FROM causes WHERE (closed_at IS NULL) <> EXISTS "
                "(SELECT 1 FROM cases c WHERE c.cause_id = causes.id AND c.state <> 'resolved')"
            )

    @invariant()
    def the_journal_is_whole(self) -> None:
        if hasattr(self, "stores"):
            assert self.run(self.stores[0].verify_journal())[1] is None


Ledger.TestCase.settings = settings(
    max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLedger = Ledger.TestCase
