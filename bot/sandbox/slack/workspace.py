"""What was said where. Channels, direct messages, messages, threads and who has read them; no HTTP and no app."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.sandbox.slack.changes import Changes
from bot.sandbox.slack.values import App, CannotDo, Channel, Json, Message, Person, SlackError, UserGroup


class Workspace:
    def __init__(
        self, *, app: App, people: Iterable[Person], channels: Iterable[Channel], clock: Callable[[], datetime]
    ) -> None:
        self.app = app
        self.people = {person.id: person for person in people}
        self.channels = {channel.id: channel for channel in channels}
        self.direct: dict[str, tuple[str, ...]] = {}
        self.groups: dict[str, UserGroup] = {}
        self.archived: set[str] = set()
        self.without_app: set[str] = set()
        self.hidden: set[str] = set()
        self.restricted: set[str] = set()
        self.deactivated: set[str] = set()
        self.changes = Changes()
        self.clock = clock
        self._said: dict[str, dict[str, Message]] = {}
        self._read: dict[tuple[str, str], str] = {}
        self._last_moment = 0

    def person(self, user: str) -> Person:
        if user not in self.people:
            raise CannotDo(f"Nobody here has the id {user}.")
        return self.people[user]

    def resolve(self, channel: str) -> str:
        """A channel's id from its id, its #name or the person on the other end. Raises SlackError."""
        if channel in self.hidden:  # private, and the app is not in it
            raise SlackError("channel_not_found")
        if channel in self.channels or channel in self.direct:
            return channel
        if channel in self.people:
            return self.open_direct((channel,))
        named = [known.id for known in self.channels.values() if known.name == channel.removeprefix("#")]
        if not named:
            raise SlackError("channel_not_found")
        return named[0]

    def writable(self, channel: str) -> str:
        """The id of a channel in which the app may write now. Raises SlackError."""
        found = self.resolve(channel)
        if found in self.archived:
            raise SlackError("is_archived")
        if found in self.without_app:
            raise SlackError("not_in_channel")
        if found in self.restricted:
            raise SlackError("restricted_action")
        return found

    def open_direct(self, users: tuple[str, ...]) -> str:
        channel = ("D" if len(users) == 1 else "G") + "".join(user[1:] for user in users)
        self.direct.setdefault(channel, users)
        return channel

    def members(self, channel: str) -> tuple[str, ...]:
        app = () if channel in self.without_app else (self.app.user_id,)
        return (*self.direct.get(channel, tuple(self.people)), *app)

    def name_of(self, channel: str) -> str:
        return self.channels[channel].name if channel in self.channels else "directmessage"

    def next_ts(self) -> str:
        """The clock in Slack's notation, never the same twice and never backwards."""
        moment = int(self.clock().timestamp() * 1_000_000)
        self._last_moment = max(moment, self._last_moment + 1)
        return f"{self._last_moment // 1_000_000}.{self._last_moment % 1_000_000:06d}"

    def say(
        self,
        channel: str,
        *,
        user: str | None = None,
        text: str = "",
        blocks: list[Json] | None = None,
        metadata: Json | None = None,
        thread_ts: str | None = None,
        broadcast: bool = False,
        only_for: str | None = None,
        files: tuple[Json, ...] = (),
    ) -> Message:
        """The app speaks, or the person who is named."""
        by_app = user is None
        message = Message(
            ts=self.next_ts(),
            channel=channel,
            user=user or self.app.user_id,
            username=self.app.name if user is None else self.person(user).real_name,
            text=text,
            at=self.clock(),
            blocks=blocks or [],
            metadata=metadata,
            thread_ts=self._root_ts(channel, thread_ts),
            broadcast=broadcast and thread_ts is not None,
            only_for=only_for,
            bot=by_app,
            files=files,
        )
        self._keep(message)
        if user is not None:
            self.mark_read(user, channel)
        return message

    def find(self, channel: str, ts: str) -> Message:
        message = self._said.get(channel, {}).get(ts)
        if message is None or message.deleted:
            raise SlackError("message_not_found")
        return message

    def edit(self, message: Message, *, text: str | None, blocks: list[Json] | None, metadata: Json | None) -> Message:
        """A text without blocks takes the blocks away; neither leaves both."""
        kept_blocks = message.blocks if text is None else []
        edited = replace(
            message,
            text=message.text if text is None else text,
            blocks=kept_blocks if blocks is None else blocks,
            metadata=message.metadata if metadata is None else metadata,
            edited=self.next_ts(),
        )
        self._keep(edited)
        return edited

    def react(self, message: Message, name: str, user: str) -> None:
        if (name, user) in message.reactions:
            raise SlackError("already_reacted")
        self._keep(replace(message, reactions=(*message.reactions, (name, user))))

    def remove(self, message: Message) -> None:
        """A message with replies leaves its place behind; any other is gone."""
        if self.replies(message.channel, message.ts):
            self._keep(replace(message, deleted=True, text="This message was deleted.", blocks=[], metadata=None))
            return
        del self._said[message.channel][message.ts]
        self._tell(message)

    def shown(self, channel: str, reader: str | None = None) -> list[Message]:
        """What the channel shows, oldest first; ephemeral messages for their reader alone."""
        return [one for one in self._all(channel) if one.in_channel and one.only_for in (None, reader)]

    def replies(self, channel: str, root_ts: str, reader: str | None = None) -> list[Message]:
        return [one for one in self._all(channel) if one.thread_ts == root_ts and one.only_for in (None, reader)]

    def whispers(self, user: str, channel: str | None = None) -> list[Message]:
        """The ephemeral messages to one person, oldest first."""
        channels = [channel] if channel else list(self._said)
        found = [one for name in channels for one in self._all(name) if one.only_for == user]
        return sorted(found, key=lambda one: one.ts)

    def mark_read(self, user: str, channel: str) -> None:
        said = self._all(channel)
        if said:
            self._read[user, channel] = said[-1].ts

    def unread(self, user: str, channel: str) -> int:
        since = self._read.get((user, channel), "")
        return sum(one.ts > since and one.user != user and not one.deleted for one in self.shown(channel))

    def _all(self, channel: str) -> list[Message]:
        return sorted(self._said.get(channel, {}).values(), key=lambda one: one.ts)

    def _root_ts(self, channel: str, thread_ts: str | None) -> str | None:
        if thread_ts is None:
            return None
        root = self._said.get(channel, {}).get(thread_ts)
        if root is None:
            raise SlackError("thread_not_found")
        return root.thread_ts or root.ts

    def _keep(self, message: Message) -> None:
        self._said.setdefault(message.channel, {})[message.ts] = message
        self._tell(message)

    def _tell(self, message: Message) -> None:
        self.changes.tell("message", channel=message.channel, ts=message.ts, user=message.only_for)
