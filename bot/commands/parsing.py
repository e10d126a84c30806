"""What people type after `/sync`, taken apart. Pure; raises NotFound with the words for the person."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.blocks import clip
from sync.errors import NotFound

_CASE = re.compile(r"(?:ex-?)?(\d{1,12})", re.IGNORECASE | re.ASCII)
_QUOTED = re.compile(r'\s*["“„«]([^"”“»]{1,200})["”“»]\s*(.*)', re.DOTALL)
_AGO = re.compile(r"(\d{1,4})([mhdw])", re.ASCII)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_STEPS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SHOWN = 60


def case_id(word: str) -> int:
    """The number of an exception however it is written."""
    found = _CASE.fullmatch(word)
    if found is None:
        raise NotFound("Which exception? Write its number, such as EX-7.")
    return int(found.group(1))


def clauses(words: Collection[str], known: Collection[str], example: str) -> dict[str, str]:
    """`reason missing lines late` → {"reason": "missing lines", "late": ""}. A first word that is none of the known ones is
    refused with the nearest."""
    found: dict[str, str] = {}
    current = ""
    for word in words:
        if word.lower() in known:
            current = word.lower()
            found.setdefault(current, "")
        elif not current:
            raise NotFound(f"“{clip(word, _SHOWN)}” says nothing here.{nearest(word, known)} Write it like {example}.")
        else:
            found[current] = f"{found[current]} {word}".strip()
    return found


def nearest(word: str, known: Collection[str]) -> str:
    """` Did you mean …?` when something known is near, else nothing."""
    near = difflib.get_close_matches(word[:_SHOWN].lower(), known, n=1, cutoff=0.6)
    return f" Did you mean {near[0]}?" if near else ""


def one_of(wanted: str, titles: Mapping[str, str], noun: str) -> str:
    """The key whose name or title was meant, whatever its case and spacing. Titles are listed when none was."""
    said = " ".join(wanted.lower().replace("_", " ").split())
    for key, title in titles.items():
        if said in (key.lower().replace("_", " "), title.lower()):
            return key
    names = {title.lower(): title for title in titles.values()} | {key.lower(): key for key in titles}
    near = difflib.get_close_matches(said[:_SHOWN], names, n=1, cutoff=0.6) if said else []
    meant = f" Did you mean {names[near[0]]}?" if near else ""
    known = f" There is: {clip(', '.join(sorted(titles)), 600)}." if len(titles) <= 12 or not meant else ""
    if not said:
        raise NotFound(f"Which {noun}?{known}")
    raise NotFound(f"There is no {noun} {clip(wanted, _SHOWN)}.{meant or known}")


def moment_of(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """A time as people write it, on their clock: a day, a day with a time, a time of today, `yesterday`, or how long ago."""
    said, here = text.strip().lower(), now.astimezone(zone)
    midnight = datetime.combine(here.date(), time(), zone)
    if said == "today":
        return midnight.astimezone(UTC)
    if said == "yesterday":
        return (midnight - timedelta(days=1)).astimezone(UTC)
    if ago := _AGO.fullmatch(said):
        return now - int(ago[1]) * _STEPS[ago[2]]
    if clock := _CLOCK.fullmatch(said):
        return datetime.combine(here.date(), time(int(clock[1]), int(clock[2])), zone).astimezone(UTC)
    try:
        at = datetime.fromisoformat(said)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        example = "2026-01-31, 2026-01-31T14:00, 14:00, today, yesterday, 3h or 2d"
        raise NotFound(f"“{clip(text, _SHOWN)}” is no time. Write it like {example}.") from None


def customer_and_why(text: str) -> tuple[str, str]:
    """`"Acme GmbH" credit check` or `4711 credit check` → the customer and the reason, each perhaps empty."""
    if quoted := _QUOTED.fullmatch(text):
        return quoted[1].strip(), quoted[2].strip()
    first, _, rest = text.strip().partition(" ")
    return first, rest.strip()
