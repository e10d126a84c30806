"""Fixing in place: each field by its type, the change shown before it counts, and nothing taken that the flow would refuse."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack import payloads
from bot.sandbox.stage import example
from tests.bot.hands import DANA, FAYE, MIRA, OMAR, SAM, only_cause, press, refusals, resolving, sent, typed, whispers
from tests.world import World, small_world

PARTS = 150


def company_with_many_parts(directory: Path) -> Path:
    """The example company with a price list that no static select could hold."""
    shutil.copytree(example(), directory)
    prices = directory / "reference" / "price_list.csv"
    rows = "".join(f"P-{number:03},Part {number:03},10.00,EUR,4000\n" for number in range(PARTS))
    prices.write_text(prices.read_text(encoding="utf-8").rstrip("\n") + "\n" + rows, encoding="utf-8")
    flow = directory / "flows" / "quote_to_cash.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("title: code", "title: name"), encoding="utf-8")
    settings = directory / "meshline.yaml"
    text = settings.read_text(encoding="utf-8").replace("propose_rule_after: 5", "propose_rule_after: 2")
    settings.write_text(text, encoding="utf-8")
    return directory


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=company_with_many_parts(tmp_path / "company")) as built:
        yield built


def shown(world: World, user: str) -> dict[str, Any]:
    """The dialog that is open."""
    [view] = world.slack.modals(user)
    return dict(view)


def words(view: dict[str, Any]) -> str:
    return "\n".join(str((block.get("text") or {}).get("text", "")) for block in view["blocks"])


def inputs(view: dict[str, Any]) -> dict[str, Any]:
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


async def searched(world: World, user: str, text: str, block_id: str) -> list[str]:
    """What the open dialog's select offers for a text, asked by Slack with a right signature."""
    state = world.slack.state
    view = shown(world, user)
    payload = payloads.interaction(
        state.app, state.workspace.person(user), "block_suggestion", view=view, value=text, block_id=block_id,
        action_id="fill",
    )  # fmt: skip
    ack = await world.slack.forge(payload)
    assert ack.ok
    return [each["value"] for each in ack.body["options"]]


async def test_a_long_list_is_searched_and_what_was_chosen_is_shown_before_it_counts(world: World) -> None:
    world.deal(world.company(), [("Prt 1O7", 1, "10.00")])
    await world.work()
    cause = await only_cause(world)
    await press(world, DANA, cause, "resolve")
    view = shown(world, DANA)
    assert inputs(view)["q0_other"]["type"] == "external_select" and inputs(view)["q0_other"]["min_query_length"] == 1
    found = await searched(world, DANA, "part 10", "q0_other")
    assert found == [f"P-{number}" for number in range(100, 110)]
    assert len(await searched(world, DANA, "p", "q0_other")) == 100
    assert await searched(world, DANA, "nothing like it", "q0_other") == []
    assert (await world.slack.modal_click(DANA, None, "fill", block_id="q0_other", option="P-107")).ok
    assert "“Prt 1O7” → *“Part 107” (P-107)*" in words(shown(world, DANA))
    assert (await world.slack.submit(DANA, {"q0_other": "P-107"})).ok
    await world.work()
    assert await world.causes() == [] and len(world.erp.invoices()) == 1
    assert world.slack.trouble == [] and world.slack.refused == []


async def test_a_stranger_searches_nothing_and_sees_no_change(world: World) -> None:
    world.deal(world.company(), [("Prt 1O7", 1, "10.00")])
    await world.work()
    await press(world, DANA, await only_cause(world), "resolve")
    state, view = world.slack.state, shown(world, DANA)
    asked = {"value": "part", "block_id": "q0_other", "action_id": "fill"}
    ack = await world.slack.forge(
        payloads.interaction(state.app, state.workspace.person(SAM), "block_suggestion", view=view, **asked)
    )
    assert ack.ok and ack.body["options"] == []
    action = {"type": "external_select", "action_id": "fill", "block_id": "q0_other", "action_ts": "1.2"}
    pressed = payloads.view_action(
        state.app, state.workspace.person(SAM), view=view, action=action, trigger_id=state.rights.new_trigger(SAM)
    )
    assert (await world.slack.forge(pressed)).ok
    assert shown(world, DANA)["hash"] == view["hash"] and await refusals(world) == 1


