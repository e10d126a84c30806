"""What changed in `meshline.yaml`: teams, calendars, connections, retention and how the engine works."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from sync.workspace.diff.change import APPROVAL, PROOF, SAFE, About, Category, Change
from sync.workspace.diff.leaves import Leaf, leaves
from sync.workspace.workspace import Workspace

_ELSEWHERE = frozenset(("directory", "flows", "contracts", "tables", "own", "own_source"))
_SECRETS = ("token", "secret", "password", "key")
_BLOCKS = {"teams": "team", "calendars": "calendar", "connections": "connection"}
_KINDS: dict[str, tuple[Category, str, str]] = {
    "team.title": (SAFE, "words_changed", "the team is called otherwise"),
    "team.channel": (APPROVAL, "channel_changed", "the team's cards go to another channel"),
    "team.fallback": (APPROVAL, "fallback_changed", "the team's cards go elsewhere while its channel takes none"),
    "team.owner": (APPROVAL, "owner_changed", "another person answers for the team"),
    "team.backup": (APPROVAL, "backup_changed", "another person stands in for the team's owner"),
    "team.approvers": (APPROVAL, "approvers_changed", "other people approve for the team"),
    "team.members": (APPROVAL, "members_changed", "other people are in the team"),
    "team.on_call": (APPROVAL, "on_call_changed", "other people are on call for the team"),
    "team.escalation": (
        APPROVAL,
        "escalation_changed",
        "other people, or at other times, are asked when nobody answers",
    ),
    "team.calendar": (APPROVAL, "calendar_changed", "the team's clocks run on another calendar"),
    "calendar": (APPROVAL, "calendar_changed", "the clocks that run on the calendar run otherwise"),
    "connection.kind": (PROOF, "connection_changed", "the connection is of another kind"),
    "connection.base_url": (PROOF, "address_changed", "the connection goes to another address"),
    "connection.describe": (PROOF, "description_changed", "the system is spoken to otherwise"),
    "connection.token": (APPROVAL, "secret_changed", "the connection shows another credential"),
    "connection.quarantine": (APPROVAL, "quarantine_changed", "a lost answer is looked up after another time"),
    "connection.breaker": (APPROVAL, "breaker_changed", "the connection counts as down otherwise"),
    "connection.throttle": (APPROVAL, "throttle_changed", "the connection is asked at another pace"),
    "connection": (PROOF, "connection_changed", "the connection works otherwise"),
    "retention": (APPROVAL, "retention_changed", "what is read or received is kept for another time"),
    "engine": (APPROVAL, "engine_changed", "the engine works otherwise"),
    "packs": (APPROVAL, "packs_changed", "packs go out otherwise"),
    "digests": (APPROVAL, "digests_changed", "digests come at another time"),
    "flags": (PROOF, "flag_changed", "the flag is on for other records"),
    "name": (SAFE, "words_changed", "the company is called otherwise"),
}


def settings_changes(old: Workspace, new: Workspace) -> Iterator[Change]:
    """Everything that changed in the settings. Settings that are not known here count as needing a proof."""
    for each in dataclasses.fields(Workspace):
        if each.name in _ELSEWHERE:
            continue
        before, after = _plain(getattr(old, each.name)), _plain(getattr(new, each.name))
        if each.name in _BLOCKS:
            yield from _named(_BLOCKS[each.name], each.name, before, after, old)
        else:
            about = About(noun="settings", name=each.name, approvers=_flow_owners(old))
            for leaf in leaves(before, after, (each.name,), each.name):
                yield _judged(about, each.name, leaf)
    about = About(noun="settings", name="flags", approvers=_flow_owners(old))
    for leaf in leaves(_flags(old), _flags(new), ("flags",), "flags"):
        yield _judged(about, "flags", leaf)


def _flags(workspace: Workspace) -> Any:
    """The flags of the workspace, which its flows carry."""
    return _plain({name: flag for flow in workspace.flows.values() for name, flag in flow.flags.items()})


def _flow_owners(workspace: Workspace, names: frozenset[str] | None = None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flow.owner for flow in workspace.flows.values() if names is None or flow.name in names))


def _named(
    noun: str, block: str, before: Mapping[str, Any], after: Mapping[str, Any], old: Workspace
) -> Iterator[Change]:
    for name in sorted({*before, *after}):
        about = About(noun=noun, name=name, approvers=_approvers(noun, name, old))
        if name not in after:
            told = f"the {noun} {name} is removed"
            yield about.change(APPROVAL, f"{noun}_removed", "", told, old=name, place=(block, name), gone=True)
        elif name not in before:
            yield about.change(SAFE, f"{noun}_added", "", f"the {noun} {name} is new", new=name, place=(block, name))
        else:
            for leaf in leaves(before[name], after[name], (block, name)):
                yield _judged(about, noun, leaf)


def _approvers(noun: str, name: str, old: Workspace) -> tuple[str, ...]:
    """A team agrees to what concerns itself; teams to the calendar their clocks run on; the owners of flows to the rest."""
    if noun == "team":
        return (name,)
    if noun == "calendar":
        return tuple(team for team, each in old.teams.items() if each.calendar == name)
    using = {
        flow.name
        for flow in old.flows.values()
        if name in (flow.trigger.connection, *(write.connection for write in flow.writes))
    }
    return _flow_owners(old, frozenset(using)) or _flow_owners(old)


def _judged(about: About, noun: str, leaf: Leaf) -> Change:
    inner = leaf.path.removeprefix(f"{noun}.").split(".")[0]
    if noun == "connection" and any(word in inner for word in _SECRETS):
        inner = "token"
    category, kind, words = (
        _KINDS.get(f"{noun}.{inner}") or _KINDS.get(noun) or (PROOF, f"{noun}_changed", f"{noun} changes")
    )
    told: dict[str, Any] = {"old": leaf.old, "new": leaf.new, "place": leaf.place, "gone": leaf.gone}
    return about.change(category, kind, leaf.path, words, **told)


def _plain(value: Any) -> Any:
    """A value of the settings as plain values; the options of a connection stand in its block, as they are written."""
    if isinstance(value, BaseModel):
        plain = value.model_dump(by_alias=True)
        options = plain.pop("options", None)
        return {**plain, **options} if isinstance(options, dict) else plain
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    return value
