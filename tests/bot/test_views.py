"""A dialog asks exactly what is missing, says what is wrong with an answer, and gives back what was entered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from drawings import (
    BEN,
    CODES,
    DANA,
    GTX,
    WRONG,
    about,
    around,
    case,
    cause,
    entry,
    hold,
    many,
    proposal,
    refused,
    resolved,
    same_as_snapshot,
    texts,
)

from bot import views
from bot.cards import card
from bot.fixing.known import Known
from bot.wording import asks
from sync.creating import NewField
from sync.decide import overlays_for, shared_questions
from sync.fields import Choices, Field
from sync.model import Case, Cause, Contrast

PRODUCT = case("unknown_product")
ASKED = [code for code in CODES if code in WRONG and asks(code)]


def resolving(*cases: Case) -> dict[str, Any]:
    """The dialog for these exceptions."""
    return views.resolve_view(cause(*cases), list(cases), around(), cases[0].four_eyes)


def inputs(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The inputs of a dialog by block id."""
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def entered(**values: Any) -> dict[str, Any]:
    """A view with these things entered; `q0` stands for block id q0, and so on."""
    return {"state": {"values": {block_id.replace("__", "-"): {"answer": value} for block_id, value in values.items()}}}


def typed(text: str) -> dict[str, Any]:
    return {"type": "plain_text_input", "value": text}


def chosen(value: str, kind: str = "static_select") -> dict[str, Any]:
    return {"type": kind, "selected_option": {"value": value, "text": {"type": "plain_text", "text": value}}}


@pytest.mark.parametrize("code", ASKED)
def test_every_question_has_its_dialog(code: str) -> None:
    same_as_snapshot(f"view-resolve-{code}", resolving(case(code)))


def test_one_decision_for_many_has_its_dialog() -> None:
    cases = [case("unknown_product", number) for number in range(7, 12)] * 106
    view = views.resolve_view(many("unknown_product"), cases[:529], around(), four_eyes=False)
    same_as_snapshot("view-resolve-many", view)
    assert view["submit"]["text"] == "Resolve all 529"
    assert list(inputs(view)) == ["q0", "q0_other"]


def test_all_questions_of_one_record_are_asked_at_once() -> None:
    several = (
        *WRONG["unknown_product"],
        *WRONG["missing_billing_code"],
        *WRONG["missing_field"],
        *WRONG["amount_mismatch"],
    )
    view = resolving(replace(PRODUCT, violations=several))
    same_as_snapshot("view-resolve-several", view)
    assert list(inputs(view)) == ["q0", "q0_other", "q1", "q2", "q3", "q3_other"]


DIALOGS = {
    "snooze": (views.snooze_view, cause(PRODUCT)),
    "hand_over": (views.hand_over_view, cause(PRODUCT)),
    "discard": (views.discard_view, cause(PRODUCT)),
    "discard-many": (views.discard_view, many("unknown_product")),
    "reject": (views.reject_view, cause(proposal(case("price_off_list")))),
    "release": (views.release_view, cause(resolved(PRODUCT), holds=(hold(),))),
    "release-two": (views.release_view, cause(resolved(PRODUCT), holds=(hold(), hold(6, "7002")))),
}


@pytest.mark.parametrize("name", DIALOGS)
def test_every_verb_has_its_dialog(name: str) -> None:
    draw, shown = DIALOGS[name]
    view = draw(shown, around())
    same_as_snapshot(f"view-{name}", view)
    verb = name.split("-")[0]
    assert view["callback_id"] == f"meshline_{verb}"
    assert orjson.loads(view["private_metadata"]) == {"verb": verb, "cause": 3, "version": 4}


def test_dialogs_that_only_tell_cannot_be_sent() -> None:
    told = {
        "loading": views.loading_view("One moment"),
        "notice": views.notice_view("Not possible", "EX-7 is already resolved by Dana Okafor at 14:02 UTC."),
        "timeline": views.timeline_view(
            [f"02 Mar 09:{minute:02} UTC · EX-7 · Dana Okafor · take" for minute in range(12)]
        ),
        "timeline-empty": views.timeline_view([]),
    }
    for name, view in told.items():
        same_as_snapshot(f"view-{name}", view)
        assert "submit" not in view


def test_a_timeline_without_end_is_clipped_and_counted() -> None:
    view = views.timeline_view(["x" * 5000] * 400)
    assert not refused(view)
    assert any("310 more" in text for text in texts(view))


