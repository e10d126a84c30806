"""What people see of a release before they agree, while it is tried, and when it was taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from drawings import BEN, DANA, NOW, PRIYA, around, buttons, same_as_snapshot, texts

from bot.glance import Works, trial_line
from bot.release_cards import VERBS, release_card
from sync.lifecycle import ReleaseState
from sync.releases import Release, Rule, Tally, Trial

CHANGES = (
    {"category": "proof", "kind": "check_loosened", "noun": "flow", "name": "quote_to_cash", "path": "checks.price_within",
     "old": "10%", "new": "20%", "words": "the check price_within on lines[*].price is loosened: tolerance", "hint": ""},
    {"category": "approval", "kind": "clock_loosened", "noun": "contract", "name": "deal@1.1.0", "path": "reasons.price_off_list",
     "old": "24h", "new": "48h", "words": "price_off_list is to be resolved within 48h instead of 24h", "hint": ""},
    {"category": "safe", "kind": "words_changed", "noun": "flow", "name": "quote_to_cash", "path": "title", "old": "", "new": "",
     "words": "the title is worded otherwise <!channel> & more", "hint": ""},
)  # fmt: skip
PROOF = {
    "records": 412, "differing": 7, "fields": [{"write": "invoice", "path": "lines[*].description", "records": 3}],
    "outcomes": [{"before": "stopped by price_off_list at lines[*].price", "after": "record", "records": 4}],
    "totals": [{"currency": "EUR", "before": 1_204_000, "after": 1_304_050}, {"currency": "JPY", "before": 100, "after": 100}],
}  # fmt: skip
PROPOSED = Release(
    id=4, digest="f8c6cfd55021", state=ReleaseState.PROPOSED, made_by=DANA, made_at=NOW - timedelta(hours=1),
    words="Sales may give 20%", based_on=3, changes=CHANGES, proof=PROOF, needs=("finance", "sales-ops"),
    approved={"sales-ops": BEN},
)  # fmt: skip
TRIED = replace(
    PROPOSED, state=ReleaseState.CANARY, approved={"finance": PRIYA, "sales-ops": BEN}, trial=Trial(share=1_250, rule=Rule()),
    began_at=NOW - timedelta(minutes=10),
)  # fmt: skip
ACTIVE = replace(TRIED, state=ReleaseState.ACTIVE)
BACK = replace(
    TRIED, state=ReleaseState.ROLLED_BACK, ended_by="engine", ended_at=NOW, why="2 records came out otherwise in what was not announced"
)  # fmt: skip
CARDS = {
    "proposed": (PROPOSED, 0, ["release_approve_0", "release_reject"]),
    "canary": (TRIED, 0, ["release_promote", "release_roll_back"]),
    "active": (ACTIVE, 0, ["release_roll_back"]),
    "rolled-back": (BACK, 2, []),
    "rejected": (replace(PROPOSED, state=ReleaseState.REJECTED, ended_by=PRIYA, why="too much"), 0, []),
    "untried": (replace(PROPOSED, proof={"records": 0, "differing": 0, "fields": [], "outcomes": [], "totals": []}), 0,
                ["release_approve_0", "release_reject"]),
    "crowded": (replace(PROPOSED, changes=CHANGES * 40, needs=tuple(f"team-{n}" for n in range(9)), approved={}), 0,
                [*(f"release_approve_{n}" for n in range(4)), "release_reject"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_a_release_is_drawn_as_it_stands_with_the_buttons_that_lead_somewhere(name: str) -> None:
    release, affected, pressable = CARDS[name]
    drawn = release_card(release, around(), affected=affected)
    same_as_snapshot(f"release-{name}", drawn)
    assert buttons(drawn) == pressable
    assert all(each.rpartition("_")[0] in VERBS or each in VERBS for each in pressable)
    assert not any("<!channel>" in each for each in texts(drawn))


def test_the_status_says_how_a_trial_goes() -> None:
    line = trial_line(TRIED, Tally(ended=1_204, stopped=3, differing=0), around())
    assert "for 12.5 % of the records" in line and "1,204 looked at, 3 stopped." in line
    works = Works(trial=TRIED, tally=Tally(ended=2, differing=1))
    assert works.tried(around()) == [trial_line(TRIED, Tally(ended=2, differing=1), around())]
    assert Works().tried(around()) == []
