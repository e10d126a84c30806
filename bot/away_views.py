"""The dialog in which a person says that they are away, and the words for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from bot.blocks import LABEL, TITLE, Block, context, moment, plain, section
from bot.carried import Carried, carry
from bot.wording import Around, person
from sync.absence import Absence, away

WHO, FROM, BACK, DELEGATE = "who", "from", "back", "delegate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was entered: `user` is away from the local date `since` (now, when that is today) to the morning of `back`."""

    user: str
    since: date | None
    back: date | None
    delegate: str


def away_view(user: str, today: date, absence: Absence | None, around: Around) -> Block:
    """Who is away, from when, until when, and who stands in. It shows what holds now."""
    now = [section(f"{line(absence, around)}\nWhat you enter takes its place.")] if absence else []
    blocks = [
        *now,
        _input(WHO, "Who is away", {"type": "users_select", "initial_user": user}),
        _input(FROM, "From", {"type": "datepicker", "initial_date": today.isoformat()}),
        _input(BACK, "First day back", {"type": "datepicker", "placeholder": plain("Choose a day", 150)}),
        _input(DELEGATE, "Who stands in", {"type": "users_select", "placeholder": plain("Choose a person", 150)}),
        context(
            "Who stands in is asked instead and may decide what you may decide, for that time. "
            "Nobody approves what they, or the person they stand in for, proposed."
        ),
    ]
    return {
        "type": "modal", "callback_id": "meshline_away", "title": plain("Being away", TITLE),
        "submit": plain("Save", TITLE), "close": plain("Cancel", TITLE), "blocks": blocks,
        "private_metadata": carry(Carried(cause=0, version=0, verb="away")),
    }  # fmt: skip


def wish(view: Block) -> Wish:
    """What was entered, as far as it can be read."""
    return Wish(
        user=str(_entered(view, WHO).get("selected_user") or ""),
        since=_day(_entered(view, FROM).get("selected_date")),
        back=_day(_entered(view, BACK).get("selected_date")),
        delegate=str(_entered(view, DELEGATE).get("selected_user") or ""),
    )


def span(asked: Wish, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """From when until when, in UTC, on the person's own clock; None when a day is missing."""
    if asked.since is None or asked.back is None:
        return None
    begins = datetime.combine(asked.since, time(), zone).astimezone(UTC)
    return max(begins, now), datetime.combine(asked.back, time(), zone).astimezone(UTC)


def line(absence: Absence, around: Around) -> str:
    """One absence in a sentence of mrkdwn."""
    when = f"until {moment(absence.until)}"
    if absence.since > around.now:
        when = f"from {moment(absence.since)} {when}"
    stands = f"; {person(absence.delegate, around)} stands in" if absence.delegate else "; nobody stands in"
    return f"{person(absence.person, around)} is away {when}{stands}."


def standing_of(user: str, absences: Iterable[Absence], now: datetime) -> Absence | None:
    """A person's absence of now, else the one to come."""
    mine = [one for one in absences if one.person == user]
    return away(user, mine, now) or next(iter(mine), None)


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text or ""))
    except ValueError:
        return None


def _input(block_id: str, label: str, element: Block) -> Block:
    shown = {"action_id": "answer", **element}
    return {"type": "input", "block_id": block_id, "label": plain(label, LABEL), "element": shown}


def _entered(view: Block, block_id: str) -> Block:
    values = (view.get("state") or {}).get("values") or {}
    return next(iter((values.get(block_id) or {}).values()), {})
