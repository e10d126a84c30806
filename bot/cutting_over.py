"""The report of a cut-over: what the new way of a flow has made, what it was not able to, and whether the two sides add up to the same.
It is for whoever in finance signs that the old way ends."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO

from bot.pack_csv import cell
from store.ledger import Store
from sync.model import Case
from sync.money import Money, exponent, is_currency
from sync.reasons import reason
from sync.reconciling.ledger import Run
from sync.reconciling.nouns import Kind
from sync.reconciling.words import TITLES
from sync.workspace.flow import Flow, WriteRow

_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """So many records, and their money by currency in minor units."""

    name: str
    records: int
    minor: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What is open with one person of a team, and when the first of it has to be resolved."""

    owner: str
    team: str
    records: int
    minor: Mapping[str, int]
    next_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What the two sides add up to in one currency, in minor units."""

    currency: str
    source_records: int
    source_minor: int
    target_records: int
    target_minor: int

    @property
    def difference(self) -> int:
        return self.target_minor - self.source_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutover:
    """Everything. `compared` is the run that read both sides whole; None where none has."""

    flow: str
    title: str
    bound: int
    created: int
    waiting: int
    refused: tuple[Pile, ...]
    discarded: Pile
    owners: tuple[Owned, ...]
    compared: Run | None
    differing: tuple[Pile, ...]
    sides: tuple[Side, ...]

    @property
    def done(self) -> bool:
        """Whether nothing is open, nothing waits, and both sides were compared and agree."""
        open_ = sum(each.records for each in self.refused) + self.waiting
        return self.compared is not None and not open_ and not self.compared.drifts


async def cutover_of(store: Store, flow: Flow) -> Cutover:
    """The report as the ledger has it now; nobody else is asked."""
    write = main_write(flow)
    made = await store.made_by(flow.name, (write.connection, write.entity))
    open_ = await store.exceptions(flow=flow.name, limit=_MOST)
    status = next((each for each in await store.status() if each.flow == flow.name), None)
    states = status.states if status is not None else {}
    run = next((each for each in await store.runs(flow.name, limit=50) if each.state == "done" and each.totals), None)
    return Cutover(
        flow=flow.name,
        title=flow.title,
        bound=made["bound"],
        created=made["created"],
        waiting=states.get("pending", 0) + states.get("running", 0),
        refused=_by_reason(open_),
        discarded=_pile("discarded", await store.discarded(flow.name)),
        owners=_by_owner(open_),
        compared=run,
        differing=_differing(run),
        sides=_sides(run),
    )


def main_write(flow: Flow) -> WriteRow:
    """The write by which the flow's records count: the one that is reconciled, else the last one that makes a record."""
    named = flow.reconcile.write if flow.reconcile is not None else ""
    makes = [each for each in flow.writes if each.operation in ("create", "upsert", "credit")] or list(flow.writes)
    return next((each for each in makes if each.name == named), makes[-1])


def csv_of(found: Cutover) -> bytes:
    """One line for each number, for a spreadsheet: section, what, records, currency, amount; sides have both amounts."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("section", "what", "records", "currency", "amount", "amount in the target", "difference"))
    for row in _rows(found):
        writer.writerow([cell(str(one)) if isinstance(one, str) and not _is_amount(one) else one for one in row])
    return text.getvalue().encode("utf-8-sig")


def _rows(found: Cutover) -> list[tuple[str | int, ...]]:
    rows: list[tuple[str | int, ...]] = [
        ("bound", "records that were in the target", found.bound, "", "", "", ""),
        ("created", "records that Meshline made", found.created, "", "", "", ""),
        ("waiting", "records under way", found.waiting, "", "", "", ""),
    ]
    for section, piles in (
        ("refused", found.refused),
        ("discarded", (found.discarded,)),
        ("differing", found.differing),
    ):
        for pile in piles:
            for currency, minor in sorted(pile.minor.items()) or [("", 0)]:
                rows.append((section, pile.name, pile.records, currency, amount(minor, currency), "", ""))
    for side in found.sides:
        totals = (amount(one, side.currency) for one in (side.source_minor, side.target_minor, side.difference))
        rows.append(("totals", "both sides", side.source_records, side.currency, *totals))
    for one in found.owners:
        for currency, minor in sorted(one.minor.items()) or [("", 0)]:
            name = f"{one.owner} ({one.team}), first by {one.next_by:%Y-%m-%d %H:%M} UTC"
            rows.append(("open with", name, one.records, currency, amount(minor, currency), "", ""))
    return rows


def amount(minor: int, currency: str) -> str:
    """An amount as decimal text; nothing where it has no currency."""
    if not is_currency(currency):
        return ""
    places = exponent(currency)
    whole, rest = divmod(abs(minor), 10**places)
    return f"{'-' if minor < 0 else ''}{whole}{f'.{rest:0{places}d}' if places else ''}"


def _is_amount(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _pile(name: str, cases: Sequence[Case]) -> Pile:
    minor: Counter[str] = Counter()
    for each in cases:
        if each.money is not None:
            minor[each.money.currency] += each.money.minor
    return Pile(name=name, records=len(cases), minor=dict(minor))


def _by_reason(cases: Sequence[Case]) -> tuple[Pile, ...]:
    codes = Counter(each.reason for each in cases)
    piles = (
        _pile(reason(code).title, [each for each in cases if each.reason == code]) for code, _ in codes.most_common()
    )
    return tuple(piles)


def _by_owner(cases: Sequence[Case]) -> tuple[Owned, ...]:
    held: dict[tuple[str, str], list[Case]] = {}
    for each in cases:
        held.setdefault((each.assignee or each.owner, each.team), []).append(each)
    found = []
    for (owner, team), mine in held.items():
        pile = _pile(owner, mine)
        first = min(each.resolve_by for each in mine)
        found.append(Owned(owner=owner, team=team, records=pile.records, minor=pile.minor, next_by=first))
    return tuple(sorted(found, key=lambda one: (one.next_by, one.owner)))


def _differing(run: Run | None) -> tuple[Pile, ...]:
    """By kind; the money in question is known by currency only, and stands with the sum of them."""
    if run is None or not run.drifts:
        return ()
    kinds = [Pile(name=TITLES[Kind(name)], records=many, minor={}) for name, many in sorted(run.counts.items())]
    return (*kinds, Pile(name="money in question", records=run.drifts, minor=dict(run.stakes)))


def _sides(run: Run | None) -> tuple[Side, ...]:
    found: dict[str, list[int]] = {}
    for total in run.totals if run is not None else ():
        whole = found.setdefault(str(total["currency"]), [0, 0, 0, 0])
        for at, name in enumerate(("source_count", "source_minor", "target_count", "target_minor")):
            whole[at] += int(total[name])
    return tuple(
        Side(currency=currency, source_records=one[0], source_minor=one[1], target_records=one[2], target_minor=one[3])
        for currency, one in sorted(found.items())
    )


def money_of(minor: Mapping[str, int]) -> str:
    """Amounts in words; nothing where there are none."""
    told = [str(Money(currency=code, minor=many)) for code, many in sorted(minor.items())]
    return f", {' and '.join(told)}" if told else ""
