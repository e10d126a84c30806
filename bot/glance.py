"""One line each: a flow, a billing hold, a pause, a cause. Shared by the Home tab, the digest and the answers of `/sync`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.blocks import few, link, moment, said
from bot.readiness import SILENT
from bot.wording import Around, due, headline, named, person, refs_in_short, told, waiting, worth
from store.standing import FlowStatus
from store.waiting import COUNTED, Waiting
from store.workers import Worker
from sync.drifts import NewField
from sync.lifecycle import BreakerState
from sync.model import BillingHold, Breaker, Cause, Entry, Mode
from sync.modes import BATCH
from sync.picking import Throughput
from sync.reasons import REASONS
from sync.releases import Release, Tally

Pause = tuple[str, str, str, datetime]
"""Scope (flow or connection), name, who paused it, since when."""

_STATES = {
    "delivered": "delivered",
    "pending": "waiting",
    "running": "running",
    "held": "held for a decision",
    "dead": "in the dead letters",
    "discarded": "not billed",
}
_VERBS = {
    "open": "Opened",
    "again": "Tried again, still stopped",
    "reopen": "Came back after a replay",
    "pass": "Passed",
    "escalate": "Late, the backup was told",
    "expire": "Not decided in time, its later changes go on",
    "wake": "The snooze is over",
}
_NOBODY = ("engine", "clock")
_ROLES = {"all": "engine and Slack", "worker": "engine", "bot": "Slack"}
_PROCESSES = 8
_STANDING = ("pending", "running", "held", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """How the machinery is: the processes, the flows' modes, the connections that were ever broken. `workers` is None where
    nobody asked."""

    workers: Sequence[Worker] | None = None
    modes: Sequence[Mode] = ()
    breakers: Sequence[Breaker] = ()
    trial: Release | None = None
    tally: Tally | None = None
    fields: Sequence[NewField] = ()

    def strange(self) -> list[str]:
        """A line for each field that a source got lately and that no contract knows."""
        return [field_line(one) for one in self.fields]

    def tried(self, around: Around) -> list[str]:
        """A line for the release on trial."""
        return [trial_line(self.trial, self.tally or Tally(), around)] if self.trial is not None else []

    def in_batches(self, around: Around) -> list[str]:
        """A line for each flow that sends in batches."""
        return [mode_line(one, around) for one in self.modes if one.mode == BATCH]

    def broken(self, around: Around) -> list[str]:
        """A line for each connection that does not answer."""
        return [breaker_line(one, around) for one in self.breakers if one.state != BreakerState.CLOSED]


def trial_line(release: Release, tally: Tally, around: Around) -> str:
    """A release on trial: since when, on what, and how it goes."""
    trial = said(release.trial.words, 150) if release.trial else ""
    since = moment(release.began_at or release.made_at)
    stopped = f", {_many(tally.stopped)} stopped" if tally.stopped else ""
    strange = f", {_many(tally.differing)} came out otherwise than announced" if tally.differing else ""
    return f"*Release {release.id}* is tried {trial} since {since}: {_many(tally.ended)} looked at{stopped}{strange}."


def flow_line(one: FlowStatus, around: Around) -> str:
    """A flow, its counts and when it last delivered."""
    counts = [f"{_many(one.states[state])} {words}" for state, words in _STATES.items() if one.states.get(state)]
    last = f"last delivered {moment(one.last_delivered)}" if one.last_delivered else "nothing delivered yet"
    oldest = f", the oldest waiting since {moment(one.oldest)}" if one.oldest else ""
    return f"*{said(around.flow_title(one.flow), 80)}*: {', '.join(counts) or 'no work yet'}; {last}{oldest}."


def flow_glance(one: FlowStatus, through: Throughput | None, around: Around, *, paused: bool) -> str:
    """A flow for people who look often: what went through, what waits and since when, what stopped."""
    went = f"{_many(through.today)} delivered today, {_many(through.hour)} in the last hour" if through else ""
    last = f"last success {moment(one.last_delivered)}" if one.last_delivered else "nothing delivered yet"
    waits = [f"{_many(one.states[state])} {words}" for state, words in _STATES.items()
             if state in _STANDING and one.states.get(state)]  # fmt: skip
    lag = f"the oldest waits since {moment(one.oldest)}" if one.oldest else ""
    parts = [part for part in (went, last, *waits, lag) if part]
    return f"*{said(around.flow_title(one.flow), 80)}*{' · *paused*' if paused else ''}: {'; '.join(parts)}."


def engine_glance(workers: Sequence[Worker], around: Around) -> str:
    """How the engine is, without the times that change at every beat."""
    beats = [each.beat_at for each in workers if each.is_engine]
    if not beats:
        return "*No engine is running.* What comes in waits for one."
    if around.now - max(beats) >= SILENT:
        return f"*The engine is silent* since {moment(max(beats))}."
    many = sum(around.now - at < SILENT for at in beats)
    return f"The engine works in {many} process{'es' if many > 1 else ''}."


def _many(count: int) -> str:
    return f"{count:,}+" if count >= COUNTED else f"{count:,}"


def engine_line(workers: Sequence[Worker], around: Around) -> str:
    """How the engine is, and each process: since when it works, when it beat last, and which are silent."""
    beats = [each.beat_at for each in workers if each.is_engine]
    last = max(beats, default=None)
    if last is None:
        head = "*No engine is running.* What comes in waits for one."
    elif around.now - last >= SILENT:
        head = f"*The engine is silent* since {moment(last)}."
    else:
        many = sum(around.now - at < SILENT for at in beats)
        head = f"The engine works in {many} process{'es' if many > 1 else ''}; the last beat was {moment(last)}."
    silent_first = sorted(workers, key=lambda each: (around.now - each.beat_at < SILENT, each.started_at))
    return "\n".join([head, *few([_process(each, around) for each in silent_first], _PROCESSES)])


def _process(one: Worker, around: Around) -> str:
    silent = around.now - one.beat_at >= SILENT
    beat = f"*silent* since {moment(one.beat_at)}" if silent else f"last beat {moment(one.beat_at)}"
    return (
        f"• {_ROLES.get(one.role, said(one.role, 20))} {said(one.name[:8], 8)}, since {moment(one.started_at)}: {beat}"
    )


_NOT_BILLED = {"contract": "Contract *{}* is not billed since {}", "flow": "The flow *{}* posts nothing since {}"}


def hold_line(hold: BillingHold, around: Around) -> str:
    """A customer or a contract that is not billed, or a flow that posts nothing, and why."""
    many = f" {hold.waiting:,} waiting." if hold.waiting else ""
    where = f" Release it on the card of EX-{hold.case_id}." if hold.case_id else " Release it with `/sync release`."
    who = said(around.flow_title(hold.key) if hold.scope == "flow" else hold.called, 80)
    told = _NOT_BILLED.get(hold.scope, "*{}* is not billed since {}").format(who, moment(hold.placed_at))
    return f"{told}: {named(hold.why, around)}.{many}{where}"


def pause_line(pause: Pause, around: Around) -> str:
    """What is paused, by whom and since when."""
    scope, name, by, since = pause
    title = around.flow_title(name) if scope == "flow" else name
    return f"The {said(scope, 20)} *{said(title, 80)}* is paused by {person(by, around)} since {moment(since)}."


def breaker_line(breaker: Breaker, around: Around) -> str:
    """A connection that does not answer."""
    tried = f"next try {moment(breaker.until)}" if breaker.until > around.now else "it is tried now"
    return f"*{said(breaker.connection, 80)}* does not answer since {moment(breaker.opened_at)}; {tried}. All that needs it waits."


def waiting_line(one: Waiting, around: Around) -> str:
    """A held record that holds up its own later changes: how many, behind which exception, until when at the longest."""
    hold = "the billing hold of " if one.hold_id is not None else ""
    where = f"{hold}EX-{one.case_id}" if one.case_id is not None else "a billing hold"
    until = f", until {moment(one.until)} at the longest" if one.until else ""
    return f"{waiting(one.behind, 'later change')} behind {where} · {said(one.title or one.subject, 80)}{until}."


def mode_line(mode: Mode, around: Around) -> str:
    """A flow that sends in batches, since when and why."""
    title = said(around.flow_title(mode.flow), 80)
    return f"*{title}* sends in batches since {moment(mode.since)}: {said(mode.why, 200)}."


def field_line(one: NewField) -> str:
    """A field that a source has now and no contract knows."""
    name = said(one.label or one.path, 80)
    return f"{said(one.connection, 80)} has a field *{name}* ({said(one.path, 80)}) since {moment(one.since)}; no contract knows it."


def cause_line(cause: Cause, around: Around, permalink: Callable[[int], str | None] | None = None) -> str:
    """A card on one line."""
    url = permalink(cause.id) if permalink else None
    money = f" · {worth(cause.sums)}" if cause.sums else ""
    return f"{link(url, headline(cause), 150)}{money} · {due(cause.nearest, around)} · {refs_in_short(cause)}"


def entry_line(entry: Entry, around: Around) -> str:
    """A line of the journal: when, who, what."""
    data = entry.data
    code = str(data.get("reason") or "")
    noted = str(data.get("decision") or data.get("note") or (REASONS[code].title if code in REASONS else code))
    words = said(told(noted, around), 200)
    what = _VERBS.get(entry.verb, "" if words else entry.verb.replace("_", " ").capitalize())
    story = ": ".join(part for part in (said(what, 40), words) if part)
    who = "" if entry.actor in _NOBODY or f"@{{{entry.actor}}}" in noted else f"{person(entry.actor, around)} · "
    return f"{moment(entry.at)} · {who}{story}"
