"""The card of a cause: what broke, what it costs, who has it, by when, and the buttons that its state allows. Pure."""

from __future__ import annotations

from bot import bypass_cards, rollout_cards
from bot.blocks import Block, actions, context, few, fields, header, link, message, moment, said, section, tidy, utc
from bot.buttons import is_proposed, menu, pressable, questions
from bot.fixing.contrast import contrast_lines
from bot.pause_views import paused_blocks, stands_still
from bot.wording import (
    CLASSES,
    OUTAGES,
    Around,
    all_wrong,
    asked_now,
    changes,
    consequence,
    due,
    due_plain,
    ended,
    headline,
    held_up,
    is_many,
    is_outage,
    named,
    person,
    proposed,
    records,
    refs,
    refs_in_short,
    standing,
    title_of,
    waiting,
    worth,
    wrong,
)
from sync.lifecycle import CaseState
from sync.model import BillingHold, Case, Cause
from sync.reasons import reason

__all__ = ["Around", "card"]

_OF = {"contract": "contract ", "flow": "all of "}
_SILENT, _LATE, _EXPIRED = 1, 2, 3  # the levels of an escalation


def card(cause: Cause, around: Around) -> Block:
    """The message that shows the cause now."""
    if not cause.first:
        return _moved(cause)
    if cause.rollout is not None and cause.rollout.live:
        return rollout_cards.live_card(cause, cause.rollout, around, menu(cause, around), _small_print(cause, around))
    if not cause.unresolved:
        return _closed(cause, around)
    blocks = [
        header(_heading(cause, around)),
        *rollout_cards.lasting(cause, around),
        section("\n".join(_story(cause, around)), accessory=menu(cause, around)),
        *(rollout_cards.listed(cause, around) if is_many(cause) and not is_outage(cause) else []),
        fields(*_facts(cause, around)),
        *([section("\n".join(urgent))] if (urgent := _urgent(cause, around)) else []),
        *paused_blocks(cause, around),
        *bypass_cards.asked(cause),
        actions(*(one for one in pressable(cause, around) if not (is_outage(cause) and one["action_id"] == "replay"))),
        context(_small_print(cause, around)),
    ]
    return message(said(f"{rollout_cards.lasting_words(cause, around)}{summary(cause, around)}", 3000), *blocks)


def _moved(cause: Cause) -> Block:
    words = f"{reason(cause.reason).title}. Its records are on another card now."
    return message(words, header(reason(cause.reason).title), section("Its records are on another card now."))


def summary(cause: Cause, around: Around) -> str:
    """The card as one sentence, for notifications and screen readers; not escaped."""
    first, ids = cause.first[0], refs_in_short(cause)
    if not cause.unresolved:
        when = f" at {utc(first.resolved_at)}" if first.resolved_at else ""
        return f"Resolved: {headline(cause)}. {_who_decided(first, around)}{when} ({ids})."
    if is_outage(cause):
        down = _downtime(cause, around, plain=True)
        return f"{down[:1].upper()}{down[1:]} {_nobody(cause).removesuffix('.')} ({ids})."
    what = records(cause.unresolved) if is_many(cause) else title_of(first)
    waits = "waits for approval, " if is_proposed(cause) else ""
    deadline = "its clock stands still" if stands_still(cause) else due_plain(cause.nearest, around)
    return f"Class {first.severity} exception for {what}: {_cause_in_words(cause)}; {waits}{deadline} ({ids})."


def _heading(cause: Cause, around: Around) -> str:
    if cause.nearest is not None and cause.nearest <= around.now:
        return f"Late · {headline(cause)}"
    return headline(cause)


def _cause_in_words(cause: Cause) -> str:
    title = reason(cause.reason).title
    found = next((one.found for one in questions(cause) if one.found and one.reason == cause.reason), "")
    return f"{title}{f' (“{found[:80]}”)' if found else ''}"


def _downtime(cause: Cause, around: Around, *, plain: bool = False) -> str:
    """How a connection is that does not answer, or did not, in sentences; `plain` is not escaped."""
    down = cause.downtime
    if down is None:
        return ""
    at, words = (utc, tidy) if plain else (moment, said)
    (count, where), name = held_up(cause, around), words(down.connection)
    many = waiting(count)
    if down.answers_since is not None:
        goes = f" {many} and go out by themselves, slowly at first." if count else ""
        return f"{name} answers again since {at(down.answers_since)}; it had not since {at(down.since)}.{goes}"
    tried = f"next try {at(down.next_try)}" if down.next_try > around.now else "it is tried now"
    return f"{name} does not answer since {at(down.since)}. {many} in {words(where)}; {tried}."


def _nobody(cause: Cause) -> str:
    if cause.level:
        return "Meshline goes on by itself as soon as it answers. Please ask whoever runs it."
    return "Nobody has to act: Meshline goes on by itself."


def _story(cause: Cause, around: Around) -> list[str]:
    if is_outage(cause):
        lost = "Nothing is lost, and nothing is written twice."
        return [_downtime(cause, around), lost, f"_{_nobody(cause)}_"]
    if is_many(cause):
        return _story_of_many(cause, around)
    case = cause.first[0]
    lines = all_wrong(case)
    bullets = [f"• {line}" for line in lines] if len(lines) > 1 else lines
    story = [
        f"*{link(around.crm_link(case.subject), title_of(case), 200)}* is stopped.",
        *bullets,
        consequence(cause.reason),
    ]
    if case.state == CaseState.PROPOSED:
        return [*story, *_proposal(case, around)]
    return [*story, f"_{_advice(cause)}_"]


