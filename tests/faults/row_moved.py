"""Rows in which the clock is moved and nobody waits: half an hour without the ERP, clocks that jump, daylight saving, leap days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import func, select

from store.tables import attempts, causes, deliveries, journal, ticks
from tests.faults.plant import CARD
from tests.faults.rows import Figures, Setting, row
from tests.world import World, small_world

_BERLIN = ZoneInfo("Europe/Berlin")
_STEP, _BEAT = timedelta(seconds=5), timedelta(minutes=30)
_FURTHER = 2  # steps of the ladder: the approvers and the channel, after the backup
_OUTAGE, _RECOVERY = timedelta(minutes=30), timedelta(minutes=20)


@row(
    "outage", "the ERP is down for 30 minutes of moved time: held and not dropped, one card, no storm, drained in order"
)
async def outage(setting: Setting) -> Figures:
    async with small_world(setting.home) as world:
        many = setting.many(120, least=24)
        billing = await _run_without_erp(world, many)
        asked = sum(1 for entry in world.erp.log.entries if entry.status == 503)
        shown, dead, tried = _cards(world), (await _states(world)).get("dead", 0), await _tried(world)
        drained = await _recover(world, many)
        wrong = [*_storm(asked, many), *(await _billed_once(world, billing))]
        wrong += _in_order(world, [deal for deal in billing if deal not in tried])
        wrong += await _one_card(world, shown)
        if dead:
            wrong.append(f"{dead} deliveries were dropped into the dead letters")
        if drained is None:
            wrong.append("it did not come to rest after the outage")
        if left := await world.store.exceptions():
            wrong.append(f"{len(left)} exceptions are open after the outage")
        detail = {
            "erp_asked_in_outage": asked, "cards_in_outage": shown, "drained_after_s": drained,
            "drained_in_order": many - len(tried), "tried_in_outage": len(tried),
        }  # fmt: skip
        return Figures(events=many, wrong=tuple(wrong), detail=detail)


async def _run_without_erp(world: World, many: int) -> list[str]:
    """Deals are won at an even pace while the ERP refuses everything; the deals in their order."""
    world.erp.faults.outage = True
    deals: list[str] = []
    begun, end, pace = world.clock.now, world.clock.now + _OUTAGE, _OUTAGE / (many + 1)
    while world.clock.now < end:
        world.clock.now += _STEP
        while len(deals) < many and world.clock.now - begun >= pace * (len(deals) + 1):
            company = world.company(
                f"Customer {len(deals)}", vat_id=f"DE{len(deals):09}", domain=f"c{len(deals)}.example"
            )
            deals.append(world.deal(company))
        await _turn(world)
    world.erp.faults.outage = False
    return deals


async def _turn(world: World) -> None:
    """Everything that can happen at this moment of the clock."""
    jobs, poster = world.parts.jobs, world.parts.poster
    assert jobs is not None and poster is not None
    await world.deliver()
    await jobs.beat()
    for _ in range(50):
        if not await poster.once():
            return


async def _recover(world: World, many: int) -> float | None:
    """Seconds of moved time until all is billed and at rest; None when that does not come."""
    begun = world.clock.now
    while world.clock.now < begun + _RECOVERY:
        world.clock.now += _STEP
        await _turn(world)
        if len(world.erp.posted()) >= many and await world.store.next_due(now=world.clock.now) is None:
            return float((world.clock.now - begun).total_seconds())
    return None


async def _states(world: World) -> dict[str, int]:
    return {state: many for flow in await world.store.status() for state, many in flow.states.items()}


def _cards(world: World) -> int:
    channels = world.slack.state.workspace.channels
    return sum(
        (message.metadata or {}).get("event_type") == CARD
        for channel in channels
        for message in world.slack.messages(channel)
    )


def _storm(asked: int, many: int) -> list[str]:
    most = 40 + many // 10
    return [f"the ERP was asked {asked} times while it was down, more than {most}"] if asked > most else []


async def _billed_once(world: World, deals: list[str]) -> list[str]:
    billed = Counter(invoice["contract_reference"] for invoice in world.erp.invoices())
    wrong = [f"deal {deal} is billed {billed[deal]} times" for deal in deals if billed[deal] != 1]
    return [*wrong, *(f"deal {deal} is billed and was not sold" for deal in billed.keys() - set(deals))]


async def _one_card(world: World, shown: int) -> list[str]:
    """The outage has one card while it lasts, and there never was another."""
    made = await world.store.db.read(lambda tx: tx.execute(select(func.count()).select_from(causes)).scalar_one())
    wrong = [f"{shown} cards were shown during the outage instead of one"] if shown != 1 else []
    return [*wrong, f"{made} cards were made in all instead of one"] if made != 1 else wrong


async def _tried(world: World) -> set[str]:
    """The deals that were tried so far: those before the breaker opened, and those that probed."""
    query = select(deliveries.c.subject).join_from(attempts, deliveries, attempts.c.delivery_id == deliveries.c.id)
    subjects = await world.store.db.read(lambda tx: tx.execute(query).scalars().all())
    return {subject.partition(":")[2] for subject in subjects}


def _in_order(world: World, deals: list[str]) -> list[str]:
    """Of the deals that only waited, each is billed in its turn, as exactly as so many at once allow."""
    place = {deal: number for number, deal in enumerate(deals)}
    billed = [invoice["contract_reference"] for invoice in world.erp.invoices()]
    turns = [place[deal] for deal in billed if deal in place]
    most = world.parts.workspace.engine.concurrency
    early = [deals[turn] for at, turn in enumerate(turns) if abs(turn - at) >= most]
    return [f"deal {deal} was not billed in its turn" for deal in early]


@row(
    "clock",
    "clocks that jump an hour to and fro, both changes of daylight saving, a leap day: each clock rings once, none early",
)
async def clock(setting: Setting) -> Figures:
    wrong: list[str] = []
    jumps = 0
    days = (date(2026, 10, 25), date(2027, 3, 28), date(2028, 2, 29))
    for number, day in enumerate(days if setting.size >= 1 else days[:1]):
        home = setting.home / str(number)
        home.mkdir()
        async with small_world(home) as world:
            jumps += await _through_days(world, setting, day)
            wrong += [f"around {day}: {words}" for words in (*await _rang(world), *await _digests(world, day))]
    return Figures(events=number + 1, wrong=tuple(wrong), detail={"jumps": jumps})


async def _through_days(world: World, setting: Setting, day: date) -> int:
    """A case is opened two days before; then seven days in steps, on some of which the clock jumps an hour off and back."""
    world.clock.now = datetime.combine(day - timedelta(days=2), time(9, 0), _BERLIN).astimezone(UTC)
    world.deal(world.company(), billing_code="")
    await world.work()
    jumps, rng = 0, setting.rng
    for _ in range(timedelta(days=7) // _BEAT):
        world.clock.now += _BEAT
        if rng.random() < 0.05:
            jumps += 1
            back = rng.random() < 0.5
            await _beaten(world, timedelta(hours=-1 if back else 1))
        await _turn(world)
    return jumps


async def _beaten(world: World, jump: timedelta) -> None:
    """A clock that is wrong for a moment. A jump ahead may only be tried where nothing is due within it: it is not early then."""
    due = [case.respond_by for case in await world.store.exceptions()] + [
        case.resolve_by for case in await world.store.exceptions()
    ]
    ahead = world.clock.now + jump
    if jump > timedelta(0) and (
        any(world.clock.now < at <= ahead for at in due) or _digest_within(world.clock.now, ahead)
    ):
        return
    world.clock.now += jump
    await _turn(world)
    world.clock.now -= jump


def _digest_within(begin: datetime, end: datetime) -> bool:
    return any(begin < at <= end for at in _digest_times(begin.astimezone(_BERLIN).date(), days=2))


def _digest_times(first: date, *, days: int) -> Iterator[datetime]:
    for number in range(days):
        yield datetime.combine(first + timedelta(days=number), time(8, 30), _BERLIN).astimezone(UTC)


async def _rang(world: World) -> list[str]:
    """Each of the case's two clocks rang once, not before its time and at most a step after it, and each of the two further steps
    of its ladder was asked once."""
    [case] = await world.store.exceptions()
    j = journal.c
    query = select(j.at, j.data).where(j.verb == "escalate", j.noun_id == str(case.id)).order_by(j.seq)
    rows = await world.store.db.read(lambda tx: tx.execute(query).all())
    rang: dict[int, datetime] = {}
    for each in rows:
        rang.setdefault(orjson.loads(each.data)["level"], each.at)
    due = {1: case.respond_by, 2: case.resolve_by}
    if rang.keys() != due.keys() or len(rows) != len(due) + _FURTHER:
        return [f"the two clocks and the ladder of the case rang {len(rows)} times, at levels {sorted(rang)}"]
    return [
        f"a clock due at {at} rang at {rang[level]}" for level, at in due.items() if not at <= rang[level] <= at + _BEAT
    ]


async def _digests(world: World, day: date) -> list[str]:
    """One digest a day, at half past eight by the wall clock of the team."""
    t = ticks.c
    query = select(t.slot, t.claimed_at).where(t.name == "digest:sales-ops").order_by(t.claimed_at)
    rows: list[Any] = list(await world.store.db.read(lambda tx: tx.execute(query).all()))
    expected = [at for at in _digest_times(day - timedelta(days=1), days=5) if at <= world.clock.now]
    said = [message for message in world.slack.messages("C0SALESOPS") if "Digest" in message.text]
    wrong = []
    for at in expected:
        near = [row for row in rows if at <= row.claimed_at <= at + _BEAT]
        if len(near) != 1:
            wrong.append(f"{len(near)} digests at {at}")
    if len(said) > len(rows):
        wrong.append(f"{len(said)} digests were said for {len(rows)} slots")
    return wrong
