"""Erasing a data subject: afterwards it is in no byte of the ledger's files, in no message, sample or log, and the journal is whole."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.erase_files import lines_that_name
from bot.erasing import erased_by
from bot.logs import log_lines
from bot.sandbox.stage import example
from store.cases import Press
from store.compacting import compact
from sync.model import Overlay
from sync.picking import ManualFix
from sync.sending_packs import SentFile
from tests.ledgers import on_sqlite
from tests.world import World, small_world

NAME, TITLE = "Zwiebelfisch & Söhne e.K.", "Backofen für Wilhelmine Zwiebelfisch"
MAIL, VAT, ORDER = "wilhelmine@zwiebelfisch.example", "DE811907980", "PO-77-4711"
TRACES = ("zwiebelfisch", "wilhelmine", "söhne", VAT.lower())
DANA, OMAR = "U0DANA0001", "U0OMAR0001"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The example's company, whose samples know the subject too."""
    company = tmp_path / "company"
    shutil.copytree(example(), company)
    known = (company / "samples/deals/clean.yaml").read_text(encoding="utf-8")
    named = f"# as it came for {NAME}\n" + known.replace("sample:", f"sample: {TITLE} -", 1)
    (company / "samples/deals/zwiebelfisch.yaml").write_text(named, encoding="utf-8")
    async with small_world(tmp_path, workspace=company) as built:
        yield built


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Everything that is logged, from debug upwards."""
    kept = StringIO()
    monkeypatch.setattr("sys.stderr", kept)
    log_lines(logging.DEBUG)
    yield kept
    structlog.reset_defaults()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


async def a_life(world: World) -> str:
    """The subject goes through everything: a deal that is billed, one that a person decides, one that waits, a pack, a fix by
    hand, a hold. Its id in the CRM."""
    company = world.company(NAME, billing_email=MAIL, vat_id=VAT, domain="zwiebelfisch.example")
    world.deal(company, dealname=TITLE)
    await world.work()
    world.deal(company, dealname=TITLE, billing_code="")
    await world.work()
    case = await world.only_case()
    decided = (
        Overlay(path="billing_code", found="", action="set", value=ORDER, reason=case.reason),
        Overlay(path="company.billing_email", found=MAIL, action="set", value=f"chef-{MAIL}", reason=case.reason),
    )
    words = f"@{{{DANA}}} fills in {ORDER}, as {MAIL} wrote"
    await world.store.act(
        Press(verb="resolve", cases=[case.id], by=DANA, words=words, overlays={case.id: decided}), now=world.clock()
    )
    await world.work()
    world.deal(company, dealname=TITLE, billing_code="")
    world.deal(None, dealname=f"{TITLE} II")
    await world.work()
    fix = ManualFix(
        id=0, flow="quote_to_cash", case_id=case.id, record="deals:1", system="ERP", what=f"told Wilhelmine of {ORDER}",
        why=NAME, by=DANA, at=world.clock(),
    )  # fmt: skip
    await world.store.report_fix(fix, key="fix-1")
    body = {"text": f"Operations pack: {TITLE}", "blocks": []}
    rows = SentFile(name="weekly.csv", alt="", content=f"{TITLE},{NAME}".encode())
    await world.store.put_pack("weekly", "2026-W47", "C0REVOPS00", body, [rows], now=world.clock())
    await world.store.announce("C0REVOPS00", "digest:revops", f"Late: {TITLE}", now=world.clock(), body=body)
    await world.parts.jobs.beat()
    await world.work()
    return company


def in_slack(world: World) -> str:
    space = world.slack.state.workspace
    said = [one for channel in space._said.values() for one in channel.values()]
    files = [str(one.content) for one in world.slack.state.files._files.values()]
    return json.dumps([[one.text, one.blocks, one.metadata] for one in said] + files, ensure_ascii=False).lower()


def in_files(folder: Path) -> bytes:
    """All bytes of the ledger's files, in lower case."""
    return b"".join(path.read_bytes() for path in sorted(folder.glob("ledger.db*"))).lower()


def forms(word: str) -> list[bytes]:
    """How a word may stand in bytes."""
    escaped = json.dumps(word)[1:-1]
    return [word.encode(), escaped.encode(), word.encode("utf-16-le"), word.encode("utf-16-be"), word.encode("latin-1")]


def left_in(data: bytes) -> list[str]:
    return [word for word in TRACES if any(form in data for form in forms(word))]


async def erase(world: World, company: str) -> Any:
    about = await world.store.data_subject(f"companies:{company}")
    return await erased_by(world.store, world.parts.workspace.directory, about, OMAR, samples=True, now=world.clock())


@on_sqlite
@pytest.mark.slow
async def test_nothing_is_left_of_an_erased_subject_anywhere_and_the_journal_is_whole(
    world: World, tmp_path: Path, logged: StringIO
) -> None:
    company = await a_life(world)
    assert [word for word in TRACES if word in in_slack(world)]
    about = await world.store.data_subject(f"companies:{company}")
    assert (await world.store.traces(about)).found.keys() >= {
        "attempts",
        "cases",
        "overlays",
        "messages",
        "journal",
        "writes",
    }
    assert lines_that_name(world.parts.workspace.directory, (NAME, TITLE))

    report = await erase(world, company)
    world.clock.forward(minutes=1)
    await world.parts.jobs.beat()
    await world.work()
    await compact(world.store.db)

    assert report.erased and report.rewritten and any("invoice" in each for each in report.kept)
    assert left_in(in_files(tmp_path)) == []
    assert [word for word in TRACES if word in in_slack(world)] == []
    assert lines_that_name(world.parts.workspace.directory, (NAME, TITLE, MAIL, VAT)) == []
    assert [word for word in TRACES if word in logged.getvalue().lower()] == []
    lines, broken = await world.store.verify_journal()
    assert lines > 20 and broken is None
    [entry] = [one for one in await world.store.entries(noun="subject") if one.verb == "erase"]
    assert left_in(str(entry).encode()) == [] and entry.noun_id == f"crm/companies:{company}"
