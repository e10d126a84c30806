"""What `/sync` answers, to the one who asked: help, status, lists, one exception, and what to type instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.blocks import Block, context, few, fields, header, message, moment, quote, said, section
from bot.command_words import NAME, SHARE, TABLE, Verb
from bot.delivery_words import pending_lines
from bot.glance import Pause, Works, engine_line, entry_line, flow_line, hold_line, pause_line, waiting_line
from bot.wording import (
    CLASSES,
    Around,
    all_wrong,
    changes,
    clock_of,
    counted,
    line_of,
    named,
    person,
    standing,
    title_of,
)
from store.standing import FlowStatus
from store.waiting import Waiting
from sync.delivery import Pending
from sync.lifecycle import CaseState
from sync.model import BillingHold, Case, Entry
from sync.reasons import reason

_LISTED, _LINES, _HISTORY, _MOST = 20, 20, 10, 50
_NARROWER = "Ask for fewer: `/sync exceptions mine`, `late`, `team T`, `reason R`, `flow F`, `class A`."
_UNASKED, _NOTHING = Works(), Pending()
_DELIVERY = 8


def help_text(verb: Verb | None = None) -> Block:
    """Everything that can be typed, or all about one verb."""
    shown = [verb] if verb else TABLE
    usages = [(usage, words) for each in shown for usage, words in each.usages]
    lines = [f"`{NAME} {usage}` {words}" for usage, words in usages]
    text = "You can type " + ", ".join(f"{NAME} {usage}" for usage, _ in usages) + "."
    more = [context(verb.more)] if verb and verb.more else []
    return message(text, section("\n".join(lines)), *more, context(SHARE))


def together(drawn: Sequence[Block], nothing: str) -> Block:
    """Several answers in one, or the words that there is none."""
    if not drawn:
        return message(nothing, section(nothing))
    blocks = [block for each in drawn for block in each["blocks"]]
    kept = blocks if len(blocks) <= _MOST else [*blocks[: _MOST - 1], context(f"… {len(blocks) - _MOST + 1} more")]
    return message(" ".join(each["text"] for each in drawn), *kept)


def shared(answer: Block, asked_by: str, words: str) -> Block:
    """An answer for the whole channel: who asked, and what."""
    blocks = [
        *answer.get("blocks", [])[: _MOST - 1],
        context(f"{said(asked_by, 80)} asked `{NAME} {said(words, 150)}`."),
    ]
    return answer | {"blocks": blocks, "response_type": "in_channel"}


def status(
    flows: Sequence[FlowStatus],
    reasons: Mapping[str, int],
    holds: Sequence[BillingHold],
    pauses: Sequence[Pause],
    backlog: Mapping[str, int],
    around: Around,
    works: Works = _UNASKED,
    queue: Sequence[Waiting] = (),
    pending: Pending = _NOTHING,
) -> Block:
    """How the flows do, and what they run on. `reasons` counts what is open per reason code, `backlog` what Slack has still to
    get and `pending` why; `queue` is what waits behind an exception."""
    lines = [flow_line(one, around) for one in flows] or ["No flow has had work yet."]
    lines += [*works.tried(around), *works.in_batches(around)]
    stopped = [*(hold_line(hold, around) for hold in holds), *(pause_line(pause, around) for pause in pauses)]
    stopped = [
        *works.broken(around),
        *(waiting_line(one, around) for one in queue),
        *stopped,
    ]
    open_now = [f"• {count:,} · {said(reason(code).title)}" for code, count in _most(reasons)]
    blocks = [header("Flows"), *map(section, few(lines, _LINES))]
    if open_now:
        blocks += [header(f"Open exceptions · {sum(reasons.values()):,}"), section("\n".join(few(open_now, _LINES)))]
    if stopped:
        blocks += [header("Held and paused"), *map(section, few(stopped, _LINES))]
    if works.workers is not None:
        blocks += [header("Engine"), section(engine_line(works.workers, around))]
    if strange := works.strange():
        blocks += [header("New fields"), *map(section, few(strange, _LINES))]
    if late := [f"{count:,} {said(what, 20)}" for what, count in backlog.items() if count]:
        blocks.append(context(f"Still on the way to Slack: {', '.join(late)}."))
    if waits := pending_lines(pending):
        blocks += [header("Delivery to Slack"), *(section(said(line, 600)) for line in few(waits, _DELIVERY))]
    counts = f"{counted(len(flows), 'flow')}, {counted(sum(reasons.values()), 'open exception')}"
    return message(f"{counts}, {counted(len(holds), 'billing hold')}, {len(pauses):,} paused.", *blocks)


def exceptions(cases: Sequence[Case], around: Around, count: int) -> Block:
    """A list, nearest deadline first; `count` of them there are in all."""
    if not cases:
        return message("No open exceptions.", section("*No open exceptions.* Nothing waits for a decision."))
    lines = [
        f"• {line_of(case, around)}\n{reason(case.reason).title} · {standing(case, around)}" for case in cases[:_LISTED]
    ]
    left = count - len(lines)
    more = [context(f"… {left:,} more. {_NARROWER}")] if left > 0 else []
    blocks = [header(f"Open exceptions · {count:,}"), *map(section, lines), *more]
    first = cases[0]
    deadline = clock_of(first, around, plain=True)
    text = f"{counted(count, 'open exception')}. The first is {first.ref}, {title_of(first)}, {deadline}."
    return message(said(text, 1000), *blocks)


def show(case: Case, entries: Sequence[Entry], around: Around) -> Block:
    """One exception with its newest history."""
    wrong = "\n".join(f"• {line}" for line in all_wrong(case))
    origin = [
        around.flow_title(case.flow),
        around.contract(case.flow),
        f"attempt {case.attempts}",
        f"trace {case.trace}",
    ]
    history = [f"• {entry_line(entry, around)}" for entry in entries[-_HISTORY:]]
    blocks = [
        header(f"{case.ref} · {title_of(case)}"),
        section(f"*{reason(case.reason).title}*\n{wrong}"),
        fields(*_facts(case, around)),
        *_decided(case, around),
        *([section("\n".join(["*What happened*", *history]))] if history else []),
        context(" · ".join(said(words, 80) for words in origin if words)),
    ]
    text = f"{case.ref}, {title_of(case)}: {reason(case.reason).title}; {_state_in_words(case, around)}."
    return message(said(text, 1000), *blocks)


def unknown(word: str, near: str | None) -> Block:
    """There is no such command; the nearest one is."""
    start = f"There is no {quote(word, 40)}."
    if near is None:
        return message(
            f"{start} /sync help lists what there is.", section(f"{start} `/sync help` lists what there is.")
        )
    meant = said(near, 60)
    return message(f"{start} Did you mean /sync {meant}?", section(f"{start} Did you mean `/sync {meant}`?"))


def done(words: str) -> Block:
    """It is done, or it was already."""
    return message(said(words, 1500), section(said(words, 1500)))


def told(lines: str) -> Block:
    """Lines of ours as they stand."""
    return message(lines, section(lines))


def error(words: str, around: Around, reference: str = "") -> Block:
    """It did not work. `reference` finds the log line."""
    text = named(words, around, 1500)
    shown = said(reference, 64)
    more = [context(f"Reference {shown}")] if shown else []
    return message(f"{text}{f' Reference {shown}.' if shown else ''}", section(text), *more)


def _facts(case: Case, around: Around) -> tuple[tuple[str, str], ...]:
    meaning = CLASSES.get(case.severity, "")
    return (
        ("State", standing(case, around)),
        ("Class", f"{said(case.severity, 8)}{f' · {meaning}' if meaning else ''}"),
        ("Owner", f"{said(around.team_title(case.team), 80)}, {person(case.owner, around)}"),
        ("Backup", person(case.backup, around)),
        ("Money at stake", str(case.money) if case.money else "not known"),
        ("Resolve by", clock_of(case, around).removeprefix("by ")),
    )


def _state_in_words(case: Case, around: Around) -> str:
    return "resolved" if case.state == CaseState.RESOLVED else clock_of(case, around, plain=True)


def _decided(case: Case, around: Around) -> list[Block]:
    if case.state == CaseState.PROPOSED:
        return [section("\n".join(["*Proposed*", *changes(case)]))]
    if case.state != CaseState.RESOLVED:
        return []
    who = "on its own" if case.decided_by == "engine" else f"by {person(case.decided_by, around)}"
    when = f", {moment(case.resolved_at)}" if case.resolved_at else ""
    return [section(f"*Resolved* {who}{when}\n{named(case.decision, around)}")]


def _most(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((code, count) for code, count in reasons.items() if count), key=lambda pair: (-pair[1], pair[0]))
