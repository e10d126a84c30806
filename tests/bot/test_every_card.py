"""Every reason, in every class and every state, for one record and for many, is a card that Slack takes and a person understands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from itertools import product
from typing import Any

import pytest
from drawings import CODES, DANA, NOW, ROOT, around, buttons, case, cause, hold, many, proposal, refused, resolved
from reading import DATA, Drawn, complaints, heard

from bot.cards import card
from bot.wording import is_outage
from sync.lifecycle import CaseState
from sync.model import Case, Cause
from sync.pausing import ClockPause
from sync.reasons import Severity, reason
from sync.rollouts import Rollout, RolloutState

pytestmark = pytest.mark.slow

TOOLS = ROOT.parent / "shared" / "tools"
LATER = NOW + timedelta(days=3)
_CHECKED = 18  # of so many cards one is put before the checker of published limits; all of them in `make slow`
Change = Callable[[Case], Case]


def _proposed(one: Case) -> Case:
    mine = replace(one, four_eyes=True)
    if one.violations:
        return proposal(mine)
    return replace(mine, state=CaseState.PROPOSED, proposed_by=DANA, decision=f"@{{{DANA}}} proposes: write it again")


STATES: dict[str, Change] = {
    "open": lambda one: one,
    "owned": lambda one: replace(one, state=CaseState.OWNED, assignee=DANA),
    "proposed": _proposed,
    "snoozed": lambda one: replace(one, state=CaseState.SNOOZED, assignee=DANA, snoozed_until=NOW + timedelta(hours=4)),
    "reopened": lambda one: replace(one, state=CaseState.REOPENED, attempts=2),
    "resolved": resolved,
    "no answer": lambda one: replace(one, level=1),
    "late": lambda one: replace(one, level=2),
    "waited too long": lambda one: replace(one, level=3),
}


def _paused(one: Cause) -> Cause:
    since, until = NOW - timedelta(hours=2), NOW + timedelta(days=2)
    pauses = tuple(
        ClockPause(case_id=each.id, why="customer_waiting", note="", by=DANA, since=since, until=until)
        for each in one.first
    )
    first = tuple(replace(each, paused_at=since) for each in one.first)
    return replace(one, pauses=pauses, first=first, nearest=None)


def _decided(state: RolloutState, **counts: int) -> Callable[[Cause], Cause]:
    """A decision about all records of the cause, as far as it has come."""
    none = dict.fromkeys(("waiting", "sent", "through", "failed", "passed", "canary_through", "canary_failed"), 0)
    stopped = state is RolloutState.STOPPED
    made = Rollout(
        id=1, cause_id=3, flow="quote_to_cash", verb="resolve", by=DANA, state=state,
        words=f"@{{{DANA}}} decided: Product “GTXPro” means “GTX-PRO”", total=412, canary=5, canary_passed=0,
        elsewhere=0, newcomers=0, why="1 of 5 records stopped again" if stopped else "", ended_by="engine" if stopped else "",
        started_at=NOW - timedelta(minutes=1), ended_at=NOW if stopped else None, **(none | counts),
    )  # fmt: skip
    return lambda one: replace(one, rollout=made)


WIDER: dict[str, Callable[[Cause], Cause]] = {
    "paused": _paused,
    "canary under way": _decided(RolloutState.CANARY, waiting=407, sent=3, through=2, canary_through=2),
    "rest under way": _decided(RolloutState.REST, waiting=200, sent=7, through=205, canary_through=5),
    "canary stopped": _decided(
        RolloutState.STOPPED, waiting=407, through=4, failed=1, canary_through=4, canary_failed=1
    ),
}


@dataclass(frozen=True)
class Cell:
    """One card of the grid."""

    code: str
    severity: str
    state: str
    records: int
    held: bool

    def cause(self) -> Cause:
        def made(number: int) -> Case:
            fresh = case(self.code, number, severity=self.severity, four_eyes=self.severity == Severity.A)
            return STATES.get(self.state, STATES["open"])(fresh)

        holds = (hold(),) if self.held else ()
        if self.records == 1:
            return WIDER.get(self.state, lambda one: one)(cause(made(7), holds=holds))
        if self.state == "resolved":
            return cause(made(7), total=self.records, holds=holds)
        first = tuple(made(number) for number in range(7, 12))
        wide = replace(many(self.code, self.records), first=first, level=first[0].level, holds=holds)
        return WIDER.get(self.state, lambda one: one)(wide)

    def drawn(self) -> Drawn:
        late = self.state in ("late", "waited too long")
        return card(self.cause(), around(LATER if late else NOW))


_OF_MANY = tuple(WIDER)[1:]  # a decision about one record has no canary


def grid() -> Iterator[Cell]:
    for code in CODES:
        for severity in Severity:
            for state, records in product([*STATES, *WIDER], (1, 412)):
                if records > 1 or state not in _OF_MANY:
                    yield Cell(code, str(severity), state, records, held=state in ("late", "resolved"))


GRID = tuple(grid())


def test_the_grid_holds_every_reason_class_and_state() -> None:
    assert len(GRID) == len(CODES) * 3 * (2 * len(STATES) + len(WIDER) + 1) > 2000
    assert {cell.state for cell in GRID} >= {str(state) for state in CaseState}


@pytest.mark.parametrize("code", CODES)
def test_the_card_of_every_class_and_state_reads_as_sentences(code: str) -> None:
    found = {
        f"{cell.severity} {cell.state} {cell.records}": wrong
        for cell in GRID
        if cell.code == code and (wrong := [*complaints(drawn := cell.drawn(), data=DATA), *refused(drawn)])
    }
    assert found == {}


@pytest.mark.parametrize("code", CODES)
def test_the_notification_names_class_object_cause_deadline_and_id(code: str) -> None:
    for cell in GRID:
        if cell.code != code:
            continue
        text, shown = cell.drawn()["text"], cell.cause()
        assert "EX-7" in text
        assert reason(code).title in text
        what = "412 records" if cell.records > 1 else "Acme renewal 7"
        assert what in text
        if cell.state == "resolved":
            assert text.startswith("Resolved: ")
        elif not is_outage(shown) and cell.state not in WIDER:
            assert text.startswith(f"Class {cell.severity} exception for ")
            is_late = cell.state in ("late", "waited too long")
            assert ("late since 2026-03-0" if is_late else "resolve by 2026-03-0") in text


@pytest.mark.parametrize("code", CODES)
def test_a_card_has_one_first_button_among_two_to_four(code: str) -> None:
    for cell in GRID:
        if cell.code != code or cell.state == "resolved":
            continue
        drawn = cell.drawn()
        pressed = [one for block in drawn["blocks"] if block["type"] == "actions" for one in block["elements"]]
        assert len(pressed) <= 4, (cell, buttons(drawn))
        if cell.state in _OF_MANY:
            continue  # while Meshline works it off there may be one button, or none that comes first
        assert len(pressed) >= 2, (cell, buttons(drawn))
        assert sum(one.get("style") == "primary" for one in pressed) == 1, cell
        assert pressed[0]["style"] == "primary", cell


def test_late_paused_and_waiting_are_said_in_words_and_not_only_shown() -> None:
    said = {
        state: " ".join(heard(block) for block in Cell("unknown_product", "B", state, 1, False).drawn()["blocks"])
        for state in STATES
    }
    assert "Late" in said["late"]
    assert "snoozed until" in said["snoozed"]
    assert "A second person has to agree" in said["proposed"]
    assert "came back after a replay" in said["reopened"]
    assert "Nobody responded in time" in said["no answer"]
    assert said["resolved"].startswith("Resolved")


def _against_limits(cells: tuple[Cell, ...]) -> None:
    if not TOOLS.exists():
        pytest.skip("the checker of published limits is not beside this checkout")
    sys.path.insert(0, str(TOOLS))
    problems: Callable[[Any, str], list[str]] = import_module("check_blocks").problems
    assert {cell: found for cell in cells if (found := problems(cell.drawn(), "MessagePayload"))} == {}


def test_a_sample_of_the_grid_keeps_slacks_published_limits() -> None:
    _against_limits(GRID[::_CHECKED])


@pytest.mark.slow
def test_the_whole_grid_keeps_slacks_published_limits() -> None:
    _against_limits(GRID)