def _story_of_many(cause: Cause, around: Around) -> list[str]:
    asked = questions(cause)
    why = wrong(asked[0], shared=True) if asked else all_wrong(cause.first[0])[0]
    story = [f"*{records(cause.unresolved)}* stopped for one cause. {why}", consequence(cause.reason)]
    if waiting := [case for case in cause.first if case.state == CaseState.PROPOSED]:
        return [*story, *_proposal(waiting[0], around)]
    return [*story, f"_One decision counts for all of them. {_advice(cause)}_"]


def _advice(cause: Cause) -> str:
    return reason(cause.reason).hint


def _proposal(case: Case, around: Around) -> list[str]:
    return [f"*A second person has to agree.* {proposed(case, around)}", *changes(case), *contrast_lines(case)]


def _facts(cause: Cause, around: Around) -> tuple[tuple[str, str], ...]:
    first = cause.first[0]
    meaning = CLASSES.get(first.severity, "")
    label = "Nearest deadline" if is_many(cause) else "Resolve by"
    if is_outage(cause):
        easy = not cause.level and first.state in (CaseState.OPEN, CaseState.REOPENED)
        owner = "nobody has to act" if easy else _owner(cause, around)
        return (("Owner", f"{said(around.team_title(cause.team), 80)}\n{owner}"),)
    return (
        ("Class", f"{said(first.severity, 8)}{f' · {meaning}' if meaning else ''}"),
        ("Owner", f"{said(around.team_title(cause.team), 80)}\n{_owner(cause, around)}"),
        ("Money at stake", worth(cause.sums) or "not known"),
        (label, "its clock stands still" if stands_still(cause) else due(cause.nearest, around).removeprefix("by ")),
    )


def _owner(cause: Cause, around: Around) -> str:
    first = cause.first[0]
    if not is_many(cause) or all(case.assignee == first.assignee and case.state == first.state for case in cause.first):
        return standing(first, around)
    names = {case.assignee: None for case in cause.first if case.assignee}
    holders = ", ".join(few([person(name, around) for name in names], 3))
    return f"{holders} have some of them" if len(names) > 1 else f"{holders or 'nobody'} has some of them"


def _urgent(cause: Cause, around: Around) -> list[str]:
    late = {
        _SILENT: "*Nobody responded in time.*",
        _LATE: "*The deadline has passed.*",
        _EXPIRED: "*It waited too long for a decision.*",
    }.get(cause.level)
    late = f"{late} {asked_now(cause.first[0], around)}" if late else None
    asleep = any(case.state == CaseState.SNOOZED for case in cause.first)
    snoozed = ["Snoozed. The clocks keep running."] if asleep else []
    down = [_downtime(cause, around)] if cause.reason in OUTAGES and not is_outage(cause) else []
    return [*([late] if late else []), *filter(None, down), *_held(cause, around), *snoozed]


def _what(hold: BillingHold) -> str:
    return f"{_OF.get(hold.scope, '')}{said(hold.called, 80)}"


def _held(cause: Cause, around: Around) -> list[str]:
    lines = [
        f"*Billing for {_what(hold)} is held* since {moment(hold.placed_at)}: {named(hold.why, around)}."
        for hold in cause.holds
    ]
    return few(lines, 4)


def _small_print(cause: Cause, around: Around) -> str:
    first = cause.first[0]
    parts = [refs(cause), said(around.flow_title(cause.flow), 80), said(around.contract(cause.flow), 80)]
    if not is_many(cause):
        parts += [f"attempt {first.attempts}", *_next_look(first), f"trace {said(first.trace, 64)}"]
    return " · ".join(parts)


def _next_look(case: Case) -> list[str]:
    return [f"tried again by itself {moment(case.look_at)}"] if case.look_at is not None else []


def _closed(cause: Cause, around: Around) -> Block:
    first = cause.first[0]
    when = moment(first.resolved_at) if first.resolved_at else ""
    decision = ended(named(first.decision, around)) or "No words were left."
    many = rollout_cards.ended(cause)
    who = "" if f"@{{{first.decided_by}}}" in first.decision else said(_who_decided(first, around), 120)
    down = f"{_downtime(cause, around)}\n" if is_outage(cause) else ""
    story = f"{down}{decision}{many}\n{' · '.join(part for part in (who, when) if part)}"
    held = [section("\n".join(_held(cause, around))), actions(*pressable(cause, around))] if cause.holds else []
    blocks = [
        header(f"Resolved · {headline(cause)}"),
        section(story, accessory=menu(cause, around)),
        *held,
        *bypass_cards.asked(cause),
        context(_small_print(cause, around)),
    ]
    return message(said(summary(cause, around), 3000), *blocks)


def _who_decided(case: Case, around: Around) -> str:
    return "It passed on its own" if case.decided_by == "engine" else f"Decided by {around.person(case.decided_by)}"
