"""The page of a contract: what the records look like, who answers for them, what is promised, and which flows use them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.render.history import history_section
from bot.render.names import contract_name, flow_name
from bot.render.page import Box, Cell, Code, Facts, Link, Page, Paragraph, Part, Picture, Revision, Section, Table
from bot.render.people import persons, team, teams
from sync.workspace.contract import Contract
from sync.workspace.diff.change import shown
from sync.workspace.diff.reading import reach
from sync.workspace.diff.shapes import Shape, all_shapes, shapes
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

_HEADS = ("Field", "What people call it", "Type", "Required", "Class", "What it means")


def contract_page(workspace: Workspace, contract: Contract, revisions: Sequence[Revision]) -> Page:
    """The page of one version of a contract."""
    flows = [each for each in workspace.flows.values() if each.contract == contract.ref]
    usage = contract.document.description
    sections = [
        Section(title="Who answers", parts=(Facts(rows=tuple(_people(workspace, contract))),)),
        Section(title="Where it goes", parts=tuple(_lineage(workspace, contract, flows))),
        Section(title="What a record looks like", parts=tuple(_fields(workspace, contract))),
        *_promises(contract),
        *_quality(contract),
        *_reasons(workspace, contract, flows),
        history_section(revisions),
    ]
    more = [words for words in (usage.usage, usage.limitations) if words] if usage is not None else []
    return Page(
        name=contract_name(contract),
        kind=f"Contract {contract.ref}",
        title=contract.title,
        lead=" ".join([contract.purpose, *more]).strip(),
        sections=tuple(sections),
    )


def _people(workspace: Workspace, contract: Contract) -> Iterator[tuple[str, Cell]]:
    yield "Owner", team(workspace, contract.owner)
    yield "In person", persons(workspace, contract.owner)
    yield "Backup", team(workspace, contract.backup)
    yield "Approves changes", teams(workspace, contract.approvers or (contract.owner,))
    if contract.runbook:
        yield "What to do", contract.runbook
    for what, where in contract.source_of_truth.items():
        yield f"Right about {what.replace('_', ' ')}", where


def _lineage(workspace: Workspace, contract: Contract, flows: list[Flow]) -> Iterator[Part]:
    side = reach(contract, workspace)
    if flows:
        links = [Link(text=flow.title, to=flow_name(flow)) for flow in flows]
        yield Paragraph(words=("It is what the source promises, and is read by ", *_listed(links), "."))
    elif side.target:
        names = dict.fromkeys(each.flow for rows in side.writes.values() for each in rows)
        links = [Link(text=flow.title, to=flow_name(flow)) for flow in names]
        yield Paragraph(words=("It is what the target demands, and is written by ", *_listed(links), "."))
    else:
        yield Paragraph(
            words="No flow names it. Its records come along with those of other contracts, or people read it."
        )
    if flows:
        yield _picture(contract, flows)


def _listed(links: list[Link]) -> Iterator[str | Link]:
    for at, link in enumerate(links):
        if at:
            yield " and "
        yield link


def _picture(contract: Contract, flows: list[Flow]) -> Picture:
    sources = tuple(dict.fromkeys((flow.trigger.connection, flow.trigger.entity) for flow in flows))
    targets = tuple(dict.fromkeys((each.connection, each.entity) for flow in flows for each in flow.writes))
    words = (
        f"{', '.join(f'{entity} of {name}' for name, entity in sources)} come as {contract.title}, go through "
        f"{', '.join(flow.title for flow in flows)}, and end in {', '.join(f'{entity} of {name}' for name, entity in targets)}."
    )
    levels = (
        tuple(Box(title=name, lines=(entity,)) for name, entity in sources),
        (Box(title=contract.title, lines=(contract.ref,)),),
        tuple(Box(title=flow.title, lines=(flow.name,)) for flow in flows),
        tuple(Box(title=name, lines=(entity,)) for name, entity in targets),
    )
    return Picture(title=f"The way of {contract.title}", levels=levels, words=words)


def _fields(workspace: Workspace, contract: Contract) -> Iterator[Part]:
    found = list(all_shapes(shapes(contract)))
    rows = tuple(_field(workspace, contract, each) for each in found)
    yield Table(caption=f"Every field of {contract.entity}", heads=_HEADS, rows=rows)


def _field(workspace: Workspace, contract: Contract, shape: Shape) -> tuple[Cell, ...]:
    known = contract.fields[shape.path]
    required = "yes" if known.required else "where the rest is there" if shape.own.get("required") else ""
    personal = ", ".join(word.replace("_", " ") for word in known.terms.pii)
    classes = ", ".join(filter(None, (known.classification, personal)))
    return Code(text=shape.path), known.label, _type(shape), required, classes, _meaning(workspace, contract, shape)


def _type(shape: Shape) -> str:
    items = f" of {shape.own['items.logicalType']}s" if "items.logicalType" in shape.own else ""
    physical = f" ({shape.own['physicalType']})" if "physicalType" in shape.own else ""
    options = shape.own.get("logicalTypeOptions", {})
    limits = "".join(f", {_spaced(key)} {shown(value)}" for key, value in options.items())
    return shape.type + items + physical + limits


def _spaced(word: str) -> str:
    return "".join(f" {char.lower()}" if char.isupper() else char for char in word)


def _meaning(workspace: Workspace, contract: Contract, shape: Shape) -> str:
    known = contract.fields[shape.path]
    values = [str(each.get("value")) for each in shape.own.get("enum", [])]
    terms = known.terms
    told = [
        known.description,
        f"One of {', '.join(values)}." if values else "",
        f"Comes from {terms.source}." if terms.source else "",
        f"Must be {terms.validation}." if terms.validation else "",
        f"{shown(terms.default)} when empty." if terms.default is not None else "",
        f"Belongs to {team(workspace, terms.owner)}." if terms.owner else "",
        *(f"When {stage.replace('_', ' ')}, {system} is right." for stage, system in terms.system_of_record.items()),
        "It tells the records apart." if shape.own.get("primaryKey") else "",
        "No two records have the same." if shape.own.get("unique") else "",
    ]
    return " ".join(filter(None, told))


def _promises(contract: Contract) -> Iterator[Section]:
    rows = [
        (_spaced(each.property or ""), f"{shown(each.value)}{each.unit or ''}", each.description or "")
        for each in contract.document.slaProperties or ()
    ]
    if rows:
        table = Table(caption="What the owner promises", heads=("Promise", "Measure", "Meaning"), rows=tuple(rows))
        yield Section(title="Promises", parts=(table,))


def _quality(contract: Contract) -> Iterator[Section]:
    schema = (contract.document.schema_ or [None])[0]  # type: ignore[list-item]  # a contract may describe nothing
    rules: list[tuple[str, Any]] = [("the whole record", each) for each in (schema.quality or ())] if schema else []
    plain = [(place, each.model_dump(by_alias=True, exclude_none=True)) for place, each in rules]
    plain += [(shape.path, rule) for shape in all_shapes(shapes(contract)) for rule in shape.own.get("quality", [])]
    if plain:
        rows = tuple((Code(text=place), _rule(rule)) for place, rule in plain)
        table = Table(caption="What must hold beyond single records", heads=("Of", "Rule"), rows=rows)
        yield Section(title="Quality rules", parts=(table,))


def _rule(rule: dict[str, Any]) -> str:
    logic = [str(rule[key]) for key in ("metric", "rule", "query", "implementation") if key in rule]
    bounds = [f"{_spaced(key)} {shown(value)}" for key, value in rule.items() if key.startswith("must")]
    return ": ".join(filter(None, (rule.get("name"), rule.get("description"), " ".join([*logic, *bounds]))))


def _reasons(workspace: Workspace, contract: Contract, flows: list[Flow]) -> Iterator[Section]:
    if not contract.routes:
        return
    links = [Link(text=flow.title, to=flow_name(flow)) for flow in flows]
    words: Cell = ("The whole list, with what to do, stands on the page of ", *_listed(links), ".") if links else ""
    rows = tuple(
        (
            Code(text=code), team(workspace, rule.team) if rule.team else "as usual", rule.severity or "as usual",
            shown(rule.respond) or "as usual", shown(rule.resolve) or "as usual",
            {True: "yes", False: "no", None: "as usual"}[rule.holds_billing],
        )
        for code, rule in sorted(contract.routes.items())
    )  # fmt: skip
    heads = ("Reason", "Goes to", "Class", "First answer", "Solved within", "Billing waits")
    table = Table(caption="Where the contract departs from what is usual", heads=heads, rows=rows)
    yield Section(title="Routes and clocks", parts=(*((Paragraph(words=words),) if words else ()), table))
