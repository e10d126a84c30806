"""Slack is down, slow, revoked, full of archived channels or refuses a card: sync goes on, the cards catch up, and one refused
card stops no other. And the whole company under kill -9, with people who press buttons meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from bot.poster import Poster
from bot.sandbox.slack import api
from bot.sandbox.slack.values import SlackError
from tests.faults.plant import CARD
from tests.faults.rows import Figures, Setting, row
from tests.faults.story import played
from tests.world import World, small_world

_LINE = "meshline_history"


@row(
    "slack", "Slack down, 429, invalid_blocks, an archived channel, a revoked token, answers lost, one after the other"
)
async def slack(setting: Setting) -> Figures:
    async with small_world(setting.home) as world:
        wrong: list[str] = []
        many = setting.many(12, least=3)
        for number, (name, bad, good) in enumerate(_troubles(world)):
            wrong += [f"{name}: {words}" for words in await _during(world, number, many, bad)]
            good()
            await _catch_up(world)
        with _refusing_first():
            wrong += [f"invalid_blocks: {words}" for words in await _during(world, 90, many, lambda: None)]
            await _catch_up(world)
        await _catch_up(world)
        wrong += await _true(world)
        return Figures(events=7 * 2 * many, wrong=tuple(wrong), detail={"cards": len(_messages(world, CARD))})


def _troubles(world: World) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Name, what makes it bad, what makes it good again."""
    faults, archived = world.slack.faults, world.slack.state.workspace.archived

    def put(name: str, value: object) -> Callable[[], None]:
        return lambda: setattr(faults, name, value)

    yield "down", put("down", True), put("down", False)
    yield "429", put("rate_limited_for", 6), put("rate_limited_for", 0)
    yield "revoked", put("token_revoked", True), put("token_revoked", False)
    yield "answers lost", put("lose_answers", 5), put("lose_answers", 0)
    yield "archived", lambda: archived.add("C0SALESOPS"), archived.clear
    yield "down again", put("down", True), put("down", False)


async def _during(world: World, number: int, many: int, bad: Callable[[], object]) -> list[str]:
    """While it is bad, good deals are billed as ever and the others wait for people."""
    bad()
    before, waiting = len(world.erp.posted()), len(await world.store.exceptions())
    for place in range(many):
        name = f"Customer {number}-{place}"
        company = world.company(name, vat_id=f"DE{number * 1000 + place:09}", domain=f"c{number}-{place}.example")
        world.deal(company)
        world.deal(company, billing_code="")
    for _ in range(6):
        await world.deliver()
        await _poster(world).once()
        world.clock.forward(minutes=1)
    billed, stopped = len(world.erp.posted()) - before, len(await world.store.exceptions()) - waiting
    wrong = [f"{billed} of {many} were billed"] if billed != many else []
    return [*wrong, f"{stopped} of {many} were stopped"] if stopped != many else wrong


async def _catch_up(world: World) -> None:
    """Moved time goes on until nothing waits for Slack."""
    for _ in range(60):
        world.clock.forward(minutes=1)
        _poster(world)._pace.silent_until = 0.0
        for _ in range(400):
            if not await _poster(world).once():
                break
        if not any((await world.store.backlog()).values()):
            return


def _poster(world: World) -> Poster:
    assert world.parts.poster is not None
    return world.parts.poster


@contextmanager
def _refusing_first() -> Iterator[None]:
    """Slack refuses the blocks of the first card that it is given from now on, whenever it is given it."""
    method, scope = api.METHODS["chat.postMessage"]
    refused: list[int] = []

    def post(state: Any, params: Any) -> Any:
        about = params.json("metadata", "invalid_metadata_format") or {}
        cause = about.get("event_payload", {}).get("cause")
        if about.get("event_type") == CARD and params.text("blocks") not in (None, "", "[]"):
            refused.append(cause) if not refused else None
            if cause == refused[0]:
                raise SlackError("invalid_blocks", ["no more than refused"])
        return method(state, params)

    api.METHODS["chat.postMessage"] = (post, scope)
    try:
        yield
    finally:
        api.METHODS["chat.postMessage"] = (method, scope)


def _messages(world: World, kind: str) -> list[Any]:
    workspace = world.slack.state.workspace
    shown = [message for channel in workspace.channels for message in world.slack.messages(channel)]
    return [one for one in shown if (one.metadata or {}).get("event_type") == kind]


async def _true(world: World) -> list[str]:
    """Each open cause has one card of its newest version; one that Slack refused has its words alone."""
    cards = _messages(world, CARD)
    many = Counter(one.metadata["event_payload"]["cause"] for one in cards)
    causes = {cause.id: cause for cause in await world.store.open_causes(limit=10_000)}
    for cause in causes.keys() - many.keys():
        channel, ts = await world.store.card_at(cause)
        many[cause] += sum(one.ts == ts and not one.blocks for one in world.slack.messages(channel))
    wrong = [f"cause {cause} has {many[cause]} cards" for cause in causes if many[cause] != 1]
    wrong += [f"a card for cause {cause}, which is not open" for cause in many.keys() - causes.keys()]
    for one in cards:
        about = one.metadata["event_payload"]
        if about["cause"] in causes and about["version"] != causes[about["cause"]].version:
            wrong.append(f"the card of cause {about['cause']} is out of date")
    left = {name: number for name, number in (await world.store.backlog()).items() if number}
    return [*wrong, *([f"Slack still lacks {left}"] if left else [])]


@row(
    "company",
    "a whole company on two systems and Slack, killed at random and at every write and card, with people pressing buttons",
)
async def company(setting: Setting) -> Figures:
    at_random = setting.many(10, least=3)
    verdict, kills, seconds = await played(
        setting.home, seed=setting.seed, deals=setting.many(300, least=100), at_random=at_random, say=setting.say
    )
    few = () if kills >= max(6, at_random) else (f"only {kills} kills",)
    return Figures(
        events=verdict.figures.get("events", 0), kills=kills, lost=len(verdict.lost), doubled=len(verdict.doubled),
        reordered=len(verdict.reordered), wrong=(*verdict.wrong, *few), detail={**asdict(verdict)["figures"], "seconds": round(seconds)},
    )  # fmt: skip