async def test_an_amount_is_taken_as_it_is_typed_and_said_back(world: World) -> None:
    world.deal(world.company(), amount="4.980,0O")
    await world.work()
    cause = await only_cause(world)
    await press(world, DANA, cause, "resolve")
    for wrong, why in (
        ("4.980", "two ways"),
        ("USD 4980", "is in EUR"),
        ("🎉", "no amount"),
        ("x" * 3000, "at most 60"),
    ):
        ack = await world.slack.submit(DANA, {"q0": wrong})
        assert why in ack.body["errors"]["q0"], ack
    assert (await world.slack.modal_click(DANA, None, "fill", block_id="q0", option="EUR 4.980,00")).ok
    assert "→ *4,980.00 EUR*" in words(shown(world, DANA))
    assert (await world.slack.submit(DANA, {"q0": "EUR 4.980,00"})).ok
    await world.work()
    [done] = await world.store.exceptions(everything=True)
    assert "“4.980,0O” means “4,980.00 EUR”" in done.decision
    [invoice] = world.erp.invoices()
    assert invoice["total_minor"] == 498_000


async def test_the_flows_own_checks_answer_in_the_dialog_and_not_by_a_new_card(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    cause = await only_cause(world)
    await press(world, DANA, cause, "resolve")
    wrong = {
        "B" * 41: "at most 40 letters",
        "x" * 3000: "these are 3,000",
        "🧾🧾": "only signs or emoji",
        "BC\u200b-1": "cannot be seen",
        "BC€": "at most 40 letters",
    }
    for entered, why in wrong.items():
        ack = await world.slack.submit(DANA, {"q0": entered})
        assert why in ack.body["errors"]["q0"], (entered, ack)
    made_up = await sent(world, DANA, resolving(cause), {"q0": typed("B" * 41)})
    assert "at most 40 letters" in made_up.body["errors"]["q0"]
    [case] = await world.store.exceptions()
    assert case.state == "open"


async def test_a_dialog_that_outlived_its_exception_says_so_at_the_next_choice(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    cause = await only_cause(world)
    await press(world, DANA, cause, "resolve")
    await press(world, FAYE, cause, "take")  # no right: nothing happens
    assert (await sent(world, DANA, resolving(cause), {"q0": typed("BC-1")})).ok
    assert (await world.slack.modal_click(DANA, None, "fill", block_id="q0", option="BC-2")).ok
    told = [one.text for one in world.slack.messages(world.slack.state.workspace.open_direct((DANA,)))]
    assert any("already resolved" in one for one in (*told, *whispers(world, DANA)))


async def decide(world: World, entered: dict[str, str]) -> None:
    """Dana answers the one dialog that is needed."""
    await press(world, DANA, await only_cause(world), "resolve")
    ack = await world.slack.submit(DANA, entered)
    assert ack.ok and not ack.body, ack
    await world.work()


def updates(world: World) -> list[str]:
    """Every change that was written to a deal in the CRM."""
    return [f"{one.method} {one.path}" for one in world.crm.request_log if one.method == "PATCH"]


async def thread(world: World) -> str:
    [case] = await world.store.exceptions(everything=True)
    channel, ts = await world.card(case.cause_id)
    return "\n".join(one.text for one in world.slack.thread(channel, ts))


async def test_what_was_decided_goes_back_into_the_crm_and_comes_back_without_a_loop_or_a_second_invoice(
    world: World,
) -> None:
    deal = world.deal(world.company(), billing_code="", payment_terms="")
    await world.work()
    await decide(world, {"q0": "BC-DE-2002", "q1": "NET30"})
    assert world.crm.objects.find("deals", deal).properties["billing_code"] == "BC-DE-2002"
    assert world.crm.objects.find("deals", deal).properties["payment_terms"] == "NET30"
    assert "Billing code and Payment terms were written back to crm" in await thread(world)
    written = len(updates(world))
    for _ in range(3):  # our own change comes back as a webhook
        world.clock.forward(minutes=1)
        await world.work()
    assert len(updates(world)) == written and len(world.erp.invoices()) == 1 and world.erp.duplicates() == ()
    assert await world.store.open_causes() == []


async def test_a_crm_that_refuses_what_is_written_back_holds_up_no_invoice_and_says_so(world: World) -> None:
    deal = world.deal(world.company(), billing_code="")
    await world.work()
    world.crm.objects.change_property("deals", "billing_code", computed=True)
    await decide(world, {"q0": "BC-DE-2002"})
    assert len(world.erp.posted()) == 1 and await world.causes() == []
    said = await thread(world)
    assert "Billing code could not be written back to crm" in said and "The invoice is right" in said
    assert not world.crm.objects.find("deals", deal).properties.get("billing_code")


async def test_a_decision_is_written_back_once_even_if_somebody_puts_the_old_value_back(world: World) -> None:
    deal = world.deal(world.company(), billing_code="")
    await world.work()
    await decide(world, {"q0": "BC-DE-2002"})
    world.crm.update("deals", deal, {"billing_code": ""})
    await world.work()
    assert not world.crm.objects.find("deals", deal).properties.get("billing_code")
    assert len(world.erp.invoices()) == 1


async def homeless(world: World) -> str:
    """A won deal of nobody."""
    deal = world.deal(None, dealname="Nordlicht Werke GmbH")
    await world.work()
    return deal


NEW = {
    "q0": "+new", "q0_new_name": "Nordlicht Werke GmbH", "q0_new_country": "DE", "q0_new_vat_id": "DE 999 999 999",
    "q0_new_billing_email": "ap@nordlicht.example",
}  # fmt: skip


async def test_a_company_that_is_not_there_is_created_in_the_crm_picked_and_billed(world: World) -> None:
    deal = await homeless(world)
    cause = await only_cause(world)
    await press(world, MIRA, cause, "resolve")
    assert (await world.slack.modal_click(MIRA, None, "fill", block_id="q0", option="+new")).ok
    asked = inputs(shown(world, MIRA))
    assert asked["q0_new_name"]["initial_value"] == "Nordlicht Werke GmbH"
    assert {"q0_new_country", "q0_new_vat_id", "q0_new_billing_email"} <= asked.keys()
    wrong = await world.slack.submit(MIRA, NEW | {"q0_new_country": "Atlantis", "q0_new_billing_email": "nobody"})
    assert "no country" in wrong.body["errors"]["q0_new_country"]
    assert "e-mail" in wrong.body["errors"]["q0_new_billing_email"]
    assert not (await world.slack.submit(MIRA, NEW)).body
    await world.work()
    [company] = world.crm.companies()
    assert company["name"] == "Nordlicht Werke GmbH" and company["meshline_reference"].startswith("new-EX-")
    assert world.crm.objects.links("deals", deal, "companies") == (company["id"],)
    [invoice] = world.erp.invoices()
    assert [one["name"] for one in world.erp.customers()] == ["Nordlicht Werke GmbH"] and invoice["status"] == "posted"
    await world.work()
    assert len(world.crm.companies()) == 1 and await world.causes() == []


async def test_a_new_company_is_created_once_whatever_happens_to_the_answer(world: World) -> None:
    await homeless(world)
    await press(world, MIRA, await only_cause(world), "resolve")
    await world.slack.modal_click(MIRA, None, "fill", block_id="q0", option="+new")
    world.crm.faults.lose_answers = 1
    assert not (await world.slack.submit(MIRA, NEW)).body
    await world.settle(seconds=10)
    assert [one["name"] for one in world.crm.companies()] == ["Nordlicht Werke GmbH"]
    assert len(world.erp.invoices()) == 1


async def test_a_new_company_with_a_vat_id_that_exists_is_the_one_that_exists(world: World) -> None:
    known = world.company("Nordlicht Werke", vat_id="DE999999999")
    await homeless(world)
    await press(world, MIRA, await only_cause(world), "resolve")
    await world.slack.modal_click(MIRA, None, "fill", block_id="q0", option="+new")
    assert not (await world.slack.submit(MIRA, NEW | {"q0_new_vat_id": "DE999999999"})).body
    await world.work()
    assert [one["id"] for one in world.crm.companies()] == [known] and len(world.erp.invoices()) == 1


async def test_a_suggestion_that_is_always_taken_is_proposed_as_a_rule_which_its_owner_notes(world: World) -> None:
    company = world.company()
    for _ in range(2):
        world.deal(company, [("Atlas Proo", 1, "2490.00")])
        await world.work()
        assert (await press(world, DANA, await only_cause(world), "suggest")).ok
        await world.work()
    [rule] = await world.store.proposed_rules(world.clock.now)
    assert (rule.found, rule.value, rule.accepted, rule.state) == ("Atlas Proo", "Atlas Pro", 2, "proposed")
    [told] = [one for one in world.slack.messages("C0REVOPS00") if "Perhaps a rule" in one.text]
    assert "“Atlas Proo” always means “Atlas Pro” workstation: 2 of 2" in told.text.replace(
        " workstation”", "” workstation"
    )
    assert (await world.slack.click(SAM, "C0REVOPS00", told.ts, "rule_note")).ok
    assert await refusals(world) == 1 and "Nothing was changed" in whispers(world, SAM)[-1]
    assert (await world.slack.click(OMAR, "C0REVOPS00", told.ts, "rule_note")).ok
    [rule] = await world.store.proposed_rules(world.clock.now)
    assert (rule.state, rule.decided_by) == ("noted", OMAR)
    [told] = [one for one in world.slack.messages("C0REVOPS00") if "Perhaps a rule" in one.text]
    assert "Noted for the governance review" in told.text and "by Omar" in str(told.blocks)
    world.deal(company, [("Atlas Proo", 1, "2490.00")])
    await world.work()
    assert len(await world.causes()) == 1  # it is never applied by itself


async def test_the_approver_sees_what_the_erp_will_get_instead(world: World) -> None:
    world.deal(world.company(), [("Atlas Pro", 2, "990.00")])
    await world.work()
    await press(world, FAYE, await only_cause(world), "resolve")
    assert not (await world.slack.submit(FAYE, {"q0": "other", "q0_other": "2.400,00"})).body
    await world.work()
    cause = await only_cause(world)
    channel, ts = await world.card(cause.id)
    card = next(str(one.blocks) for one in world.slack.messages(channel) if one.ts == ts)
    assert "nothing is there yet" in card
    assert "Invoice, line 1, unit price: “990.00 EUR” → “2,400.00 EUR”" in card
    assert world.erp.invoices() == []


async def test_the_crm_creates_one_record_for_one_reference(world: World) -> None:
    crm = world.parts.connections["crm"]
    made = [await crm.create("companies", "new-EX-7", {"name": "Nordlicht", "deals": []}) for _ in range(2)]
    assert made[0].id == made[1].id and len(world.crm.companies()) == 1
    assert await crm.find("companies", "new-EX-8") is None


async def test_any_company_of_the_crm_is_found_by_its_name_and_a_silent_crm_finds_none(world: World) -> None:
    other = world.company("Südwind Handels AG", vat_id="DE100000001")
    world.company("Handels Südwind OHG", vat_id="DE100000002")
    await homeless(world)
    world.clock.forward(minutes=1)
    await press(world, MIRA, await only_cause(world), "resolve")
    assert (await searched(world, MIRA, "südwind handels", "q0_other"))[0] == other
    world.crm.faults.down = True
    assert await searched(world, MIRA, "südwind", "q0_other") == []
    world.crm.faults.down = False
    assert not (await world.slack.submit(MIRA, {"q0_other": other})).body
    await world.work()
    assert [one["name"] for one in world.erp.customers()] == ["Südwind Handels AG"]
