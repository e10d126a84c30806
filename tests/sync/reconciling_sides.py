"""Two small sides for stories of reconciliation: deals in a CRM, invoices in an ERP, and a ledger that says what it is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sync import connectors
from sync.errors import Rejected, Unavailable
from sync.listing import Entry, Listed
from sync.model import Found, Overlay
from sync.reconciling.asking import Sides
from sync.reconciling.ledger import Kept
from sync.reconciling.nouns import Known, Report
from sync.reconciling.rules import rules_of
from sync.reconciling.running import compare, read_both
from sync.reconciling.spool import Spool
from sync.workspace.flow import Flow
from sync.workspace.loader import load
from sync.workspace.reconciling import Reconciling

WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
STARTED = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
_WORKSPACE = load(EXAMPLE, connectors.kinds())


@dataclass
class Side:
    """Records by id, listed in their order, `page` at a time. It fails when page `fails_at` is asked for."""

    page: int = 2
    fails_at: int | None = None
    asked: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)

    def lists(self, entity: str) -> bool:
        return True

    def lists_changes(self, entity: str) -> bool:
        return True

    def put(self, id_: str, record: dict[str, Any], changed: datetime = WRITTEN, **more: str) -> None:
        self.entries[id_] = Entry(id_, record, changed, **more)

    async def listed(self, entity: str, *, after: str | None = None, since: datetime | None = None, **_: Any) -> Listed:
        self.asked += 1
        if self.asked == self.fails_at:
            raise Unavailable("the CRM is down")
        due = [each for each in self.entries.values() if since is None or (each.changed or since) >= since]
        start = int(after or 0)
        end = start + self.page
        return Listed(entries=tuple(due[start:end]), after=str(end) if end < len(due) else None)

    async def read(self, entity: str, record_id: str) -> dict[str, Any]:
        if record_id not in self.entries:
            raise Rejected("gone", reason="not_found")
        return self.entries[record_id].record

    async def find(self, entity: str, reference: str) -> Found | None:
        same = [each for each in self.entries.values() if each.reference == reference]
        if len(same) > 1:
            raise Rejected("twice", reason="ambiguous_reference")
        return Found(id=same[0].id, record=same[0].record, status=same[0].status) if same else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        one = self.entries.get(target_id)
        return Found(id=one.id, record=one.record, status=one.status) if one else None


@dataclass
class Ledger:
    """Everything was written at WRITTEN unless `about` says otherwise of a key."""

    about: dict[str, Known] = field(default_factory=dict)
    overlays: dict[str, tuple[Overlay, ...]] = field(default_factory=dict)

    async def known_of(
        self, flow: str, entity: str, target: tuple[str, str], keys: Mapping[str, str], *, also: Collection[str] = ()
    ) -> Mapping[str, Known]:
        return {key: self.about.get(key, Known(written_at=WRITTEN)) for key in keys}

    async def disagreement(self, number: int) -> Kept | None:
        return None

    async def close_disagreement(self, number: int, *, why: str, accepted: bool, now: datetime) -> bool:
        return False

    async def decided_about(self, flow: str, subject: str) -> tuple[Overlay, ...]:
        return self.overlays.get(subject, ())


@dataclass
class Pair:
    """Both sides and what the flow compares."""

    crm: Side = field(default_factory=Side)
    erp: Side = field(default_factory=Side)
    ledger: Ledger = field(default_factory=Ledger)
    options: dict[str, Any] = field(default_factory=dict)

    def deal(self, id_: str, amount: str = "100.00", changed: datetime = WRITTEN, **more: Any) -> None:
        record = {"id": id_, "amount": amount, "deal_currency_code": "EUR", "dealstage": "closedwon",
                  "closedate": "2026-10-31T10:00:00.000Z", "company": {"id": "7"}}  # fmt: skip
        self.crm.put(id_, record | more, changed)

    def invoice(
        self, id_: str, reference: str, minor: int = 10_000, *, changed: datetime = WRITTEN, status: str = "posted",
        **more: Any
    ) -> None:  # fmt: skip
        record = {"id": id_, "reference": reference, "customer_id": "C-7", "currency": "EUR", "status": status,
                  "issue_date": "2026-10-31", "total_minor": minor, "contract_reference": reference[9:],
                  "sync_reference": f"quote_to_cash/{reference[9:]}"}  # fmt: skip
        self.erp.put(id_, record | more, changed, status=status, reference=reference)

    def both(self, *ids: str) -> None:
        for id_ in ids:
            self.deal(id_)
            self.invoice(f"I-{id_}", f"crm-deal-{id_}")

    @property
    def flow(self) -> Flow:
        given = {"write": "invoice", "period": "issue_date", "customer": "customer_id"} | self.options
        return _WORKSPACE.flows["quote_to_cash"].model_copy(update={"reconcile": Reconciling.model_validate(given)})

    @property
    def sides(self) -> Sides:
        rules = rules_of(self.flow, {}, customers={"C-7": "7"})
        return Sides(rules=rules, source=self.crm, target=self.erp, ledger=self.ledger)

    async def run(self, directory: Path, *, started: datetime = STARTED) -> Report:
        spool = Spool(directory / "run")
        await read_both(self.sides, spool, _nothing)
        return await compare(self.sides, spool, started=started)


async def _nothing(_: Spool) -> None:
    return None


YOUNG = STARTED - timedelta(minutes=1)
