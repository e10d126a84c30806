"""Packs as Slack gets them: the message, the charts beside it, each with a sentence that says what it shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.blocks import Block, clip, context, divider, few, fields, header, message, moment, said, section, tidy
from bot.charts import Ranking, Trend
from bot.checklists import checklist_lines
from bot.wording import Around, counted, person, worth
from sync.figures import Fact, Pile, Recurring, Stretch
from sync.packs import Pack, percent, tenths
from sync.reasons import reason
from sync.releases import Release
from sync.spans import WEEKLY
from sync.spoken import spoken
from sync.suggestions import ProposedRule, in_words

TREND, REASONS = "trend.png", "reasons.png"
_MISSING = "The charts are missing: Slack did not take them. Their sentences say the same."
_TOP, _LISTED, _BARS = 5, 10, 6
_SPAN = {WEEKLY: ("week", "Operations"), "monthly": ("month", "Governance")}


def pack_message(pack: Pack, zone: str, around: Around, pictures: Mapping[str, str] | None = None) -> Block:
    """The message. `pictures` are Slack's ids of the charts by name; without one its sentence stands in its place."""
    shown = pictures or {}
    alts = alt_texts(pack, zone)
    missing = any(name not in shown for name in alts)
    blocks = [
        header(f"{_SPAN[pack.kind][1]} pack · {title(pack, zone)}"),
        section(_sentence(pack, bold="*")),
        fields(*_facts(pack)),
        *(_picture(name, alt, shown.get(name)) for name, alt in alts.items()),
        *_sections(pack, around),
        *_rules(pack, around),
        *([divider(), section("\n".join(["*Monday checklist*", *checklist_lines(pack.items)]))] if pack.items else []),
        context("The rows behind this are the CSV file in the thread."),
        *([context(_MISSING)] if missing else []),
    ]
    return message(said(words(pack, zone), 3000), *blocks)


def placed(body: Block, there: Mapping[str, str]) -> Block:
    """The message with Slack's ids of its charts in place of their names; a chart that is not there leaves its sentence."""
    blocks = [
        _picture(one["slack_file"]["id"], one["alt_text"], there.get(one["slack_file"]["id"]))
        if one["type"] == "image"
        else one
        for one in body["blocks"]
    ]
    missing = sum(one["type"] == "image" for one in body["blocks"]) > len(there)
    return {**body, "blocks": [*blocks, *([context(_MISSING)] if missing else [])]}


def title(pack: Pack, zone: str) -> str:
    """The company and the week or month, in plain text."""
    since = pack.figures.stretch.since.astimezone(ZoneInfo(zone))
    when = f"week of {since:%-d %B %Y}" if pack.kind == WEEKLY else f"{since:%B %Y}"
    return f"{clip(tidy(pack.company), 80)}, {when}"


def words(pack: Pack, zone: str) -> str:
    """The notification and the screen reader's text."""
    mine = pack.figures
    money = f" {worth(mine.stopped)} stopped." if mine.stopped else ""
    back = f" {counted(len(pack.recurring), 'cause')} came back." if pack.recurring else ""
    return f"{_SPAN[pack.kind][1]} pack for {title(pack, zone)}: {_sentence(pack)}{money}{back}"


def charts(pack: Pack, zone: str) -> dict[str, Trend | Ranking]:
    """What the charts show, by file name. A chart that would say nothing is not drawn."""
    drawn: dict[str, Trend | Ranking] = {}
    unit = _SPAN[pack.kind][0]
    if sum(one.per_thousand is not None for one in pack.trend) > 1:
        labels = tuple(_label(one.since, pack.kind, zone) for one in pack.trend)
        values = tuple(one.per_thousand for one in pack.trend)
        drawn[TREND] = Trend(title=f"Exceptions per 1,000 events, by {unit}", labels=labels, values=values)
    piles = pack.figures.reasons[:_BARS]
    if piles:
        drawn[REASONS] = Ranking(
            title=f"What stopped records this {unit}", names=tuple(reason(one.name).title for one in piles),
            came=tuple(one.opened for one in piles), left=tuple(one.unresolved for one in piles),
        )  # fmt: skip
    return drawn


def alt_texts(pack: Pack, zone: str) -> dict[str, str]:
    """Each chart as a sentence."""
    return {name: _alt(chart) for name, chart in charts(pack, zone).items()}


def _alt(chart: Trend | Ranking) -> str:
    if isinstance(chart, Ranking):
        bars = zip(chart.names, chart.came, chart.left, strict=True)
        told = [
            f"{name} {counted(came, 'time')}{f', {left:,} of them open' if left else ''}" for name, came, left in bars
        ]
        return f"{chart.title}: {'; '.join(told)}."
    known = [(label, value) for label, value in zip(chart.labels, chart.values, strict=True) if value is not None]
    (first, begin), (last, end) = known[0], known[-1]
    way = "down" if end < begin else "up" if end > begin else "unchanged"
    low, high = min(known, key=lambda each: each[1]), max(known, key=lambda each: each[1])
    return (
        f"{chart.title}: {way} from {tenths(begin)} ({first}) to {tenths(end)} ({last}); "
        f"highest {tenths(high[1])} ({high[0]}), lowest {tenths(low[1])} ({low[0]})."
    )


def _label(since: datetime, kind: str, zone: str) -> str:
    here = since.astimezone(ZoneInfo(zone))
    return f"{here:%-d %b}" if kind == WEEKLY else f"{here:%b %Y}"


