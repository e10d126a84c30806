"""What each key of a field's block means when it changes: required, type, limits, values, class, quality and the rest.
What nobody knows here still counts as a change that a person must agree to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sync.workspace.diff.change import APPROVAL, BREAKING, PROOF, SAFE, About, Category, Change, worst
from sync.workspace.diff.leaves import same
from sync.workspace.diff.limits import Way, both, of_limit, of_type, of_values
from sync.workspace.diff.presence import always_given
from sync.workspace.diff.quality import quality_changes
from sync.workspace.diff.reading import Reach
from sync.workspace.diff.shapes import Shape

_TEXTS = frozenset("description businessName examples tags authoritativeDefinitions synonyms deprecated id".split())
_MEANING = frozenset(
    "transformLogic transformSourceObjects transformDescription relationships map semanticType".split()
)
_CLASSES = {
    "public": 0,
    "": 1,
    "internal": 2,
    "confidential": 3,
    "sensitive": 3,
    "restricted": 4,
    "pii": 4,
    "secret": 5,
}
_CUSTOM = {"transform": PROOF, "default": PROOF, "source": PROOF}
_DICTIONARY = frozenset(("transform", "default", "source", "validation", "system_of_record"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One field before and after. `was` and `reach` are what the workspace did and does with the contract's fields."""

    about: About
    old: Shape
    new: Shape
    was: Reach
    reach: Reach

    @property
    def readers(self) -> tuple[str, ...]:
        """The flows of the new side that read the field, under its old name or its new one."""
        return tuple(dict.fromkeys((*self.reach.readers(self.old.path), *self.reach.readers(self.new.path))))

    @property
    def written(self) -> bool:
        return self.reach.target

    def change(self, category: Category, kind: str, words: str, key: str, **more: Any) -> Change:
        """A change of one key of the field's block."""
        held = key in self.new.own
        place = (*self.new.place, *key.split(".")) if held else self.new.place
        more = {"old": self.old.own.get(key), "new": self.new.own.get(key), **more}
        return self.about.change(category, kind, self.new.path, words, place=place, **more)


def key_changes(pair: Pair) -> Iterator[Change]:
    """Every change between the two blocks but the field's name."""
    old, new = pair.old.own, pair.new.own
    if bool(old.get("required")) != bool(new.get("required")):
        yield _required(pair)
    for key in sorted({*old, *new} - {"required", "quality", "items.quality", "name", "physicalName"}):
        if not same(old.get(key), new.get(key)):
            yield from _JUDGES.get(key.removeprefix("items."), _other)(pair, key)
    for key in ("quality", "items.quality"):
        yield from quality_changes(
            pair.about, pair.new.path, old.get(key, []), new.get(key, []), (*pair.new.place, *key.split("."))
        )


def use(names: tuple[str, ...], verb: str) -> str:
    """Who does it, in a sentence: `a reads`, `a and b read`."""
    return f"{' and '.join(names)} {verb if len(names) == 1 else verb.removesuffix('s')}"


def _required(pair: Pair) -> Change:
    path, now, told = pair.new.path, pair.reach, {"old": _need(pair.old), "new": _need(pair.new)}
    if pair.new.own.get("required"):
        if now.target:
            given, why = always_given(path, now)
            words = f"the target demands `{path}` now, " + ("which is always given" if given else why)
            hint = "" if given else "first map it from a value that is always there"
            return pair.change(SAFE if given else BREAKING, "required_added", words, "required", hint=hint, **told)
        words = f"`{path}` is required now: a record without it will be stopped"
        return pair.change(PROOF, "required_added", words, "required", **told)
    if now.target:
        words = f"the target no longer demands `{path}`: what is written is still right"
        return pair.change(SAFE, "required_dropped", words, "required", **told)
    if pair.readers:
        words = f"`{path}` may be empty from now on, and {use(pair.readers, 'reads')} it"
        hint = "keep a check `required` in the flow, or give the mapping a default"
        return pair.change(PROOF, "required_dropped", words, "required", hint=hint, **told)
    words = f"`{path}` may be empty from now on and is no longer checked"
    category = PROOF if pair.old.required else SAFE
    return pair.change(category, "required_dropped", words, "required", **told)


def _need(shape: Shape) -> str:
    return "required" if shape.own.get("required") else "optional"


def _type(pair: Pair, key: str) -> Iterator[Change]:
    items = key.startswith("items.")
    noun = "each item of " if items else ""
    old, new = str(pair.old.own.get(key, "string")), str(pair.new.own.get(key, "string"))
    wider_target = pair.written and of_type(old, new) is Way.WIDER
    category = SAFE if wider_target or not (pair.readers or pair.written) else BREAKING
    words = f"{noun}`{pair.new.path}` changes its type from {old} to {new}{_users(pair)}"
    hint = "add a new field and move the flows to it" if category is BREAKING else ""
    yield pair.change(
        category, "item_type_changed" if items else "type_changed", words, key, old=old, new=new, hint=hint
    )


def _users(pair: Pair) -> str:
    if pair.written:
        return ""
    return f", and {use(pair.readers, 'reads')} it" if pair.readers else "; no flow reads it"


def _physical(pair: Pair, key: str) -> Iterator[Change]:
    old, new = pair.old.own.get(key), pair.new.own.get(key)
    way = of_type(str(old), str(new)) if old and new else Way.WIDER if old else Way.TIGHTER
    kind = "precision_changed" if "(" in f"{old}{new}" else "type_changed"
    words = f"`{pair.new.path}` holds {_more(way)} values: {old or 'any'} → {new or 'any'}{_users(pair)}"
    yield pair.change(_by_side(pair, way), kind, words, key)


