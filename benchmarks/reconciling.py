"""`python -m benchmarks.reconciling`: two sides of a million records each with planted defects of the seven kinds. All must be
found and none invented, in flat memory. In the second run nothing has changed: the sides list nothing, and each known
difference is looked at again."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync import connectors
from sync.errors import Rejected
from sync.listing import Entry, Listed
from sync.model import Found, Overlay, Record
from sync.reconciling.asking import Sides
from sync.reconciling.ledger import Kept
from sync.reconciling.nouns import Kind, Known, Open, Report
from sync.reconciling.rules import rules_of
from sync.reconciling.running import changed_since, compare, read_both
from sync.reconciling.spool import Spool
from sync.workspace.flow import Flow
from sync.workspace.loader import load
from sync.workspace.reconciling import Reconciling

WRITTEN = datetime(2026, 10, 1, tzinfo=UTC)
STARTED = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KINDS = tuple(Kind)
_CURRENCIES = ("EUR", "USD", "GBP")
_PRIME = 7_368_787
_EXAMPLE = Path(__file__).parents[1] / "examples" / "quote_to_cash"


class World:
    """Both sides, made up from each record's number; `planted` says which number has which defect."""

    def __init__(self, records: int, defects: int, seed: int) -> None:
        self.records = records
        numbers = random.Random(seed).sample(range(records), defects)
        self.planted = {number: KINDS[place % len(KINDS)] for place, number in enumerate(numbers)}
        self.customers = max(1, records // 40)

    def minor(self, number: int) -> int:
        return 1_000 + number * 7_919 % 9_000_000

    def day(self, number: int) -> str:
        return f"2026-{number % 9 + 1:02d}-{number % 28 + 1:02d}"

    def truth(self) -> dict[str, Kind]:
        """Every defect by its reference; one without a reference by the target's id."""
        return {self._name(number, kind): kind for number, kind in self.planted.items()}

    def _name(self, number: int, kind: Kind) -> str:
        foreign = kind is Kind.BYPASS and number % 2 == 1
        return f"I-{number}-extra" if foreign else f"crm-deal-{number}"


class Crm:
    """The source: deals in the order of their numbers."""

    def __init__(self, world: World) -> None:
        self._world, self.seen = world, 0

    def lists(self, entity: str) -> bool:
        return True

    def lists_changes(self, entity: str) -> bool:
        return True

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        start, whole = int(after or 0), self._world.records
        if since is not None:
            return Listed(entries=(), after=None)
        end = min(start + limit, whole)
        entries = tuple(one for number in range(start, end) for one in self._deal(number))
        self.seen += len(entries)
        return Listed(entries=entries, after=str(end) if end < whole else None)

    def _deal(self, number: int) -> list[Entry]:
        world, kind = self._world, self._world.planted.get(number)
        if kind is Kind.ORPHAN:
            return []
        minor = world.minor(number) + (500 if kind is Kind.STALE else 0)
        record = {
            "id": str(number), "amount": f"{minor // 100}.{minor % 100:02d}",
            "deal_currency_code": _CURRENCIES[number % world.customers % 3], "dealstage": "closedwon",
            "closedate": f"{world.day(number)}T10:00:00.000Z", "company": {"id": str(number % world.customers)},
        }  # fmt: skip
        changed = WRITTEN + (timedelta(days=3) if kind is Kind.STALE else -timedelta(hours=1))
        return [Entry(record["id"], record, changed)]

    async def read(self, entity: str, record_id: str) -> Record:
        self.seen += 1
        found = self._deal(int(record_id))
        if not found:
            raise Rejected("gone", reason="not_found")
        return found[0].record


class Erp(Crm):
    """The target: invoices in another order."""

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        start, whole = int(after or 0), self._world.records
        if since is not None:
            return Listed(entries=(), after=None)
        end = min(start + limit, whole)
        entries = tuple(one for place in range(start, end) for one in self._invoices(place * _PRIME % whole))
        self.seen += len(entries)
        return Listed(entries=entries, after=str(end) if end < whole else None)

    async def find(self, entity: str, reference: str) -> Found | None:
        found = [
            each for each in self._invoices(int(reference.removeprefix("crm-deal-"))) if each.reference == reference
        ]
        self.seen += 1
        if len(found) > 1:
            raise Rejected("twice", reason="ambiguous_reference")
        return Found(id=found[0].id, record=found[0].record, status=found[0].status) if found else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        found = [each for each in self._invoices(int(target_id.split("-")[1])) if each.id == target_id]
        self.seen += 1
        return Found(id=found[0].id, record=found[0].record, status=found[0].status) if found else None

    def _invoices(self, number: int) -> list[Entry]:
        world, kind = self._world, self._world.planted.get(number)
        if kind is Kind.MISSING:
            return []
        minor, status, changed, key = world.minor(number), "posted", WRITTEN, f"crm-deal-{number}"
        if kind is Kind.AMOUNT:
            minor += 1
        elif kind is Kind.STATUS:
            status = "draft"
        elif kind is Kind.BYPASS and number % 2 == 0:
            minor, changed = minor - 100, WRITTEN + timedelta(days=2)
        shown = self._invoice(number, f"I-{number}", key, minor, status, changed)
        if kind is Kind.DUPLICATE:
            return [shown, self._invoice(number, f"I-{number}-again", key, minor, status, changed)]
        if kind is Kind.BYPASS and number % 2 == 1:
            return [shown, self._invoice(number, f"I-{number}-extra", "manual", minor, status, changed)]
        return [shown]

    def _invoice(self, number: int, id_: str, key: str, minor: int, status: str, changed: datetime) -> Entry:
        world = self._world
        record = {
            "id": id_, "reference": key, "customer_id": f"C-{number % world.customers}", "status": status,
            "currency": _CURRENCIES[number % world.customers % 3], "issue_date": world.day(number), "total_minor": minor,
            "contract_reference": str(number), "sync_reference": f"quote_to_cash/{number}",
        }  # fmt: skip
        return Entry(id_, record, changed, status, key)


class Ledger:
    """Everything was written once and is settled."""

    async def known_of(
        self, flow: str, entity: str, target: tuple[str, str], keys: Mapping[str, str], *, also: Collection[str] = ()
    ) -> Mapping[str, Known]:
        return {key: Known(written_at=WRITTEN, source_id=key.removeprefix("crm-deal-")) for key in keys}

    async def disagreement(self, number: int) -> Kept | None:
        return None

    async def close_disagreement(self, number: int, *, why: str, accepted: bool, now: datetime) -> bool:
        return False

    async def decided_about(self, flow: str, subject: str) -> tuple[Overlay, ...]:
        return ()


def example_flow() -> Flow:
    """The shipped flow, reconciled by period, customer and currency."""
    flow = load(_EXAMPLE, connectors.kinds()).flows["quote_to_cash"]
    options = Reconciling(write="invoice", period="issue_date", customer="customer_id")
    return flow.model_copy(update={"reconcile": options})


def sides_of(world: World) -> Sides:
    """Both sides with the rules of the example."""
    customers = {f"C-{number}": str(number) for number in range(world.customers)}
    rules = rules_of(example_flow(), {}, customers=customers)
    return Sides(rules=rules, source=Crm(world), target=Erp(world), ledger=Ledger())


async def first_run(sides: Sides, directory: Path) -> Report:
    """Both sides read whole."""
    spool = Spool(directory)

    async def beat(_: Spool) -> None:
        return None

    await read_both(sides, spool, beat)
    report = await compare(sides, spool, started=STARTED)
    spool.forget()
    return report


def errors(world: World, report: Report) -> dict[str, int]:
    """How many defects were missed, invented, or found as something else."""
    truth = world.truth()
    found = {each.key: each.kind for each in report.found}
    return {
        "missed": len(truth.keys() - found.keys()),
        "invented": len(found.keys() - truth.keys()),
        "misnamed": sum(found[key] is not kind for key, kind in truth.items() if key in found),
    }


def measure(records: int, defects: int, seed: int) -> dict[str, Any]:
    """Both runs, with their time and the peak memory of the process."""
    world = World(records, defects, seed)
    sides = sides_of(world)
    with tempfile.TemporaryDirectory(prefix="reconciling-") as directory:
        began, burnt = time.perf_counter(), time.process_time()
        report = asyncio.run(first_run(sides, Path(directory) / "run"))
        first, first_cpu = time.perf_counter() - began, time.process_time() - burnt
    open_ = [
        Open(each.key, each.source_id, "" if each.key.startswith("crm-deal-") else each.key, each.kind)
        for each in report.found
    ]
    seen = sides.source.seen + sides.target.seen
    began = time.perf_counter()
    again = asyncio.run(changed_since(sides, (STARTED, STARTED), open_, started=STARTED + timedelta(days=1)))
    second = time.perf_counter() - began
    return {
        "records_per_side": records, "planted": len(world.planted), "found": report.drifts, **errors(world, report),
        "by_kind": dict(sorted(report.counts.items())), "groups": report.groups, "differing_groups": report.differing,
        "seconds": round(first, 1), "cpu_seconds": round(first_cpu, 1), "second_run_seconds": round(second, 4),
        "second_run_read": sides.source.seen + sides.target.seen - seen,
        "second_run_found": again.drifts if again is not None else None,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def main() -> int:
    """Measure and print; 1 where a defect was missed or invented."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--records", type=int, default=1_000_000)
    asked.add_argument("--defects", type=int, default=500)
    asked.add_argument("--seed", type=int, default=6)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    result = measure(given.records, given.defects, given.seed)
    lines = [json.dumps(result)] if given.json else [f"{name:>20}  {value}" for name, value in result.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(result["missed"] or result["invented"] or result["misnamed"]))


if __name__ == "__main__":
    sys.exit(main())
