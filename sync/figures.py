"""What the exceptions of a stretch of time add up to. Whole numbers only: shares are basis points, rates are tenths, and where
there is nothing to divide by there is no figure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sync.money import Money

ENGINE = ("", "engine", "clock")
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One exception, as far as figures need it. `came_back_at` is when a decision about it did not carry the record through,
    `outcome_at` when the record went through after all. `value` is what it shares with others; empty when it stands alone."""

    id: int
    flow: str
    reason: str
    value: str
    severity: str
    team: str
    owner: str
    customer: str
    title: str
    money: Money | None
    opened_at: datetime
    resolve_by: datetime
    resolved_at: datetime | None
    decided_by: str
    decision: str
    came_back_at: datetime | None
    outcome_at: datetime | None
    paused_at: datetime | None = None

    @property
    def ref(self) -> str:
        return f"EX-{self.id}"

    def missed(self, now: datetime) -> bool:
        """Whether its deadline passed before it was resolved, or before its clock was stopped."""
        return self.resolve_by < (self.resolved_at or self.paused_at or now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of time: how many records came for a flow to work on, and how many exceptions were opened."""

    since: datetime
    until: datetime
    events: int
    opened: int

    @property
    def per_thousand(self) -> int | None:
        """Exceptions per 1,000 events, in tenths."""
        return share(self.opened, self.events, 10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How long it took: half of them no longer than `typical`, nine of ten no longer than `most`."""

    count: int
    typical: timedelta
    most: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Exceptions of one reason, owner or customer: how many came, how many are open, how many of these are late, and the money
    that the open ones stop."""

    name: str
    opened: int
    unresolved: int
    late: int
    sums: tuple[Money, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """A stretch in figures. `in_time` and `late` count what was resolved in it, `overdue` what is open past its deadline now.
    `on_time`, `kept` and `carried` are basis points: of the delivered and overdue records those that were billed without a
    missed deadline; of the resolved exceptions those resolved in time; of people's decisions those after which the record
    went through."""

    stretch: Stretch
    delivered: int
    resolved: int
    in_time: int
    late: int
    unresolved: int
    overdue: int
    took: Took | None
    on_time: int | None
    kept: int | None
    carried: int | None
    decided: int
    came_back: int
    stopped: tuple[Money, ...]
    delayed: tuple[Money, ...]
    reasons: tuple[Pile, ...]
    owners: tuple[Pile, ...]
    customers: tuple[Pile, ...]
    dearest: tuple[Fact, ...]
    missed: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How often one cause brought exceptions in one week; week 0 is the latest."""

    flow: str
    reason: str
    value: str
    week: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """When a cause is no accident any more: seen in `weeks` of the last `of`, or `in_a_week` times within one."""

    weeks: int = 3
    of: int = 4
    in_a_week: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """A process defect: a cause that comes back."""

    flow: str
    reason: str
    value: str
    weeks: int
    of: int
    count: int


EVERY_WEEK = Recurrence()


def share(part: int, whole: int, of: int = 10_000) -> int | None:
    """`part` of `whole` in units of 1/`of`, rounded half up; None of nothing."""
    return (2 * part * of + whole) // (2 * whole) if whole else None


def took(durations: Iterable[timedelta]) -> Took | None:
    """Median and ninetieth percentile by nearest rank; None of nothing."""
    ranked = sorted(durations)
    if not ranked:
        return None
    return Took(count=len(ranked), typical=_rank(ranked, 50), most=_rank(ranked, 90))


def _rank(ranked: Sequence[timedelta], percent: int) -> timedelta:
    return ranked[max(0, -(-len(ranked) * percent // 100) - 1)]


def recurring(seen: Iterable[Seen], rule: Recurrence = EVERY_WEEK) -> tuple[Recurring, ...]:
    """The causes that come back, the one seen most often first."""
    weeks: defaultdict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
    for one in seen:
        if one.week < rule.of:
            weeks[one.flow, one.reason, one.value][one.week] += one.count
    found = [
        Recurring(
            flow=flow, reason=reason, value=value, weeks=len(counts), of=rule.of, count=counts.total()
        )
        for (flow, reason, value), counts in weeks.items()
        if len(counts) >= rule.weeks or max(counts.values()) >= rule.in_a_week
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.count, one.flow, one.reason, one.value)))


def figures(facts: Sequence[Fact], stretch: Stretch, *, delivered: int, now: datetime) -> Figures:
    """What the exceptions that came, were resolved or are open add up to. `delivered` counts the records that went through."""
    within = _Within(stretch)
    opened = [one for one in facts if within(one.opened_at)]
    resolved = [one for one in facts if within(one.resolved_at)]
    unresolved = [one for one in facts if one.resolved_at is None]
    overdue = [one for one in unresolved if one.missed(now)]
    late = [one for one in resolved if one.missed(now)]
    billed_late = sum(one.outcome_at is not None for one in late)
    carried = [one for one in resolved if one.decided_by not in ENGINE and one.outcome_at is not None]
    came_back = sum(within(one.came_back_at) for one in facts)
    piles = _Piles(opened=opened, unresolved=unresolved, now=now)
    return Figures(
        stretch=stretch, delivered=delivered, resolved=len(resolved), in_time=len(resolved) - len(late),
        late=len(late), unresolved=len(unresolved), overdue=len(overdue),
        took=took(one.resolved_at - one.opened_at for one in resolved if one.resolved_at is not None),
        on_time=share(max(0, delivered - billed_late), delivered + len(overdue)),
        kept=share(len(resolved) - len(late), len(resolved)),
        carried=share(len(carried), len(carried) + came_back), decided=len(carried) + came_back, came_back=came_back,
        stopped=sums(unresolved), delayed=sums(overdue), reasons=piles.by(lambda one: one.reason),
        owners=piles.by(lambda one: one.owner), customers=piles.by(lambda one: one.customer),
        dearest=dearest(unresolved), missed=tuple(sorted((*overdue, *late), key=lambda one: (one.resolve_by, one.id))),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Within:
    stretch: Stretch

    def __call__(self, at: datetime | None) -> bool:
        return at is not None and self.stretch.since <= at < self.stretch.until


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piles:
    opened: Sequence[Fact]
    unresolved: Sequence[Fact]
    now: datetime
    most: int = field(default=_MOST)

    def by(self, name: Callable[[Fact], str]) -> tuple[Pile, ...]:
        came = Counter(name(one) for one in self.opened)
        left: defaultdict[str, list[Fact]] = defaultdict(list)
        for one in self.unresolved:
            left[name(one)].append(one)
        piles = [_pile(each, came, left, self.now) for each in {*came, *left} if each]
        return tuple(sorted(piles, key=lambda one: (-one.opened, -one.unresolved, one.name))[: self.most])


def _pile(name: str, came: Mapping[str, int], left: Mapping[str, Sequence[Fact]], now: datetime) -> Pile:
    mine = left.get(name, ())
    late = sum(one.missed(now) for one in mine)
    return Pile(name=name, opened=came.get(name, 0), unresolved=len(mine), late=late, sums=sums(mine))


def sums(facts: Iterable[Fact]) -> tuple[Money, ...]:
    """The money of these, per currency."""
    found: Counter[str] = Counter()
    for one in facts:
        if one.money is not None and one.money.minor > 0:
            found[one.money.currency] += one.money.minor
    return tuple(Money(currency=currency, minor=found[currency]) for currency in sorted(found))


def dearest(facts: Iterable[Fact], most: int = _MOST) -> tuple[Fact, ...]:
    """Those with the most money. Amounts of two currencies are not compared: the dearest of each comes first, then the second
    of each."""
    worth: defaultdict[str, list[tuple[int, Fact]]] = defaultdict(list)
    for one in facts:
        if one.money is not None:
            worth[one.money.currency].append((-one.money.minor, one))
    ranked = [
        (place, currency, one)
        for currency, found in worth.items()
        for place, (_, one) in enumerate(sorted(found, key=lambda pair: (pair[0], pair[1].id)))
    ]
    return tuple(one for _, _, one in sorted(ranked, key=lambda each: each[:2])[:most])