def _picture(name: str, alt: str, file_id: str | None) -> Block:
    if file_id is None:
        return section(said(alt, 1500))
    return {"type": "image", "slack_file": {"id": file_id}, "alt_text": alt[:2000]}


def _sentence(pack: Pack, bold: str = "") -> str:
    now, unit = pack.figures.stretch, _SPAN[pack.kind][0]
    opened, events = counted(now.opened, "exception"), counted(now.events, "event")
    came = f"{_bold(opened, bold)} from {_bold(events, bold)}"
    if now.per_thousand is None:
        return f"{came}."
    rate = f"{bold}{tenths(now.per_thousand)}{bold} per 1,000"
    return f"{came}, {rate}{_against(now, pack.before, unit)}."


def _bold(words: str, bold: str) -> str:
    number, _, noun = words.partition(" ")
    return f"{bold}{number}{bold} {noun}"


def _against(now: Stretch, before: Stretch | None, unit: str) -> str:
    if before is None or before.per_thousand is None or now.per_thousand is None:
        return ""
    if now.per_thousand == before.per_thousand:
        return f", as in the {unit} before"
    way = "fewer than" if now.per_thousand < before.per_thousand else "more than"
    return f", {way} the {tenths(before.per_thousand)} of the {unit} before"


def _facts(pack: Pack) -> tuple[tuple[str, str], ...]:
    mine = pack.figures
    took = f"half within {spoken(mine.took.typical)}, 9 of 10 within {spoken(mine.took.most)}" if mine.took else "none"
    manual = "not counted" if pack.manual is None else f"{pack.manual:,} (target 0)"
    return (
        ("Billed on time", _share(mine.on_time, mine.delivered, " (target 99%)")),
        ("Resolved in time", _share(mine.kept, mine.resolved)),
        ("Time to resolve", took),
        ("Through after a decision", _share(mine.carried, mine.decided, " (target 100%)")),
        ("Mended past Meshline", manual),
        ("Open", f"{mine.unresolved:,}, {mine.overdue:,} of them late"),
        ("Money stopped", worth(mine.stopped) or "none"),
        ("Money delayed past a deadline", worth(mine.delayed) or "none"),
    )


def _share(points: int | None, of: int, target: str = "") -> str:
    return "there were none" if points is None else f"{percent(points)} of {of:,}{target}"


def _sections(pack: Pack, around: Around) -> list[Block]:
    mine = pack.figures
    parts: tuple[tuple[str, Sequence[str], int], ...] = (
        ("Process defects: these come back", [recurring_line(one, around) for one in pack.recurring], _TOP),
        ("Top reasons", [_pile(one, reason(one.name).title) for one in mine.reasons], _LISTED),
        ("Deadlines missed", [_missed(one, around) for one in mine.missed], _TOP),
        ("Who has what is open", [_pile(one, around.person(one.name)) for one in mine.owners if one.unresolved], _LISTED),
        ("Most money stopped", [_dear(one, around) for one in mine.dearest], _LISTED),
        ("Customers", [_pile(one, one.name) for one in mine.customers], _TOP),
    )  # fmt: skip
    return [_list(heading, lines, most) for heading, lines, most in parts if lines]


def _rules(pack: Pack, around: Around) -> list[Block]:
    lines = [_release(one, around) for one in pack.releases]
    lines += [f"Release {one.id} waits for approval by {', '.join(one.missing) or 'nobody'}: {said(one.words, 120)}"
              for one in pack.proposed]  # fmt: skip
    lines += [_rule(one) for one in pack.rules]
    return [_list("Rules that changed or are proposed", lines, _TOP)] if lines else []


def _list(heading: str, lines: Sequence[str], most: int) -> Block:
    return section("\n".join([f"*{heading}*", *few([f"• {one}" for one in lines], most)]))


def recurring_line(one: Recurring, around: Around) -> str:
    """A process defect on one line."""
    what = f"*{reason(one.reason).title}*{f' “{said(one.value, 60)}”' if one.value else ''}"
    often = f"{counted(one.count, 'time')} in {one.weeks} of the last {one.of} weeks"
    return f"{what} · {said(around.flow_title(one.flow), 60)}: {often}"


def _pile(one: Pile, name: str) -> str:
    left = f", {one.unresolved:,} open" if one.unresolved else ""
    late = f", {one.late:,} late" if one.late else ""
    money = f" · {worth(one.sums)}" if one.sums else ""
    return f"*{said(name, 80)}*: {one.opened:,} came{left}{late}{money}"


def _missed(one: Fact, around: Around) -> str:
    end = f"resolved {moment(one.resolved_at)}" if one.resolved_at else f"open, {person(one.owner, around)} has it"
    return f"{one.ref} · {said(one.title, 80)} · was due {moment(one.resolve_by)}, {end}"


def _dear(one: Fact, around: Around) -> str:
    return f"{one.ref} · {said(one.title, 80)} · {one.money} · {person(one.owner, around)}"


def _rule(one: ProposedRule) -> str:
    state = {"proposed": "waits for a decision", "noted": "noted for the review"}.get(one.state, one.state)
    return f"Rule {one.id}, {state}: {said(in_words(one), 160)}"


def _release(one: Release, around: Around) -> str:
    return f"Release {one.id} by {person(one.made_by, around)}, {one.state.replace('_', ' ')}: {said(one.words, 120)}"
