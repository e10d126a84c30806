"""What `/sync` shows of paths, owners, comparisons and replays, and the dialogs that ask for missing words: all within Slack's
limits, whatever the texts hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from drawings import NOW, around, case, hold, refused, same_as_snapshot

from bot import answers, answers_paths, answers_replay
from bot.commands import completing
from bot.commands.parsing import customer_and_why, moment_of
from bot.dry_run import DryRun, WouldBe, WouldWrite
from bot.preferring import preferences_view
from bot.sandbox.stage import example
from sync.errors import NotFound
from sync.model import Event
from sync.preferences import Preferences, zone_of
from tests.world import loaded

OPEN = [case("missing_billing_code"), case("price_off_list", 8)]
EVENT = Event(id=12, connection="crm", entity="deals", record_id="907", kind="deal.propertyChange", occurred_at=NOW,
              received_at=NOW, trace="4f9d21aa0b3c0001")  # fmt: skip
STORY: dict[str, Any] = {
    "event": EVENT,
    "deliveries": [{
        "id": 3, "flow": "quote_to_cash", "state": "held", "detail": "Billing code is missing",
        "attempts": [{"number": 1, "at": NOW, "step": "hold", "detail": "Billing code is missing", "release": 0}],
        "writes": [{"key": "crm-company-1", "operation": "upsert", "to": "erp/customer", "state": "confirmed", "target": "C-1"}],
        "cases": [OPEN[0]],
    }],
}  # fmt: skip
DRY = DryRun(
    events=(
        WouldBe(event_id=12, flow="quote_to_cash", subject="deals:907", state="delivered", detail=""),
        WouldBe(event_id=13, flow="quote_to_cash", subject="deals:908", state="held", detail="Billing code is missing"),
    ),
    writes=(
        WouldWrite(connection="erp", entity="invoice", operation="create", target="new invoice 1",
                   body={"currency": "EUR", "issue_date": "2026-03-01"}),
        WouldWrite(connection="erp", entity="invoice", operation="post", target="new invoice 1", body={}),
    ),
)  # fmt: skip
WORKSPACE = loaded(example())

DRAWN = {
    "path": answers_paths.path([STORY], around()),
    "owners": answers_paths.owners(WORKSPACE, around()),
    "owners-team": answers_paths.team(WORKSPACE, "finance", around()),
    "dry-one": answers_replay.dry(OPEN[:1], DRY, around(), left=0),
    "dry-many": answers_replay.dry(OPEN, DRY, around(), left=407, button="{}"),
    "sent": answers_replay.sent(407, 412, after=True),
    "sent-one-card": answers_replay.sent(412, 412, one_card=True),
    "canary": answers_replay.canary(OPEN, 407, "{}"),
    "canary-waits": answers_replay.canary_waits(2, 407, "{}"),
    "canary-stopped": answers_replay.canary_stopped([7, 9], 5),
    "shared": answers.shared(answers.done("EX-7 is on its way again."), "Dana Okafor", "replay EX-7"),
    "together-none": answers.together([], "Nothing to tell."),
}  # fmt: skip
DIALOGS = {verb: completing.dialog(verb, WORKSPACE, OPEN, [hold()], around()) for verb in completing.ASKS} | {
    "prefer": preferences_view(Preferences(user="U0DANA0001")),
    "prefer-all": preferences_view(
        Preferences(user="U0DANA0001", digest=True, quiet_from=time(19), quiet_until=time(7))
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_every_answer_of_the_verbs(name: str) -> None:
    place = {"response_type"}  # where an answer goes is beside the message, and no part of it
    same_as_snapshot(f"answer-{name}", {key: each for key, each in DRAWN[name].items() if key not in place})
    assert not DRAWN[name]["text"][:1].islower() and DRAWN[name]["text"].endswith("."), DRAWN[name]["text"]


@pytest.mark.parametrize("name", DIALOGS)
def test_every_dialog_of_the_verbs(name: str) -> None:
    drawn = DIALOGS[name]
    assert drawn is not None
    same_as_snapshot(f"dialog-{name}", drawn)


def test_a_dialog_with_nothing_to_choose_from_is_none() -> None:
    assert all(completing.dialog(verb, WORKSPACE, [], [], around()) is None for verb in ("show", "replay", "release"))


def test_thousands_of_anything_fit() -> None:
    nasty = replace(OPEN[0], title="<!channel>*&" * 900)
    wild = {**STORY, "deliveries": STORY["deliveries"] * 60}
    for drawn in (
        answers_paths.path([wild] * 5, around()),
        answers_replay.dry([nasty] * 5, replace(DRY, writes=DRY.writes * 400, events=DRY.events * 200), around(), left=10**6, button="{}"),
        answers.together([answers.exceptions([nasty] * 20, around(), 9000)] * 9, "none"),
        completing.dialog("show", WORKSPACE, [nasty] * 400, [], around()),
        completing.dialog("replay", WORKSPACE, [nasty] * 400, [], around()),
        completing.dialog("release", WORKSPACE, [], [hold(customer="&" * 90)] * 300, around()),
    ):  # fmt: skip
        assert drawn is not None and not refused(drawn)
        assert "<!channel>" not in str(drawn.get("text"))


@pytest.mark.parametrize(
    ("written", "meant"),
    [("today", "2026-03-01T23:00"), ("yesterday", "2026-02-28T23:00"), ("3h", "2026-03-02T05:37"), ("2d", "2026-02-28T08:37"),
     ("07:30", "2026-03-02T06:30"), ("2026-01-31", "2026-01-30T23:00"), ("2026-01-31T14:00", "2026-01-31T13:00"),
     ("2026-01-31T14:00+00:00", "2026-01-31T14:00")],
)  # fmt: skip
def test_times_are_read_on_the_persons_own_clock(written: str, meant: str) -> None:
    now = NOW.replace(year=2026, month=3, day=2, hour=8, minute=37, second=0, microsecond=0)
    assert moment_of(written, now, zone_of("Europe/Berlin")).isoformat()[:16] == meant


@pytest.mark.parametrize("written", ["never", "", "25:00", "2026-13-01", "0001-01-01T00:00", "99999d", "🦆"])
def test_a_time_that_is_none_is_explained(written: str) -> None:
    with pytest.raises(NotFound, match="is no time"):
        moment_of(written, NOW, zone_of("Europe/Berlin"))


def test_a_customer_may_stand_in_quotation_marks() -> None:
    assert customer_and_why('"Acme GmbH" credit check') == ("Acme GmbH", "credit check")
    assert customer_and_why("“Acme GmbH” credit check") == ("Acme GmbH", "credit check")
    assert customer_and_why("4711 credit check") == ("4711", "credit check")
    assert customer_and_why("") == ("", "")
