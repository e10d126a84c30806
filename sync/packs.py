"""What a pack holds: the figures of a week or a month beside those before, what comes back, which rules changed. And the Monday
checklist: eleven questions, each answered by what the ledger says. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.figures import Fact, Figures, Recurring, Stretch
from sync.releases import Release
from sync.spoken import spoken
from sync.suggestions import ProposedRule

_LATEST = timedelta(days=3)
WHOLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One pack. `trend` are the last weeks or months, oldest first, the pack's own last; `before` is the one before it.
    `manual` counts what people mended past Meshline, None where nobody counted."""

    kind: str
    slot: str
    channel: str
    company: str
    figures: Figures
    trend: tuple[Stretch, ...]
    recurring: tuple[Recurring, ...]
    releases: tuple[Release, ...]
    proposed: tuple[Release, ...]
    rules: tuple[ProposedRule, ...]
    facts: tuple[Fact, ...]
    manual: int | None
    items: tuple[Item, ...]

    @property
    def before(self) -> Stretch | None:
        return self.trend[-2] if len(self.trend) > 1 else None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        mine = self.figures
        known = any(one.opened_at < mine.stretch.until for one in self.facts)
        return not (known or mine.delivered or mine.stretch.events or self.releases or self.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of the checklist: whether all is well, what the ledger says, and where to look (a `/sync` command)."""

    title: str
    well: bool
    evidence: str
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the checklist is answered from. `silent` are flows that have work due and have not delivered lately; `stuck` is what
    stands still besides (pauses, connections that do not answer, fields that are gone), in words; `unlearned` counts changes
    around Meshline of which nobody has said what changes in the runbook."""

    flows: int
    silent: Sequence[str]
    unresolved: int
    overdue: int
    unanswered: int
    holds: Sequence[str]
    stuck: Sequence[str]
    backlog: int
    week: Figures
    before: Stretch | None
    recurring: Sequence[Recurring]
    proposed: int
    manual: int | None
    unlearned: int = 0


def checklist(now: Situation) -> tuple[Item, ...]:
    """Six questions about this morning (F182), then five about the last seven days (F183)."""
    return (*_morning(now), *_week(now))


def is_silent(last: datetime | None, oldest: datetime | None, now: datetime) -> bool:
    """Whether a flow that has work waiting has delivered nothing for three days, or never."""
    return oldest is not None and now - oldest > _LATEST and (last is None or now - last > _LATEST)


def _morning(now: Situation) -> tuple[Item, ...]:
    late = f"{_are(now.overdue)} past the deadline, of {_many(now.unresolved, 'open exception')}"
    held = f"{_many(len(now.holds), 'customer')} on hold: {_listed(now.holds)}"
    waits = f"{_many(now.backlog, 'card or message', 'cards and messages')} still waiting for Slack"
    running = f"{now.flows} of {_many(now.flows, 'flow')} without a standstill"
    return (
        Item(title="Every flow delivers", well=not now.silent, look="/sync status",
             evidence=f"standing still for three days: {_listed(now.silent)}" if now.silent else running),
        Item(title="No exception is late", well=not now.overdue, evidence=late, look="/sync exceptions"),
        Item(title="Somebody has answered to each exception", well=not now.unanswered, look="/sync exceptions team",
             evidence=f"{_are(now.unanswered)} past the first-response clock without an answer"),
        Item(title="No customer is on billing hold", well=not now.holds, look="/sync status",
             evidence=held if now.holds else "no billing hold is on"),
        Item(title="Nothing is paused, away or out of step", well=not now.stuck, look="/sync status",
             evidence=_listed(now.stuck) if now.stuck else "no pause, every connection answers, every field is there"),
        Item(title="Slack shows what the ledger says", well=not now.backlog, evidence=waits, look="/sync status"),
    )  # fmt: skip


def _week(now: Situation) -> tuple[Item, ...]:
    week = now.week
    took = f", half within {spoken(week.took.typical)}" if week.took else ""
    manual = "not counted" if now.manual is None else f"{_many(now.manual, 'fix', 'fixes')} past Meshline"
    if now.unlearned:
        manual += f", {_many(now.unlearned, 'change')} around it whose runbook is not changed yet"
    back = f"{week.decided - week.came_back} of {_many(week.decided, 'decision')} carried the record through"
    return (
        Item(title="Fewer exceptions than the week before", well=_falls(week.stretch, now.before),
             evidence=f"{_rate(week.stretch)}, {_rate(now.before)} the week before", look="/sync digest"),
        Item(title="Exceptions were resolved in time", well=not week.late, look="/sync exceptions",
             evidence=f"{week.in_time} of {week.resolved} in time{took}"),
        Item(title="Every decision carried its record through", well=not week.came_back, evidence=back,
             look="/sync exceptions"),
        Item(title="Nothing was mended past Meshline", well=not now.manual and not now.unlearned, evidence=manual,
             look="/sync status"),
        Item(title="What comes back has a tighter rule", well=not now.recurring or bool(now.proposed),
             evidence=f"{_many(len(now.recurring), 'cause')} came back, {_many(now.proposed, 'rule')} proposed",
             look="meshline releases"),
    )  # fmt: skip


def _falls(now: Stretch, before: Stretch | None) -> bool:
    if now.per_thousand is None or before is None or before.per_thousand is None:
        return now.opened <= (before.opened if before else 0)
    return now.per_thousand <= before.per_thousand


def _rate(one: Stretch | None) -> str:
    if one is None or one.per_thousand is None:
        return "no events"
    return f"{tenths(one.per_thousand)} per 1,000 events"


def tenths(value: int) -> str:
    """`452` as `45.2`."""
    return f"{value // 10:,}.{value % 10}"


def percent(points: int | None) -> str:
    """Basis points as people read them: never 100% unless it is all of them, and no figure where there is none."""
    if points is None:
        return "no figure"
    whole, rest = divmod(points, 100)
    return f"{whole}%" if not rest else f"{whole}.{rest // 10}%"


def _are(count: int) -> str:
    return "none is" if not count else "1 is" if count == 1 else f"{count:,} are"


def _many(count: int, noun: str, plural: str = "") -> str:
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def _listed(names: Sequence[str], most: int = 5) -> str:
    left = len(names) - most
    return ", ".join([*names[:most], *([f"{left} more"] if left > 0 else [])])
