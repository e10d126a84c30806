"""The stage of the demo: a copy of the example workspace, a ledger in a temporary directory, the sandbox world and Meshline in one process."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import Parts
from bot.releasing import wire_published
from bot.sandbox.clock import MovableClock
from bot.sandbox.crm_record import Missing
from bot.sandbox.deals import Product, Story
from bot.sandbox.world import SandboxWorld, free_port
from bot.service import Service
from bot.settings import read_settings
from sync.money import Money

_EXAMPLE = "quote_to_cash"
_BEAT_SECONDS = 1.0
_WEATHER = {
    "reject_for": "The ERP refuses some customers",
    "outage_between": "The ERP is down",
    "outage_requests": "The ERP is down",
    "lose_answers": "The ERP loses answers",
    "throttle": "The ERP asks for patience",
}


def example() -> Path:
    """The shipped example workspace: beside the packages in a checkout, inside them when installed."""
    here = Path(__file__).resolve().parents[1]
    for root in (here / "examples", here.parent / "examples"):
        if (root / _EXAMPLE).is_dir():
            return root / _EXAMPLE
    raise FileNotFoundError(f"the example workspace {_EXAMPLE} is not installed")


@dataclass(slots=True)
class Stage:
    """Everything that the demo runs on. `said` are the lines of the story so far."""

    clock: MovableClock
    world: SandboxWorld
    parts: Parts
    service: Service
    directory: Path
    page: str = ""
    said: list[str] = field(default_factory=list)
    story: Story | None = None

    def now(self) -> datetime:
        return self.clock()

    async def forward(self, minutes: int) -> datetime:
        """Let time pass for everybody."""
        moment = self.clock.forward(timedelta(minutes=minutes))
        self.parts.changed()
        self.world.slack.announce("clock")
        return moment

    def books(self) -> dict[str, Any]:
        """Both systems side by side, for the page."""
        erp = self.world.erp
        customers = {one["id"]: one["name"] for one in erp.customers()}
        return {
            "deals": [self._deal(one) for one in self.world.crm.deals()[:500]],
            "invoices": [_invoice(one, customers) for one in erp.invoices()[-500:]],
            "fields": self.world.crm.fields(),
            "faults": [_WEATHER.get(name, name) for name in erp.faults.active()],
        }

    async def edit_deal(self, deal_id: str, properties: dict[str, str]) -> None:
        """A salesperson edits a deal. Raises LookupError when there is none."""
        try:
            self.world.crm.update("deals", deal_id, properties)
        except Missing as error:
            raise LookupError(f"there is no deal {deal_id}") from error
        self.world.slack.announce("books")

    async def rename_field(self, kind: str, name: str, new: str) -> None:
        """The CRM administrator renames a field. Raises LookupError or ValueError."""
        self.world.crm.rename_property(kind, name, new)
        self.world.slack.announce("books")

    def say(self, line: str) -> None:
        """One more line of the story, on the page too."""
        self.said.append(line)
        self.world.slack.announce("story")

    async def close(self) -> None:
        """The curtain: stop, and remove the temporary directory."""
        await self.service.stop()
        await self.world.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _deal(self, deal: dict[str, Any]) -> dict[str, Any]:
        company = deal.get("company") or {}
        defects = self.story.defects if self.story else {}
        return {
            "id": deal["id"],
            "name": str(deal.get("dealname") or "")[:120],
            "company": company.get("name") or "",
            "stage": deal.get("dealstage"),
            "amount": f"{deal.get('amount')} {deal.get('deal_currency_code')}",
            "billing_code": deal.get("billing_code") or "",
            "payment_terms": deal.get("payment_terms") or "",
            "dealstage": deal.get("dealstage") or "",
            "billing_status": deal.get("billing_status") or "",
            "defect": defects.get(deal["id"], ""),
        }


def _invoice(invoice: dict[str, Any], customers: dict[str, str]) -> dict[str, Any]:
    return {
        "id": invoice["id"],
        "number": invoice["number"] or "",
        "reference": invoice["reference"],
        "customer": customers.get(invoice["customer_id"], ""),
        "status": invoice["status"],
        "total": str(Money(currency=invoice["currency"], minor=invoice["total_minor"])),
    }


async def set_stage(*, port: int, products: Sequence[Product] | None = None, tolerance: str | None = None) -> Stage:
    """Build and start everything. `products` and `tolerance` replace those of the example workspace."""
    directory = Path(tempfile.mkdtemp(prefix="meshline-demo-"))
    workspace = directory / "workspace"
    shutil.copytree(example(), workspace)
    if products is not None:
        _write_price_list(workspace, products)
    if tolerance is not None:
        _set_tolerance(workspace, tolerance)
    clock = MovableClock()
    world = SandboxWorld(clock)
    here = free_port()
    holder: dict[str, Stage] = {}
    page = await world.start(port=port, controls=_Controls(holder))
    environ = world.environ(workspace=workspace, database_url=f"sqlite:///{directory}/meshline.db", port=here)
    settings = read_settings(environ)
    parts, adoption = await wire_published(settings, environ, first=True, clock=clock)
    stage = Stage(
        clock=clock,
        world=world,
        parts=parts,
        service=Service(parts, beat_seconds=_BEAT_SECONDS),
        directory=directory,
        page=page,
    )
    holder["stage"] = stage
    stage.service.keep("releases", adoption.run)
    await stage.service.start()
    world.meshline_at(f"http://127.0.0.1:{here}")
    return stage


class _Controls:
    """The page's controls; the stage they act on is set once it is built."""

    def __init__(self, holder: dict[str, Stage]) -> None:
        self._holder = holder

    def now(self) -> datetime:
        return self._holder["stage"].now()

    async def forward(self, minutes: int) -> datetime:
        return await self._holder["stage"].forward(minutes)

    def books(self) -> dict[str, Any]:
        return self._holder["stage"].books()

    async def edit_deal(self, deal_id: str, properties: dict[str, str]) -> None:
        await self._holder["stage"].edit_deal(deal_id, properties)

    async def rename_field(self, kind: str, name: str, new: str) -> None:
        await self._holder["stage"].rename_field(kind, name, new)

    def story(self) -> list[str]:
        return self._holder["stage"].said


def _write_price_list(workspace: Path, products: Sequence[Product]) -> None:
    with (workspace / "reference" / "price_list.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "name", "list_price", "currency", "account"))
        writer.writerows((p.code, p.name, p.list_price, p.currency, p.account) for p in products)


def _set_tolerance(workspace: Path, tolerance: str) -> None:
    """Another tolerance, and a poll an hour: the webhooks of a whole year are enough to read at once."""
    flow = workspace / "flows" / f"{_EXAMPLE}.yaml"
    text = flow.read_text(encoding="utf-8")
    flow.write_text(
        text.replace("tolerance: 10%", f"tolerance: {tolerance}").replace("poll: 5m", "poll: 1h"), encoding="utf-8"
    )
