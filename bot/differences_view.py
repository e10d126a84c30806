"""The dialog of what disagrees in a flow: by customer, with what to do about each kind, or record by record, page by page. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from bot.blocks import Block, actions, button, context, moment, said, section
from bot.carried import Carried, carry
from bot.modals import modal
from bot.wording import counted, worth
from sync.money import Money, is_currency
from sync.reasons import reason
from sync.reconciling.ledger import Kept
from sync.reconciling.words import TITLES, capital, sentence
from sync.workspace.flow import Flow, WriteRow

CUSTOMERS, RECORDS = "drifts_customers", "drifts"
PREVIOUS, NEXT = "drifts_previous", "drifts_next"
PAGE = 20
_UNNAMED = "without a customer"


def open_button(run: int, many: int) -> Block:
    """The button on the report of a run."""
    return button(CUSTOMERS, f"Show all {many:,}", carry(Carried(cause=run, version=0)))


def differences_view(
    flow: Flow, write: WriteRow, rows: Sequence[Kept], run: int, page: int, *, by_customer: bool
) -> Block:
    """One page of the records that disagree now, most money first, or of the customers whose they are."""
    drawn = _customers(rows) if by_customer else [_record(each, flow, write) for each in rows]
    pages = max(1, -(-len(drawn) // PAGE))
    page = min(max(page, 1), pages)
    shown = drawn[(page - 1) * PAGE : page * PAGE]
    where = f"{said(flow.title, 80)} · {counted(len(rows), 'record')} · page {page:,} of {pages:,}"
    blocks = [context(where), *map(section, shown)] if rows else [section("The two sides agree.")]
    if by_customer and page == 1 and rows:
        blocks += [section("*What to do*\n" + "\n".join(_playbook(rows)))]
    other = ("By record", RECORDS) if by_customer else ("By customer", CUSTOMERS)
    turns = [button(other[1], other[0], carry(Carried(cause=run, version=0)))] if rows else []
    for verb, words, to in ((PREVIOUS, "Previous page", page - 1), (NEXT, "Next page", page + 1)):
        if 1 <= to <= pages:
            mine = Carried(cause=run, version=int(by_customer), page=to)
            turns.append(button(verb, words, carry(mine)))
    return modal("drifts_shown", "What disagrees", [*blocks, *([actions(*turns)] if turns else [])])


def _customers(rows: Sequence[Kept]) -> list[str]:
    """A line for each customer, most money first."""
    groups = defaultdict[str, list[Kept]](list)
    for each in rows:
        groups[each.what.customer].append(each)
    ordered = sorted(groups.items(), key=lambda one: (-sum(each.what.at_stake for each in one[1]), one[0]))
    return [_customer(name, mine) for name, mine in ordered]


def _customer(name: str, rows: Sequence[Kept]) -> str:
    kinds = Counter(each.what.kind for each in rows)
    told = ", ".join(f"{TITLES[kind]} {many:,}" if many > 1 else TITLES[kind] for kind, many in kinds.most_common())
    worst = min(reason(f"drift_{kind.value}").severity.value for kind in kinds)
    oldest = min(each.opened_at for each in rows)
    head = f"*{said(name, 80) if name else _UNNAMED}* · {counted(len(rows), 'record')}{_money(rows)}"
    return f"{head}\nClass {worst} · since {moment(oldest)} · {told}"


def _money(rows: Sequence[Kept]) -> str:
    sums = Counter[str]()
    for each in rows:
        sums[each.what.currency] += each.what.at_stake
    known = [Money(currency=code, minor=minor) for code, minor in sorted(sums.items()) if is_currency(code) and minor]
    return f" · {worth(known)}" if known else ""


def _playbook(rows: Sequence[Kept]) -> list[str]:
    kinds = Counter(each.what.kind for each in rows)
    known = [(kind, many, reason(f"drift_{kind.value}")) for kind, many in kinds.most_common()]
    return [
        f"• {capital(TITLES[kind])} ({many:,}, class {one.severity.value}): {one.hint}" for kind, many, one in known
    ]


def _record(kept: Kept, flow: Flow, write: WriteRow) -> str:
    return f"{said(sentence(kept.what, flow, write), 400)}\nsince {moment(kept.opened_at)} · in {counted(kept.seen, 'run')}"
