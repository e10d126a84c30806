"""`meshline doctor slack`: whatever is wrong with the connection to Slack has a line of its own that says what to click."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from typer.testing import CliRunner

from bot.__main__ import app
from bot.checkup import Checkup, Finding
from bot.sandbox.slack.values import UserGroup
from bot.sandbox.stage import example
from bot.scopes import SCOPES
from sync.workspace.duty import OnCallBlock
from tests.bot.hands import GUS
from tests.world import World

ROOT = Path(__file__).parents[2]
SALES, GROUP = "C0SALESOPS", "S0BILLING"


async def findings(world: World, **more: Any) -> dict[str, Finding]:
    """The checkup of this world by what each line is about; Billing is on call by a user group."""
    workspace = world.parts.workspace
    billing = workspace.teams["finance"].model_copy(update={"on_call": OnCallBlock(group=GROUP)})
    workspace = replace(workspace, teams={**workspace.teams, "finance": billing})
    settings = world.parts.settings.model_copy(update=more.pop("settings", {}))
    now = more.pop("now", lambda: datetime.now(UTC))
    found = await Checkup(world.parts.client, settings, workspace, now).run()
    return {one.what: one for one in found}


@pytest.fixture
async def well(world: World) -> World:
    """A world in which Slack is as it should be."""
    world.slack.add_usergroup(UserGroup(id=GROUP, handle="billing", name="Billing", users=(GUS,)))
    return world


async def test_where_all_is_well_every_line_is_good(well: World) -> None:
    found = await findings(well)
    assert [one.what for one in found.values() if not one.good] == []
    assert {"token", "scopes", "clock", "signing secret", f"channel {SALES}", f"user group {GROUP}"} <= found.keys()
    assert found["token"].words.startswith("meshline in ")
    assert "takes what is signed with it" in found["signing secret"].words
    assert found[f"channel {SALES}"].words == "#sales-ops of Sales Operations: Meshline is in it"


def _away(name: str, what: str) -> Callable[[World], None]:
    return lambda world: getattr(world.slack.state.workspace, name).add(what)


@pytest.mark.parametrize(
    ("bad", "what", "click"),
    [
        (_away("archived", SALES), f"channel {SALES}", "Unarchive channel"),
        (_away("without_app", SALES), f"channel {SALES}", "/invite @Meshline"),
        (_away("hidden", SALES), f"channel {SALES}", "/invite @Meshline"),
        (_away("deactivated", GUS), f"person {GUS}", "Manage members"),
        (lambda world: world.slack.add_usergroup(UserGroup(id=GROUP, handle="b", name="B", users=())),
            f"user group {GROUP}", "User groups"),
        (lambda world: world.slack.state.workspace.groups.clear(), f"user group {GROUP}", "User groups"),
        (lambda world: setattr(world.slack.faults, "token_revoked", True), "token", "Reinstall to Workspace"),
        (lambda world: setattr(world.slack.faults, "down", True), "token", "status.slack.com"),
    ],
    ids=["archived", "not invited", "private", "deactivated", "empty group", "no group", "revoked", "down"],
)  # fmt: skip
async def test_what_is_wrong_says_what_to_click(
    well: World, bad: Callable[[World], None], what: str, click: str
) -> None:
    bad(well)
    wrong = [one for one in (await findings(well)).values() if not one.good]
    assert [one.what for one in wrong] == [what]
    assert click in wrong[0].click


async def test_a_scope_that_is_lacking_is_named_with_what_it_is_for(well: World) -> None:
    well.slack.state.scopes = tuple(one for one in well.slack.state.scopes if one != "usergroups:read")
    found = await findings(well)
    assert found["scopes"].words == f"not granted: usergroups:read ({SCOPES['usergroups:read']})"
    assert "Bot Token Scopes" in found["scopes"].click
    assert "missing scope: usergroups:read" in found[f"user group {GROUP}"].words


async def test_a_clock_that_differs_and_a_wrong_secret_are_seen(well: World) -> None:
    found = await findings(well, now=lambda: datetime.now(UTC) - timedelta(minutes=4))
    assert not found["clock"].good and "behind Slack" in found["clock"].words
    other = {"slack_signing_secret": SecretStr("0" * 32)}
    assert "has another one" in (await findings(well, settings=other))["signing secret"].words
    assert "does not look like one" in (
        await findings(well, settings={"slack_signing_secret": SecretStr("xoxb-1")})
    )["signing secret"].words  # fmt: skip
    nowhere = await findings(well, settings={"public_url": "http://127.0.0.1:9"})
    assert nowhere["signing secret"].good and "no service answers" in nowhere["signing secret"].words


async def test_the_command_prints_every_line_and_exits_with_1_when_one_is_bad(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MESHLINE_WORKSPACE", str(example()))

    async def asked(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, app, ["doctor", "slack", *words])

    world.slack.archive(SALES)
    said = await asked()
    assert said.exit_code == 1
    assert f"NO  channel {SALES}: #sales-ops of Sales Operations: is archived\n    Open it in Slack" in said.stdout
    assert "ok  token: meshline in" in said.stdout
    world.slack.state.workspace.archived.clear()
    found = json.loads((await asked("--json")).stdout)
    assert {one["what"]: one["good"] for one in found}[f"channel {SALES}"] is True


def test_the_scopes_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    assert list(SCOPES) == manifest["oauth_config"]["scopes"]["bot"]
