"""Everything that the sandbox knows, in one place: what the Web API, the person's client and the page all act on."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox.slack.changes import Changes
from bot.sandbox.slack.faults import Faults, Throttle
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.sender import Sender
from bot.sandbox.slack.triggers import Rights
from bot.sandbox.slack.values import App, Channel, Person
from bot.sandbox.slack.views import Views
from bot.sandbox.slack.workspace import Workspace

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "mpim:write",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)


@dataclass(slots=True, kw_only=True)
class State:
    app: App
    token: str
    workspace: Workspace
    views: Views
    rights: Rights
    sender: Sender
    throttle: Throttle
    clock: Callable[[], datetime]
    base: str | None = None
    files: Files = field(default_factory=Files)
    faults: Faults = field(default_factory=Faults)
    scopes: tuple[str, ...] = SCOPES
    calls: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    @property
    def changes(self) -> Changes:
        return self.workspace.changes

    def url(self, path: str) -> str:
        if self.base is None:
            raise RuntimeError("the sandbox has no address yet: start it, or set `base` to where it is mounted")
        return f"{self.base}{path}"

    def note_trouble(self, line: str) -> None:
        self.trouble.append(line)
        self.changes.nudge()


def new_state(
    *,
    people: Iterable[Person],
    channels: Iterable[Channel],
    signing_secret: str,
    token: str,
    clock: Callable[[], datetime] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    app: App | None = None,
) -> State:
    installed, now = app or App(), clock or (lambda: datetime.now(UTC))
    workspace = Workspace(app=installed, people=people, channels=channels, clock=now)
    return State(
        app=installed,
        token=token,
        workspace=workspace,
        views=Views(app=installed, changes=workspace.changes),
        rights=Rights(monotonic=monotonic, clock=now),
        sender=Sender(signing_secret),
        throttle=Throttle(monotonic),
        clock=now,
    )
