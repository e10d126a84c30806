"""The card of a change around Meshline, its drafted postmortem and the question about the runbook."""

from __future__ import annotations

from dataclasses import replace

from drawings import NOW, around, case, cause, resolved, same_as_snapshot

from bot.bypass_views import postmortem_view
from bot.cards import card
from sync.bypasses import Around, Bypass, KeptBypass
from sync.model import Entry
from sync.money import Money
from sync.postmortem import as_text, draft
from tests.bot.hands import DANA, GUS, OMAR, refusals, sent, typed, value
from tests.world import World

WHAT = Bypass(
    flow="quote_to_cash", connection="crm", entity="deals", record_id="907", subject="deals:907", title="Acme renewal <7>",
    changes=(Around(field="billing_status", ours="billed", theirs="paid"),), customer="7001",
    money=Money(currency="EUR", minor=125_000), who="4711", when="2026-03-02T08:41:00Z",
)  # fmt: skip
LINE = Entry(
    seq=1, at=NOW, actor="engine", verb="write_send", noun="delivery", noun_id="7", data={}, previous="", hash=""
)


def test_the_card_asks_until_it_is_answered_and_the_draft_holds_all_five_parts() -> None:
    shown = cause(case("bypassed"), lesson="")
    same_as_snapshot("card-bypassed-asked", card(shown, around()))
    same_as_snapshot(
        "card-bypassed-learned",
        card(replace(cause(resolved(case("bypassed"))), lesson="sales may not edit it"), around()),
    )
    parts = draft(KeptBypass(id=1, what=WHAT, opened_at=NOW), [LINE])
    assert [part.title for part in parts] == [
        "What happened", "Timeline", "Impact", "Cause", "What would have caught it",
    ]  # fmt: skip
    same_as_snapshot("dialog-postmortem", postmortem_view(shown, parts))
    assert as_text(parts, "nobody edits it").endswith("Change of the runbook\n- nobody edits it")


async def test_the_runbook_changes_by_who_is_in_the_team_and_the_monday_checklist_asks_until_then(world: World) -> None:
    deal = world.deal(world.company())
    await world.work()
    world.crm.update("deals", deal, {"billing_status": "paid"})
    await world.work()
    [found] = await world.causes()
    assert found.lesson == ""
    carries = value(found, verb="postmortem")
    await sent(world, DANA, carries, {"note": typed("sales may not edit billing fields")})
    assert await refusals(world) == 1
    await world.slack.command(GUS, "C0SALESOPS", "/sync checklist")
    assert "1 change around it whose runbook is not changed yet" in str(world.slack.ephemerals(GUS)[-1].blocks)
    assert (await sent(world, OMAR, carries, {"note": typed("sales may not edit billing fields")})).ok
    [learned] = await world.store.bypasses(unlearned=False)
    assert learned.lesson_by == OMAR and "Impact\n- 4,980.00 EUR stands on this record." in learned.postmortem
    assert "write send by engine" in learned.postmortem
    assert (await world.store.cause(found.id)).lesson == "sales may not edit billing fields"
