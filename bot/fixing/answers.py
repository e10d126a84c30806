"""What people entered in the dialog that fixes. An answer belongs to a question by its place; the empty answer accepts the value
as it stands. Nothing is guessed: what can be read in two ways is asked back beside its field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from bot.blocks import Block, clip
from bot.fixing.known import NOTHING, Known
from bot.wording import asks
from sync.amounts import read_amount
from sync.model import Violation
from sync.money import NotMoney, is_currency
from sync.reasons import Fix, reason
from sync.typed import Unusable, https_address, value_of

Group = tuple[int, ...]

MOST_ASKED = 25
ACCEPT, OTHER, USE, NEW = "accept", "other", "=", "+new"
_BLOCK = re.compile(r"q(\d{1,4}(?:-\d{1,4})*)(_other)?")


def answers(view: Block) -> dict[int, str]:
    """The answer to each question as it was entered, by its place. A question without one is left out; what stands in the
    second field (“another value”) counts before the choice above it."""
    found: dict[int, str] = {}
    values = (view.get("state") or {}).get("values") or {}
    for other in (False, True):
        for block_id, elements in values.items():
            match = _BLOCK.fullmatch(block_id)
            if match is None or (match[2] is not None) is not other:
                continue
            answer = next((_answer(element) for element in elements.values()), None)
            if answer is not None:
                found.update(dict.fromkeys(map(int, match[1].split("-")), answer))
    return found


def problems(answers: Mapping[int, str], questions: Sequence[Violation], known: Known = NOTHING) -> dict[str, str]:
    """What is wrong with the answers, by the block that it is shown under. Nothing when they can be used."""
    found: dict[str, str] = {}
    for group in answerable(questions)[:MOST_ASKED]:
        try:
            read(answers.get(group[0]), questions[group[0]], known)
        except (Unusable, NotMoney) as wrong:
            found[block_of(group)] = clip(str(wrong), 300)
    return found


def usable(answers: Mapping[int, str], questions: Sequence[Violation], known: Known = NOTHING) -> dict[int, str]:
    """The answers as they will be kept, to questions that are asked now, one for each group; a dialog may be old or made up, and
    what cannot be read is left out."""
    found: dict[int, str] = {}
    for group in answerable(questions)[:MOST_ASKED]:
        try:
            found.update(dict.fromkeys(group, read(answers.get(group[0]), questions[group[0]], known)))
        except (Unusable, NotMoney):
            continue
    return found


def read(answer: str | None, question: Violation, known: Known = NOTHING) -> str:
    """An answer as it will be kept: an amount as a plain decimal, a text on one line. Raises Unusable or NotMoney with the words
    for the person."""
    if answer is None or (not answer and not may_stand(question)):
        raise Unusable("Choose a value or enter another one." if question.candidates else "Enter a value.")
    if not answer:
        return ""
    if answer == NEW and known.new(question):
        return NEW
    value = _read(answer, question, known)
    if question.found and question.found == value:
        raise Unusable("This is the value that was found; it has to change.")
    against = known.objection(value, question)
    if against:
        raise Unusable(f"{question.label} takes {against}. “{clip(value, 40)}” is not that.")
    return value


def suggested(questions: Sequence[Violation], candidate: str) -> dict[int, str]:
    """The one-click answer, as answers."""
    return dict.fromkeys(next(iter(grouped(questions)), ()), candidate)


def grouped(questions: Sequence[Violation]) -> list[Group]:
    """The places of the questions that are asked together: the same wrong value in several lines is asked once."""
    groups: dict[object, list[int]] = {}
    for place, one in enumerate(questions):
        same = (one.reason, one.found, one.expected, one.candidates, one.kind) if one.found else place
        groups.setdefault(same, []).append(place)
    return [tuple(places) for places in groups.values()]


def answerable(questions: Sequence[Violation]) -> list[Group]:
    """Those that an answer mends; the others are mended elsewhere and come back if they are not."""
    return [group for group in grouped(questions) if asks(questions[group[0]].reason)]


def may_stand(question: Violation) -> bool:
    """Whether the value may be accepted as it is."""
    return reason(question.reason).fix is Fix.APPROVE


def block_of(group: Group) -> str:
    """The id of the input that asks these questions."""
    return f"q{'-'.join(map(str, group))}"[:200]


def place_of(block_id: str) -> int | None:
    """The first question that an input asks; None for an input of another kind."""
    match = _BLOCK.fullmatch(block_id)
    return int(match[1].split("-")[0]) if match is not None else None


def _answer(element: Block) -> str | None:
    chosen = (element.get("selected_option") or {}).get("value")
    if element.get("type") == "radio_buttons" and isinstance(chosen, str):
        return "" if chosen == ACCEPT else chosen[1:] if chosen.startswith(USE) else None
    entered = chosen or element.get("selected_date") or element.get("selected_user") or element.get("value") or ""
    return " ".join(str(entered).split()) or None


def _read(answer: str, question: Violation, known: Known) -> str:
    field = known.field(question)
    match field.kind:
        case "money":
            amount = read_amount(answer, field.currency)
            if amount.startswith("-"):
                raise Unusable("Enter an amount that is not negative.")
            return amount
        case "date":
            return _date(answer)
        case "link":
            return https_address(answer)
        case "person":
            return value_of(known.person(answer))
    value = value_of(answer)
    if question.reason == "unknown_currency" and not is_currency(value):
        raise Unusable("Enter an ISO currency code in capitals, such as EUR.")
    return value


def _date(answer: str) -> str:
    try:
        return date.fromisoformat(answer).isoformat()
    except ValueError:
        raise Unusable("Enter a date such as 2026-03-31.") from None
