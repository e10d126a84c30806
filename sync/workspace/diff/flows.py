"""What changed in the flows: what triggers them, what they check, what they write, how they try again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sync.workspace.diff.change import APPROVAL, BREAKING, PROOF, SAFE, About, Category, Change
from sync.workspace.diff.checks import check_changes
from sync.workspace.diff.contracts import approvers
from sync.workspace.diff.leaves import Leaf, leaves
from sync.workspace.diff.reading import implied
from sync.workspace.diff.writes import write_changes
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

_KINDS: dict[str, tuple[Category, str]] = {
    "title": (SAFE, "words_changed"),
    "owner": (APPROVAL, "owner_changed"),
    "contract": (SAFE, "contract_version_changed"),
    "trigger": (PROOF, "trigger_changed"),
    "trigger.poll": (APPROVAL, "poll_changed"),
    "trigger.when": (PROOF, "when_changed"),
    "record": (SAFE, "words_changed"),
    "record.id": (BREAKING, "identity_changed"),
    "record.customer": (PROOF, "customer_changed"),
    "record.amount": (APPROVAL, "amount_shown_changed"),
    "record.currency": (PROOF, "currency_changed"),
    "retry": (APPROVAL, "retry_changed"),
    "batch": (APPROVAL, "batch_changed"),
    "hold_for": (APPROVAL, "hold_changed"),
    "reprocess": (APPROVAL, "reprocess_changed"),
    "synthetic": (APPROVAL, "synthetic_changed"),
    "receipts": (APPROVAL, "receipts_changed"),
    "newest": (PROOF, "newest_changed"),
    "identity": (PROOF, "known_by_changed"),
}
_NOUNS = {
    "owner_changed": "the owner of the flow changes",
    "contract_version_changed": "the flow follows another version of its contract",
    "when_changed": "other records trigger the flow",
    "trigger_changed": "the flow is triggered by something else",
    "receipts_changed": "receipts go to others, or come otherwise",
    "synthetic_changed": "the record made up for the nightly try changes",
    "poll_changed": "the source is asked at another pace",
    "identity_changed": "records are known by another id: what was written is found by it",
    "known_by_changed": "customers are told apart by something else",
    "customer_changed": "records belong to another customer: holds and groups go by it",
    "currency_changed": "money is read in another currency",
}


def flow_changes(old: Workspace, new: Workspace) -> Iterator[Change]:
    """Everything that changed in any flow."""
    for name, flow in new.flows.items():
        if (before := old.flows.get(name)) is None:
            yield _added(flow, new)
        else:
            about = About(noun="flow", name=name, approvers=_approvers(before, old))
            changes = list(_changes(about, before, flow, old, new))
            yield from changes
            yield from _version(about, before, flow, bool(changes))
    for name, flow in old.flows.items():
        if name not in new.flows:
            about = About(noun="flow", name=name, approvers=_approvers(flow, old))
            words, hint = "the flow is removed: its records are no longer delivered", "let it run empty first"
            yield about.change(APPROVAL, "flow_removed", "", words, old=name, hint=hint, gone=True)


def _approvers(flow: Flow, workspace: Workspace) -> tuple[str, ...]:
    contract = workspace.contracts.get(flow.contract)
    return (approvers(contract) if contract is not None else ()) or (flow.owner,)


def _added(flow: Flow, workspace: Workspace) -> Change:
    about = About(noun="flow", name=flow.name, approvers=_approvers(flow, workspace))
    writes = ", ".join(f"{each.connection}/{each.entity}" for each in flow.writes)
    return about.change(PROOF, "flow_added", "", f"the flow is new and writes {writes}", new=flow.name)


def _changes(about: About, old: Flow, new: Flow, before: Workspace, after: Workspace) -> Iterator[Change]:
    for leaf in _leaves(old, new):
        yield _judged(about, leaf, old)
    given = implied(old, before.contracts.get(old.contract)), implied(new, after.contracts.get(new.contract))
    yield from check_changes(about, old.checks, new.checks, given)
    yield from write_changes(about, old, new)


def _leaves(old: Flow, new: Flow) -> Iterator[Leaf]:
    both = [each.model_dump(by_alias=True, exclude={"checks", "writes", "version", "name"}) for each in (old, new)]
    for each in both:
        each["trigger"]["when"] = {
            key: value for key, value in (each["trigger"]["when"] or {}).items() if value is not None
        }
    return leaves(both[0], both[1])


def _judged(about: About, leaf: Leaf, old: Flow) -> Change:
    key, parts = str(leaf.place[0]), list(map(str, leaf.place[:2]))
    category, kind = _KINDS.get(".".join(parts)) or _KINDS.get(key) or (PROOF, f"{key}_changed")
    if kind == "contract_version_changed" and _id(leaf.old) != _id(leaf.new):
        category, kind = PROOF, "contract_changed"
    words = _NOUNS.get(kind, f"the flow's {leaf.path} changes")
    told: dict[str, Any] = {"old": leaf.old, "new": leaf.new, "place": leaf.place, "gone": leaf.gone}
    asked = (old.owner,) if category is APPROVAL else None
    return about.change(category, kind, leaf.path, words, approvers=asked, **told)


def _id(ref: str) -> str:
    return ref.partition("@")[0]


def _version(about: About, old: Flow, new: Flow, changed: bool) -> Iterator[Change]:
    told: dict[str, Any] = {"old": old.version, "new": new.version, "place": ("version",)}
    if old.version == new.version:
        if changed:
            hint, words = (
                "a published version never changes: raise `version` before you publish",
                "the flow changes and stays",
            )
            yield about.change(SAFE, "version_kept", "version", f"{words} version {new.version}", hint=hint, **told)
    elif new.version < old.version:
        yield about.change(APPROVAL, "version_lowered", "version", "the version goes back", **told)
    else:
        yield about.change(SAFE, "version_raised", "version", f"version {old.version} becomes {new.version}", **told)
