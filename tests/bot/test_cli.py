"""The command line: what it prints, what it decides with which rights, and what it says to input that makes no sense."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from bot.__main__ import app
from bot.sandbox.stage import example
from store.ledger import Store
from tests.bot.hands import BEN, DANA, FAYE, MIRA, OMAR, PRIYA, SAM, only_cause, press, workspace_with_members
from tests.ledgers import ledger_url, on_sqlite
from tests.world import World, small_world

SECRETS = {"SLACK_BOT_TOKEN": "xoxb-never-show-1", "SLACK_SIGNING_SECRET": "never-show-2", "HUBSPOT_TOKEN": "never-show-3",
           "HUBSPOT_CLIENT_SECRET": "never-show-4", "ERP_TOKEN": "never-show-5"}  # fmt: skip


@dataclass
class Terminal:
    """Somebody at a terminal with this environment."""

    environ: dict[str, str | None] = field(default_factory=dict)

    def run(self, *words: str, **environ: str | None) -> Result:
        result = CliRunner().invoke(app, list(words), env=self.environ | environ)
        assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.exception)
        assert "Traceback" not in result.output
        assert not any(secret in result.output for secret in SECRETS.values())
        return result

    def says(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, (words, result.output)
        return result.output

    def refuses(self, code: int, *words: str, **environ: str | None) -> str:
        result = self.run(*words, **environ)
        assert result.exit_code == code, (words, result.output)
        return result.stderr

    def reads(self, *words: str) -> Any:
        return json.loads(self.says(*words, "--json"))


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    for name in ("COLUMNS", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    yield Terminal({
        "MESHLINE_WORKSPACE": str(workspace_with_members(tmp_path / "company")),
        "MESHLINE_DATABASE_URL": ledger_url(tmp_path),
        "HUBSPOT_URL": "http://127.0.0.1:9", "ERP_URL": "http://127.0.0.1:9", "SLACK_API_URL": "http://127.0.0.1:9/api/",
        "TERM": "dumb", "NO_COLOR": "1", **SECRETS,
    })  # fmt: skip
    structlog.reset_defaults()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


def lived(terminal: Terminal, tmp_path: Path, story: Callable[[World], Any]) -> None:
    """What happened before somebody sat down at the terminal."""

    async def live() -> None:
        async with small_world(tmp_path, workspace=tmp_path / "company") as world:
            await story(world)
            await world.work()

    asyncio.run(live())


async def missing_code(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()


async def off_list(world: World) -> None:
    world.deal(world.company(), [("Atlas Pro", 1, "990.00")])
    await world.work()


def journal(terminal: Terminal) -> list[dict[str, Any]]:
    return [json.loads(line) for line in terminal.says("audit", "export").splitlines()]


def refused(terminal: Terminal) -> int:
    return sum(line["verb"] == "refused" for line in journal(terminal))


READING = (
    ("status",), ("events", "list"), ("exceptions", "list"), ("exceptions", "list", "--everything"), ("holds", "list"),
    ("holds", "list", "--all"), ("audit", "verify"),
)  # fmt: skip


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_reading_an_empty_ledger_is_an_answer(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert terminal.says(*words)
    assert terminal.reads(*words) is not None


def test_reading_a_ledger_with_work_in_it(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, missing_code)
    assert "1 held" in terminal.says("status") and "missing_billing_code: 1" in terminal.says("status")
    assert terminal.reads("status")["exceptions"] == {"missing_billing_code": 1}
    [case] = terminal.reads("exceptions", "list")
    assert (case["id"], case["reason"], case["money"]) == (
        1,
        "missing_billing_code",
        {"currency": "EUR", "minor": 498000},
    )
    assert "EX-1" in terminal.says("exceptions", "list") and "4980.00" in terminal.says("exceptions", "list").replace(
        ",", ""
    )
    shown = terminal.says("exceptions", "show", "ex-1")
    assert "billing_code" in shown and "Workstations" in shown
    assert terminal.reads("exceptions", "show", "1")["case"]["subject"] == case["subject"]
    event = terminal.reads("events", "list")[0][0]["id"]
    assert "held" in terminal.says("events", "list")
    assert "held" in terminal.says("events", "show", str(event)) and "EX-1" in terminal.says(
        "events", "show", str(event)
    )
    assert terminal.reads("events", "show", str(event))["deliveries"][0]["state"] == "held"
    assert terminal.reads("audit", "verify")["whole"] is True
    assert [line["seq"] for line in journal(terminal)] == list(range(1, len(journal(terminal)) + 1))


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",), ("status", "--yaml"), ("exceptions",), ("exceptions", "show"), ("exceptions", "show", "EX"),
        ("exceptions", "show", "EX-"), ("exceptions", "show", "²"), ("exceptions", "show", "9" * 40),
        ("exceptions", "show", "EX-1; drop"), ("events", "show", "one"), ("events", "show", "9" * 40), ("events", "show", "0"),
        ("events", "list", "--limit", "-1"), ("events", "list", "--limit", "many"), ("holds", "release", "x", "--as", DANA, "--note", "n"),
        ("holds", "release", "9" * 40, "--as", DANA, "--note", "n"), ("holds", "release", "1"),
        ("exceptions", "resolve", "EX-1"), ("exceptions", "discard", "EX-1", "--as", DANA), ("replay", "--as", DANA),
        ("replay", "1", "--reason", "missing_billing_code", "--as", DANA), ("replay", "one", "--as", DANA),
        ("replay", "--reason", "x", "--since", "yesterday", "--as", DANA), ("check", "/no/such/place"),
        ("check", "--format", "xml"), ("run", "--role", "queen"), ("demo", "--json"), ("demo", "--data", "/no/such/place"),
        ("audit",), ("sync",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_words_that_make_no_sense_are_misuse(terminal: Terminal, words: tuple[str, ...]) -> None:
    result = terminal.run(*words)
    assert result.exit_code == 2 and result.output.strip()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("exceptions", "show", "EX-4711"), "no exception EX-4711"),
        (("events", "show", "4711"), "no event 4711"),
        (("exceptions", "resolve", "EX-4711", "--as", DANA, "--set", "a=b"), "no exception EX-4711"),
        (("exceptions", "approve", "EX-4711", "--as", DANA), "no exception EX-4711"),
        (("exceptions", "replay", "EX-4711", "--as", DANA), "no exception EX-4711"),
        (("exceptions", "discard", "EX-4711", "--as", DANA, "--why", "x"), "no exception EX-4711"),
        (("holds", "release", "4711", "--as", DANA, "--note", "x"), "no hold 4711"),
        (("replay", "4711", "--as", PRIYA), "nothing to replay"),
        (("sync", "dunning"), "no flow called dunning"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_not_there_is_a_no(terminal: Terminal, words: tuple[str, ...], said: str) -> None:
    assert said in terminal.refuses(1, *words)


def test_resolving_takes_the_right_and_the_right_answer(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, missing_code)
    resolve = ("exceptions", "resolve", "EX-1", "--as")
    assert "This is for Sales Operations" in terminal.refuses(1, *resolve, SAM, "--set", "billing_code=BC-1")
    assert refused(terminal) == 1
    assert "billing_code" in terminal.refuses(2, *resolve, DANA)
    assert "amount is not asked" in terminal.refuses(
        2, *resolve, DANA, "--set", "billing_code=BC-1", "--set", "amount=1"
    )
    assert "Enter a value" in terminal.refuses(2, *resolve, DANA, "--accept")
    assert "at most 200" in terminal.refuses(2, *resolve, DANA, "--set", f"billing_code={'x' * 201}")
    assert "EX-1 is resolved" in terminal.says(*resolve, DANA, "--set", "billing_code=BC-1")
    assert "already resolved by" in terminal.refuses(1, *resolve, BEN, "--set", "billing_code=BC-2")
    assert "already" in terminal.refuses(1, "exceptions", "discard", "EX-1", "--as", DANA, "--why", "late")
    assert terminal.reads("exceptions", "list") == []


def test_class_a_takes_two_people_here_too(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, off_list)
    assert "is proposed" in terminal.says("exceptions", "resolve", "1", "--as", PRIYA, "--accept")
    assert "Nobody approves their own proposal" in terminal.refuses(1, "exceptions", "approve", "1", "--as", PRIYA)
    assert "Priya Raman" not in terminal.refuses(1, "exceptions", "approve", "1", "--as", FAYE)
    assert refused(terminal) == 2
    assert terminal.reads("exceptions", "show", "1")["case"]["state"] == "proposed"


def test_who_stands_in_approves_nothing_for_the_one_who_proposed_here_either(
    terminal: Terminal, tmp_path: Path
) -> None:
    lived(terminal, tmp_path, off_list)
    terminal.says("exceptions", "resolve", "1", "--as", PRIYA, "--accept")

    async def away() -> None:
        store, now = Store(str(terminal.environ["MESHLINE_DATABASE_URL"])), datetime.now(UTC)
        await store.open()
        await store.set_absence(PRIYA, since=now, until=now + timedelta(days=1), delegate=MIRA, by=PRIYA, now=now)
        await store.close()

    asyncio.run(away())
    assert "Nobody approves their own proposal" in terminal.refuses(1, "exceptions", "approve", "1", "--as", MIRA)
    assert terminal.reads("exceptions", "show", "1")["case"]["state"] == "proposed"


def test_only_an_approver_discards_class_a(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, off_list)
    discard = ("exceptions", "discard", "1", "--why", "sold twice", "--as")
    assert "approver" in terminal.refuses(1, *discard, FAYE)
    assert "discard is recorded" in terminal.says(*discard, PRIYA)
    assert terminal.reads("exceptions", "list") == []


def test_replaying_by_number_and_by_reason(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, missing_code)
    by_reason = ("replay", "--reason", "missing_billing_code", "--since", "2026-01-31", "--as")
    assert "1 events would be replayed" in terminal.says(*by_reason, DANA, "--dry-run")
    assert "This is for Revenue Operations" in terminal.refuses(1, *by_reason, DANA)
    assert refused(terminal) == 1
    assert "1 deliveries are on their way again" in terminal.says(*by_reason, PRIYA, "--canary", "1")
    assert "nothing to replay" in terminal.refuses(1, *by_reason, PRIYA)
    assert "on its way already" in terminal.refuses(1, "exceptions", "replay", "EX-1", "--as", DANA)


def test_a_hold_is_released_by_who_leads_the_team(terminal: Terminal, tmp_path: Path) -> None:
    async def late(world: World) -> None:
        await missing_code(world)
        world.clock.now = (await world.only_case()).resolve_by
        await world.parts.jobs.beat()

    lived(terminal, tmp_path, late)
    [hold] = terminal.reads("holds", "list")
    release = ("holds", "release", str(hold["id"]), "--note", "paid", "--as")
    assert "This is for Sales Operations" in terminal.refuses(1, *release, SAM)
    assert refused(terminal) == 1 and len(terminal.reads("holds", "list")) == 1
    assert "is released" in terminal.says(*release, BEN)
    assert "released already" in terminal.refuses(1, *release, DANA)
    assert terminal.reads("holds", "list") == [] and len(terminal.reads("holds", "list", "--all")) == 1


@on_sqlite
def test_a_journal_that_somebody_changed_is_found(terminal: Terminal, tmp_path: Path) -> None:
    lived(terminal, tmp_path, missing_code)
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute("UPDATE journal SET actor = 'nobody' WHERE seq = 2")
    database.close()
    assert "broken at line 2" in terminal.refuses(1, "audit", "verify")


def test_everything_that_is_not_set_is_named_at_once_and_no_value_is(terminal: Terminal) -> None:
    said = terminal.refuses(2, "doctor", **dict.fromkeys([*SECRETS, "ERP_URL"]))
    assert sorted(said.split("\n")) == sorted(["", *(f"{name} is not set" for name in [*SECRETS, "ERP_URL"])])
    assert terminal.refuses(2, "run", **dict.fromkeys([*SECRETS, "ERP_URL"])) == said


def test_unknown_and_unreadable_settings_are_named_at_once(terminal: Terminal) -> None:
    wrong = {
        "MESHLINE_WORKSPCE": "x",
        "MESHLINE_HTTP_PORT": "never-show-1x",
        "MESHLINE_PUBLIC_URL": "ftp://never-show-2x",
    }
    said = terminal.refuses(2, "status", **wrong)
    assert "MESHLINE_WORKSPCE is not a setting; did you mean MESHLINE_WORKSPACE?" in said
    assert "MESHLINE_HTTP_PORT:" in said and "MESHLINE_PUBLIC_URL:" in said and "x\n" not in said


@pytest.mark.parametrize("url", ["mysql://root@host/db", "nonsense", "", "sqlite:////no/such/directory/ledger.db"])
def test_a_ledger_that_cannot_be_opened_is_one_line(terminal: Terminal, url: str) -> None:
    result = terminal.run("status", MESHLINE_DATABASE_URL=url)
    assert result.exit_code in (1, 2) and len(result.stderr.splitlines()) == 1


def test_an_address_that_is_none_is_named(terminal: Terminal) -> None:
    said = terminal.refuses(2, "doctor", ERP_URL="never-show-5x", HUBSPOT_URL="ftp://a")
    assert "connections.erp.base_url" in said and "connections.crm.base_url" in said


def test_ten_mistakes_in_a_workspace_are_ten_lines(terminal: Terminal, tmp_path: Path) -> None:
    directory = tmp_path / "broken"
    shutil.copytree(example(), directory)
    edits = {
        "flows/quote_to_cash.yaml": [
            ("owner: revops", "owner: rev-ops"), ("contract: deal@1.0.0", "contract: deals@1.0.0"), ("poll: 5m", "poll: soon"),
            ("transform: clip200, req", "transform: clip20, req"), ("check: currency", "check: curency"),
            ("reference: billing_terms", "reference: billing_term"), ("tolerance: 10%", "tolerance: a lot"),
        ],
        "meshline.yaml": [("calendar: emea\n  finance", "calendar: emae\n  finance"), ("kind: rest", "kind: rset"), ("lease: 60s", "leese: 60s")],
    }  # fmt: skip
    for name, changes in edits.items():
        text = (directory / name).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        (directory / name).write_text(text, encoding="utf-8")
    result = terminal.run("check", str(directory))
    assert result.exit_code == 1
    found = json.loads(terminal.run("check", str(directory), "--format", "json").stdout)
    assert found["ok"] is False and len(found["mistakes"]) >= 7
    for mistake in found["mistakes"]:
        assert mistake["file"] and mistake["line"] > 0 and mistake["right"]
        assert f"{mistake['file']}:{mistake['line']}: {mistake['what']} ({mistake['right']})" in result.stdout
    told = str(found["mistakes"])
    named = [new.split(": ")[-1].split(",")[0].split("\n")[0] for changes in edits.values() for _, new in changes]
    named[-1] = "leese"
    assert [word for word in named if word not in told and word.split("@")[0] not in told] == []


def test_a_right_workspace_is_right(terminal: Terminal) -> None:
    assert "0 mistakes" in terminal.says("check", str(example()))
    assert json.loads(terminal.says("check", str(example()), "--format", "json"))["ok"] is True


def test_migrating_twice_is_as_good_as_once(terminal: Terminal) -> None:
    for _ in range(2):
        assert "up to date" in terminal.says("migrate")


def test_the_doctor_says_what_does_not_answer(terminal: Terminal) -> None:
    result = terminal.run("doctor", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1 and found["database"] == "the schema is up to date"
    assert all(found[name].startswith("NO") for name in ("connection crm", "connection erp", "slack"))


async def test_the_doctor_is_content_and_sync_reads_the_source(terminal: Terminal, world: World) -> None:
    world.crm.webhooks.subscriptions.clear()
    world.deal(world.company())
    asked = world.sandbox.environ(
        workspace=example(), database_url=world.parts.settings.database_url.get_secret_value(), port=0
    )
    terminal.environ |= asked
    healthy = await asyncio.to_thread(terminal.run, "doctor")
    assert healthy.exit_code == 0 and "NO" not in healthy.output, healthy.output
    read = await asyncio.to_thread(terminal.run, "sync", "quote_to_cash")
    assert read.exit_code == 0 and "changes read" in read.output, read.output


def test_a_port_that_is_taken_is_said(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1:{port}" in terminal.refuses(2, "run", MESHLINE_HTTP_PORT=port)


async def test_what_was_decided_at_the_terminal_shows_on_the_card(terminal: Terminal, tmp_path: Path) -> None:
    async with small_world(tmp_path, workspace=tmp_path / "company") as world:
        await missing_code(world)
        cause = await only_cause(world)
        words = ("exceptions", "resolve", "EX-1", "--as", DANA, "--set", "billing_code=BC-1")
        assert (await asyncio.to_thread(terminal.run, *words)).exit_code == 0
        world.clock.forward(days=1)
        await world.work()
        [message] = world.slack.messages("C0SALESOPS")
        assert "Resolved" in str(message.blocks) and "command line" in str(message.blocks)
        assert len(world.erp.posted()) == 1
        assert (await press(world, DANA, cause, "more", option=0)).ok


def test_owners_are_told_with_what_they_own(terminal: Terminal) -> None:
    told = {one["team"]: one for one in terminal.reads("owners")}
    assert told["revops"]["owns"] == ["flow quote_to_cash"] and told["finance"]["approvers"] == ["U0PRIYA001"]
    assert "Sales Operations" in terminal.says("owners", "sales operations")
    assert "There is no team nobody" in terminal.refuses(1, "owners", "nobody")


def test_a_customer_is_held_by_who_leads_a_flow(terminal: Terminal) -> None:
    place = ("holds", "place", "4711", "--why", "credit check", "--as")
    for who in (SAM, DANA):
        assert "This is for Revenue Operations" in terminal.refuses(1, *place, who)
    assert "hold 1: nothing of customer 4711 is posted until it is released" in terminal.says(*place, OMAR)
    assert "on hold already" in terminal.refuses(1, *place, OMAR)
    assert "is released" in terminal.says("holds", "release", "1", "--note", "paid", "--as", MIRA)
