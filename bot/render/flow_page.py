"""The page of a flow: what sets it off, what it checks, what it writes where, what can go wrong and who mends that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.render.checks import expectation, in_words
from bot.render.failures import failures
from bot.render.history import history_section
from bot.render.mapping import write_section
from bot.render.names import contract_name, flow_name
from bot.render.page import Box, Cell, Code, Facts, Link, Page, Paragraph, Picture, Revision, Section, Table
from bot.render.people import persons, team, teams
from sync.workspace.diff.change import shown
from sync.workspace.diff.tables import tables_read
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace


def flow_page(workspace: Workspace, flow: Flow, raised: Iterable[str], revisions: Sequence[Revision]) -> Page:
    """The page of a flow. `raised` are the reasons that its own rules can raise."""
    writes = [write_section(workspace, write, number) for number, write in enumerate(flow.writes, 1)]
    return Page(
        name=flow_name(flow),
        kind=f"Flow {flow.name}, version {flow.version}",
        title=flow.title,
        lead=_lead(flow),
        sections=(
            Section(title="Who answers", parts=(Facts(rows=tuple(_facts(workspace, flow))),)),
            Section(title="The way of a record", parts=(_picture(workspace, flow),)),
            Section(title="What is checked first", parts=tuple(_checks(workspace, flow))),
            *writes,
            Section(title="What can go wrong", parts=failures(workspace, flow, raised)),
            history_section(revisions),
        ),
    )


def _lead(flow: Flow) -> str:
    when = f" and {in_words(flow.trigger.when.model_dump())}" if flow.trigger.when is not None else ""
    *most, last = dict.fromkeys(f"{each.entity} in {each.connection}" for each in flow.writes)
    targets = f"{', '.join(most)} and {last}" if most else last
    entity, connection = flow.trigger.entity, flow.trigger.connection
    return (
        f"When a record of {entity} changes in {connection}{when}, it is checked and becomes {targets}, exactly once."
    )


def _facts(workspace: Workspace, flow: Flow) -> Iterator[tuple[str, Cell]]:
    contract = workspace.contract_of(flow)
    yield "Owner", team(workspace, flow.owner)
    yield "In person", persons(workspace, flow.owner)
    yield "Contract", Link(text=f"{contract.title} ({contract.ref})", to=contract_name(contract))
    yield "Approves changes", teams(workspace, contract.approvers or (contract.owner,))
    if flow.trigger.poll is not None:
        yield "Looks for changes", f"when it is told, and every {shown(flow.trigger.poll)}"
    yield "Tries again by itself", f"up to {flow.retry.attempts} times when a system does not answer"
    yield "Holds back", f"later changes of a record that is stopped, for {shown(flow.hold_for)} of working time at most"
    if tables := tables_read(flow):
        yield "Reads the tables", ", ".join(sorted(tables))


def _picture(workspace: Workspace, flow: Flow) -> Picture:
    contract = workspace.contract_of(flow)
    tables = sorted(tables_read(flow))
    checked = [f"{len(flow.checks)} checks", *([f"reads {', '.join(tables)}"] if tables else [])]
    targets = [f"{each.operation} {each.entity} in {each.connection}" for each in flow.writes]
    words = (
        f"{flow.trigger.entity} of {flow.trigger.connection} come as {contract.title}, pass {len(flow.checks)} checks"
        f"{' against ' + ', '.join(tables) if tables else ''}, and then: {', '.join(targets)}. "
        f"What does not pass goes to a Slack channel with an owner and a clock."
    )
    writes = [
        Box(title=f"{number}. {each.name}", lines=(target,))
        for number, (each, target) in enumerate(zip(flow.writes, targets, strict=True), 1)
    ]
    levels = (
        (Box(title=flow.trigger.connection, lines=(flow.trigger.entity,)),),
        (Box(title=contract.title, lines=(contract.ref,)),),
        (Box(title=flow.title, lines=tuple(checked)),),
        *((box,) for box in writes),
    )
    return Picture(title=f"The way of a record through {flow.title}", levels=levels, words=words)


def _checks(workspace: Workspace, flow: Flow) -> Iterator[Paragraph | Table]:
    contract = workspace.contract_of(flow)
    yield Paragraph(
        words="All of them are made at once; whoever gets the card sees everything that is wrong with the record."
    )
    rows = tuple(
        (Code(text=each.path), each.label or contract.label(each.path) or "", expectation(each), Code(text=each.reason))
        for each in flow.checks
    )
    yield Table(
        caption="What must hold of a record", heads=("Field", "What people call it", "Expected", "Else"), rows=rows
    )
