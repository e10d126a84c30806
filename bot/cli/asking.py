"""Commands that only ask: status, events, exceptions, holds, the journal."""

from __future__ import annotations

import re
from typing import Annotated, Any

import orjson
import typer

from bot.cli.running import ledger, now, run
from bot.cli.telling import fail, moment, show, table
from bot.delivery_words import pending_lines
from bot.readiness import engine_words
from store.waiting import COUNTED, Waiting
from sync.lifecycle import BreakerState
from sync.model import Case
from sync.modes import BATCH

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_QUEUE = 5
Number = Annotated[int, typer.Argument(min=1, max=10**12)]
Count = Annotated[int, typer.Option(min=1, max=100_000)]


def status(as_json: Json = False) -> None:
    """Every flow at a glance."""

    async def ask() -> dict[str, Any]:
        async with ledger() as store:
            return {
                "flows": await store.status(),
                "modes": await store.modes(),
                "exceptions": await store.reasons(unresolved=True),
                "holds": await store.holds(),
                "waiting": await store.waiting(limit=_QUEUE, crowded=True),
                "silent": [one for one in await store.breakers() if one.state != BreakerState.CLOSED],
                "paused": await store.pauses(),
                "slack_backlog": await store.backlog(),
                "slack_pending": await store.pending(),
                "workers": await store.workers(),
            }

    found = run(ask)
    show(found, as_json=as_json, text=lambda: _status_text(found))


def _many(count: int) -> str:
    return f"{COUNTED}+" if count >= COUNTED else str(count)


def _status_text(found: dict[str, Any]) -> str:
    rows = [
        (
            one.flow,
            ", ".join(f"{_many(many)} {state}" for state, many in sorted(one.states.items())),
            moment(one.last_delivered),
        )
        for one in found["flows"]
    ]
    lines = [table(rows, "flow", "deliveries", "last delivered")]
    lines += [
        f"in batches: {one.flow} since {moment(one.since)} ({one.why})" for one in found["modes"] if one.mode == BATCH
    ]
    lines += [f"open exceptions: {sum(found['exceptions'].values())}"]
    lines += [f"  {reason}: {many}" for reason, many in found["exceptions"].items()]
    lines += [f"billing held: {hold.key} since {moment(hold.placed_at)} ({hold.why})" for hold in found["holds"]]
    lines += [f"held up: {one.behind} later changes of {one.subject} behind {_behind(one)}" for one in found["waiting"]]
    lines += [
        f"does not answer: {one.connection} since {moment(one.opened_at)}, next try {moment(one.until)} ({one.detail})"
        for one in found["silent"]
    ]
    lines += [f"paused: {scope} {name} by {by} since {moment(at)}" for scope, name, by, at in found["paused"]]
    waiting = found["slack_backlog"]
    lines += [f"waiting for Slack: {waiting['cards']} cards, {waiting['messages']} messages"]
    lines += [f"  {line}" for line in pending_lines(found["slack_pending"])]
    lines += [engine_words(found["workers"], now())]
    return "\n".join(lines)


events = typer.Typer(help="What was received.", no_args_is_help=True)


@events.command("list")
def list_events(
    limit: Count = 50,
    waiting: Annotated[bool, typer.Option("--waiting", help="Held ones, and how many wait behind each.")] = False,
    as_json: Json = False,
) -> None:
    """The newest events, or those that hold up later ones."""
    if waiting:
        _list_waiting(limit, as_json)
        return

    async def ask() -> list[Any]:
        async with ledger() as store:
            return await store.recent_events(limit=limit)

    found = run(ask)
    rows = [(str(one.id), moment(one.received_at), one.kind, one.subject, states, one.trace) for one, states in found]
    show(
        found, as_json=as_json, text=lambda: table(rows, "event", "received", "kind", "subject", "deliveries", "trace")
    )


def _list_waiting(limit: int, as_json: bool) -> None:
    async def ask() -> list[Waiting]:
        async with ledger() as store:
            return await store.waiting(limit=limit)

    found = run(ask)
    rows = [
        (str(one.event_id), _behind(one), one.flow, one.subject, one.title[:40], moment(one.since), moment(one.until),
         _many(one.behind))
        for one in found
    ]  # fmt: skip
    heads = ("event", "held by", "flow", "subject", "record", "since", "until", "waiting behind")
    show(found, as_json=as_json, text=lambda: table(rows, *heads))


def _behind(one: Waiting) -> str:
    case = f"EX-{one.case_id}" if one.case_id is not None else ""
    return case if one.hold_id is None else f"billing hold {one.hold_id} {case}".strip()


@events.command("show")
def show_event(event: Number, as_json: Json = False) -> None:
    """Everything that happened to one event."""

    async def ask() -> dict[str, Any]:
        async with ledger() as store:
            return await store.trace(event)

    found = run(ask)
    show(found, as_json=as_json, text=lambda: _trace_text(found))