def test_answers_come_back_by_the_place_of_their_question() -> None:
    view = entered(
        q0=chosen("GTX-PRO"),
        q0_other=typed("  "),
        q1=typed(" PO\n12 "),
        q2={"type": "datepicker", "selected_date": "2026-03-31"},
    )
    assert views.answers(view) == {0: "GTX-PRO", 1: "PO 12", 2: "2026-03-31"}


def test_a_typed_value_counts_before_a_chosen_one() -> None:
    assert views.answers(entered(q0_other=typed("GTX-9"), q0=chosen("GTX-PRO"))) == {0: "GTX-9"}


def test_accepting_is_an_answer_and_entering_nothing_is_none() -> None:
    assert views.answers(entered(q0=chosen("accept", "radio_buttons"))) == {0: ""}
    assert views.answers(entered(q0=chosen("=1200.00", "radio_buttons"))) == {0: "1200.00"}
    assert views.answers(entered(q0=chosen("other", "radio_buttons"), q0_other=typed("1100.00"))) == {0: "1100.00"}
    assert views.answers(entered(q0=chosen("other", "radio_buttons"), q0_other=typed(""))) == {}


@pytest.mark.parametrize(
    "view", [{}, {"state": None}, {"state": {"values": {"x": {"answer": {}}, "q0": {}}}}, entered(q0={"type": "x"})]
)
def test_a_view_with_nothing_of_ours_has_no_answers(view: dict[str, Any]) -> None:
    assert views.answers(view) == {}


def test_the_same_wrong_value_in_two_lines_is_asked_once_and_answers_both() -> None:
    [first] = PRODUCT.violations
    last = replace(first, path="lines[3].product_code", label="Product (line 4)")
    asked = (first, *WRONG["missing_billing_code"], last)
    view = resolving(replace(PRODUCT, violations=asked))
    assert list(inputs(view)) == ["q0-2", "q0-2_other", "q1"]
    assert inputs(view)["q0-2"]["label"]["text"] == "Product (line 1), Product (line 4)"
    answers = views.answers(entered(q0__2=chosen("GTX-PRO"), q1=typed("PO-1")))
    assert answers == {0: "GTX-PRO", 1: "PO-1", 2: "GTX-PRO"}
    assert views.problems(answers, asked) == {}
    assert [one.value for one in overlays_for(asked, asked, answers)] == ["GTX-PRO", "PO-1", "GTX-PRO"]
    assert views.problems({}, asked).keys() == {"q0-2", "q1"}


def test_one_press_answers_every_line_it_is_about() -> None:
    [first] = PRODUCT.violations
    asked = (first, replace(first, path="lines[3].product_code"))
    assert views.suggested(asked, "GTX-PRO") == {0: "GTX-PRO", 1: "GTX-PRO"}
    assert views.suggested((), "GTX-PRO") == {}


def test_two_empty_fields_are_two_questions() -> None:
    asked = (about("missing_field", "Close date", "", "a value"), about("missing_field", "Stage", "", "a value"))
    assert list(inputs(resolving(replace(PRODUCT, violations=asked)))) == ["q0", "q1"]


@pytest.mark.parametrize(
    ("code", "answer", "words"),
    [
        ("missing_billing_code", None, "Enter a value."),
        ("missing_billing_code", "", "Enter a value."),
        ("missing_billing_code", "x" * 201, "at most 200"),
        ("unknown_product", None, "Choose a value"),
        ("unknown_product", "GTXPro", "has to change"),
        ("invalid_amount", "1.234", "two ways"),
        ("invalid_amount", "12.34.56", "cannot be read"),
        ("missing_billing_code", "🎉🎉", "only signs or emoji"),
        ("missing_billing_code", "BC\u200b-1", "cannot be seen (U+200B)"),
        ("missing_billing_code", "x" * 3000, "these are 3,000"),
        ("negative_amount", "-1", "not negative"),
        ("unknown_currency", "eur", "EUR"),
        ("unknown_currency", "XYZ", "EUR"),
        ("missing_field", "31.03.2026", "2026-03-31"),
        ("price_off_list", "cheap", "is no amount"),
        ("price_off_list", None, "Choose a value"),
    ],
)
def test_a_wrong_answer_is_explained_under_its_field(code: str, answer: str | None, words: str) -> None:
    questions = WRONG[code]
    wrong = views.problems({} if answer is None else {0: answer}, questions)
    assert wrong.keys() == {"q0"} and words in wrong["q0"]
    assert wrong.keys() <= inputs(resolving(case(code))).keys()


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("missing_billing_code", "PO-2026/7"),
        ("unknown_product", "GTX-PRO"),
        ("invalid_amount", "1234.56"),
        ("invalid_amount", "1.234,56"),
        ("invalid_amount", "EUR 5"),
        ("unknown_currency", "EUR"),
        ("missing_field", "2026-03-31"),
        ("price_off_list", ""),
        ("price_off_list", "1200.00"),
    ],
)
def test_a_right_answer_is_taken(code: str, answer: str) -> None:
    assert views.problems({0: answer}, WRONG[code]) == {}