def _options(pair: Pair, key: str) -> Iterator[Change]:
    old, new = pair.old.own.get(key, {}), pair.new.own.get(key, {})
    for option in sorted({*old, *new}):
        if not same(old.get(option), new.get(option)):
            way = of_limit(option, old.get(option), new.get(option))
            words = f"`{pair.new.path}`: {option} is {way.value}{_users(pair)}"
            more = {"old": old.get(option), "new": new.get(option)}
            yield pair.change(_by_side(pair, way), f"limit_{way.value}", words, key, **more)


def _enum(pair: Pair, key: str) -> Iterator[Change]:
    old, new = ([str(each.get("value")) for each in side.own.get(key, [])] for side in (pair.old, pair.new))
    way = both([of_values(old, new)]) if old and new else Way.WIDER if old else Way.TIGHTER
    category, words = _by_side(pair, way), f"`{pair.new.path}` has {_more(way)} values{_users(pair)}"
    if way is Way.SAME:
        category, words = SAFE, f"the values of `{pair.new.path}` are described anew"
    yield pair.change(category, f"enum_{way.value}", words, key, old=old, new=new)


def _more(way: Way) -> str:
    return {Way.WIDER: "more", Way.TIGHTER: "fewer", Way.OTHER: "other", Way.SAME: "the same"}[way]


def _by_side(pair: Pair, way: Way) -> Category:
    """More values trouble whoever reads them, fewer trouble whoever writes them, others trouble both."""
    read = PROOF if pair.readers and way in (Way.WIDER, Way.OTHER) else SAFE
    written = BREAKING if pair.written and way in (Way.TIGHTER, Way.OTHER) else SAFE
    return worst((read, written))


def _classification(pair: Pair, key: str) -> Iterator[Change]:
    old, new = (str(side.own.get(key, "")) for side in (pair.old, pair.new))
    before, after = _CLASSES.get(old.lower()), _CLASSES.get(new.lower())
    names = f"{old or 'unclassified'} → {new or 'unclassified'}"
    lowered = after is not None and (after < before if before is not None else after <= 1)
    if lowered:
        hint = "personal data is never opened by a change of the contract: remove the field, or keep its class"
        words = f"the class of `{pair.new.path}` is lowered: {names}"
        yield pair.change(BREAKING, "pii_lowered", words, key, old=old, new=new, hint=hint)
        return
    yield pair.change(
        APPROVAL, "pii_changed", f"the class of `{pair.new.path}` changes: {names}", key, old=old, new=new
    )


def _identity(pair: Pair, key: str) -> Iterator[Change]:
    words = f"`{pair.new.path}`: what identifies a record changes ({key})"
    yield pair.change(BREAKING, "identity_changed", words, key, hint="what was written is found by it")


def _unique(pair: Pair, key: str) -> Iterator[Change]:
    more = "may stand in several records now" if pair.old.own.get(key) else "stands in one record only now"
    yield pair.change(PROOF if pair.old.own.get(key) else SAFE, "unique_changed", f"`{pair.new.path}` {more}", key)


def _custom(pair: Pair, key: str) -> Iterator[Change]:
    """What our own and others' custom properties say of the field. Its reasons are told with the contract's."""
    old, new = (
        {str(each.get("property", "a property without a name")): each.get("value") for each in side.own.get(key, [])}
        for side in (pair.old, pair.new)
    )
    for name in sorted({*old, *new} - {"reasons"}):
        if not same(old.get(name), new.get(name)):
            told: dict[str, Any] = {"old": old.get(name), "new": new.get(name)}
            category, kind, words = _judged(name, old.get(name), new.get(name))
            if name == "owner" and old.get(name):
                told["approvers"] = (str(old[name]),)
            yield pair.change(category, kind, f"`{pair.new.path}`: {words}", key, **told)
    if same(old, new):
        yield pair.change(SAFE, "words_changed", f"`{pair.new.path}` is described anew", key)


def _judged(name: str, old: Any, new: Any) -> tuple[Category, str, str]:
    if "idempot" in name.lower():
        return (
            BREAKING,
            "key_changed",
            "the idempotency key changes: what is written already would be written a second time",
        )
    if name == "pii":
        gone = sorted(set(old or ()) - set(new or ()))
        if gone:
            return BREAKING, "pii_lowered", f"it no longer counts as personal: {', '.join(gone)}"
        return APPROVAL, "pii_changed", "more of it counts as personal"
    if name == "owner":
        return APPROVAL, "field_owner_changed", "it has another owner"
    if name in _DICTIONARY and old is None:
        return SAFE, "words_changed", f"its {name.replace('_', ' ')} is said for the first time"
    return _CUSTOM.get(name, APPROVAL), f"{name}_changed", f"{name} changes"


def _other(pair: Pair, key: str) -> Iterator[Change]:
    name = key.removeprefix("items.")
    if name in _TEXTS:
        yield pair.change(SAFE, "words_changed", f"`{pair.new.path}` is described anew: {name}", key)
    elif name in _MEANING:
        yield pair.change(PROOF, "transform_changed", f"`{pair.new.path}` is made otherwise: {name}", key)
    else:
        yield pair.change(APPROVAL, "field_changed", f"`{pair.new.path}`: {name} changes", key)


Judge = Callable[[Pair, str], Iterator[Change]]
_JUDGES: dict[str, Judge] = {
    "logicalType": _type,
    "physicalType": _physical,
    "logicalTypeOptions": _options,
    "enum": _enum,
    "classification": _classification,
    "primaryKey": _identity,
    "primaryKeyPosition": _identity,
    "unique": _unique,
    "customProperties": _custom,
}
