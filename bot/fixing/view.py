"""The dialog that fixes: it asks exactly what is missing, once per value, and shows the exact change, before → after, as soon as
something is chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.blocks import Block, clip, context, divider, few, link, quote, said, section, tidy
from bot.carried import asked_of
from bot.customer_words import is_about_customers, settled
from bot.fixing.answers import MOST_ASKED, NEW, Group, answerable, block_of, may_stand, read
from bot.fixing.creating import new_inputs
from bot.fixing.elements import candidate_options, choice_of, element_of, input_block
from bot.fixing.known import NOTHING, Known
from bot.modals import modal, notice_view
from bot.wording import Around, asks, fix_label, label_of, line_of, records, title_of
from sync.amounts import understood
from sync.decide import shared_questions
from sync.drafts import AGREE
from sync.fields import Field
from sync.match import safe
from sync.model import Case, Cause, Violation
from sync.money import NotMoney
from sync.reasons import reason
from sync.typed import Unusable

_FIRST = 5
_NONE: Mapping[int, str] = {}


def resolve_view(
    cause: Cause,
    cases: list[Case],
    around: Around,
    four_eyes: bool,
    *,
    known: Known = NOTHING,
    entered: Mapping[int, str] | None = None,
) -> Block:
    """Ask for everything that these cases need from a person. `entered` are the answers so far, None at the beginning."""
    asked = shared_questions([case.violations for case in cases])
    groups = answerable(asked)
    if not groups or not asks(cause.reason):
        return notice_view("Nothing to fill in", f"This is mended elsewhere. {reason(cause.reason).hint}")
    blocks = [section(_introduction(cases, around, reason(cause.reason).hint, four_eyes))]
    if len(cases) > 1:
        blocks.append(
            context("\n".join(few([line_of(each, around) for each in cases[:_FIRST]], _FIRST)) + _more(cases))
        )
    for group in groups[:MOST_ASKED]:
        blocks += [divider(), *_ask(asked, group, known, entered, shared=len(cases) > 1)]
    if len(groups) > MOST_ASKED:
        blocks.append(context(f"… {len(groups) - MOST_ASKED} more values are asked after this."))
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


def _more(cases: Sequence[Case]) -> str:
    return f"\n… {len(cases) - _FIRST:,} more" if len(cases) > _FIRST else ""


def _introduction(cases: list[Case], around: Around, hint: str, four_eyes: bool) -> str:
    first = cases[0]
    one = f"*{link(around.crm_link(first.subject), title_of(first), 200)}* · {first.ref}"
    what = one if len(cases) == 1 else f"*{records(len(cases))}* get this one decision."
    second = "\nA second person has to agree before it counts." if four_eyes else ""
    return f"{what}\n{hint}{second}"


def _submit(count: int, four_eyes: bool) -> str:
    verb = "Propose" if four_eyes else "Resolve"
    return verb if count == 1 else f"{verb} all {count:,}"


def _ask(
    questions: Sequence[Violation], group: Group, known: Known, entered: Mapping[int, str] | None, *, shared: bool
) -> Iterator[Block]:
    question = questions[group[0]]
    field = known.field(question)
    new = known.new(question)
    options = candidate_options(question, field, creates=bool(new))
    labels = ", ".join(dict.fromkeys(label_of(questions[place], shared=shared) for place in group))
    answered = _answered(question, group, entered)
    after = _after(answered, question, field, known, bool(options))
    asked = said(question.expected, 300) if is_about_customers(question) else quote(question.found)
    yield section(f"*{said(labels, 300)}*: {asked} → {after}")
    block_id, name, hint = block_of(group), tidy(labels) or "Value", _hint(question)
    if not options:
        yield input_block(block_id, name, element_of(question, field), hint)
    else:
        stands = may_stand(question)
        hint = hint if stands else f"{hint} Choose here, or enter another value below."
        yield input_block(block_id, name, choice_of(question, options), hint, optional=not stands)
        if question.kind == AGREE or is_about_customers(question):
            return
        other = element_of(question, field)
        yield input_block(
            f"{block_id}_other", "Another value", other, "Counts instead of the choice above.", optional=True
        )
    if answered == NEW:
        yield from new_inputs(block_of(group), new)
    if field.choices is not None:
        yield context(_kept(field, known))


def _answered(question: Violation, group: Group, entered: Mapping[int, str] | None) -> str | None:
    """What is answered so far; at the beginning it is what was chosen beforehand."""
    if entered is not None:
        return entered.get(group[0])
    sure = safe(question.candidates) if not may_stand(question) else None
    return sure.value if sure is not None else None


def _after(answer: str | None, question: Violation, field: Field, known: Known, options: bool) -> str:
    """What the value becomes, as far as it is known: in words of mrkdwn."""
    if question.kind == AGREE:
        return f"_{said(question.expected, 1000)}_"
    if is_about_customers(question):
        return "_what you choose_" if answer is None else f"*{said(settled(question, answer), 300)}*"
    if answer is None:
        what = "what you choose or enter" if options else "what you enter"
        return f"_{f'{quote(question.found)} as it stands, or {what}' if may_stand(question) else what}_"
    try:
        value = read(answer, question, known)
    except (Unusable, NotMoney) as wrong:
        return f"_not yet: {said(str(wrong), 300)}_"
    if not value:
        return "*accepted as it stands*"
    if value == NEW:
        return "*a new record in the CRM*, with what you enter below"
    return f"*{shown(value, question, field)}*"


def shown(value: str, question: Violation, field: Field) -> str:
    """A value as it was understood: an amount with its currency, a choice by its name."""
    if field.kind == "money":
        return understood(value, field.currency)
    names = {one.value: one.label for one in question.candidates}
    names |= dict(field.choices.pairs) if field.choices is not None else {}
    label = names.get(value, value)
    return quote(value) if label == value else f"{quote(label)} ({said(value, 80)})"


def _kept(field: Field, known: Known) -> str:
    """Who keeps the list: what is not in it is not created here."""
    if field.choices is None:
        return ""
    name, keeper = said(field.choices.name, 80), said(known.team(field.choices.kept_by), 80)
    who = f"{keeper} keeps it" if field.choices.kept_by else "it is kept in the workspace"
    return (
        f"Only a value of {name} can be chosen; {who}. If the right one is not there, hand the exception over "
        "with *Hand over* in the card's menu, or ask them to add it and press *Replay*."
    )


def _hint(question: Violation) -> str:
    expected, found = tidy(question.expected), tidy(question.found)
    if is_about_customers(question):
        return f"{clip(expected, 350)}."
    was = f"Found “{clip(found, 120)}”." if found else "It is empty."
    return was if expected == "a value" else f"Expected: {clip(expected, 250)}. {was}"