def test_a_value_too_long_for_an_option_can_still_be_typed() -> None:
    [first] = PRODUCT.violations
    long = replace(first, candidates=(replace(GTX[0], value="x" * 80),))
    assert [each["element"]["type"] for each in inputs(resolving(replace(PRODUCT, violations=(long,)))).values()] == [
        "plain_text_input"
    ]


def test_more_questions_than_a_dialog_holds_are_asked_later() -> None:
    asked = tuple(about("missing_field", f"Field {number}", "", "a value") for number in range(60))
    view = resolving(replace(PRODUCT, violations=asked))
    assert not refused(view) and len(inputs(view)) == 25
    assert any("35 more" in text for text in texts(view))
    assert views.problems(dict.fromkeys(range(25), "a"), asked) == {}


@pytest.mark.parametrize("code", ["duplicate_customer", "erp_rejected", "crashed"])
def test_what_is_mended_elsewhere_is_not_asked(code: str) -> None:
    same_as_snapshot(f"view-nothing-{code}", resolving(case(code)))


def test_beside_a_question_what_is_mended_elsewhere_is_left_for_later() -> None:
    asked = (*WRONG["missing_billing_code"], *WRONG["duplicate_customer"])
    assert list(inputs(resolving(case("missing_billing_code", violations=asked)))) == ["q0"]
    assert views.problems({0: "PO-1"}, asked) == {}


def test_a_timeline_tells_who_did_what_and_mentions_nobody() -> None:
    entries = [
        entry(1, "engine", "open", reason="missing_billing_code"),
        entry(2, DANA, "take", decision=f"@{{{DANA}}} takes it."),
        entry(3, "clock", "escalate"),
        entry(4, BEN, "hand_over"),
    ]
    view = views.history_view(entries, around())
    same_as_snapshot("view-history", view)
    [story] = [block["text"]["text"] for block in view["blocks"]]
    assert story.splitlines()[0].endswith("· Opened: Billing code is missing")
    assert story.splitlines()[1].endswith("|2026-03-02 08:32 UTC> · Dana Okafor takes it.")
    assert story.splitlines()[3].endswith("· Ben Ortiz · Hand over")
    assert "@" not in story


def test_nothing_to_ask_is_said() -> None:
    assert (
        views.resolve_view(cause(case("crashed")), [case("crashed")], around(), four_eyes=False)["callback_id"]
        == "meshline_notice"
    )


def test_what_was_entered_in_the_small_dialogs() -> None:
    def one(block_id: str, value: dict[str, Any]) -> dict[str, Any]:
        return {"state": {"values": {block_id: {"answer": value}}}}

    assert views.snooze_choice(one(views.SNOOZE_BLOCK, chosen("tomorrow"))) == "tomorrow"
    assert views.snooze_choice(one(views.SNOOZE_BLOCK, chosen("a year"))) == "1"
    assert views.hand_over_choice(one(views.HAND_OVER_BLOCK, {"type": "users_select", "selected_user": BEN})) == BEN
    assert views.hand_over_choice({}) == ""
    assert views.reason_text(one(views.NOTE_BLOCK, typed(" sold\n twice "))) == "sold twice"
    assert views.note_problems(one(views.NOTE_BLOCK, typed("   "))).keys() == {views.NOTE_BLOCK}
    assert views.note_problems(one(views.NOTE_BLOCK, typed("sold twice"))) == {}


@pytest.mark.parametrize("text", ["<!channel>" * 50, "&" * 50_000, "\u202eنص\x00", "```" * 40, "🚨" * 900])
def test_a_dialog_takes_any_text(text: str) -> None:
    wrong = (
        about("unknown_product", text, text, text, (replace(GTX[0], label=text, why=text),), "select"),
        about("price_off_list", text, text, text, (replace(GTX[0], label=text, why=text),), "money"),
    )
    nasty = replace(PRODUCT, title=text, violations=wrong, customer=text, decision=text)
    shown: Cause = cause(nasty, holds=(hold(customer=text, why=text),))
    drawn = [resolving(nasty), views.notice_view(text, text), views.timeline_view([text])]
    drawn += [draw(shown, around()) for draw, _ in DIALOGS.values()]
    assert [refused(view) for view in drawn] == [[]] * len(drawn)


