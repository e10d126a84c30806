"""The fields of a contract as a tree, and which field of an older tree became which of a newer one, renamed ones included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from open_data_contract_standard.model import SchemaProperty
from rapidfuzz import fuzz

from sync.workspace.contract import Contract
from sync.workspace.documents import Place

Values = Mapping[str, frozenset[str]]
"""What samples hold in a field, by the field's path."""
_ENOUGH = 55
_NAMES = ("name", "physicalName")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One field with the fields inside it. `own` is what its block says, `required` whether it is so whatever is around it."""

    name: str
    path: str
    position: int
    required: bool
    own: Mapping[str, Any]
    place: Place
    children: tuple[Shape, ...] = field(default=())

    @property
    def type(self) -> str:
        return str(self.own.get("logicalType", "string"))


def shapes(contract: Contract) -> tuple[Shape, ...]:
    """The fields of a contract, in order."""
    schema = contract.document.schema_ or []
    return tuple(_shapes(schema[0].properties or (), "", ("schema", 0, "properties"), True)) if schema else ()


def all_shapes(shapes: tuple[Shape, ...]) -> Iterator[Shape]:
    """Each field, and each field inside it."""
    for each in shapes:
        yield each
        yield from all_shapes(each.children)


def _shapes(properties: list[SchemaProperty] | tuple[()], prefix: str, place: Place, within: bool) -> Iterator[Shape]:
    for at, each in enumerate(properties):
        name = each.physicalName or each.name or ""
        own = {"logicalType": "string"} | _said(each.model_dump(by_alias=True, exclude={"properties", "items"}))
        inner, inside, step = each.properties or (), f"{prefix}{name}.", (*place, at, "properties")
        if each.items is not None:
            items = _said(each.items.model_dump(by_alias=True, exclude={"properties"}))
            own |= {f"items.{key}": value for key, value in items.items()}
            inner, inside, step = (
                each.items.properties or (),
                f"{prefix}{name}[*].",
                (*place, at, "items", "properties"),
            )
        required = within and bool(each.required)
        yield Shape(
            name=name,
            path=prefix + name,
            position=at,
            required=required,
            own=own,
            place=(*place, at),
            children=tuple(_shapes(inner, inside, step, required)),
        )


def _said(block: dict[str, Any]) -> dict[str, Any]:
    """What a block says; `false` and what is empty say no more than nothing."""
    return {key: _plain(value) for key, value in block.items() if value not in (None, False, "", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items() if inner is not None}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An old field and what became of it; one side is None where it was removed or added."""

    old: Shape | None
    new: Shape | None

    @property
    def renamed(self) -> bool:
        return self.old is not None and self.new is not None and self.old.name != self.new.name


def matched(old: tuple[Shape, ...], new: tuple[Shape, ...], seen: tuple[Values, Values] = ({}, {})) -> Iterator[Match]:
    """Every field of both sides once. `seen` are the values in the samples of each side. Of a field that was removed or added
    whole, the fields inside are not told."""
    names, pairs = {each.name: each for each in new}, dict[str, Shape]()
    for each in old:
        if each.name in names:
            pairs[each.name] = names[each.name]
    for before, after in _renamed(
        [each for each in old if each.name not in pairs], [each for each in new if each not in pairs.values()], seen
    ):
        pairs[before.name] = after
    for each in old:
        after_it = pairs.get(each.name)
        yield Match(old=each, new=after_it)
        if after_it is not None:
            yield from matched(each.children, after_it.children, seen)
    taken = {each.name for each in pairs.values()}
    yield from (Match(old=None, new=each) for each in new if each.name not in taken)


def _renamed(removed: list[Shape], added: list[Shape], seen: tuple[Values, Values]) -> Iterator[tuple[Shape, Shape]]:
    """The likeliest renames, best first; each field is in one of them at most."""
    scored = [(_alike(before, after, seen), before, after) for before in removed for after in added]
    used: set[str] = set()
    for score, before, after in sorted(scored, key=lambda each: (-each[0], each[1].path, each[2].path)):
        if score >= _ENOUGH and not {f"-{before.name}", f"+{after.name}"} & used:
            used |= {f"-{before.name}", f"+{after.name}"}
            yield before, after


def _alike(old: Shape, new: Shape, seen: tuple[Values, Values]) -> float:
    """How likely an old field is the new one under another name, 0 to 100 and more: its name, its place, its words, what else
    its block says, what samples hold in it. A field of another type is another field."""
    if old.type != new.type:
        return 0.0
    score = fuzz.ratio(old.name, new.name) / 2 + max(0, 20 - 5 * abs(old.position - new.position))
    label, rest = ("businessName", "description"), (_without(old, _NAMES), _without(new, _NAMES))
    score += 20 * any(old.own.get(key) is not None and old.own.get(key) == new.own.get(key) for key in label)
    score += 20 * (rest[0] == rest[1] and bool(rest[0].keys() - {"logicalType", "required"}))
    return score + _alike_values(seen[0].get(old.path, frozenset()), seen[1].get(new.path, frozenset()))


def _alike_values(old: frozenset[str], new: frozenset[str]) -> float:
    """One value in common may be chance; several are none."""
    common = old & new
    return 0.0 if not common else 35.0 if len(common) == 1 else 55 * len(common) / min(len(old), len(new))


def _without(shape: Shape, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in shape.own.items() if key not in keys}
