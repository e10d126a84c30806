"""What people read of a reconciliation: the card, the rows as CSV, and what a run that failed got to. Pure."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from io import StringIO

from bot.blocks import Block, actions, context, few, fields, header, message, said, section
from bot.differences_view import open_button
from bot.pack_csv import cell
from bot.wording import counted, worth
from sync.money import Money, exponent, is_currency
from sync.reasons import reason
from sync.reconciling.ledger import Kept, Run
from sync.reconciling.nouns import Kind, Report
from sync.reconciling.words import TITLES, sentence
from sync.workspace.flow import Flow, WriteRow

_SHOWN, _CUSTOMERS = 5, 5
HEADS = (
    "kind", "what", "reference", "source record", "target records", "customer", "period", "currency", "in the source",
    "in the target", "field", "source value", "target value", "also", "at stake", "first seen", "times seen", "suggested",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A run that ended, with how many disagreements are new and how many closed."""

    run: Run
    report: Report
    new: int
    closed: int


def report_card(
    flow: Flow, write: WriteRow, found: Found, rows: Sequence[Kept], *, share: Decimal, held: bool, drifting: str
) -> Block:
    """The message of a run that found something. Each kind has its own card with the button that mends it."""
    words = sentence_of(flow, found.run, new=found.new, closed=found.closed, share=share)
    lines = [f"• {said(sentence(each.what, flow, write), 300)}" for each in rows[:_SHOWN]]
    left = len(rows) - len(lines)
    more = [f"… {left:,} more in the CSV"] if left > 0 else []
    note = ["Nothing more is posted by this flow: a billing hold is on until somebody decides."] if held else []
    if drifting:
        note.append(
            f"Differences grow from run to run, most of them in *{said(drifting, 80)}*: a transform or a rule of one side may have changed."
        )
    blocks = [
        header(f"Reconciliation · {said(flow.title, 80)}"),
        section(words),
        *([section(" ".join(note))] if note else []),
        fields(*_facts(found.run, rows)),
        *([section("\n".join(["*Most money first*", *lines, *more]))] if lines else []),
        *([actions(open_button(found.run.id, len(rows)))] if rows else []),
        context(f"Contract {said(flow.contract, 80)} · run {found.run.id} · each kind has a card with its fix; all rows are in the thread."),
    ]  # fmt: skip
    lead = sentence_of(flow, replace(found.run, explained={}), new=found.new, closed=found.closed, share=share)
    return message(said(" ".join([lead, *note[:1]]).replace("*", ""), 1000), *blocks)


def sentence_of(flow: Flow, run: Run, *, new: int = 0, closed: int = 0, share: Decimal | None = None) -> str:
    """What a run found, in words that stand alone."""
    title, explained = said(flow.title, 80), sum(run.explained.values())
    if run.state == "failed":
        return f"{title} could not be reconciled. {said(run.detail, 300)}"
    if run.state == "reading":
        read = f"{run.source_read:,} and {run.target_read:,} records are read so far"
        return f"{title} is being reconciled: {read}."
    looked = f"{run.source_read:,} records of the source and {run.target_read:,} of the target"
    looked += " that changed were compared" if run.mode == "changed" else " were compared"
    part = f", {share:.2%} of all" if share is not None and run.drifts else ""
    wrong = (
        f"{counted(run.drifts, 'record')} {'disagrees' if run.drifts == 1 else 'disagree'}{part}"
        if run.drifts
        else "Nothing disagrees"
    )
    news = [f"{new:,} new" if new else "", f"{closed:,} agree again" if closed else ""]
    told = f" ({', '.join(each for each in news if each)})" if any(news) else ""
    under_way = (
        f" {counted(explained, 'difference')} {'is' if explained == 1 else 'are'} explained: {_explained(run)}."
        if explained
        else ""
    )
    return f"{title}: {looked}. {wrong}{told}.{under_way}"


def csv_of(flow: Flow, write: WriteRow, rows: Sequence[Kept]) -> bytes:
    """Every disagreement as a row; amounts as decimal text, times in UTC. No cell begins a formula."""
    kept = StringIO()
    writer = csv.writer(kept, lineterminator="\r\n")
    writer.writerow(HEADS)
    writer.writerows([cell(one) for one in _row(each, flow, write)] for each in rows)
    return kept.getvalue().encode("utf-8-sig")


def stopped_words(mode: str, source: int, target: int, why: str) -> str:
    """How far a run came that could not go on."""
    if mode == "changed":
        return f"A side did not answer: {why}. Nothing was concluded; it is tried again by itself."
    read = f"{source:,} records of the source and {target:,} of the target were read and are kept"
    return f"A side did not answer: {why}. {read}; nothing was concluded, and the next try goes on from there."


def stakes(run: Run) -> str:
    """The money in question by currency; `none` where there is none."""
    sums = [
        Money(currency=code, minor=minor) for code, minor in sorted(run.stakes.items()) if is_currency(code) and minor
    ]
    return worth(sums) if sums else "none"


def kinds(run: Run) -> list[str]:
    """How many disagree in which way, the most first."""
    return [f"{TITLES[Kind(name)]}: {many:,}" for name, many in sorted(run.counts.items(), key=lambda one: -one[1])]


def _facts(run: Run, rows: Sequence[Kept]) -> list[tuple[str, str]]:
    customers = Counter(each.what.customer for each in rows if each.what.customer).most_common()
    told = [f"{said(name, 60)}: {many:,}" for name, many in customers]
    facts = [("How", "\n".join(kinds(run)) or "nothing"), ("Money in question", stakes(run))]
    if told:
        facts.append(("Customers", "\n".join(few(told, _CUSTOMERS))))
    if run.fields:
        named = sorted(run.fields.items(), key=lambda one: -one[1])
        facts.append(("Fields", "\n".join(few([f"{said(name, 60)}: {many:,}" for name, many in named], _CUSTOMERS))))
    return facts


def _explained(run: Run) -> str:
    return ", ".join(
        f"{many:,} {said(why, 80)}" for why, many in sorted(run.explained.items(), key=lambda one: -one[1])
    )


def _row(kept: Kept, flow: Flow, write: WriteRow) -> tuple[str, ...]:
    what = kept.what
    return (
        what.kind.value, sentence(what, flow, write), what.key, what.source_id, " ".join(what.target_ids), what.customer,
        what.period, what.currency, _amount(what.source_minor, what.currency), _amount(what.target_minor, what.currency),
        what.field, what.source_value, what.target_value, " ".join(what.also), _amount(what.at_stake, what.currency),
        f"{kept.opened_at:%Y-%m-%d %H:%M}", str(kept.seen), reason(f"drift_{what.kind.value}").hint,
    )  # fmt: skip


def _amount(minor: int | None, currency: str) -> str:
    if minor is None or not is_currency(currency):
        return ""
    places = exponent(currency)
    whole, rest = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}{f'.{rest:0{places}d}' if places else ''}"
