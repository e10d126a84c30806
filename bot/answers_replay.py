"""What `/sync replay` shows: what would be written, the canary, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.blocks import Block, actions, button, context, few, header, message, said, section
from bot.dry_run import DryRun, WouldBe, WouldWrite
from bot.wording import Around, counted, line_of
from sync.mapping import text
from sync.model import Case

Would = DryRun
_CALLS, _FIELDS, _LISTED = 8, 6, 5
_STATES = {"delivered": "would go through", "held": "would stop again", "dead": "would stop again",
           "discarded": "would need nothing", "pending": "would wait"}  # fmt: skip
_DOES = {
    "create": "create",
    "update": "change",
    "post": "post",
    "credit": "credit",
    "void": "void",
    "upsert": "create or change",
}


def dry(cases: Sequence[Case], found: DryRun, around: Around, *, left: int, button: str = "") -> Block:
    """What would become of these; `left` more were not looked at. With `button` it offers to begin."""
    many = len(cases) + left
    text = f"{counted(many, 'record')} would be replayed. {_outcome(found)}"
    lines = [f"• {line_of(case, around)}" for case in cases[:_LISTED]]
    looked = f" The first {len(cases)} were looked at." if left else ""
    blocks = [
        header(f"Dry run · {counted(many, 'record')}"),
        section(f"{said(_outcome(found), 500)}{looked} Nothing was written."),
        section("\n".join(lines)),
        *_stops(found.events),
        *_calls(found.writes),
    ]
    if button:
        blocks.append(actions(_begin(button, many, left)))
        blocks.append(context(_steps(many, left)))
    return message(said(text, 1000), *blocks)


def _begin(value: str, many: int, left: int) -> Block:
    label = f"Replay {counted(many, 'record')}, {many - left} first" if left else f"Replay {counted(many, 'record')}"
    return button("replay_canary", label, value, style="primary")


def _steps(many: int, left: int) -> str:
    if not left:
        return "Records are read anew when they go; nothing is written twice."
    return f"{many - left} go ahead as a canary; the other {left:,} only when those went through."


def _outcome(found: DryRun) -> str:
    states = Counter(_STATES.get(one.state, one.state) for one in found.events)
    return ", ".join(f"{count} {words}" for words, count in states.most_common()).capitalize() + "." if states else ""


def _stops(events: Sequence[WouldBe]) -> list[Block]:
    lines = [f"• {said(one.subject, 80)}: {said(one.detail or one.state, 200)}" for one in events
             if one.state in ("held", "dead")]  # fmt: skip
    return [section("\n".join(["*Would stop again*", *few(lines, _LISTED)]))] if lines else []


def _calls(writes: Sequence[WouldWrite]) -> list[Block]:
    if not writes:
        return []
    shown = [_call(one) for one in writes]
    return [section("*Would be written*"), *map(section, few(shown, _CALLS))]


def _call(one: WouldWrite) -> str:
    head = f"• {_DOES.get(one.operation, said(one.operation, 20))} {said(one.entity, 60)} in {said(one.connection, 60)}"
    fields = [f"{said(name, 60)}: {said(text(value) or 'empty', 120)}" for name, value in one.body.items()]
    return "\n".join([head, *few(fields, _FIELDS)])


def sent(gone: int, many: int, *, one_card: bool = False, after: bool = False) -> Block:
    """They are on their way, or the oldest of them."""
    way = f"{counted(gone, 'record')} {'is on its' if gone == 1 else 'are on their'} way again."
    if one_card:
        way = f"{counted(gone, 'record')} are replayed: the oldest five first, the rest when those went through. Their card shows how far it is."
    left = f" {counted(many - gone, 'record')} had been decided meanwhile." if many > gone else ""
    words = f"{'The canary went through. ' if after else ''}{way}{left}"
    return message(words, section(words))


def canary(first: Sequence[Case], left: int, value: str) -> Block:
    """Five are on their way; the rest waits for them."""
    refs = ", ".join(case.ref for case in first)
    words = f"{len(first)} records are on their way again as a canary: {refs}. {left:,} more wait for them."
    rest = button("replay_rest", f"Replay the other {left:,}", value, style="primary")
    return message(words, section(words), actions(rest))


def canary_waits(waiting: int, left: int, value: str) -> Block:
    """It is not known yet how the canary went."""
    words = f"{counted(max(waiting, 1), 'record')} of the canary are still on their way. Nothing more was sent."
    rest = button("replay_rest", f"Replay the other {left:,}", value, style="primary")
    return message(words, section(words), actions(rest))


def canary_stopped(stopped: Sequence[int], many: int) -> Block:
    """The canary did not go through: the rest stays where it is."""
    refs = ", ".join(f"EX-{number}" for number in stopped)
    words = (
        f"{len(stopped)} of {many} records of the canary stopped again: {refs}. The others were not sent. "
        "Mend the cause first; then ask for the replay once more."
    )
    return message(words, section(words))
