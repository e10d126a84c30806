"""Plays the people: it reads the cards as they stand in Slack and presses their buttons, as the person who may. Every press
is a signed request, as from a real Slack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot import rollout_cards
from bot.sandbox.deals import Fix
from bot.sandbox.slack import Ack
from bot.sandbox.stage import Stage
from sync.lifecycle import CaseState
from sync.model import Case, Cause


@dataclass(slots=True)
class Player:
    """What was pressed so far. `unexpected` are presses that Slack or Meshline refused; in a good demo there are none."""

    stage: Stage
    presses: int = 0
    replayed: int = 0
    unexpected: list[str] = field(default_factory=list)

    async def play(self, cause: Cause) -> bool:
        """Do what the card asks for; False while the card is not in Slack yet."""
        place = await self.stage.parts.store.card_at(cause.id)
        drawn = await self.stage.parts.store.card_version(cause.id)
        if place is None or place[1] is None or drawn < cause.version:
            return False
        channel, ts = place[0], str(place[1])
        case = cause.first[0]
        if rollout_cards.go_on(cause):  # what stopped the first five is another matter: the decision itself was right
            await self._press(case.assignee or case.owner, channel, ts, "go_on")
            return True
        if case.state == CaseState.PROPOSED:
            approver = self.stage.parts.workspace.team(case.team).approvers[0]
            await self._press(approver, channel, ts, "approve")
            return True
        await self._fix(cause, case, channel, ts)
        return True

    async def resolve_as(self, user: str, cause: Cause) -> None:
        """Fill in what the card asks for, as this person."""
        channel, ts = await self._place(cause)
        await self._fill(user, cause.first[0], channel, ts)

    async def release_as(self, user: str, cause: Cause, note: str) -> None:
        """Release the billing hold on a card."""
        channel, ts = await self._place(cause)
        if await self._press(user, channel, ts, "release"):
            self._saw(await self.stage.world.slack.submit(user, {"note": note}))

    async def _place(self, cause: Cause) -> tuple[str, str]:
        place = await self.stage.parts.store.card_at(cause.id)
        if place is None or place[1] is None:
            raise LookupError(f"the card of cause {cause.id} is not in Slack")
        return place[0], str(place[1])

    async def _fix(self, cause: Cause, case: Case, channel: str, ts: str) -> None:
        fix = self._fix_of(case)
        user = case.assignee or case.owner
        crm, erp = self.stage.world.crm, self.stage.world.erp
        match fix:
            case Fix(kind="merge"):
                crm.merge(fix.record, fix.value)
                await self._replay(user, channel, ts)
            case Fix(kind="crm"):
                crm.update("deals", case.subject.partition(":")[2], {fix.path: fix.value})
                await self._replay(user, channel, ts)
            case Fix(kind="erp"):
                erp.accept(fix.value)
                await self._replay(user, channel, ts)
            case Fix(kind="pick") if cause.unresolved > 1 and self._offers(channel, ts, fix.value):
                await self._press(user, channel, ts, "suggest")
            case Fix():
                await self._fill(user, case, channel, ts)
            case None:
                await self._replay(user, channel, ts)

    async def _replay(self, user: str, channel: str, ts: str) -> None:
        self.replayed += await self._press(user, channel, ts, "replay")

    async def _fill(self, user: str, case: Case, channel: str, ts: str) -> None:
        if not await self._press(user, channel, ts, "resolve"):
            return
        slack, fix = self.stage.world.slack, self._fix_of(case)
        views = slack.modals(user)
        if not views or fix is None:
            self.unexpected.append(f"{case.ref}: no dialog to fill in")
            return
        self._saw(await slack.submit(user, _answers(views[-1], fix)))

    async def _press(self, user: str, channel: str, ts: str, action: str) -> bool:
        ack = await self.stage.world.slack.click(user, channel, ts, action)
        self._saw(ack)
        return ack.ok

    def _saw(self, ack: Ack) -> None:
        self.presses += 1
        if not ack.ok:
            self.unexpected.append(f"{ack.error or ack.status}: {ack.body}"[:300])

    def _fix_of(self, case: Case) -> Fix | None:
        story = self.stage.story
        fixes = story.fixes.get(case.subject.partition(":")[2], ()) if story else ()
        paths = {violation.path for violation in case.violations}
        return next((fix for fix in fixes if fix.path in paths), fixes[0] if fixes else None)

    def _offers(self, channel: str, ts: str, value: str) -> bool:
        message = next(one for one in self.stage.world.slack.messages(channel) if one.ts == ts)
        buttons = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
        return any(one["action_id"] == "suggest" and value in one["text"]["text"] for one in buttons)


def _answers(view: dict[str, Any], fix: Fix) -> dict[str, str]:
    found: dict[str, str] = {}
    for block in view["blocks"]:
        block_id, element = block.get("block_id", ""), block.get("element") or {}
        if block["type"] != "input" or block_id.endswith("_other"):
            continue
        offered = [option["value"] for option in element.get("options", ())]
        if fix.kind == "approve" and "accept" in offered:
            found[block_id] = "accept"
        elif fix.value in offered or not offered:
            found[block_id] = fix.value
        else:
            found[f"{block_id}_other"] = fix.value
    return found
