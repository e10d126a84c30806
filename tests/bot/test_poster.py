"""Cards stay true while Slack is slow, gone, forgetful or contrary."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.poster import CARD_EVENT
from bot.sandbox.slack import api_chat as chat
from bot.sandbox.slack.values import Message, SlackError
from store.cases import Press
from tests.bot.hands import BEN, DANA, FAYE, PRIYA, choose, only_cause, press, sent, typed, value
from tests.world import World


def cards(world: World, channel: str = "C0SALESOPS") -> list[Message]:
    return [one for one in world.slack.messages(channel) if (one.metadata or {}).get("event_type") == CARD_EVENT]


def company(world: World, number: int) -> str:
    return world.company(f"Customer {number}", vat_id=f"DE{number:09}", domain=f"customer{number}.example")


async def one_card(world: World) -> Message:
    world.deal(company(world, 1), billing_code="")
    await world.work()
    [card] = cards(world)
    return card


async def test_after_an_hour_without_slack_every_card_is_right_and_none_is_doubled(world: World) -> None:
    world.slack.faults.down = True
    for number in range(8):
        world.deal(company(world, number), billing_code="")
    for _ in range(12):
        await world.deliver()
        await world.parts.poster.once()
        world.clock.forward(minutes=5)
    assert cards(world) == [] and len(await world.store.exceptions()) == 8
    cause = (await world.causes())[0]
    case = cause.first[0]
    await world.store.act(_taking(case.id), now=world.clock())
    world.slack.faults.down = False
    await at_rest(world)
    shown = cards(world)
    assert len(shown) == len({one.metadata["event_payload"]["cause"] for one in shown if one.metadata}) == 8
    for one in await world.causes():
        [mine] = [card for card in shown if card.metadata and card.metadata["event_payload"]["cause"] == one.id]
        assert mine.metadata is not None and mine.metadata["event_payload"]["version"] == one.version
        assert (mine.channel, mine.ts) == await world.card(one.id)
    [taken] = [card for card in shown if "Dana Okafor has it" in str(card.blocks)]
    assert [line.text for line in world.slack.thread(taken.channel, taken.ts)] == ["*Dana Okafor* takes it."]


async def test_a_card_whose_answer_was_lost_is_found_again_and_posted_once(world: World) -> None:
    world.slack.faults.lose_answers = 1
    world.deal(company(world, 1), billing_code="")
    await world.deliver()
    await world.parts.poster.once()
    assert len(cards(world)) == 1 and await world.card((await only_cause(world)).id) == ("C0SALESOPS", None)
    await at_rest(world)
    [card] = cards(world)
    assert await world.card((await only_cause(world)).id) == (card.channel, card.ts)


async def test_a_lost_answer_is_still_remembered_when_the_search_for_it_is_refused(world: World) -> None:
    world.slack.faults.lose_answers = 1
    world.deal(company(world, 1), billing_code="")
    await world.deliver()
    await world.parts.poster.once()
    world.clock.forward(minutes=1)
    world.parts.poster._pace.silent_until = 0.0
    world.slack.faults.down = True
    await world.parts.poster.once()
    world.slack.faults.down = False
    await at_rest(world)
    assert len(cards(world)) == 1


async def test_a_line_whose_answer_was_lost_stands_in_the_thread_once(world: World) -> None:
    card = await one_card(world)
    await press(world, DANA, await only_cause(world), "take")
    await world.parts.poster.once()
    world.slack.faults.lose_answers = 1
    await world.parts.poster.once()
    await at_rest(world)
    assert [line.text for line in world.slack.thread(card.channel, card.ts)] == ["*Dana Okafor* takes it."]


async def test_slack_asking_for_less_is_obeyed(world: World) -> None:
    world.slack.faults.rate_limited_for = 2  # the question for a name, and the card
    world.deal(company(world, 1), billing_code="")
    await world.deliver()
    assert await world.parts.poster.once() is False
    asked = world.slack.calls.total()
    assert await world.parts.poster.once() is False
    assert world.slack.calls.total() == asked, "Slack said to wait a second, and Meshline asked again at once"
    await at_rest(world)
    assert len(cards(world)) == 1


async def test_a_card_that_slack_refuses_is_shown_in_words_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_blocks(monkeypatch)
    world.deal(company(world, 1), billing_code="", dealname="Workstations for Hamburg")
    await world.work()
    [message] = world.slack.messages("C0SALESOPS")
    assert message.blocks == []
    assert "Workstations for Hamburg" in message.text and "Billing code is missing" in message.text
    assert await world.card((await only_cause(world)).id) == (message.channel, message.ts)


async def test_a_card_that_was_deleted_in_slack_comes_back_once(world: World) -> None:
    card = await one_card(world)
    world.slack.state.workspace.remove(card)
    assert cards(world) == []
    cause = await only_cause(world)
    assert (await sent(world, DANA, value(cause, verb="snooze"))).ok
    await at_rest(world)
    [again] = cards(world)
    assert again.ts != card.ts and await world.card(cause.id) == (again.channel, again.ts)
    assert len(world.slack.thread(again.channel, again.ts)) == 1


async def test_a_channel_that_takes_long_keeps_no_other_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = asyncio.Event()
    post = world.parts.client.chat_postMessage

    async def slowly(**message: Any) -> Any:
        if message["channel"] == "C0SALESOPS":
            await answers.wait()
        return await post(**message)

    monkeypatch.setattr(world.parts.client, "chat_postMessage", slowly)
    world.deal(company(world, 1), billing_code="")
    world.deal(company(world, 2), [("Atlas Pro", 1, "990.00")])
    await world.deliver()
    stop = asyncio.Event()
    running = asyncio.create_task(world.parts.poster.run(stop))
    await world.slack.wait(lambda: cards(world, "C0FINANCE0"))
    assert cards(world) == []
    answers.set()
    stop.set()
    await running
    assert len(cards(world)) == 1


@pytest.mark.slow
async def test_forty_records_with_one_cause_are_one_message(world: World) -> None:
    acme = world.company()
    for _ in range(40):
        world.deal(acme, [("AtlasPro", 1, "2490.00")])
    await world.work()
    [message] = world.slack.messages("C0SALESOPS")
    assert "40 records" in str(message.blocks) and world.slack.thread(message.channel, message.ts) == []
    assert (await press(world, DANA, await only_cause(world), "suggest")).ok
    await at_rest(world)
    assert len(world.erp.posted()) == 40
    [message] = world.slack.messages("C0SALESOPS")
    assert "40 records" in str(message.blocks) and "Resolved" in str(message.blocks)
    assert world.slack.refused == []


async def test_history_stays_in_the_thread_and_mentions_nobody_who_acted(world: World) -> None:
    card = await one_card(world)
    cause = await only_cause(world)
    await press(world, DANA, cause, "take")
    await choose(world, DANA, cause, "snooze")
    await world.slack.submit(DANA, {"until": "1"})
    await world.work()
    assert [one.ts for one in world.slack.messages(card.channel)] == [card.ts]
    lines = [line.text for line in world.slack.thread(card.channel, card.ts)]
    assert "Dana Okafor" in "".join(lines) and "<@" not in "".join(lines)


async def test_a_handover_mentions_the_next_owner_alone(world: World) -> None:
    card = await one_card(world)
    cause = await only_cause(world)
    await choose(world, DANA, cause, "hand_over")
    await world.slack.submit(DANA, {"person": BEN})
    await world.work()
    [line] = world.slack.thread(card.channel, card.ts)
    assert line.text.count("<@") == 1 and line.text.startswith(f"<@{BEN}> ") and not line.broadcast


async def test_a_record_that_comes_back_is_said_in_the_channel_too(world: World) -> None:
    deal = world.deal(company(world, 1), [("Atlas Pro", 2, "990.00")])
    await world.work()
    cause = await only_cause(world)
    await press(world, FAYE, cause, "resolve")
    await world.slack.submit(FAYE, {"q0": "accept"})
    await world.work()
    await press(world, PRIYA, await only_cause(world), "approve")
    [line] = world.crm.deal(deal)["lines"]
    world.crm.update("line_items", line["id"], {"price": "890.00"})
    world.crm.update("deals", deal, {"amount": "1780.00"})
    await world.work()
    assert [case.state for case in await world.store.exceptions()] == ["reopened"]
    [card] = cards(world, "C0FINANCE0")
    assert "came back after a replay" in str(card.blocks)
    assert world.erp.posted() == []
    said = [one for one in world.slack.messages("C0FINANCE0") if one.broadcast]
    assert len(said) == 1 and "still stopped" in said[0].text and "<@" not in said[0].text


@pytest.mark.parametrize(
    "text",
    ["<!channel> <@U0DANA0001> @here @everyone", "🚨" * 200, "\u202eאבגד‏ المبيعات\u202c", "x" * 50_000,
        "a\x00b\x1b[2J", "*bold* `code` <http://x.example|y> &amp;"],
    ids=["mentions", "emoji", "right-to-left", "long", "null bytes", "markup"],
)  # fmt: skip
@pytest.mark.slow
async def test_any_text_from_the_crm_becomes_a_card_that_pings_nobody(world: World, text: str) -> None:
    world.deal(
        world.company(name=text or "x"), [(text, 1, "2490.00")], dealname=text, payment_terms=text, billing_code=""
    )
    await world.work()
    found = [
        one for channel in ("C0SALESOPS", "C0MKTGOPS0", "C0CRMOPS00", "C0FINANCE0") for one in cards(world, channel)
    ]
    assert len(found) == 1 and found[0].blocks
    words = "".join([found[0].text, *formatted(found[0].blocks)])
    for ping in ("<!channel", "<!here", "<!everyone", "<@", "@here", "@channel", "@everyone"):
        assert ping not in words
    words += str(found[0].blocks)
    assert "\x00" not in words and "\u202e" not in words and "\x1b" not in words
    cause = await only_cause(world)
    channel, ts = await world.card(cause.id)
    owner = cause.first[0].owner
    assert (await press(world, owner, cause, "take")).ok
    if any(one.get("action_id") == "resolve" for block in found[0].blocks for one in block.get("elements", [])):
        assert (await press(world, owner, cause, "resolve")).ok
    assert (await sent(world, owner, value(cause, verb="discard"), {"note": typed(text)})).ok
    await world.work()
    lines = "".join(line.text for line in world.slack.thread(channel, ts))
    assert "discarded it" in lines and "<!" not in lines and "<@" not in lines
    assert world.slack.refused == [] and world.slack.trouble == []


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        ("a lot", "EUR", "invalid_amount"),
        ("1.234,56", "EUR", "invalid_amount"),
        ("4,980.00", "EUR", "invalid_amount"),
        ("-4980.00", "EUR", "negative_amount"),
        ("4980.00", "Euro", "unknown_currency"),
        ("4980.00", "XYZ", "unknown_currency"),
        ("4980.001", "EUR", "invalid_amount"),
        ("", "EUR", "invalid_amount"),
    ],
)
@pytest.mark.slow
async def test_money_that_cannot_be_read_is_a_card_and_never_an_invoice(
    world: World, amount: str, currency: str, reason: str
) -> None:
    world.deal(world.company(currency=currency), amount=amount, deal_currency_code=currency)
    await world.work()
    assert reason in {one.reason for case in await world.store.exceptions() for one in case.violations}
    cause = await only_cause(world)
    assert (await world.card(cause.id))[1] is not None
    assert world.erp.posted() == [] and world.slack.refused == []


def formatted(shown: Any) -> list[str]:
    """Every text of the blocks in which Slack looks for mentions; the others it shows as they are."""
    if isinstance(shown, list):
        return [text for one in shown for text in formatted(one)]
    if not isinstance(shown, dict):
        return []
    if shown.get("type") == "mrkdwn":
        return [shown["text"]]
    return [text for one in shown.values() for text in formatted(one)]


def _taking(case_id: int) -> Press:
    return Press(verb="take", cases=[case_id], by=DANA, words=f"@{{{DANA}}} takes it.")


async def at_rest(world: World) -> None:
    """What Slack refused is tried again once its time has come."""
    world.parts.poster.unpaced()
    for _ in range(4):
        world.clock.forward(minutes=15)
        world.parts.poster._pace.silent_until = 0.0
        await world.work()


def refuse_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Slack that has become stricter about blocks than its documentation."""
    real = chat.read_blocks

    def stricter(given: object) -> object:
        if given:
            raise SlackError("invalid_blocks", ["a new rule"])
        return real(given)

    monkeypatch.setattr(chat, "read_blocks", stricter)