def test_the_questions_are_those_that_the_decision_is_about() -> None:
    asked = shared_questions([PRODUCT.violations])
    assert views.problems({0: "GTX-PRO"}, asked) == {}


def known(question_kind: str, choices: int = 0) -> Known:
    """What a workspace would say of a field of this kind."""
    pairs = tuple((f"V-{number}", f"Value {number}") for number in range(choices))
    found = Field(
        kind=question_kind,  # type: ignore[arg-type]
        currency="EUR",
        choices=Choices(name="price list", pairs=pairs, kept_by="finance") if choices else None,
    )
    return Known(field=lambda _: found, team=lambda team: {"finance": "Billing"}[team], person=lambda _: "Dana Okafor")


FIELDS = {
    "text": (known("text"), "plain_text_input", "PO-1"),
    "money": (known("money"), "plain_text_input", "EUR 1.234,56"),
    "date": (known("date"), "datepicker", "2026-03-31"),
    "person": (known("person"), "users_select", DANA),
    "link": (known("link"), "url_text_input", "https://files.example.com/order.pdf"),
    "short-list": (known("select", 3), "static_select", "V-2"),
    "long-list": (known("select", 5_000), "external_select", "V-4999"),
}


@pytest.mark.parametrize("name", FIELDS)
def test_every_type_of_field_has_its_input_and_shows_the_change(name: str) -> None:
    knows, element, answer = FIELDS[name]
    one = case("missing_billing_code")
    view = views.resolve_view(cause(one), [one], around(), False, known=knows, entered={0: answer})
    same_as_snapshot(f"view-field-{name}", view)
    assert inputs(view)["q0"]["element"]["type"] == element
    assert "not yet" not in "".join(texts(view))


def test_what_cannot_be_read_yet_is_said_before_it_is_sent() -> None:
    one = case("missing_billing_code")
    view = views.resolve_view(cause(one), [one], around(), False, known=known("money"), entered={0: "1.234"})
    same_as_snapshot("view-field-unclear", view)
    assert any("two ways" in text for text in texts(view))


def test_only_a_sure_candidate_is_chosen_beforehand_and_shown_as_the_change() -> None:
    view = resolving(PRODUCT)
    assert inputs(view)["q0"]["element"]["initial_option"]["value"] == "GTX-PRO"
    assert inputs(view)["q0"]["element"]["initial_option"]["description"]["text"].endswith("· 98%")
    near = replace(PRODUCT.violations[0], candidates=(replace(GTX[0], score=98), replace(GTX[1], score=89)))
    unsure = resolving(replace(PRODUCT, violations=(near,)))
    assert "initial_option" not in inputs(unsure)["q0"]["element"]


def test_a_new_record_is_asked_for_beside_the_candidates() -> None:
    asked = (
        NewField(path="company.name", name="name", label="Company name", required=True, begins="Acme renewal 7"),
        NewField(path="company.country", name="country", label="Country", required=True),
        NewField(path="company.vat_id", name="vat_id", label="VAT id", required=False),
        NewField(
            path="company.billing_email", name="billing_email", label="Billing e-mail", required=False, email=True
        ),
    )
    one, knows = case("missing_account"), Known(new=lambda _: asked)
    before = views.resolve_view(cause(one), [one], around(), False, known=knows)
    assert [each["value"] for each in inputs(before)["q0"]["element"]["options"]] == ["7001", "7002", "+new"]
    view = views.resolve_view(cause(one), [one], around(), False, known=knows, entered={0: "+new"})
    same_as_snapshot("view-field-new", view)
    assert [name for name in inputs(view) if "_new_" in name] == [f"q0_new_{each.name}" for each in asked]


def test_a_difference_that_is_agreed_to_is_drawn_for_a_draft_and_for_nothing() -> None:
    one = proposal(case("price_off_list"))
    line = Contrast(what="Invoice", field="line 1, unit price", before="990.00 EUR", after="1,200.00 EUR")
    for name, stands in (("draft", "draft"), ("nothing", "")):
        drawn = replace(one, contrast=(replace(line, stands=stands),) * 7)
        shown = card(cause(drawn), around())
        same_as_snapshot(f"card-contrast-{name}", shown)
        assert "“990.00 EUR” → “1,200.00 EUR”" in str(shown) and "… 2 more" in str(shown)
