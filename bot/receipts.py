"""A receipt as Slack gets it: one quiet line for many records, and those that had been stopped by name. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.blocks import Block, context, few, message, moment, said, section
from bot.wording import Around, counted, person, worth
from sync.figures import ENGINE, Fact
from sync.receipts import Receipt
from sync.spoken import spoken

_NAMED = 5


def receipt_message(one: Receipt, zone: str, around: Around) -> Block | None:
    """The message, or nothing when nothing went through."""
    if one.is_empty:
        return None
    blocks = [section(_sentence(one, f"since {moment(one.since)}", bold="*"))] if one.count else []
    if one.eased:
        lines = [f"• {_eased(each, around)}" for each in one.eased]
        blocks.append(section("\n".join(["*Had been stopped*", *few(lines, _NAMED)])))
    blocks.append(context(f"{said(one.title, 100)}: a receipt, nobody has to do anything."))
    return message(said(_words(one, zone), 3000), *blocks)


def _words(one: Receipt, zone: str) -> str:
    parts = [_sentence(one, f"since {_clock(one.since, one.until, zone)}")] if one.count else []
    if one.eased:
        parts.append(f"{counted(len(one.eased), 'record')} that had been stopped went through: {one.eased[0].ref}"
                     f"{f' and {len(one.eased) - 1} more' if len(one.eased) > 1 else ''}.")  # fmt: skip
    return f"{one.title}: {' '.join(parts)}"


def _sentence(one: Receipt, since: str, bold: str = "") -> str:
    many = f"{one.count:,} or more {one.entity}s" if one.more else counted(one.count, one.entity)
    done = "posted" if one.posted else "written"
    money = f", {bold}{worth(one.sums)}{bold}" if one.sums else ""
    unknown = (
        f" The {'amount' if one.unknown == 1 else 'amounts'} of {one.unknown:,} cannot be told." if one.unknown else ""
    )
    return f"{bold}{said(many, 60)}{bold} {done} {since}{money}.{unknown}"


def _clock(since: datetime, until: datetime, zone: str) -> str:
    here, end = since.astimezone(ZoneInfo(zone)), until.astimezone(ZoneInfo(zone))
    return f"{here:%H:%M}" if here.date() == end.date() else f"{here:%-d %B %H:%M}"


def _eased(one: Fact, around: Around) -> str:
    money = f" · {one.money}" if one.money else ""
    after = ""
    if one.outcome_at and one.resolved_at and one.decided_by not in ENGINE:
        after = f" · {spoken(one.outcome_at - one.resolved_at)} after {person(one.decided_by, around)} decided"
    return f"{one.ref} · {said(one.title, 80)}{money}{after}"
