"""Commands that decide what a button can decide, with the same rights and the same journal."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.cli.asking import Json, case_id
from bot.cli.deciding_many import All, Decided, decided, document, in_words, with_it
from bot.cli.dry import dry_run_of, would
from bot.cli.running import moment_of, now, rights, run
from bot.cli.telling import MISUSE, fail, show
from bot.fixing.answers import answerable, problems, usable
from bot.fixing.counting import counting_of
from bot.fixing.known import Known, known_of
from bot.people import People
from store.cases import Press
from store.ledger import Store
from sync.decide import overlays_for, shared_questions
from sync.errors import NotAllowed
from sync.model import Case

As = Annotated[str, typer.Option("--as", help="Slack user id of the person who decides.")]


def resolve(
    exception: str,
    who: As,
    answer: Annotated[
        list[str] | None, typer.Option("--set", help="path=value; once for each value that is asked.")
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Accept the values as they stand.")] = False,
    everything: All = False,
    as_json: Json = False,
) -> None:
    """Decide an exception and send its record round again. Class A is proposed; a second person approves it."""

    async def act() -> Decided:
        async with rights() as (store, people):
            case = await store.case(case_id(exception))
            verb = "propose" if case.four_eyes else "resolve"
            lent = await _allowed(store, people, who, verb, case)
            known = known_of(case, people.workspace, str, str)
            cases = await with_it(store, case, everything=everything)
            asked = shared_questions([one.violations for one in cases])
            answers = _answers(dataclasses.replace(case, violations=asked), answer or [], known, accept=accept)
            overlays = {one.id: overlays_for(one.violations, asked, answers) for one in cases}
            words = f"@{{{who}}} decided on the command line: " + "; ".join(answer or ["accepted as it stands"])
            counting = counting_of(people.workspace, verb, cases, overlays)
            ids = [one.id for one in cases]
            press = Press(
                verb=verb, cases=ids, by=who, words=words, overlays=overlays, counting=counting, acting_for=lent
            )
            return await decided(store, case, press)

    found = run(act)
    show(document(found), as_json=as_json, text=lambda: in_words(found))


def approve(exception: str, who: As) -> None:
    """Approve a proposal. Nobody approves their own."""
    typer.echo(_plain_move(exception, who, "approve", f"@{{{who}}} approved on the command line."))


def replay_case(exception: str, who: As, everything: All = False, as_json: Json = False) -> None:
    """Send the record of an exception round again as it is now."""

    async def act() -> Decided:
        async with rights() as (store, people):
            case = await store.case(case_id(exception))
            lent = await _allowed(store, people, who, "replay", case)
            cases = await with_it(store, case, everything=everything)
            words = f"@{{{who}}} replays it."
            ids = [one.id for one in cases]
            return await decided(store, case, Press(verb="replay", cases=ids, by=who, words=words, acting_for=lent))

    found = run(act)
    show(document(found), as_json=as_json, text=lambda: in_words(found))


def discard(exception: str, who: As, why: Annotated[str, typer.Option(help="The reason, for the record.")]) -> None:
    """Give the record up: nothing will be written for it."""
    typer.echo(_plain_move(exception, who, "discard", f"@{{{who}}} discarded it: {why}"))


def replay(
    who: As,
    event: Annotated[list[int] | None, typer.Argument(help="Event numbers.")] = None,
    reason: Annotated[str | None, typer.Option(help="All that this reason stopped …")] = None,
    since: Annotated[str | None, typer.Option(help="… since this day or moment, such as 2026-01-31.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be written, field by field.")] = False,
    release: Annotated[int | None, typer.Option(help="With --dry-run: as this release would do it.")] = None,
    canary: Annotated[int | None, typer.Option(min=1, help="Only the first N.")] = None,
    as_json: Json = False,
) -> None:
    """Send events round again, named or by reason. Nothing is written twice; with --dry-run nothing is written at all."""
    if bool(event) == bool(reason):
        fail("name events, or a --reason with --since", MISUSE)
    if release is not None and not dry_run:
        fail("--release is for a --dry-run: what runs is published, not chosen for a replay", MISUSE)

    async def choose(store: Store) -> list[int]:
        chosen = list(event or [])
        if reason:
            chosen = await store.replayable(reason=reason, since=moment_of(since) or datetime(1970, 1, 1, tzinfo=UTC))
        return chosen[:canary] if canary else chosen

    async def act() -> str:
        async with rights() as (store, people):
            chosen = await choose(store)
            async with on_record(store, who, "replay", "events"):
                _leads(people, who, [flow.owner for flow in people.workspace.flows.values()])
            return f"{await store.replay(chosen, by=who, now=now())} deliveries are on their way again"

    if dry_run:
        found = run(lambda: dry_run_of(choose, release))
        show(dataclasses.asdict(found), as_json=as_json, text=lambda: would(found))
    else:
        typer.echo(run(act))


def _plain_move(exception: str, who: str, verb: str, words: str) -> str:
    async def act() -> str:
        async with rights() as (store, people):
            case = await store.case(case_id(exception))
            needed = "approve" if verb == "discard" and case.four_eyes else verb
            lent = await _allowed(store, people, who, needed, case)
            async with on_record(store, who, verb, f"case:{case.id}"):
                counting = counting_of(people.workspace, verb, [case])
                await store.act(
                    Press(verb=verb, cases=[case.id], by=who, words=words, counting=counting, acting_for=lent),
                    now=now(),
                )
            return f"{case.ref}: {verb} is recorded"

    return run(act)


async def _allowed(store: Store, people: People, who: str, verb: str, case: Case) -> tuple[str, ...]:
    async with on_record(store, who, verb, f"case:{case.id}"):
        return people.may(who, verb, case.team)


def _leads(people: People, who: str, teams: list[str]) -> None:
    for team in teams:
        people.may_lead(who, team)


@asynccontextmanager
async def on_record(store: Store, who: str, verb: str, what: str) -> AsyncIterator[None]:
    """A refused attempt is in the journal before the person hears of it."""
    try:
        yield
    except NotAllowed as refused:
        await store.refuse_press(by=who, verb=verb, what=what, why=str(refused), now=now())
        raise


def _answers(case: Case, given: list[str], known: Known, *, accept: bool) -> dict[int, str]:
    answers = dict.fromkeys(range(len(case.violations)), "") if accept else _given(case, given)
    if wrong := problems(answers, case.violations, known):
        fail("\n".join(wrong.values()), 2)
    if not answers:
        fail(f"{case.ref} asks for no value: mend it where it is wrong, then replay it", 2)
    return usable(answers, case.violations, known)


def _given(case: Case, given: list[str]) -> dict[int, str]:
    pairs = dict(one.partition("=")[::2] for one in given)
    asked = {place for group in answerable(case.violations) for place in group}
    places = {case.violations[place].path: place for place in sorted(asked)}
    unknown = [path for path in pairs if path not in places]
    missing = [path for path in places if not pairs.get(path)]
    if unknown or missing:
        fail("\n".join([*(f"{p} is not asked" for p in unknown), *(f"--set {p}=… is needed" for p in missing)]), 2)
    return {places[path]: value for path, value in pairs.items()}
