"""Which fields of its source a flow reads, which fields of a target it writes, and so on which side a contract stands.

A contract that a flow names describes that flow's source: its fields are promises to us. A contract whose entity flows create
or upsert, and that no flow names, describes a target: its required fields are demands on us. A contract that is neither is
read as a source's, all of whose fields may be read by somebody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from sync.mapping import template_names
from sync.workspace.contract import Contract
from sync.workspace.flow import BoundRecord, Flow, MapRow, SourceRecord
from sync.workspace.workspace import Workspace

_NO_PATHS = frozenset(
    "check reason negative label reference column key title expected pattern connection flag currency_column task entity "
    "to value text ref owner note transform default lookup name operation values field equals any_of per".split()
)
_OF_ITEMS = ("quantity", "price", "discount")
_TEMPLATES = ("key", "text")
_CHAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_IN_TURN = ("subexpression", "pipe", "index_expression")
_EACH = ("projection", "filter_projection", "value_projection")
Node = Any


def reads(flow: Flow) -> frozenset[str]:
    """Every path of the source's record that the flow may look at, such as `lines[*].price`."""
    plain = flow.model_dump(by_alias=True, exclude={"checks", "writes"})
    found = {path for text in _texts(plain["trigger"].get("when")) for path in paths(text)}
    found |= {path for text in _texts(plain["record"]) for path in paths(text)}
    for check in flow.checks:
        found |= set(_check_reads(check.model_dump(exclude_none=True)))
    for write in flow.writes:
        templates = [write.key or "", *_of_reads(write.of)]
        found |= {path for template in templates for name in template_names(template) for path in paths(name)}
        found |= set(_rows_read(write.record, ""))
        for row in write.verify:
            found |= set(_block_reads(row.model_dump(by_alias=True, exclude_none=True)))
    return frozenset(found)


def _of_reads(of: str | SourceRecord | BoundRecord | None) -> list[str]:
    if isinstance(of, SourceRecord):
        return [f"{{{of.source}}}"]
    return [f"{{{of.of}}}"] if isinstance(of, BoundRecord) else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)


def _check_reads(check: dict[str, Any]) -> Iterator[str]:
    """A check reads what its keys select, in the record or beside the value it checks. Of a kind of check that is not known
    here, every key that is no plain word counts."""
    own = str(check.get("path", ""))
    beside = f"{own[: own.rindex('[*]') + 3]}." if "[*]" in own else ""
    for _, text in _selecting(check):
        for path in paths(text):
            yield beside + path
    yield from _block_reads(check)


def _block_reads(block: dict[str, Any]) -> Iterator[str]:
    """What the keys of a block select, and, where it looks at items, what it looks at in each."""
    for _, text in _selecting(block):
        yield from paths(text)
    for inner in (block, *(each for each in block.values() if isinstance(each, dict))):
        items = str(inner.get("of", ""))
        if items.endswith("[*]"):
            yield from (f"{items}.{name}" for key in _OF_ITEMS if (name := inner.get(key)))


