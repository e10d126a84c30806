"""The input that fits a field: text, amount, date, a choice from reference data with search, a person, the address of a file."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import LABEL, MOST_SELECT, OPTION, PLACEHOLDER, Block, clip, option, plain, tidy
from bot.customer_words import accepting, is_about_customers
from bot.fixing.answers import ACCEPT, NEW, OTHER, USE, may_stand
from sync.drafts import AGREE
from sync.fields import Choices, Field
from sync.match import safe
from sync.model import Candidate, Violation

FILL = "fill"
"""The verb of a field that tells of each change, so that the dialog can show before → after."""
_AGREED = {
    "draft_differs": "Write it again as shown",
    "erp_warning": "Let this one warning pass",
    "to_credit": "Credit it as shown",
}
_LONGEST, _MOST_RADIOS = 3000, 10
_EXAMPLES = {"money": "1234.56", "date": "2026-03-31", "company": "Id of the company in the CRM"}


def input_block(block_id: str, label: str, element: Block, hint: str, *, optional: bool = False) -> Block:
    """An input that tells of each change."""
    return {
        "type": "input", "block_id": block_id, "label": plain(clip(label, 150), LABEL), "element": element,
        "hint": plain(clip(hint, 400), LABEL), "optional": optional, "dispatch_action": True,
    }  # fmt: skip


def element_of(question: Violation, field: Field) -> Block:
    """What the value is entered with when none of the candidates is meant."""
    match field.kind:
        case "date":
            return {"type": "datepicker", "action_id": FILL}
        case "person":
            return {"type": "users_select", "action_id": FILL, "placeholder": plain("Choose a person", PLACEHOLDER)}
        case "link":
            return {"type": "url_text_input", "action_id": FILL, "dispatch_action_config": _on_enter(),
                    "placeholder": plain("https://…", PLACEHOLDER)}  # fmt: skip
        case "company" if field.search is not None:
            return {"type": "external_select", "action_id": FILL, "min_query_length": 2,
                    "placeholder": plain(f"Search {field.search.entity} in the CRM by name", PLACEHOLDER)}  # fmt: skip
        case "select" if field.choices is not None and options_of(field.choices.pairs):
            return _list(field.choices)
    return _typed(question, field)


def options_of(pairs: Sequence[tuple[str, str]]) -> list[Block]:
    """Values of a list as options, each by what people call it."""
    shown = [(value, label) for value, label in pairs if len(value) <= OPTION and value == tidy(value)]
    return [option(tidy(label) or value, value, value if label != value else "") for value, label in shown]


def candidate_options(question: Violation, field: Field, *, creates: bool = False) -> list[Block]:
    """What might be meant, best first, each with its score and why; for what may stand as it is, accepting comes first."""
    if question.kind == AGREE:
        return [option(_AGREED.get(question.reason, "Accept it as shown"), ACCEPT)]
    if is_about_customers(question):
        same = [one for one in question.candidates[: _MOST_RADIOS - 1] if 0 < len(one.value) < OPTION]
        meant = (option(f"The same customer as {named(one)}", f"{USE}{one.value}", why(one)) for one in same)
        return [option(accepting(question), ACCEPT), *meant]
    listed = field.choices is not None
    found = [one for one in question.candidates if 0 < len(one.value) < OPTION and (one.score > 0 or not listed)]
    if not may_stand(question):
        new = [option("Create a new one in the CRM …", NEW, "its fields are asked below")] if creates else []
        return [*(option(named(one), one.value, why(one)) for one in found[: MOST_SELECT - 1]), *new]
    offered = [option(f"Use {named(one)}", f"{USE}{one.value}", why(one)) for one in found[: _MOST_RADIOS - 2]]
    accept = option(f"Accept “{clip(tidy(question.found), 40)}” as it stands", ACCEPT)
    return [accept, *offered, option("Enter another value", OTHER, "below")]


def choice_of(question: Violation, options: list[Block]) -> Block:
    """The candidates to choose from. One is chosen beforehand only when it is safe to."""
    if may_stand(question):
        return {"type": "radio_buttons", "action_id": FILL, "options": options}
    element: Block = {"type": "static_select", "action_id": FILL, "options": options,
                      "placeholder": plain("Choose a value", PLACEHOLDER)}  # fmt: skip
    sure = safe(question.candidates)
    first = next((each for each in options if sure is not None and each["value"] == sure.value), None)
    return element | ({"initial_option": first} if first else {})


def named(candidate: Candidate) -> str:
    """What people call a candidate."""
    return tidy(candidate.label) or candidate.value


def why(candidate: Candidate) -> str:
    """What a candidate rests on, with its score."""
    told = candidate.score <= 0 or f"{candidate.score}%" in candidate.why
    return candidate.why if told else f"{candidate.why} · {candidate.score}%"


def _list(choices: Choices) -> Block:
    options = options_of(choices.pairs)
    if len(options) > MOST_SELECT:
        return {"type": "external_select", "action_id": FILL, "min_query_length": 1,
                "placeholder": plain(f"Search the {len(options):,} values of {choices.name}", PLACEHOLDER)}  # fmt: skip
    words = plain(f"Choose from {choices.name}", PLACEHOLDER)
    return {"type": "static_select", "action_id": FILL, "options": options, "placeholder": words}


def _typed(question: Violation, field: Field) -> Block:
    example = "EUR" if question.reason == "unknown_currency" else _EXAMPLES.get(field.kind, "Enter the value")
    if field.kind == "money" and field.currency:
        example = f"{example if field.currency != 'JPY' else '1234'} ({field.currency})"
    return {
        "type": "plain_text_input", "action_id": FILL, "max_length": _LONGEST, "dispatch_action_config": _on_enter(),
        "placeholder": plain(example, PLACEHOLDER),
    }  # fmt: skip


def _on_enter() -> Block:
    return {"trigger_actions_on": ["on_enter_pressed"]}
