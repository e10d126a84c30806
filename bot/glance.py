"""One line each: a flow, a billing hold, a pause, a cause. Shared by the Home tab, the digest and the answers of `/sync`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.blocks import link, moment, said
from bot.wording import Around, due, headline, named, person, refs_in_short, told, worth
from store.reports import FlowStatus
from sync.model import BillingHold, Cause, Entry
from sync.reasons import REASONS

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
    "wake": "The snooze is over",
}
_NOBODY = ("engine", "clock")


def flow_line(one: FlowStatus, around: Around) -> str:
    """A flow, its counts and when it last delivered."""
    counts = [f"{one.states[state]:,} {words}" for state, words in _STATES.items() if one.states.get(state)]
    last = f"last delivered {moment(one.last_delivered)}" if one.last_delivered else "nothing delivered yet"
    oldest = f", the oldest waiting since {moment(one.oldest)}" if one.oldest else ""
    return f"*{said(around.flow_title(one.flow), 80)}*: {', '.join(counts) or 'no work yet'}; {last}{oldest}."


def hold_line(hold: BillingHold, around: Around) -> str:
    """A customer who is not billed, and why."""
    waiting = f" {hold.waiting:,} waiting." if hold.waiting else ""
    where = f" Release it on the card of EX-{hold.case_id}." if hold.case_id else ""
    who = said(hold.called, 80)
    return f"*{who}* is not billed since {moment(hold.placed_at)}: {named(hold.why, around)}.{waiting}{where}"


def pause_line(pause: Pause, around: Around) -> str:
    """What is paused, by whom and since when."""
    scope, name, by, since = pause
    title = around.flow_title(name) if scope == "flow" else name
    return f"The {said(scope, 20)} *{said(title, 80)}* is paused by {person(by, around)} since {moment(since)}."


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