def _selecting(block: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The texts of a block that may select something, with their keys; a template selects what stands in its braces."""
    for key, value in block.items():
        if isinstance(value, str) and (key in _TEMPLATES and "{" in value):
            yield from ((key, name) for name in template_names(value))
        elif key not in _NO_PATHS and isinstance(value, str):
            yield key, value
        elif key not in _NO_PATHS and isinstance(value, dict):
            yield from ((key, text) for _, text in _selecting(value) or ())


def _rows_read(rows: Iterable[MapRow], at: str) -> Iterator[str]:
    for row in rows:
        plain = row.model_dump(by_alias=True, exclude_none=True, exclude={"record"})
        for key, text in _selecting(plain):
            if key != "each":
                yield from (at + path for path in paths(text))
        if row.when is not None:  # the record as a whole fulfils it, also inside `each`
            yield from _block_reads({"when": row.when.model_dump(exclude_none=True)})
        for path in paths(row.each) if row.each else ():
            yield at + path
            yield from _rows_read(row.record or (), f"{at}{path.removesuffix('[*]')}[*].")
        if row.spread is not None:
            yield from (at + path for text in row.spread.model_dump(exclude={"per"}).values() for path in paths(text))


def paths(selector: str) -> frozenset[str]:
    """Every path that a selector looks at; of a text that is no selector, every word that might be one."""
    try:
        found: set[str] = set()
        _walk(jmespath.compile(selector).parsed, "", found)
    except (JMESPathError, RecursionError):
        found = {chain.removeprefix("record.") for chain in _CHAIN.findall(selector)}
    return frozenset(found)


def _walk(node: Node, at: str, found: set[str]) -> list[str]:
    """Collect what the node looks at, seen from `at`; what it finds is returned."""
    kind, children = node["type"], node.get("children", [])
    if kind == "field":
        path = f"{at}.{node['value']}" if at else node["value"]
        found.add(path)
        return [path]
    if kind == "current":
        return [at]
    if kind in ("index", "slice"):
        return [f"{at}[*]"]
    if kind in _IN_TURN:
        ends = [at]
        for child in children:
            ends = [end for start in ends for end in _walk(child, start, found)]
        return ends
    if kind in _EACH:
        left = children[0]["children"][0] if children[0]["type"] == "flatten" else children[0]
        items = [f"{end}[*]" for end in _walk(left, at, found)]
        found.update(items)
        return [end for item in items for child in children[1:] for end in _walk(child, item, found)]
    return [end for child in children for end in _walk(child, at, found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One mapping row that fills a field of a target. `at` is the source's path around it, such as `lines[*].`."""

    flow: Flow
    row: MapRow
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a workspace does with the fields of a contract."""

    source: bool
    target: bool
    reads: dict[str, frozenset[str]] = field(default_factory=dict)
    writes: dict[str, list[Written]] = field(default_factory=dict)

    def readers(self, path: str) -> tuple[str, ...]:
        """The flows that read the field or something in it. A source that no flow names may be read by anybody."""
        if not self.source:
            return ()
        if not self.reads:
            return ("perhaps somebody",)
        return tuple(name for name, found in self.reads.items() if any(_inside(each, path) for each in found))


def _inside(path: str, around: str) -> bool:
    return path == around or (path.startswith(around) and path[len(around)] in ".[")


def reach(contract: Contract, workspace: Workspace) -> Reach:
    """On which side the contract stands in a workspace, and who reads or writes its fields."""
    naming = [flow for flow in workspace.flows.values() if flow.contract.partition("@")[0] == contract.id]
    filling = [
        (flow, write)
        for flow in workspace.flows.values()
        for write in flow.writes
        if write.entity == contract.entity and write.operation in ("create", "upsert")
    ]
    writes: dict[str, list[Written]] = {}
    for flow, write in filling:
        for path, row, at in _rows(write.record, "", ""):
            writes.setdefault(path, []).append(Written(flow=flow, row=row, at=at))
    return Reach(
        source=bool(naming) or not filling,
        target=bool(filling) and not naming,
        reads={flow.name: reads(_as_written(flow, contract)) for flow in naming},
        writes=writes,
    )


def _rows(rows: Iterable[MapRow], to: str, at: str) -> Iterator[tuple[str, MapRow, str]]:
    for row in rows:
        yield to + row.to, row, at
        if row.record is not None:
            yield from _rows(row.record, f"{to}{row.to}[*].", f"{at}{row.each}[*].")


def implied(flow: Flow, contract: Contract | None) -> frozenset[int]:
    """The places of the checks that the contract alone asks for: required fields that no other check names."""
    if contract is None:
        return frozenset()
    wanted = {path for path, each in contract.fields.items() if each.required}
    return frozenset(
        at
        for at, check in enumerate(flow.checks)
        if check.path in wanted and check.model_dump(exclude_defaults=True) == {"check": "required", "path": check.path}
    )


def _as_written(flow: Flow, contract: Contract) -> Flow:
    gone = implied(flow, contract)
    return flow.model_copy(update={"checks": tuple(each for at, each in enumerate(flow.checks) if at not in gone)})
