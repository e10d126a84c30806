"""The shortcuts: what a message's menu and the lightning menu offer. Looking is for everybody; so is telling what was done by
hand, which closes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot import answers
from bot import shortcut_words as words
from bot.blocks import LABEL, PLACEHOLDER, Block, actions, button, confirm, context, option, plain, said, section
from bot.carried import Carried, carry
from bot.clicks import Click, Submission
from bot.commands import Asked, Desk, Payload
from bot.commands.parsing import case_id
from bot.commands.replaying import replay
from bot.modals import loading_view, modal, notice_view
from bot.parts import Reply, wrong_fields
from bot.wording import Around, line_of, refs_in_short
from store.cases import Press
from sync.errors import MeshlineError, NotFound
from sync.lifecycle import CaseState, case_verbs
from sync.model import Case, Cause
from sync.picking import ManualFix
from sync.workspace.workspace import Workspace

_CASE = re.compile(r"\s*(?:ex-?)?\d{1,12}\s*", re.IGNORECASE | re.ASCII)
_AFTER = ("fix_replay", "fix_discard")
_HISTORY, _SHOWN, _SHORT, _LONG = 20, 5, 200, 1000
_CAN = {"replay": "Replay", "resolve": "Decide", "propose": "Propose fix", "discard": "Discard", "take": "Take it", "approve": "Approve",
        "reject": "Reject", "snooze": "Snooze", "hand_over": "Hand over"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcuts:
    """Verb `manual_fix` is the dialog, the others its buttons; the shortcuts themselves come by their callback ids."""

    desk: Desk
    verbs: frozenset[str] = frozenset({"manual_fix", *_AFTER})

    async def called(self, body: dict[str, Any]) -> None:
        """Carry out a shortcut. Raises NotFound for one that is not ours."""
        trigger, message = str(body.get("trigger_id") or ""), body.get("message") or {}
        match body.get("callback_id"):
            case words.SHOW:
                channel = str((body.get("channel") or {}).get("id") or "")
                await self.show(trigger, channel, str(message.get("thread_ts") or message.get("ts") or ""))
            case words.REPORT:
                await self.report(trigger)
            case _:
                raise NotFound(words.UNKNOWN)

    async def show(self, trigger: str, channel: str, ts: str) -> None:
        """A message's menu: the exception that the message is about, or a kind word that it is none."""
        client = self.desk.client
        opened = (await client.views_open(trigger_id=trigger, view=loading_view(words.SHOW_WHY)))["view"]
        try:
            view = await self._shown(channel, ts)
        except MeshlineError as error:
            view = notice_view(words.SHOW_WHY, self.desk.surroundings.people.plain(str(error)))
        await client.views_update(view_id=opened["id"], hash=opened["hash"], view=view)

    async def report(self, trigger: str, case: str = "") -> None:
        """The lightning menu: tell what was mended by hand."""
        view = report_view(self.desk.surroundings.workspace, case)
        await self.desk.client.views_open(trigger_id=trigger, view=view)

    async def on_click(self, click: Click) -> None:
        """The dialog from a button; or what follows a report: the record goes on, or is given up."""
        client, case = self.desk.client, f"EX-{click.case}" if click.case else ""
        if click.verb in _AFTER:
            view = await self._after(click)
            await client.views_update(view_id=click.view["id"], hash=click.view.get("hash"), view=view)
        elif click.view.get("type") == "modal":
            view = report_view(self.desk.surroundings.workspace, case)
            await client.views_push(trigger_id=click.trigger, view=view)
        else:
            await self.report(click.trigger, case)

    async def _after(self, click: Click) -> Block:
        if click.case is None or click.view.get("type") != "modal":
            raise NotFound("This button is from an older version.")
        try:
            if not await self.desk.store.press_once(click.key, now=self.desk.clock()):
                return notice_view(words.DONE, words.RECORDED)
            does = replay if click.verb == "fix_replay" else self._discard
            answer = await does(self.desk, Asked(user=click.user, text=f"EX-{click.case}"))
        except MeshlineError as error:
            return notice_view(words.DONE, self.desk.surroundings.people.plain(str(error)))
        return modal("thanks", words.DONE, answer["blocks"])

    async def _discard(self, desk: Desk, asked: Asked) -> Payload:
        case = await desk.store.case(case_id(asked.text))
        lent = await desk.may(asked.user, "approve" if case.four_eyes else "discard", case.team, f"case:{case.id}")
        decided = f"@{{{asked.user}}} discarded it, no record will be written: it was mended by hand."
        press = Press(verb="discard", cases=[case.id], by=asked.user, words=decided, acting_for=lent)
        await desk.store.act(press, now=desk.clock())
        desk.changed()
        return answers.done(f"{case.ref} is discarded: no record will be written for it.")

    async def on_submit(self, sent: Submission) -> Reply:
        """Put the report on record; what can be done about the exception follows."""
        if sent.verb not in self.verbs:
            raise NotFound("This dialog is out of date.")
        given = entered(sent.view)
        try:
            case = await self._case(given["case"])
        except MeshlineError as error:
            return wrong_fields({"case": str(error)})
        if case is None and not given["record"]:
            return wrong_fields({"record": words.NEEDED})
        fix = ManualFix(
            id=0, flow=case.flow if case else self._flow(given["flow"]), case_id=case.id if case else None,
            record=given["record"] or (case.subject if case else ""), system=given["system"], what=given["what"],
            why=given["why"], by=sent.user, at=self.desk.clock(),
        )  # fmt: skip
        await self.desk.store.report_fix(fix, key=str(sent.view.get("id") or "")[:255])
        self.desk.changed()
        return {"response_action": "update", "view": thanks_view(case)}

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of this dialog asks."""
        return []

    async def _shown(self, channel: str, ts: str) -> Block:
        store, around = self.desk.store, self.desk.around()
        cause_id = await store.cause_at(channel, ts)
        if cause_id is None:
            return notice_view(words.SHOW_WHY, words.NO_CARD)
        cause = await store.cause(cause_id)
        if not cause.first:
            return notice_view(words.SHOW_WHY, "Its records are on another card now.")
        entries = await store.entries(noun="case", noun_id=cause.first[0].id, limit=_HISTORY)
        await self.desk.surroundings.people.learn(entry.actor for entry in entries)
        drawn = answers.show(cause.first[0], entries[::-1], around)
        return card_view(cause, drawn["blocks"], around)

    async def _case(self, written: str) -> Case | None:
        if not written:
            return None
        if not _CASE.fullmatch(written):
            raise NotFound("Write its number, such as EX-7, or leave this empty.")
        return await self.desk.store.case(case_id(written.strip()))

    def _flow(self, chosen: str) -> str:
        return chosen if chosen in self.desk.surroundings.workspace.flows else ""


def card_view(cause: Cause, blocks: Sequence[Block], around: Around) -> Block:
    """An exception in a dialog: what it is, what else its card holds, and what can be done. Pure."""
    first = cause.first[0]
    can = [_CAN[verb] for verb in case_verbs(first.state, four_eyes=first.four_eyes) if verb in _CAN]
    others = [section("\n".join([f"*On the same card* · {refs_in_short(cause)}",
                                 *(line_of(case, around) for case in cause.first[1:_SHOWN])]))]  # fmt: skip
    value = carry(Carried(cause=cause.id, version=cause.version, case=first.id))
    return modal(
        "shown",
        words.SHOW_WHY,
        [
            *blocks,
            *(others if cause.unresolved > 1 else []),
            *([context(f"On its card you can: {', '.join(can)}.")] if can else []),
            actions(button("manual_fix", words.REPORT_WHY, value)),
        ],
    )


def report_view(workspace: Workspace, case: str = "") -> Block:
    """The dialog in which a manual fix is told. Pure."""
    flows = [option(flow.title, name) for name, flow in list(workspace.flows.items())[:100] if len(name) <= 75]
    select = {
        "type": "static_select",
        "action_id": "answer",
        "placeholder": plain("Choose", PLACEHOLDER),
        "options": flows,
    }
    known = {"initial_option": flows[0]} if len(flows) == 1 else {}
    blocks = [
        section(words.INTRO),
        _typed("case", words.CASE, words.CASE_HINT, optional=True, value=case),
        *([_field("flow", words.FLOW, select | known, optional=True)] if flows else []),
        _typed("record", words.RECORD, words.RECORD_HINT, optional=True),
        _typed("system", words.SYSTEM, words.SYSTEM_HINT),
        _typed("what", words.WHAT, words.WHAT_HINT, most=_LONG),
        _typed("why", words.WHY, words.WHY_HINT, most=_LONG),
    ]
    view = modal("manual_fix", words.TITLE, blocks, submit=words.SEND)
    return view | {"private_metadata": carry(Carried(cause=0, version=0, verb="manual_fix"))}


def thanks_view(case: Case | None) -> Block:
    """It is on record, and what may be done now. Pure."""
    if case is None:
        return modal("thanks", words.DONE, [section(words.RECORDED)])
    if case.state == CaseState.RESOLVED:
        return modal("thanks", words.DONE, [section(f"{words.RECORDED} {words.CLOSED.format(ref=case.ref)}")])
    value = carry(Carried(cause=case.cause_id, version=0, case=case.id))
    allowed = case_verbs(case.state)
    sure = confirm(f"Discard {case.ref}?", words.NO_RECORD, "Discard", style="danger")
    pressing = [
        *([button("fix_replay", "Replay", value)] if "replay" in allowed else []),
        *([button("fix_discard", "Discard", value, style="danger", confirm=sure)] if "discard" in allowed else []),
    ]
    text = f"{words.RECORDED} {words.OPEN_STILL.format(ref=case.ref)}"
    return modal("thanks", words.DONE, [section(said(text, 500)), *([actions(*pressing)] if pressing else [])])


def entered(view: Block) -> dict[str, str]:
    """What was entered, by field; a field that is not there is empty. Pure."""
    values = (view.get("state") or {}).get("values") or {}
    found = {name: _text(next(iter(each.values()), {})) for name, each in values.items()}
    return {name: found.get(name, "") for name in ("case", "flow", "record", "system", "what", "why")}


def _text(element: dict[str, Any]) -> str:
    chosen = (element.get("selected_option") or {}).get("value")
    return " ".join(str(chosen or element.get("value") or "").split())[:_LONG]


def _typed(name: str, label: str, hint: str, *, most: int = _SHORT, optional: bool = False, value: str = "") -> Block:
    element: Block = {"type": "plain_text_input", "action_id": "answer", "max_length": most, "multiline": most >= _LONG,
                      "placeholder": plain(hint, PLACEHOLDER)}  # fmt: skip
    return _field(name, label, element | ({"initial_value": value} if value else {}), optional=optional)


def _field(name: str, label: str, element: Block, *, optional: bool) -> Block:
    return {"type": "input", "block_id": name, "label": plain(label, LABEL), "element": element, "optional": optional}