def _trace_text(found: dict[str, Any]) -> str:
    one = found["event"]
    lines = [f"event {one.id}: {one.kind} of {one.subject}, received {moment(one.received_at)}, trace {one.trace}"]
    for delivery in found["deliveries"]:
        lines.append(f"  {delivery['flow']}: {delivery['state']} {delivery['detail']}".rstrip())
        lines += [
            f"    attempt {a['number']} {moment(a['at'])}{_under(a['release'])}: {a['step']} {a['detail']}".rstrip()
            for a in delivery["attempts"]
        ]
        lines += [
            f"    write {w['operation']} {w['key']} to {w['to']}: {w['state']} {w['target'] or ''}".rstrip()
            for w in delivery["writes"]
        ]
        lines += [f"    {case.ref}: {case.reason}, {case.state} {case.decision}".rstrip() for case in delivery["cases"]]
    return "\n".join(lines)


def _under(release: int) -> str:
    return f" under release {release}" if release else ""


def list_exceptions(
    reason: str | None = None, flow: str | None = None, everything: bool = False, as_json: Json = False
) -> None:
    """Unresolved exceptions, nearest deadline first."""

    async def ask() -> list[Case]:
        async with ledger() as store:
            return await store.exceptions(reason=reason, flow=flow, everything=everything, limit=1000)

    found = run(ask)
    rows = [
        (
            case.ref,
            case.severity,
            case.reason,
            case.title[:40],
            str(case.money or "-"),
            case.team,
            case.state,
            moment(case.resolve_by),
        )
        for case in found
    ]
    heads = ("id", "class", "reason", "record", "money", "team", "state", "resolve by")
    show(found, as_json=as_json, text=lambda: table(rows, *heads))


def show_exception(exception: str, as_json: Json = False) -> None:
    """One exception with what was found and what was decided."""

    async def ask() -> dict[str, Any]:
        async with ledger() as store:
            case = await store.case(case_id(exception))
            return {"case": case, "journal": await store.entries(noun="case", noun_id=case.id)}

    found = run(ask)
    show(found, as_json=as_json, text=lambda: _case_text(found))


def _case_text(found: dict[str, Any]) -> str:
    case: Case = found["case"]
    lines = [f"{case.ref} {case.reason} (class {case.severity}), {case.state}: {case.title}", f"  {case.detail}"]
    lines += [f"  {one.path}: found “{one.found[:80]}”, expected {one.expected}" for one in case.violations]
    lines += [
        f"  suggested: {one.label} ({one.why})" for violation in case.violations for one in violation.candidates[:3]
    ]
    lines += [
        f"  owner {case.assignee or case.owner}, respond by {moment(case.respond_by)}, resolve by {moment(case.resolve_by)}"
    ]
    lines += [f"  {moment(entry.at)} {entry.actor} {entry.verb}" for entry in reversed(found["journal"])]
    return "\n".join(lines)


def list_holds(all_of_them: Annotated[bool, typer.Option("--all")] = False, as_json: Json = False) -> None:
    """Billing holds."""

    async def ask() -> list[Any]:
        async with ledger() as store:
            return await store.holds(all_of_them=all_of_them)

    found = run(ask)
    rows = [
        (str(h.id), h.scope, h.key, h.why, moment(h.placed_at), h.released_by or "-", str(h.waiting)) for h in found
    ]
    show(
        found,
        as_json=as_json,
        text=lambda: table(rows, "hold", "on a", "key", "why", "since", "released by", "waiting"),
    )


audit = typer.Typer(help="The journal.", no_args_is_help=True)


@audit.command("verify")
def verify(as_json: Json = False) -> None:
    """Compute every hash of the journal again; exit 1 names the first broken line."""

    async def ask() -> tuple[int, int | None]:
        async with ledger() as store:
            return await store.verify_journal()

    lines, broken = run(ask)
    if broken is not None:
        fail(f"the journal is broken at line {broken}")
    show({"lines": lines, "whole": True}, as_json=as_json, text=lambda: f"{lines} lines, every hash holds")


@audit.command("export")
def export(
    readable: Annotated[
        bool, typer.Option("--readable", help="With what people wrote in it, as far as it may be read.")
    ] = False,
) -> None:
    """The whole journal, one JSON line each. What is personal stays sealed: the hashes are over just this."""

    async def ask() -> None:
        async with ledger() as store:
            after = 0
            while page := await store.journal_page(after, sealed=not readable):
                for entry in page:
                    typer.echo(orjson.dumps(entry).decode())
                after = page[-1].seq

    run(ask)


def case_id(text: str) -> int:
    """7 of `EX-7` or `7`."""
    digits = text.upper().removeprefix("EX-")
    if not re.fullmatch(r"[0-9]{1,12}", digits):
        fail(f"{text} is not an exception; write its number, such as EX-7", 2)
    return int(digits)
