"""The dialog that fixes: it asks exactly what is missing, once per value, and reads the answers back. An answer belongs to a
question by its place; the empty answer accepts the value as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from bot.blocks import (
    LABEL,
    MOST_SELECT,
    OPTION,
    PLACEHOLDER,
    Block,
    clip,
    context,
    divider,
    link,
    option,
    plain,
    quote,
    said,
    section,
    tidy,
)
from bot.carried import asked_of
from bot.modals import modal, notice_view
from bot.wording import Around, asks, fix_label, label_of, records, title_of
from sync.decide import shared_questions
from sync.drafts import AGREE
from sync.model import Candidate, Case, Cause, Violation
from sync.money import NotMoney, decimal, is_currency
from sync.reasons import Fix, reason

Group = tuple[int, ...]

_LONGEST, _MOST_ASKED, _MOST_RADIOS = 200, 25, 10
_BLOCK = re.compile(r"q(\d{1,4}(?:-\d{1,4})*)(_other)?")
_ACCEPT, _OTHER, _USE = "accept", "other", "="


def resolve_view(cause: Cause, cases: list[Case], around: Around, four_eyes: bool) -> Block:
    """Ask for everything that these cases need from a person."""
    asked = shared_questions([case.violations for case in cases])
    groups = answerable(asked)
    if not groups or not asks(cause.reason):
        return notice_view("Nothing to fill in", f"This is mended elsewhere. {reason(cause.reason).hint}")
    blocks = [section(_introduction(cases, around, reason(cause.reason).hint, four_eyes))]
    for group in groups[:_MOST_ASKED]:
        blocks += [divider(), *_ask(asked, group, shared=len(cases) > 1)]
    if len(groups) > _MOST_ASKED:
        blocks.append(context(f"… {len(groups) - _MOST_ASKED} more values are asked after this."))
    blocks.append(context("Your decision is recorded with your name and counts when the record is tried again."))
    label = "Propose fix" if four_eyes else fix_label(cause.reason, asked)
    title = f"{label} · {cases[0].ref}" if len(cases) == 1 else records(len(cases)).capitalize()
    return modal(
        "resolve",
        title,
        blocks,
        cause=cause,
        submit=_submit(len(cases), four_eyes),
        asked=asked_of(asked, many=len(cases) > 1),
    )


def answers(view: Block) -> dict[int, str]:
    """The answer to each question, by its place. A question without an answer is left out; a typed value counts before a chosen one."""
    found: dict[int, str] = {}
    values = (view.get("state") or {}).get("values") or {}
    for typed in (False, True):
        for block_id, elements in values.items():
            match = _BLOCK.fullmatch(block_id)
            if match is None or (match[2] is not None) is not typed:
                continue
            answer = next((_answer(element) for element in elements.values()), None)
            if answer is not None:
                found.update(dict.fromkeys(map(int, match[1].split("-")), answer))
    return found


def problems(answers: Mapping[int, str], questions: Sequence[Violation]) -> dict[str, str]:
    """What is wrong with the answers, by the block that it is shown under. Nothing when they can be used."""
    found: dict[str, str] = {}
    for group in answerable(questions)[:_MOST_ASKED]:
        words = _problem(answers.get(group[0]), questions[group[0]])
        if words:
            found[_block_id(group)] = words
    return found


def usable(answers: Mapping[int, str], questions: Sequence[Violation]) -> dict[int, str]:
    """The answers to questions that are asked now, one for each group; a dialog may be old or made up."""
    groups = [group for group in answerable(questions) if group[0] in answers]
    return {place: answers[group[0]] for group in groups for place in group}


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


def _introduction(cases: list[Case], around: Around, hint: str, four_eyes: bool) -> str:
    first = cases[0]
    one = f"*{link(around.crm_link(first.subject), title_of(first), 200)}* · {first.ref}"
    what = one if len(cases) == 1 else f"*{records(len(cases))}* get this one decision."
    second = "\nA second person has to agree before it counts." if four_eyes else ""
    return f"{what}\n{hint}{second}"


def _submit(count: int, four_eyes: bool) -> str:
    verb = "Propose" if four_eyes else "Resolve"
    return verb if count == 1 else f"{verb} all {count:,}"


def _ask(questions: Sequence[Violation], group: Group, *, shared: bool) -> Iterator[Block]:
    question, options = questions[group[0]], _options(questions[group[0]])
    labels = ", ".join(dict.fromkeys(label_of(questions[place], shared=shared) for place in group))
    after = "what you choose or enter" if options else "what you enter"
    after = f"{quote(question.found)} as it stands, or {after}" if _may_stand(question) else after
    after = said(question.expected, 1000) if question.kind == AGREE else after
    yield section(f"*{said(labels, 300)}*: {quote(question.found)} → _{after}_")
    block_id, name, hint = _block_id(group), tidy(labels) or "Value", _hint(question)
    if options:
        kind = "radio_buttons" if _may_stand(question) else "static_select"
        element: Block = {"type": kind, "action_id": "answer", "options": options}
        if kind == "static_select":
            element["placeholder"] = plain("Choose a value", PLACEHOLDER)
            hint = f"{hint} Choose here, or enter another value below."
        yield _input(block_id, name, element, hint, optional=not _may_stand(question))
        if question.kind == AGREE:
            return
        typed = _typed(question)
        yield _input(f"{block_id}_other", "Another value", typed, "Counts instead of the choice above.", optional=True)
    elif question.kind == "date":
        yield _input(block_id, name, {"type": "datepicker", "action_id": "answer"}, hint)
    else:
        yield _input(block_id, name, _typed(question), hint)


def _input(block_id: str, label: str, element: Block, hint: str, *, optional: bool = False) -> Block:
    return {
        "type": "input", "block_id": block_id, "label": plain(clip(label, 150), LABEL), "element": element,
        "hint": plain(clip(hint, 400), LABEL), "optional": optional,
    }  # fmt: skip


def _typed(question: Violation) -> Block:
    examples = {"money": "1234.56", "date": "2026-03-31", "company": "Id of the company in the CRM"}
    example = "EUR" if question.reason == "unknown_currency" else examples.get(question.kind, "Enter the value")
    return {
        "type": "plain_text_input", "action_id": "answer", "max_length": _LONGEST,
        "placeholder": plain(example, PLACEHOLDER),
    }  # fmt: skip


def _hint(question: Violation) -> str:
    expected, found = tidy(question.expected), tidy(question.found)
    was = f"Found “{clip(found, 120)}”." if found else "It is empty."
    return was if expected == "a value" else f"Expected: {clip(expected, 250)}. {was}"


def _may_stand(question: Violation) -> bool:
    return reason(question.reason).fix is Fix.APPROVE


def _options(question: Violation) -> list[Block]:
    if question.kind == AGREE:
        return [option("Write it again as shown", _ACCEPT)]
    usable = [one for one in question.candidates if one.value and len(one.value) < OPTION]
    if not _may_stand(question):
        return [option(_named(one), one.value, one.why) for one in usable[:MOST_SELECT]]
    offered = [option(f"Use {_named(one)}", f"{_USE}{one.value}", one.why) for one in usable[: _MOST_RADIOS - 2]]
    accept = option(f"Accept {_in_quotes(question.found)} as it stands", _ACCEPT)
    return [accept, *offered, option("Enter another value", _OTHER, "below")]


def _named(candidate: Candidate) -> str:
    return tidy(candidate.label) or candidate.value


def _in_quotes(text: str) -> str:
    """A value in quotation marks, for plain text."""
    return f"“{clip(tidy(text), 40)}”"


def _answer(element: Block) -> str | None:
    chosen = (element.get("selected_option") or {}).get("value")
    if element.get("type") == "radio_buttons" and isinstance(chosen, str):
        return "" if chosen == _ACCEPT else chosen[1:] if chosen.startswith(_USE) else None
    written = chosen or element.get("selected_date") or tidy(element.get("value") or "")
    return str(written) if written else None


def _problem(answer: str | None, question: Violation) -> str:
    if answer is None or (not answer and not _may_stand(question)):
        return "Choose a value or enter another one." if _options(question) else "Enter a value."
    if not answer:
        return ""
    if len(answer) > _LONGEST:
        return f"Use at most {_LONGEST} characters; these are {len(answer):,}."
    if question.found and answer == question.found:
        return "This is the value that was found; it has to change."
    return _unreadable(answer, question)


def _unreadable(answer: str, question: Violation) -> str:
    if question.reason == "unknown_currency" and not is_currency(answer):
        return "Enter an ISO currency code in capitals, such as EUR."
    try:
        if question.kind == "money":
            amount = decimal(answer)
            return "Enter an amount that is not negative." if amount < 0 else ""
        if question.kind == "date":
            date.fromisoformat(answer)
    except NotMoney:
        return "Enter a plain amount such as 1234.56, without a currency and without commas."
    except ValueError:
        return "Enter a date such as 2026-03-31."
    return ""


def _block_id(group: Group) -> str:
    return f"q{'-'.join(map(str, group))}"[:200]
