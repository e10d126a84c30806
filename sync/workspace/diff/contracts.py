"""What changed in the contracts: their fields, who answers for them, their clocks, promises and quality rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sync.workspace.contract import Contract, Terms
from sync.workspace.diff.change import APPROVAL, BREAKING, SAFE, About, Change
from sync.workspace.diff.clocks import route_changes, sla_changes
from sync.workspace.diff.fields import field_changes
from sync.workspace.diff.leaves import Leaf, leaves
from sync.workspace.diff.presence import unmet
from sync.workspace.diff.quality import quality_changes
from sync.workspace.diff.reading import reach
from sync.workspace.diff.shapes import Values, matched, shapes
from sync.workspace.documents import Place
from sync.workspace.workspace import Workspace

Seen = Mapping[str, Values]
"""What samples hold, by entity and field."""
_OWN_PROPERTIES = frozenset(Terms.model_fields)
_TEXTS = (
    "name",
    "description",
    "domain",
    "tags",
    "support",
    "price",
    "apiVersion",
    "authoritativeDefinitions",
    "tenant",
)
_TEXTS_OF_SCHEMA = (
    "businessName",
    "description",
    "tags",
    "dataGranularityDescription",
    "authoritativeDefinitions",
    "synonyms",
)


def contract_changes(old: Workspace, new: Workspace, seen: tuple[Seen, Seen]) -> Iterator[Change]:
    """Everything that changed in any contract."""
    paired = dict(_pairs(old.contracts, new.contracts))
    for ref, before in paired.items():
        after = new.contracts[ref]
        if before is None:
            about = About(noun="contract", name=ref, approvers=(after.owner,))
            yield about.change(SAFE, "contract_added", "", f"the contract {ref} is new", new=ref)
        else:
            yield from _changes(before, after, old, new, seen)
    kept = {each.ref for each in paired.values() if each is not None}
    for ref, contract in old.contracts.items():
        if ref not in kept:
            about = About(noun="contract", name=ref, approvers=approvers(contract))
            words = f"the contract {ref} is removed"
            yield about.change(APPROVAL, "contract_removed", "", words, old=ref, gone=True)


def approvers(contract: Contract) -> tuple[str, ...]:
    """The teams that must agree to a change of a contract: its approvers, else its owner."""
    return contract.approvers or ((contract.owner,) if contract.owner else ())


def _pairs(old: Mapping[str, Contract], new: Mapping[str, Contract]) -> Iterator[tuple[str, Contract | None]]:
    """Each new contract with the old one that it follows: of the same version, else the newest of the same id."""
    for ref, contract in new.items():
        earlier = sorted((each for each in old.values() if each.id == contract.id), key=_version)
        lower = [each for each in earlier if _version(each) <= _version(contract)] or earlier
        yield ref, old.get(ref) or (lower[-1] if lower else None)


def _version(contract: Contract) -> tuple[int, ...]:
    return tuple(int(part) for part in contract.version.split(".") if part.isdigit())


def _changes(
    old: Contract, new: Contract, before: Workspace, after: Workspace, seen: tuple[Seen, Seen]
) -> Iterator[Change]:
    about = About(noun="contract", name=new.ref, approvers=approvers(old))
    was, now = reach(old, before), reach(new, after)
    yield from unmet(about, shapes(old), shapes(new), was, now)
    if old.document == new.document and old.owner == new.owner:
        return
    values = seen[0].get(old.entity, {}), seen[1].get(new.entity, {})
    for match in matched(shapes(old), shapes(new), values):
        yield from field_changes(about, match, was, now)
    yield from _people(about, old, new)
    yield from route_changes(about, old, new)
    yield from sla_changes(about, old, new)
    yield from _rest(about, old, new)
    yield _version_told(about, old, new)


def _people(about: About, old: Contract, new: Contract) -> Iterator[Change]:
    """Who answers for the contract. The owner that was agrees to a new one; without an owner nobody could."""
    place = _property(new, "owner")
    if not new.owner:
        words = f"the contract has no owner any more; it was {old.owner}"
        hint = "name exactly one team that answers for it"
        yield about.change(
            BREAKING, "owner_removed", "owner", words, old=old.owner, hint=hint, place=("customProperties",)
        )
    elif old.owner != new.owner:
        words = f"the contract goes from {old.owner} to {new.owner}"
        yield about.change(
            APPROVAL, "owner_changed", "owner", words, old=old.owner, new=new.owner, place=place, approvers=(old.owner,)
        )
    for key in ("backup", "approvers", "source_of_truth", "runbook"):
        yield from _term(about, key, old, new)


def _term(about: About, key: str, old: Contract, new: Contract) -> Iterator[Change]:
    before, after = getattr(old, key) or None, getattr(new, key) or None
    if before == after:
        return
    category = SAFE if key == "runbook" else APPROVAL
    gone = after is None
    words = f"the {key.replace('_', ' ')} {'is removed' if gone else 'changes'}"
    place = _property(old if gone else new, key)
    yield about.change(category, f"{key}_changed", key, words, old=before, new=after, place=place, gone=gone)


def _property(contract: Contract, name: str) -> Place:
    given = contract.document.customProperties or []
    return next((("customProperties", at, "value") for at, each in enumerate(given) if each.property == name), ())


def _rest(about: About, old: Contract, new: Contract) -> Iterator[Change]:
    """What the standard knows besides: quality rules of the whole entity, its names, servers, roles."""
    schema, place = (_schema(old), _schema(new)), ("schema", 0)
    yield from quality_changes(
        about, "", schema[0].pop("quality", []), schema[1].pop("quality", []), (*place, "quality")
    )
    for leaf in leaves(*schema, place=place):
        yield _of_schema(about, leaf)
    for leaf in leaves(_plain(old), _plain(new)):
        yield _other(about, leaf)


def _of_schema(about: About, leaf: Leaf) -> Change:
    key = str(leaf.place[2])
    told: dict[str, Any] = {"old": leaf.old, "new": leaf.new, "place": leaf.place, "gone": leaf.gone}
    if key in ("name", "physicalName"):
        words = f"the contract describes `{leaf.new}` instead of `{leaf.old}`"
        return about.change(BREAKING, "entity_changed", "entity", words, **told)
    safe = key in _TEXTS_OF_SCHEMA
    words = f"the entity is described anew: {leaf.path}" if safe else f"the entity's {leaf.path} changes"
    return about.change(
        SAFE if safe else APPROVAL, "words_changed" if safe else "entity_terms_changed", leaf.path, words, **told
    )


def _other(about: About, leaf: Leaf) -> Change:
    key = str(leaf.place[0])
    told: dict[str, Any] = {"old": leaf.old, "new": leaf.new, "place": leaf.place, "gone": leaf.gone}
    if key == "customProperties" and "idempot" in leaf.path.lower():
        words = "the idempotency key changes: what is written already would be written a second time"
        return about.change(BREAKING, "key_changed", leaf.path, words, **told)
    if key in _TEXTS or leaf.place[-1] == "description":
        return about.change(SAFE, "words_changed", leaf.path, f"{leaf.path} is described anew", **told)
    return about.change(APPROVAL, f"{key}_changed", leaf.path, f"{leaf.path} changes", **told)


def _plain(contract: Contract) -> dict[str, Any]:
    gone = {"schema_", "slaProperties", "customProperties", "version", "id"}
    plain = contract.document.model_dump(by_alias=True, exclude_none=True, exclude=gone)
    custom = [each.model_dump(by_alias=True, exclude_none=True) for each in contract.document.customProperties or ()]
    return {**plain, "customProperties": [each for each in custom if each.get("property") not in _OWN_PROPERTIES]}


def _schema(contract: Contract) -> dict[str, Any]:
    schema = contract.document.schema_ or []
    return schema[0].model_dump(by_alias=True, exclude_none=True, exclude={"properties"}) if schema else {}


def _version_told(about: About, old: Contract, new: Contract) -> Change:
    told: dict[str, Any] = {"old": old.version, "new": new.version, "place": ("version",)}
    if old.version == new.version:
        hint = "a published version never changes: raise `version` before you publish"
        words = f"the contract changes and stays version {new.version}"
        return about.change(SAFE, "version_kept", "version", words, hint=hint, **told)
    if _version(new) < _version(old):
        return about.change(APPROVAL, "version_lowered", "version", "the version goes back", **told)
    return about.change(SAFE, "version_raised", "version", f"version {old.version} becomes {new.version}", **told)
