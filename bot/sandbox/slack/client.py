"""A person's own Slack: it lets them do what is in front of them, tells the app, and shows when the app does not answer."""

from dataclasses import replace
from html import escape
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.answers import give_answer
from bot.sandbox.slack.events import Events
from bot.sandbox.slack.inputs import Entered, Given, action_of, complaints, entered_by, find_element, state_of
from bot.sandbox.slack.limits import suggestion_problems
from bot.sandbox.slack.sender import NOT_DELIVERED, TIMED_OUT
from bot.sandbox.slack.shapes import message_shape
from bot.sandbox.slack.state import State
from bot.sandbox.slack.submission import follow, refused
from bot.sandbox.slack.values import Ack, CannotDo, Json, Message, Person, SlackError
from bot.sandbox.slack.views import View

NOTHING_SENT = Ack(ok=True, status=0, seconds=0.0, body={})


class Client:
    """`commands` are the slash commands that are installed."""

    def __init__(self, state: State, events: Events) -> None:
        self.commands = {"/sync"}
        self._state = state
        self._events = events
        self._picked: dict[tuple[str, str, str], Entered] = {}

    async def click(
        self, user: str, channel: str, ts: str, action_id: str, *, block_id: str | None, option: Any
    ) -> Ack:
        person, message = self._person(user), self._visible(user, channel, ts)
        block, element = find_element(message.blocks, action_id, block_id)
        action = action_of(element, block, option, self._state.workspace.next_ts())
        picked = self._picked.setdefault((user, channel, ts), {})
        if option is not None:
            picked[block, action_id] = option
        payload = payloads.message_action(
            self._state.app,
            person,
            message=message,
            channel_name=self._state.workspace.name_of(channel),
            action=action,
            state=state_of(message.blocks, picked),
            trigger_id=self._state.rights.new_trigger(user),
            response_url=self._response_url(user, channel, ts, message.thread_ts),
        )
        ack = await self._state.sender.interaction(payload)
        return self._show_silence(ack, person, action_id, channel, message.thread_ts)

    async def modal_click(
        self, user: str, view_id: str | None, action_id: str, *, block_id: str | None, option: Any, values: Given
    ) -> Ack:
        view = self._state.views.opened(user, view_id)
        view.entered = entered_by(view.shown["blocks"], values, view.entered)
        return await self._click_in(view, action_id, block_id, option)

    async def home_click(self, user: str, action_id: str, *, block_id: str | None, option: Any, values: Given) -> Ack:
        view = self._state.views.home(user)
        if view is None:
            raise CannotDo("The Home tab is empty.")
        view.entered = entered_by(view.shown["blocks"], values, view.entered)
        return await self._click_in(view, action_id, block_id, option)

    async def options(
        self, user: str, action_id: str, typed: str, *, block_id: str | None, view_id: str | None = None
    ) -> list[Json]:
        """What a menu of the person's dialog (else of their Home tab) offers for the letters typed. Raises CannotDo."""
        person = self._person(user)
        view = self._state.views.opened(user, view_id) if view_id else self._state.views.home(user)
        if view is None:
            raise CannotDo("The Home tab is empty.")
        block, _ = find_element(view.shown["blocks"], action_id, block_id)
        around = {"container": {"type": "view", "view_id": view.id}, "view": self._state.views.shape(view)}
        return await self._suggested(person, block, action_id, typed, around)

    async def message_options(
        self, user: str, channel: str, ts: str, action_id: str, typed: str, *, block_id: str | None
    ) -> list[Json]:
        """The same for a menu of a message. Raises CannotDo."""
        person, message = self._person(user), self._visible(user, channel, ts)
        block, _ = find_element(message.blocks, action_id, block_id)
        container = {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": message.ephemeral}
        around = {
            "container": container,
            "channel": {"id": channel, "name": self._state.workspace.name_of(channel)},
            "message": message_shape(message, self._state.app),
        }
        return await self._suggested(person, block, action_id, typed, around)

    async def submit(self, user: str, values: Given, *, view_id: str | None) -> Ack:
        person, view = self._person(user), self._state.views.opened(user, view_id)
        if "submit" not in view.shown:
            raise CannotDo("This dialog has nothing to submit.")
        blocks = view.shown["blocks"]
        view.entered = entered_by(blocks, values, view.entered)
        if found := complaints(blocks, view.entered):
            return refused(found)
        payload = payloads.interaction(
            self._state.app,
            person,
            "view_submission",
            trigger_id=self._state.rights.new_trigger(user, view.id),
            view=self._state.views.shape(view),
            response_urls=self._response_urls(view),
        )
        ack = self._show_silence(await self._state.sender.interaction(payload), person, "submit", None)
        return follow(self._state, view, ack) if ack.ok else ack

    async def close(self, user: str, *, view_id: str | None) -> Ack:
        person, view = self._person(user), self._state.views.opened(user, view_id)
        shape, cleared = self._state.views.shape(view), bool(view.shown.get("clear_on_close"))
        if cleared:
            self._state.views.clear(user)
        else:
            self._state.views.close(view)
        if not view.shown.get("notify_on_close"):
            return NOTHING_SENT
        payload = payloads.interaction(self._state.app, person, "view_closed", view=shape, is_cleared=cleared)
        return self._show_silence(await self._state.sender.interaction(payload), person, "close", None)

    async def command(self, user: str, channel: str, text: str) -> Ack:
        person = self._person(user)
        name = text.strip().split(" ")[0]
        if name not in self.commands:
            raise CannotDo(f"{name} is not a valid command.")
        channel = self.known_channel(channel)
        form = payloads.slash_command(
            self._state.app,
            person,
            channel=channel,
            channel_name=self._state.workspace.name_of(channel),
            text=text,
            trigger_id=self._state.rights.new_trigger(user),
            response_url=self._response_url(user, channel),
        )
        ack = self._show_silence(await self._state.sender.command(form), person, name, channel)
        return self._show_answer(ack, user, channel) if ack.ok and ack.body else ack

    async def open_home(self, user: str) -> Ack:
        self._person(user)
        view = self._state.views.home(user)
        body = {
            "type": "app_home_opened",
            "user": user,
            "channel": self._state.workspace.open_direct((user,)),
            "tab": "home",
            "event_ts": self._state.workspace.next_ts(),
            **({"view": self._state.views.shape(view)} if view else {}),
        }
        return await self._events.deliver(body)

    async def shortcut(self, user: str, callback_id: str, *, channel: str | None, ts: str | None) -> Ack:
        """Choose an entry that the app added: of a message's menu when one is named, else beside the composer."""
        person = self._person(user)
        rest: Json = {
            "callback_id": callback_id,
            "trigger_id": self._state.rights.new_trigger(user),
            "action_ts": self._state.workspace.next_ts(),
        }
        kind = "shortcut"
        if channel is not None and ts is not None:
            kind = "message_action"
            message = self._visible(user, channel, ts)
            rest |= {
                "channel": {"id": channel, "name": self._state.workspace.name_of(channel)},
                "message_ts": ts,
                "message": message_shape(message, self._state.app),
                "response_url": self._response_url(user, channel, None, message.thread_ts),
            }
        ack = await self._state.sender.interaction(payloads.interaction(self._state.app, person, kind, **rest))
        return self._show_silence(ack, person, callback_id, channel)

    async def say(self, user: str, channel: str, text: str, *, thread_ts: str | None) -> Message:
        """A person's own words, which Slack stores escaped."""
        self._person(user)
        if not text.strip():
            raise CannotDo("There is nothing to send.")
        try:
            said = self._state.workspace.say(
                self.known_channel(channel), user=user, text=escape(text, quote=False), thread_ts=thread_ts
            )
        except SlackError as error:
            raise CannotDo("This thread is no longer there.") from error
        kind = "im" if channel in self._state.workspace.direct else "channel"
        body = {"type": "message", "channel": channel, "user": user, "text": said.text, "ts": said.ts}
        threaded = {"thread_ts": said.thread_ts} if said.thread_ts else {}
        await self._events.deliver({**body, **threaded, "event_ts": said.ts, "channel_type": kind})
        return said

    async def _click_in(self, view: View, action_id: str, block_id: str | None, option: Any) -> Ack:
        person = self._person(view.user)
        block, element = find_element(view.shown["blocks"], action_id, block_id)
        action = action_of(element, block, option, self._state.workspace.next_ts())
        if option is not None:
            view.entered[block, action_id] = option
        shape = self._state.views.shape(view)
        origin = view.id if view.shown["type"] == "modal" else None
        trigger_id = self._state.rights.new_trigger(view.user, origin)
        payload = payloads.view_action(self._state.app, person, view=shape, action=action, trigger_id=trigger_id)
        return self._show_silence(await self._state.sender.interaction(payload), person, action_id, None)

    async def _suggested(self, person: Person, block: str, action_id: str, typed: str, around: Json) -> list[Json]:
        payload = payloads.suggestion(
            self._state.app, person, block_id=block, action_id=action_id, typed=typed, around=around
        )
        ack = await self._state.sender.interaction(payload)
        if not ack.ok:
            self._state.note_trouble(f"options of {action_id} for {person.name}: {ack.error} (status {ack.status})")
            raise CannotDo(silence(self._state.app.name, ack))
        if problems := suggestion_problems(ack.body):
            self._state.note_trouble(f"options of {action_id}: {'; '.join(problems)}")
            raise CannotDo(f"{self._state.app.name} gave options that cannot be shown.")
        groups: list[Json] = ack.body.get("option_groups") or [ack.body]
        return [option for group in groups for option in group["options"]]

    def _person(self, user: str) -> Person:
        return self._state.workspace.person(user)

    def known_channel(self, channel: str) -> str:
        try:
            return self._state.workspace.resolve(channel)
        except SlackError as error:
            raise CannotDo("There is no such channel.") from error

    def _visible(self, user: str, channel: str, ts: str) -> Message:
        try:
            message = self._state.workspace.find(channel, ts)
        except SlackError as error:
            raise CannotDo("This message is no longer there.") from error
        if message.only_for not in (None, user):
            raise CannotDo("This message is for somebody else.")
        return message

    def _response_url(self, user: str, channel: str, ts: str | None = None, thread_ts: str | None = None) -> str:
        return self._state.url(f"/slack/response/{self._state.rights.new_answer(user, channel, ts, thread_ts)}")

    def _response_urls(self, view: View) -> list[Json]:
        return [
            {
                "block_id": block["block_id"],
                "action_id": block["element"]["action_id"],
                "channel_id": chosen,
                "response_url": self._response_url(view.user, chosen),
            }
            for block in view.shown["blocks"]
            if block["type"] == "input" and block["element"].get("response_url_enabled")
            if (chosen := view.entered.get((block["block_id"], block["element"]["action_id"])))
        ]

    def _show_answer(self, ack: Ack, user: str, channel: str) -> Ack:
        try:
            answer = self._state.rights.use_answer(self._state.rights.new_answer(user, channel))
            give_answer(self._state, answer, ack.body)
        except SlackError as error:
            self._state.note_trouble(f"answer to a command: {'; '.join([error.code, *error.problems])}")
            return replace(ack, ok=False, error=error.code)
        return ack

    def _show_silence(
        self, ack: Ack, person: Person, what: str, channel: str | None, thread_ts: str | None = None
    ) -> Ack:
        """Tell the person when the app gave no sign, as Slack does, where they are or in their messages with the app."""
        if ack.ok:
            return ack
        self._state.note_trouble(f"{what} by {person.name}: {ack.error} (status {ack.status})")
        place = channel or self._state.workspace.open_direct((person.id,))
        text = f"{what} failed: {silence(self._state.app.name, ack)}"
        self._state.workspace.say(place, text=text, thread_ts=thread_ts, only_for=person.id)
        return ack


def silence(app_name: str, ack: Ack) -> str:
    """Why nothing happened, in words for the person who waits."""
    known = {TIMED_OUT: f"{app_name} didn't respond in time", NOT_DELIVERED: f"{app_name} couldn't be reached"}
    return f"{known.get(ack.error or '', f'{app_name} gave an answer that cannot be shown')} ({ack.error})."
