"""Whether a target's field is given a value for every record that gets so far."""

from __future__ import annotations

from collections.abc import Iterator

from sync.workspace.diff.change import BREAKING, About, Change
from sync.workspace.diff.reading import Reach, paths
from sync.workspace.diff.shapes import Shape, all_shapes
from sync.workspace.flow import Flow, MapRow, Required


def always_given(path: str, now: Reach) -> tuple[bool, str]:
    """Whether every write gives the field a value, else why not in words."""
    rows = now.writes.get(path, [])
    if not rows:
        return False, "and no flow gives it a value"
    for each in rows:
        if not (each.row.required and each.row.when is None and each.row.flag is None) and not present(
            each.row, each.flow, each.at
        ):
            return False, f"and {each.flow.name} gives it `{each.row.from_ or each.row.each}`, which may be empty"
    return True, ""


def present(row: MapRow, flow: Flow, at: str = "") -> bool:
    """Whether the row finds a value in every record that passes the checks of its flow. `at` is the path around the row's
    selectors, such as `lines[*].`."""
    if row.when is not None or row.flag is not None:
        return False
    if row.default is not None or (row.from_ is None and row.each is None):
        return True
    checked = {each.path for each in flow.checks if isinstance(each, Required)}
    ways = paths(row.from_ or row.each or "")
    ends = [way for way in ways if not any(other.startswith((f"{way}.", f"{way}[")) for other in ways)]
    return any(at + end in checked for end in ends)


def unmet(about: About, old: tuple[Shape, ...], new: tuple[Shape, ...], was: Reach, now: Reach) -> Iterator[Change]:
    """Demands of a target that stayed as they are while the flows stopped to meet them."""
    demanded = {each.path for each in all_shapes(old) if each.required}
    for each in all_shapes(new):
        if now.target and each.required and each.path in demanded and always_given(each.path, was)[0]:
            given, why = always_given(each.path, now)
            if not given:
                words = f"the target demands `{each.path}`, {why}"
                hint = "keep the mapping, or agree with the target first"
                yield about.change(BREAKING, "demand_unmet", each.path, words, hint=hint, place=each.place)
