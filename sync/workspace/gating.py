"""Whether the conditions, rules and flags of a flow read what is there: fields of its contract, and flags of the workspace."""

from __future__ import annotations

from collections.abc import Collection

from sync import cel
from sync.facts import MINOR, WHOLE
from sync.shapes import IS
from sync.workspace.mistakes import nearest
from sync.workspace.spots import Spot


def check_gate(spot: Spot, flags: Collection[str] | None, fields: Collection[str] | None) -> None:
    """The flag of a check or a row exists, and the rule it waits for reads fields that exist."""
    spot.at("flag").known("flag", flags)
    check_rule(spot.at("when", "rule"), fields)


def check_rule(spot: Spot, fields: Collection[str] | None) -> None:
    """Each name of the rule is a field at the top of the contract, or the minor units of one. `fields` are the paths of the
    contract; None where it could not be read."""
    if spot.word is None or fields is None:
        return
    try:
        rule = cel.compile(spot.word)
    except ValueError:
        return  # what is wrong with it is said where it was read
    known = {each for each in fields if "." not in each and "[" not in each}
    for name in sorted(rule.names - known - {WHOLE}):
        if name.removesuffix(MINOR) not in known:
            spot.wrong(f"the rule reads {name!r}, which is no field of the contract", nearest(name, [*known, WHOLE]))
            return


def check_type(check: Spot, fields: Collection[str] | None) -> None:
    """A check of types without a type has one in the contract."""
    path = check.at("path")
    if check.at("check").value != "type" or check.at("type").value is not None:
        return
    if fields is not None and path.word is not None and path.word not in fields:
        path.wrong(f"the contract has no field {path.word!r}", f"name one of {', '.join(sorted(IS))} in `type`")
