"""A change of the workspace on its way: proposed, agreed to in Slack, tried on a share of the deals, taken back, put right."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.publishing import draft
from bot.releasing import Adoption, Library, begin
from bot.sandbox.stage import example
from sync.errors import ConfigurationError, IllegalMove, Mistake, NotAllowed, Outdated
from sync.lifecycle import ReleaseState
from sync.live import live_mistakes
from sync.releases import Release, Rule, Running, Trial
from sync.workspace.workspace import Workspace
from tests.world import World, small_world

DANA, FAYE, PRIYA, OMAR = "U0DANA0001", "U0FAYE0001", "U0PRIYA001", "U0OMAR0001"
FLOW = "flows/quote_to_cash.yaml"
WIDER = ("tolerance: 10%", "tolerance: 20%")
SHOUTED = ('from: "name || product_code", transform: clip200', 'from: "name || product_code", transform: upper')


@dataclass
class House:
    """A world that runs what was published, and the directory in which the next release is written."""

    world: World
    directory: Path
    library: Library
    adoption: Adoption

    def edit(self, *changes: tuple[str, str], version: int = 2) -> None:
        path = self.directory / FLOW
        text = path.read_text(encoding="utf-8")
        for old, new in (*changes, (f"version: {version - 1}\n", f"version: {version}\n")):
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")
        self.show(version)

    def show(self, version: int) -> None:
        """A sample of what the change is about."""
        words = f"sample: What release {version} is about\nentity: deals\nlike: clean.yaml\nexpect: {{record: {{}}}}\n"
        (self.directory / f"samples/deals/release_{version}.yaml").write_text(words, encoding="utf-8")

    async def publish(self, by: str = DANA, trial: Trial | None = None) -> Release:
        store = self.world.store
        found = await draft(store, self.library, self.directory, by=by, live=self.asked)
        return await store.propose(found.proposal(by=by, words="a change", trial=trial), now=self.world.clock())

    async def asked(self, workspace: Workspace) -> list[Mistake]:
        return await live_mistakes(workspace, self.world.parts.connections)

    async def live(self) -> Running:
        await self.adoption.keep_up()
        assert self.world.parts.engine.releases is not None
        return self.world.parts.engine.releases

    async def told(self) -> dict[str, Any]:
        """The message about the latest release, as Slack shows it."""
        await self.world.parts.jobs.beat()
        await self.world.work()
        [*_, message] = [one for one in self.world.slack.messages("C0FINANCE0") if "Release" in one.text]
        return {"ts": message.ts, "text": message.text, "blocks": message.blocks}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    directory = tmp_path / "workspace"
    shutil.copytree(example(), directory)
    async with small_world(tmp_path, workspace=directory) as world:
        await begin(world.store, directory, now=world.clock())
        library = Library(world.store)
        adoption = Adoption(world.parts, library, world.environ)
        built = House(world, directory, library, adoption)
        await built.live()
        yield built
        library.close()


async def test_the_first_start_publishes_the_directory_and_later_edits_change_nothing_until_they_are_published(
    house: House,
) -> None:
    assert await house.live() == Running(active=1)
    house.edit(WIDER)
    assert await begin(house.world.store, house.directory, now=house.world.clock()) == Running(active=1)
    assert house.world.parts.workspace.flows["quote_to_cash"].version == 1


async def test_a_directory_with_mistakes_or_a_sample_that_fails_is_not_published_and_all_of_it_is_said(
    house: House,
) -> None:
    house.edit(("transform: iso_date", "transform: iso_dat"), SHOUTED)
    with pytest.raises(ConfigurationError) as wrong:
        await house.publish()
    assert "iso_dat" in str(wrong.value)
    house.edit(("transform: iso_dat,", "transform: decimal_text,"), version=3)
    with pytest.raises(ConfigurationError, match=r"samples/deals/\w+\.yaml"):
        await house.publish()


async def test_what_breaks_somebody_is_blocked_whoever_asks(house: House) -> None:
    house.edit(('key: "crm-deal-{id}"', 'key: "crm-{id}"'))
    with pytest.raises(NotAllowed, match="break what somebody relies on"):
        await house.publish()


async def test_a_field_that_the_crm_does_not_have_any_more_blocks_publishing_at_its_line(house: House) -> None:
    house.world.crm.rename_property("deals", "billing_code", "billing_ref")
    house.edit(WIDER)
    with pytest.raises(
        ConfigurationError, match=r"contracts/deal.odcs.yaml:\d+: Billing code .* \(renamed to billing_ref\?\)"
    ):
        await house.publish()
    assert await house.live() == Running(active=1)


async def test_a_change_without_a_changed_sample_is_refused(house: House) -> None:
    house.edit(WIDER)
    (house.directory / "samples/deals/release_2.yaml").unlink()
    found = await draft(house.world.store, house.library, house.directory, by=DANA)
    [blocked] = found.blocked
    assert blocked.kind == "no_samples" and DANA in blocked.hint
    with pytest.raises(NotAllowed):
        await house.publish()


async def test_the_same_version_cannot_say_something_else(house: House) -> None:
    path = house.directory / FLOW
    path.write_text(path.read_text("utf-8").replace(*WIDER), "utf-8")
    house.show(2)
    with pytest.raises(IllegalMove, match="flow quote_to_cash@1 was published with another content"):
        await house.publish()


async def test_finance_agrees_with_a_button_and_the_running_process_goes_over_to_it(house: House) -> None:
    world = house.world
    house.edit(WIDER)
    assert (await house.publish()).missing == ("finance",)
    message = await house.told()
    assert "is proposed" in message["text"] and "tolerance" in str(message["blocks"])
    await world.slack.click(DANA, "C0FINANCE0", message["ts"], "release_approve_0")
    assert "This is for" in world.slack.ephemerals(DANA)[-1].text, "somebody of another team"
    assert await house.live() == Running(active=1)
    assert (await world.slack.click(PRIYA, "C0FINANCE0", message["ts"], "release_approve_0")).ok
    assert await house.live() == Running(active=2)
    assert world.parts.workspace.flows["quote_to_cash"].version == 2
    world.deal(world.company())
    await world.work()
    [event] = await world.store.latest_events()
    [delivery] = (await world.store.trace(event))["deliveries"]
    assert [each["release"] for each in delivery["attempts"]] == [2], (
        "each attempt says under which release it went out"
    )
    shown = await house.told()
    assert shown["ts"] == message["ts"] and "runs" in shown["text"] and "Priya" in str(shown["blocks"])
    assert world.slack.refused == []


async def test_nobody_agrees_to_their_own_release(house: House) -> None:
    house.edit(WIDER)
    await house.publish(by=PRIYA)
    message = await house.told()
    await house.world.slack.click(PRIYA, "C0FINANCE0", message["ts"], "release_approve_0")
    assert "Nobody approves their own" in house.world.slack.ephemerals(PRIYA)[-1].text
    assert await house.live() == Running(active=1)


async def test_one_button_rolls_back_and_nothing_is_claimed_by_a_process_that_has_not_gone_over(house: House) -> None:
    world = house.world
    house.edit(WIDER)
    await house.publish()
    await world.store.agree(2, "finance", by=PRIYA, now=world.clock())
    await house.live()
    message = await house.told()
    assert (await world.slack.click(PRIYA, "C0FINANCE0", message["ts"], "release_roll_back")).ok
    world.deal(world.company())
    await world.crm.webhooks.flush()
    assert await world.parts.engine._claim_or_rest(0) == [], "it still runs release 2"
    assert world.parts.engine.outdated.is_set()
    assert await house.live() == Running(active=1)
    await world.work()
    assert len(world.erp.posted()) == 1


async def canary(house: House, *changes: tuple[str, str], share: int = 5_000, rule: Rule | None = None) -> None:
    house.edit(*changes)
    number = (await house.publish(trial=Trial(share=share, rule=rule or Rule(events=20)))).id
    for team in (await house.world.store.published(number)).missing:
        approver = house.world.parts.workspace.teams[team]
        await house.world.store.agree(
            number, team, by=(approver.approvers or (approver.owner,))[0], now=house.world.clock()
        )
    assert (await house.live()).trial == number


async def test_a_wrong_transform_is_rolled_back_by_rule_its_drafts_are_listed_and_one_decision_puts_them_right(
    house: House,
) -> None:
    world = house.world
    await canary(house, SHOUTED)
    deals = [world.deal(world.company(f"Customer {n}", vat_id=f"DE10000000{n % 10}{n}")) for n in range(12)]
    with pytest.raises(Outdated):  # the rule ended the trial in the middle of it
        await world.deliver()
    release = await world.store.published(2)
    assert release.state is ReleaseState.ROLLED_BACK and "came out otherwise" in release.why
    affected = await world.store.affected(2)
    wrong = {one["contract_reference"] for one in world.erp.invoices() if one["lines"][0]["description"] == "ATLAS PRO"}
    assert 0 < len(wrong) < 12
    assert {one.subject for one in affected if one.written} == {f"deals:{deal}" for deal in wrong}
    assert {(each.path, each.before, each.after) for one in affected for each in one.deviations} == {
        ("lines[0].description", "Atlas Pro", "ATLAS PRO")
    }
    assert {one["status"] for one in world.erp.invoices() if one["contract_reference"] in wrong} == {"draft"}

    await house.live()
    world.clock.forward(minutes=2)
    await world.work()
    [cause] = await world.causes()
    assert (cause.reason, cause.unresolved) == ("draft_differs", len(wrong))
    channel, ts = await world.card(cause.id)
    assert (await world.slack.click(FAYE, channel, ts, "resolve")).ok
    assert (await world.slack.submit(FAYE, {"q0": "accept"})).ok
    await world.work()
    assert (await world.slack.click(PRIYA, channel, ts, "approve")).ok
    await world.work()
    assert len(world.erp.posted()) == len(deals) and world.erp.duplicates() == ()
    assert {one["lines"][0]["description"] for one in world.erp.posted()} == {"Atlas Pro"}
    assert await world.store.exceptions() == []


async def test_a_canary_that_differs_only_where_it_was_announced_passes_and_its_drafts_are_posted(house: House) -> None:
    world = house.world
    company = world.company()
    world.deal(company)
    await world.work()  # a record of the past, on which the change is seen before anybody agrees to it
    await canary(house, SHOUTED, share=10_000, rule=Rule(events=3))
    for _ in range(3):
        world.deal(company)
    await world.deliver()
    assert {one["status"] for one in world.erp.invoices()} == {"posted", "draft"}
    await world.parts.jobs.beat()
    assert (await world.store.published(2)).state is ReleaseState.ACTIVE
    await house.live()
    world.clock.forward(minutes=2)
    await world.work()
    assert len(world.erp.posted()) == 4 and await world.store.exceptions() == []


async def test_a_shadow_writes_nothing_and_says_what_it_would_have_written(house: House) -> None:
    world = house.world
    house.edit(SHOUTED)
    release = await house.publish(trial=Trial(kind="shadow"))
    for team in release.missing:
        await world.store.agree(2, team, by=PRIYA if team == "finance" else OMAR, now=world.clock())
    assert await house.live() == Running(active=1, trial=2)
    world.deal(world.company())
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["lines"][0]["description"] == "Atlas Pro"
    [affected] = await world.store.affected(2)
    assert affected.written == () and affected.deviations[0].after == "ATLAS PRO"
    assert (await world.store.published(2)).state is ReleaseState.SHADOW


async def test_a_release_that_cannot_run_here_is_said_and_nothing_is_claimed_meanwhile(house: House) -> None:
    world = house.world
    settings = house.directory / "meshline.yaml"
    text = settings.read_text("utf-8")
    assert "env:ERP_TOKEN" in text
    settings.write_text(text.replace("env:ERP_TOKEN", "env:NEW_TOKEN"), "utf-8")
    release = await house.publish()
    for team in release.missing:
        await world.store.agree(2, team, by=PRIYA if team == "finance" else OMAR, now=world.clock())
    assert not await house.adoption.keep_up()
    assert "release 2 cannot run here: NEW_TOKEN is not set" in world.parts.web.intake.behind
    world.deal(world.company())
    await world.crm.webhooks.flush()
    assert await world.parts.engine._claim_or_rest(0) == []
    stop, tried = asyncio.Event(), world.parts.engine.outdated
    assert tried.is_set()
    asked = 0

    async def counted() -> bool:
        nonlocal asked
        asked += 1
        return False

    house.adoption.keep_up = counted  # type: ignore[method-assign]
    run = asyncio.create_task(house.adoption.run(stop))
    await asyncio.sleep(0.3)
    stop.set()
    await run
    assert asked == 1, "what cannot be adopted is not tried at full speed"
