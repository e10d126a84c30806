"""Every reason, in every class and every state, for one record and for many, is a card that Slack takes and a person understands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from drawings import CODES, DANA, NOW, ROOT, around, buttons, case, cause, hold, many, proposal, refused, resolved
from reading import DATA, Drawn, complaints, heard

from bot.cards import card
from bot.wording import is_outage
from sync.lifecycle import CaseState
from sync.model import Case, Cause
from sync.reasons import Severity, reason

TOOLS = ROOT.parent / "shared" / "tools"
LATER = NOW + timedelta(days=3)
_CHECKED = 9  # of so many cards one is put before the checker of published limits; all of them in `make slow`
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
            return STATES[self.state](fresh)

        holds = (hold(),) if self.held else ()
        if self.records == 1:
            return cause(made(7), holds=holds)
        if self.state == "resolved":
            return cause(made(7), total=self.records, holds=holds)
        first = tuple(made(number) for number in range(7, 12))
        return replace(many(self.code, self.records), first=first, level=first[0].level, holds=holds)

    def drawn(self) -> Drawn:
        late = self.state in ("late", "waited too long")
        return card(self.cause(), around(LATER if late else NOW))


def grid() -> Iterator[Cell]:
    for code in CODES:
        for severity in Severity:
            for state in STATES:
                for records in (1, 412):
                    yield Cell(code, str(severity), state, records, held=state in ("late", "resolved"))


GRID = tuple(grid())


def test_the_grid_holds_every_reason_class_and_state() -> None:
    assert len(GRID) == len(CODES) * 3 * len(STATES) * 2 > 1500
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
        elif not is_outage(shown):
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
        assert 2 <= len(pressed) <= 4, (cell, buttons(drawn))
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
