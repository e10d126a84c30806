"""A card says what broke, what it costs, who has it and by when, and shows only buttons that lead somewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from drawings import (
    BEN,
    CODES,
    DANA,
    NOW,
    about,
    around,
    buttons,
    case,
    cause,
    elements,
    entries,
    hold,
    many,
    marked_up,
    outage,
    proposal,
    refused,
    resolved,
    same_as_snapshot,
    texts,
)

from bot.cards import card
from sync.lifecycle import CaseState
from sync.model import Cause

PRICE, PRODUCT = case("price_off_list", team="finance"), case("unknown_product")
OVER = replace(
    cause(replace(resolved(case("erp_unavailable")), decided_by="engine", decision="The record went through.")),
    downtime=outage(0, answers_since=NOW - timedelta(minutes=9)).downtime,
)
LATER = NOW + timedelta(days=3)
TAKEN = {"state": CaseState.OWNED, "assignee": DANA}
ASLEEP = {"state": CaseState.SNOOZED, "snoozed_until": NOW + timedelta(hours=4), "assignee": DANA}

STATES: dict[str, tuple[Cause, Any]] = {
    "owned": (cause(replace(PRODUCT, **TAKEN)), NOW),
    "snoozed": (cause(replace(PRODUCT, **ASLEEP)), NOW),
    "reopened": (cause(replace(PRODUCT, state=CaseState.REOPENED, attempts=2)), NOW),
    "proposed": (cause(proposal(PRICE)), NOW),
    "proposed-many": (cause(proposal(PRICE), proposal(case("price_off_list", 8))), NOW),
    "resolved": (cause(resolved(PRODUCT)), NOW),
    "resolved-many": (cause(resolved(PRODUCT), total=529), NOW),
    "resolved-on-its-own": (cause(replace(resolved(PRODUCT), decided_by="engine", decision="It passed.")), NOW),
    "resolved-held": (cause(resolved(PRODUCT), holds=(hold(),)), LATER),
    "no-answer": (cause(replace(PRODUCT, level=1)), NOW),
    "late": (cause(replace(PRODUCT, level=2)), LATER),
    "late-held": (cause(replace(PRODUCT, level=2), holds=(hold(),)), LATER),
    "late-held-two-customers": (cause(replace(PRODUCT, level=2), holds=(hold(), hold(6, "7002"))), LATER),
    "proposed-held": (cause(proposal(PRICE), holds=(hold(),)), NOW),
    "expired": (cause(replace(PRODUCT, level=3)), LATER),
    "outage": (outage(), NOW),
    "outage-long": (replace(outage(10_000), level=1), NOW),
    "outage-over": (outage(answers_since=NOW - timedelta(minutes=1)), NOW),
    "outage-closed": (OVER, NOW),
    "outage-stopped": (outage(stopped=1), NOW),
    "many-owned": (many("unknown_product", **TAKEN), NOW),
    "many-late": (many("unknown_product", level=2), LATER),
}
SHARED = (
    "unknown_product",
    "unknown_value",
    "duplicate_customer",
    "erp_unavailable",
    "batch_partial",
    "unauthorized",
    "missing_payment_terms",
)


@pytest.mark.parametrize("code", CODES)
def test_every_reason_has_a_card_for_one_record(code: str) -> None:
    same_as_snapshot(f"card-{code}-one", card(cause(case(code)), around()))


@pytest.mark.parametrize("code", SHARED)
def test_a_shared_cause_has_one_card_for_many_records(code: str) -> None:
    same_as_snapshot(f"card-{code}-many", card(many(code), around()))


@pytest.mark.parametrize("name", STATES)
def test_every_state_has_its_card(name: str) -> None:
    shown, now = STATES[name]
    same_as_snapshot(f"card-state-{name}", card(shown, around(now)))


@pytest.mark.parametrize("code", CODES)
def test_an_open_card_has_two_to_four_buttons_and_the_first_alone_is_primary(code: str) -> None:
    for shown in (cause(case(code)), many(code), cause(case(code), holds=(hold(),))):
        [row] = [block for block in card(shown, around())["blocks"] if block["type"] == "actions"]
        assert 2 <= len(row["elements"]) <= 4
        assert [each.get("style") == "primary" for each in row["elements"]].index(True) == 0
        assert sum(each.get("style") == "primary" for each in row["elements"]) == 1


def test_a_suggestion_is_one_press_and_says_what_it_releases() -> None:
    drawn = card(many("unknown_product"), around())
    assert buttons(drawn) == ["suggest", "resolve", "replay", "take"]
    [button] = elements(drawn, "suggest")
    assert button["text"]["text"] == "Use GTX Pro"
    assert orjson.loads(button["value"]) == {"cause": 3, "version": 4, "candidate": "GTX-PRO"}
    assert "529 records worth 661,250.00 EUR, 90,000 JPY" in button["confirm"]["text"]["text"]


def test_a_list_to_choose_from_is_no_suggestion() -> None:
    assert buttons(card(cause(case("missing_payment_terms")), around())) == ["resolve", "replay", "take"]


def test_two_different_questions_are_not_answered_by_one_press() -> None:
    two = (*PRODUCT.violations, about("missing_billing_code", "Billing code", "", "a value"))
    assert buttons(card(cause(replace(PRODUCT, violations=two)), around())) == ["resolve", "replay", "take"]


def test_the_same_wrong_product_in_two_lines_is_one_question() -> None:
    [first] = PRODUCT.violations
    two = (first, replace(first, path="lines[3].product_code", label="Product (line 4)"))
    assert buttons(card(cause(replace(PRODUCT, violations=two)), around()))[0] == "suggest"


def test_a_candidate_too_long_to_carry_is_left_to_the_dialog() -> None:
    [first] = PRODUCT.violations
    long = replace(first, candidates=(replace(first.candidates[0], value="x" * 3000),))
    assert buttons(card(cause(replace(PRODUCT, violations=(long,))), around()))[0] == "resolve"


def test_class_a_is_proposed_by_one_and_decided_by_another() -> None:
    open_card, waiting = card(cause(PRICE), around()), card(cause(proposal(PRICE)), around())
    assert elements(open_card, "resolve")[0]["text"]["text"] == "Propose fix"
    assert "suggest" not in buttons(open_card) and "Discard" not in entries(open_card)
    assert buttons(waiting) == ["approve", "reject"]
    assert "“990.00” → “1200.00”" in waiting["blocks"][1]["text"]["text"]
    assert "1,250.00 EUR" in elements(waiting, "approve")[0]["confirm"]["text"]["text"]
    assert entries(waiting) == ["Timeline", "Open in CRM"]


def test_a_proposal_among_open_ones_can_be_decided() -> None:
    drawn = card(cause(proposal(PRICE), case("price_off_list", 8)), around())
    assert buttons(drawn) == ["approve", "reject", "resolve"]
    assert not refused(drawn)
    assert sum(each.get("style") == "primary" for each in drawn["blocks"][-2]["elements"]) == 1


def test_what_is_mended_elsewhere_is_replayed() -> None:
    for code in ("duplicate_customer", "erp_rejected", "totals_differ"):
        [replay] = elements(card(cause(case(code)), around()), "replay")
        assert replay["style"] == "primary"
        assert not elements(card(cause(case(code)), around()), "resolve")


def test_a_closed_card_has_no_dead_buttons_and_keeps_its_history() -> None:
    drawn = card(cause(resolved(PRODUCT)), around())
    assert buttons(drawn) == []
    assert entries(drawn) == ["Timeline", "Open in CRM"]
    story = drawn["blocks"][1]["text"]["text"]
    assert "Dana Okafor decided: Product “GTXPro” means “GTX-PRO”" in story and "<!date^" in story


def test_a_hold_outlives_its_card_and_its_release_names_the_customer() -> None:
    drawn = card(cause(resolved(PRODUCT), holds=(hold(),)), around())
    assert buttons(drawn) == ["release"]
    [release] = elements(drawn, "release")
    assert release["style"] == "danger" and orjson.loads(release["value"])["hold"] == 5
    assert "Acme Tools GmbH" in release["confirm"]["title"]["text"]
    assert any("Billing for Acme Tools GmbH is held" in text for text in texts(drawn))


def test_late_is_said_in_words_and_the_backup_is_named() -> None:
    drawn = card(cause(replace(PRODUCT, level=2)), around(LATER))
    assert drawn["blocks"][0]["text"]["text"].startswith("Late · ")
    assert any("The deadline has passed." in text and "Ben Ortiz" in text for text in texts(drawn))
    assert any("late since <!date^" in text for text in texts(drawn))
    assert "late since 2026-03-03" in drawn["text"]


def test_a_card_mentions_nobody() -> None:
    for shown, now in STATES.values():
        assert not any("<@" in text or "<!here" in text or BEN in text for text in texts(card(shown, around(now))))


def test_an_outage_asks_nobody_and_says_what_waits_and_when_it_is_tried() -> None:
    assert card(outage(), around())["text"] == (
        "Erp does not answer since 2026-03-02 09:02 UTC. 412 records wait in Quote to cash; next try 2026-03-02 09:32 UTC. "
        "Nobody has to act: Meshline goes on by itself (EX-7)."
    )
    assert buttons(card(outage(), around())) == ["take"]
    assert "10,000+ records wait" in card(outage(10_000), around())["text"]
    assert "1 record waits" in card(outage(1), around())["text"]
    assert "it is tried now" in card(outage(next_try=NOW), around())["text"]


def test_an_outage_counts_what_waits_in_every_flow_that_needs_the_connection_and_in_no_other() -> None:
    def told(**waiting: int) -> str:
        return str(card(outage(waiting=waiting), around())["text"])

    assert "15 records wait in Quote to cash and credit_notes;" in told(quote_to_cash=12, credit_notes=3, mirror=900)
    assert "1 record waits in credit_notes;" in told(quote_to_cash=0, credit_notes=1)
    assert "6 records wait in 3 flows;" in told(quote_to_cash=1, credit_notes=2, reminders=3)
    assert "0 records wait in Quote to cash;" in told(mirror=900)
    assert "10,000+ records wait" in told(quote_to_cash=9_000, credit_notes=1_000)
    over = outage(waiting={"mirror": 9}, answers_since=NOW)
    assert "go out by themselves" not in card(over, around())["text"]


@pytest.mark.parametrize(("stopped", "offered"), [(0, False), (1, True)])
def test_what_goes_on_by_itself_after_an_outage_cannot_be_discarded_on_its_card(stopped: int, offered: bool) -> None:
    entries = [one["text"]["text"] for one in elements(card(outage(stopped=stopped), around()), "more")[0]["options"]]
    assert ("Discard" in entries) is offered
    assert {"Snooze", "Hand over", "Timeline"} <= set(entries)


def test_where_a_record_gave_up_in_the_outage_it_can_be_replayed() -> None:
    drawn = card(outage(stopped=1), around())
    assert buttons(drawn) == ["replay", "take"]
    assert any("erp does not answer since" in text for text in texts(drawn))


def test_the_words_alone_read_as_a_sentence() -> None:
    assert card(cause(PRODUCT), around())["text"] == (
        "Class B exception for Acme renewal 7: Product is not in the price list (“GTXPro”); "
        "resolve by 2026-03-03 08:37 UTC (EX-7)."
    )
    assert card(many("unknown_product"), around())["text"] == (
        "Class B exception for 529 records: Product is not in the price list (“GTXPro”); "
        "resolve by 2026-03-03 08:37 UTC (EX-7 and 528 more)."
    )


def test_a_closed_card_says_in_words_who_decided_and_when() -> None:
    assert card(cause(resolved(PRODUCT)), around())["text"] == (
        "Resolved: Product is not in the price list · Acme renewal 7. Decided by Dana Okafor at 2026-03-02 09:25 UTC (EX-7)."
    )


def test_a_double_customer_names_both() -> None:
    story = card(cause(case("duplicate_customer")), around())["blocks"][1]["text"]["text"]
    assert "belongs to *Acme Tools GmbH* and *ACME Tools*." in story


def test_a_card_of_many_shows_five_and_counts_the_rest() -> None:
    listed = card(many("unknown_product"), around())["blocks"][2]
    assert listed["text"]["text"].count("• EX-") == 5
    assert "• … 524 more" in listed["text"]["text"]
    assert listed["accessory"]["text"]["text"] == "Show all 529"


def test_without_a_way_into_the_crm_the_menu_offers_none() -> None:
    nowhere = replace(around(), crm_link=lambda subject: None)
    assert "Open in CRM" not in entries(card(cause(PRODUCT), nowhere))


ACTIVE = ("<!channel", "<@", "@here", "`", ":siren:", "://evil", "*bold", "_sly", "~gone")
HOSTILE = {
    "a mention": "<!channel> <@U0DANA0001> @here",
    "50,000 characters": "&<>" * 16_667,
    "from right to left": "\u202eevil\u202c عقد التجديد \u2066x\u2069",
    "emoji": ":siren: 🚨" * 300,
    "null bytes": "a\x00b\x07c\nd\r\ne",
    "backticks": "```rm``` *bold* _sly_ ~gone~ `x`",
    "a link": "<https://evil.example|click> https://evil.example",
    "half a character": "broken \ud83d",
    "nothing": " \u200b ",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_outside_does_nothing_and_breaks_nothing(name: str) -> None:
    text = HOSTILE[name]
    wrong = about(
        "unknown_product", text, text, text, (replace(PRODUCT.violations[0].candidates[0], label=text, why=text),)
    )
    nasty = replace(PRODUCT, title=text, violations=(wrong,), detail=text, trace=text, customer=text)
    strange = replace(around(), person=lambda user: text)
    closed = replace(resolved(nasty), decision=text)
    for shown in (
        cause(nasty, holds=(hold(customer=text, why=text),)),
        cause(nasty, replace(nasty, id=8)),
        cause(closed),
    ):
        drawn = card(shown, strange)
        assert not refused(drawn)
        assert len(drawn["text"]) <= 4000
        assert not [words for words in texts(drawn) if any(sign in words for sign in "\x00\x07\u202e\u2066\ud83d")]
        assert not [words for words in marked_up(drawn) if any(sign in words for sign in ACTIVE)]
