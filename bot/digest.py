"""The digest of a team's channel and that of a person: what came, what was decided and how fast, what is late and what waits, what
comes back. Silent when nothing happened."""

from __future__ import annotations

from collections.abc import Callable

from bot.blocks import Block, actions, button, context, divider, few, fields, header, message, said, section
from bot.buttons import questions
from bot.carried import Carried, carry
from bot.glance import cause_line, hold_line
from bot.packs import recurring_line
from bot.wording import Around, asks, clock_of, counted, due_plain, fix_label, headline, line_of, told, worth
from store.periods import Period, PersonPeriod
from sync.model import Cause
from sync.reasons import reason
from sync.spoken import spoken

_NEAREST = 5
Permalink = Callable[[int], str | None]


def digest(team_title: str, period: Period, around: Around, permalink: Permalink | None = None) -> Block | None:
    """The message, or nothing when there is nothing to say. `permalink` finds the card of a cause."""
    if not (period.opened or period.resolved or period.unresolved or period.holds):
        return None
    blocks = [
        header(f"{told(team_title, around, 100)} · digest"),
        section(_sentence(period)),
        fields(*_facts(period)),
        *_nearest(period, around, permalink),
        *_reasons(period),
        *_defects(period, around),
        *_held(period, around),
        *_quiet(period, around, permalink),
        context("Each card in this channel carries the button that fixes it."),
    ]
    return message(said(_words(team_title, period, around), 3000), *blocks)


def person_digest(period: PersonPeriod, around: Around) -> Block | None:
    """A person's own digest, or nothing when there is nothing to say."""
    if not (period.unresolved or period.decided):
        return None
    words = _my_words(period)
    lines = [f"• {line_of(one, around)}" for one in period.mine[:_NEAREST]]
    left = period.unresolved - len(lines)
    more = [f"… {left:,} more on the Home tab"] if left > 0 else []
    blocks = [
        header("Your digest"),
        section(words),
        *([section("\n".join(["*Nearest deadlines*", *lines, *more]))] if lines else []),
        context("You asked for this digest. The Home tab has your exceptions, and where it is switched off."),
    ]
    nearest = f" Nearest: {period.mine[0].ref}, {clock_of(period.mine[0], around, plain=True)}." if period.mine else ""
    return message(said(f"Your digest: {words}{nearest}", 3000), *blocks)


def _my_words(period: PersonPeriod) -> str:
    late = f", {period.late:,} of them late" if period.late else ", none of them late" if period.unresolved else ""
    money = f" They stop {worth(period.sums)}." if period.sums else ""
    decided = f" You decided {period.decided:,} in the last day." if period.decided else ""
    if not period.unresolved:
        return f"Nothing waits for you.{decided}"
    return f"{counted(period.unresolved, 'exception')} wait{'s' if period.unresolved == 1 else ''} for you{late}.{money}{decided}"


def _nearest(period: Period, around: Around, permalink: Permalink | None) -> list[Block]:
    lines = [f"• {cause_line(cause, around, permalink)}" for cause in period.causes[:_NEAREST]]
    return [divider(), section("\n".join(["*Nearest deadlines*", *lines]))] if lines else []


def _reasons(period: Period) -> list[Block]:
    lines = [f"• {reason(code).title}: {count:,}" for code, count in period.reasons]
    return [section("\n".join(["*What came*", *few(lines, _NEAREST)]))] if len(lines) > 1 else []


def _defects(period: Period, around: Around) -> list[Block]:
    lines = [f"• {recurring_line(one, around)}" for one in period.recurring]
    heading = "*Process defects*"
    return [section("\n".join([heading, *few(lines, _NEAREST)]))] if lines else []


def _held(period: Period, around: Around) -> list[Block]:
    lines = [f"• {hold_line(hold, around)}" for hold in period.holds]
    return [section("\n".join(["*Billing on hold*", *few(lines, _NEAREST)]))] if lines else []


def _quiet(period: Period, around: Around, permalink: Permalink | None) -> list[Block]:
    """Class C: each cause with its own way in and its fix, for it has no card."""
    if not period.quiet:
        return []
    lines = [_quiet_line(cause, around, permalink) for cause in period.quiet[:_NEAREST]]
    return [section("*Can wait*"), *(block for line in lines for block in line)]


def _quiet_line(cause: Cause, around: Around, permalink: Permalink | None) -> tuple[Block, Block]:
    value = carry(Carried(cause=cause.id, version=0))
    fix = button("replay", "Replay", value)
    if asks(cause.reason):
        fix = button("resolve", fix_label(cause.reason, questions(cause)), value)
    return section(f"• {cause_line(cause, around, permalink)}"), actions(fix, button("all", "Show", value))


def _sentence(period: Period) -> str:
    were, are = ("was" if period.resolved == 1 else "were"), ("is" if period.unresolved == 1 else "are")
    fast = f", half within {spoken(period.took.typical)}" if period.took and period.took.count > 1 else ""
    fast = f", after {spoken(period.took.typical)}" if period.took and period.took.count == 1 else fast
    came = f"*{period.opened:,}* came and *{period.resolved:,}* {were} resolved{fast}."
    came = came if period.opened or period.resolved else "Nothing came and nothing was resolved."
    if not period.unresolved:
        return f"{came} Nothing is open."
    if period.unresolved == period.late == 1:
        return f"{came} *1* is open, and it is late."
    late = (
        f"*{period.late:,}* of them late"
        if period.late
        else "none of them late"
        if period.unresolved > 1
        else "not late"
    )
    return f"{came} *{period.unresolved:,}* {are} open, {late}."


def _facts(period: Period) -> tuple[tuple[str, str], ...]:
    took = period.took
    return (
        ("Open", f"{period.unresolved:,}"),
        ("Late", f"{period.late:,}"),
        ("Money stopped", worth(period.sums) or "none"),
        ("Customers on hold", f"{len(period.holds):,}"),
        *([("Money late", worth(period.delayed))] if period.delayed else []),
        *([("Nine of ten resolved", f"within {spoken(took.most)}")] if took and took.count > 1 else []),
    )


def _words(team_title: str, period: Period, around: Around) -> str:
    money = f" {worth(period.sums)} stopped." if period.sums else ""
    held = f" Billing on hold for {counted(len(period.holds), 'customer')}." if period.holds else ""
    back = f" {counted(len(period.recurring), 'process defect')}." if period.recurring else ""
    nearest = period.causes[0] if period.causes else None
    first = f" Nearest: {headline(nearest)}, {due_plain(nearest.nearest, around)}." if nearest else ""
    sentence = _sentence(period).replace("*", "")
    return f"Digest for {team_title}: {sentence}{money}{held}{back}{first}"
