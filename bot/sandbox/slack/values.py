"""The words of the sandbox workspace: who is there, what was said, what the app answered. Plain values without I/O."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    id: str
    name: str
    real_name: str
    title: str
    role: str
    tz: str = "Europe/Berlin"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    id: str
    name: str
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserGroup:
    id: str
    handle: str
    name: str
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortcut:
    """An entry that the app adds to Slack's own menus: on a `message`, or `global` beside the composer."""

    kind: str
    name: str
    description: str
    callback_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app as the workspace knows it: its ids, the team it is installed in, and its entries in Slack's menus."""

    id: str = "A0MESHLINE"
    name: str = "Meshline"
    bot_id: str = "B0MESHLINE"
    user_id: str = "U0MESHLINE"
    team_id: str = "T0NORTHWND"
    team_name: str = "Northwind Trading"
    team_domain: str = "northwind"
    shortcuts: tuple[Shortcut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it stands now; an edit replaces it. `only_for` names the one reader of an ephemeral message."""

    ts: str
    channel: str
    user: str
    username: str
    text: str
    at: datetime
    blocks: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    edited: str | None = None
    only_for: str | None = None
    bot: bool = True
    reactions: tuple[tuple[str, str], ...] = ()
    files: tuple[Json, ...] = ()
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        return self.only_for is not None

    @property
    def in_channel(self) -> bool:
        """Whether the channel itself shows it, and not only its thread."""
        return self.thread_ts is None or self.broadcast


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """What the app answered within the time that Slack gives it. `ok` is false when a modal came back with errors."""

    ok: bool
    status: int
    seconds: float
    body: Json
    error: str | None = None

    @property
    def errors(self) -> dict[str, str]:
        found = self.body.get("errors")
        return dict(found) if isinstance(found, dict) else {}


class Controls(Protocol):
    """What the page shows beside Slack: the clock, the two systems' books and the story of the demo."""

    def now(self) -> datetime: ...

    async def forward(self, minutes: int) -> datetime: ...

    def books(self) -> Json: ...

    async def edit_deal(self, deal_id: str, properties: dict[str, str]) -> None: ...

    async def rename_field(self, kind: str, name: str, new: str) -> None: ...

    def story(self) -> list[str]: ...


class SlackError(Exception):
    """Slack says no. `code` is Slack's own word for it; `problems` are the lines that explain."""

    def __init__(self, code: str, problems: list[str] | None = None, **extra: Any) -> None:
        super().__init__(code, *(problems or []))
        self.code = code
        self.problems = problems or []
        self.extra = extra


class CannotDo(Exception):
    """A person tried what Slack's own client would not let them do. The text is for that person."""
