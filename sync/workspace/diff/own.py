"""What changed in a company's own transforms. Two texts that mean the same are the same: only what runs counts."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from sync.own import PREFIX
from sync.own_worker import FILE
from sync.workspace.diff.change import PROOF, SAFE, About, Change
from sync.workspace.diff.contracts import approvers
from sync.workspace.diff.judges import use
from sync.workspace.flow import Flow, MapRow
from sync.workspace.workspace import Workspace

_AROUND = ""
Functions = Mapping[str, tuple[int, str, str]]
"""Line, meaning and words of each function by name; of everything around them under the empty name."""


def own_changes(old: Workspace, new: Workspace) -> Iterator[Change]:
    """Every function of `transforms.py` that came, went or works otherwise, and what all of them share."""
    before, after = _functions(old.own_source), _functions(new.own_source)
    for name in dict.fromkeys((*before, *after)):
        users = tuple(flow for flow in new.flows.values() if name == _AROUND or f"{PREFIX}{name}" in _called(flow))
        yield from _changed(_about(users, old), name, before.get(name), after.get(name), users)


def _about(users: tuple[Flow, ...], old: Workspace) -> About:
    found: dict[str, None] = {}
    for flow in users:
        contract = old.contracts.get(flow.contract)
        found |= dict.fromkeys((approvers(contract) if contract is not None else ()) or (flow.owner,))
    return About(noun="transforms", name=FILE, approvers=tuple(found))


def _changed(
    about: About, name: str, old: tuple[int, str, str] | None, new: tuple[int, str, str] | None, users: tuple[Flow, ...]
) -> Iterator[Change]:
    called = f"the transform {PREFIX}{name}" if name else "what the transforms share"
    path = f"{PREFIX}{name}" if name else ""
    if old is None or new is None:
        verb, line = ("is new", (new or (1,))[0]) if old is None else ("is removed", old[0])
        kind = "transform_added" if old is None else "transform_removed"
        if name or (old or new or (0, "", ""))[1]:
            words, gone = f"{called} {verb}", new is None
            yield about.change(SAFE if name else PROOF, kind, path, words, place=(line,), gone=gone)
    elif old[1] != new[1]:
        using = f", and {use(tuple(flow.name for flow in users), 'calls')} it" if users else "; no flow calls it"
        category = PROOF if users else SAFE
        yield about.change(category, "transform_changed", path, f"{called} works otherwise{using}", place=(new[0],))
    elif old[2] != new[2]:
        yield about.change(SAFE, "words_changed", path, f"{called} is described anew", place=(new[0],))


def _functions(source: str) -> Functions:
    """The functions that rows may call; the file has been read before, so it parses."""
    found: dict[str, tuple[int, str, str]] = {}
    around: list[str] = []
    tree = ast.parse(source)
    for each in tree.body:
        if isinstance(each, ast.FunctionDef) and not each.name.startswith("_"):
            words = ast.get_docstring(each) or ""
            found[each.name] = each.lineno, ast.dump(_without_words(each)), words
        elif not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)):
            around.append(ast.dump(each))
    return {**found, _AROUND: (1, "\n".join(around), ast.get_docstring(tree) or "")} if source else found


def _without_words(function: ast.FunctionDef) -> ast.FunctionDef:
    if ast.get_docstring(function) is not None:
        function.body = function.body[1:]
    return function


def _called(flow: Flow) -> frozenset[str]:
    """The transforms that a flow's rows and confirmations call."""
    mapped = [row.transforms for write in flow.writes for row in _rows(write.record)]
    confirmed = [row.transforms for write in flow.writes for row in write.verify]
    return frozenset(name for names in (*mapped, *confirmed) for name in names)


def _rows(rows: tuple[MapRow, ...]) -> Iterator[MapRow]:
    for row in rows:
        yield row
        yield from _rows(row.record or ())
