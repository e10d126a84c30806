"""What is open in front of each person: the stack of modals and the Home tab. Every change of a view changes its hash."""

from dataclasses import dataclass, field
from itertools import count

from bot.sandbox.slack.changes import Changes
from bot.sandbox.slack.inputs import Entered, state_of
from bot.sandbox.slack.normal import new_id, normal, spelled_out
from bot.sandbox.slack.values import App, CannotDo, Json, SlackError

DEEPEST = 3
_TEXTS = ("title", "submit", "close")
_NAMES = ("callback_id", "private_metadata", "external_id")


@dataclass(slots=True, kw_only=True, eq=False)
class View:
    id: str
    user: str
    shown: Json
    root_id: str
    previous_id: str | None = None
    hash: str = ""
    entered: Entered = field(default_factory=dict)


class Views:
    def __init__(self, *, app: App, changes: Changes) -> None:
        self._app = app
        self._changes = changes
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}
        self._edition = count(1)

    def stack(self, user: str) -> list[View]:
        return self._stacks.get(user, [])

    def home(self, user: str) -> View | None:
        return self._homes.get(user)

    def open(self, user: str, shown: Json) -> View:
        """A first modal. It takes the place of whatever the app had open for this person."""
        self._stacks[user] = []
        return self.push(user, shown)

    def push(self, user: str, shown: Json) -> View:
        stack = self._stacks.setdefault(user, [])
        self.refuse_deeper(user)
        view_id = new_id("V0")
        below = stack[-1] if stack else None
        root = below.root_id if below else view_id
        view = View(id=view_id, user=user, shown=shown, root_id=root, previous_id=below.id if below else None)
        stack.append(view)
        return self._show(view, shown)

    def refuse_deeper(self, user: str) -> None:
        if len(self.stack(user)) >= DEEPEST:
            raise SlackError("push_limit_reached")

    def update(self, view: View, shown: Json, expected_hash: str | None = None) -> View:
        self._refuse_stale(view, expected_hash)
        return self._show(view, shown)

    def publish(self, user: str, shown: Json, expected_hash: str | None = None) -> View:
        view = self._homes.get(user)
        if view is None:
            view_id = new_id("V0")
            view = self._homes[user] = View(id=view_id, user=user, shown=shown, root_id=view_id)
        else:
            self._refuse_stale(view, expected_hash)
        return self._show(view, shown)

    def find(self, *, view_id: str | None = None, external_id: str | None = None) -> View:
        """An open modal or a Home tab. Raises SlackError."""
        for view in [*(one for stack in self._stacks.values() for one in stack), *self._homes.values()]:
            if view.id == view_id or (external_id and view.shown.get("external_id") == external_id):
                return view
        raise SlackError("not_found")

    def opened(self, user: str, view_id: str | None = None) -> View:
        """The modal this person means: the one named, else the one on top. Raises CannotDo."""
        stack = self.stack(user)
        for view in reversed(stack):
            if view_id in (None, view.id):
                return view
        raise CannotDo("This dialog is no longer open." if view_id else "No dialog is open.")

    def close(self, view: View) -> None:
        """Close a modal and whatever lies on top of it."""
        stack = self._stacks.get(view.user, [])
        if view in stack:
            del stack[stack.index(view) :]
        self._changes.tell("modal", user=view.user)

    def clear(self, user: str) -> None:
        self._stacks[user] = []
        self._changes.tell("modal", user=user)

    def shape(self, view: View) -> Json:
        """The view as Slack's answers and payloads carry it."""
        return {
            "id": view.id,
            "team_id": self._app.team_id,
            "type": view.shown["type"],
            **{name: view.shown.get(name) for name in _TEXTS},
            **{name: view.shown.get(name, "") for name in _NAMES},
            "blocks": view.shown["blocks"],
            "state": {"values": state_of(view.shown["blocks"], view.entered)},
            "hash": view.hash,
            "clear_on_close": view.shown.get("clear_on_close", False),
            "notify_on_close": view.shown.get("notify_on_close", False),
            "previous_view_id": view.previous_id,
            "root_view_id": view.root_id,
            "app_id": self._app.id,
            "app_installed_team_id": self._app.team_id,
            "bot_id": self._app.bot_id,
        }

    def _show(self, view: View, shown: Json) -> View:
        view.shown = {**spelled_out(shown), "blocks": normal(shown["blocks"])}
        view.hash = f"{next(self._edition)}.{view.id}"
        self._changes.tell("home" if shown["type"] == "home" else "modal", user=view.user)
        return view

    def _refuse_stale(self, view: View, expected_hash: str | None) -> None:
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
