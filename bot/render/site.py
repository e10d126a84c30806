"""All pages of a workspace, with the page that leads to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from bot.render.contract_page import contract_page
from bot.render.flow_page import flow_page
from bot.render.html import html
from bot.render.markdown import markdown, pictures
from bot.render.names import contract_name, flow_name
from bot.render.page import Code, Link, Page, Revision, Section, Table
from bot.render.people import team
from sync.workspace.workspace import Workspace

Format = Literal["html", "markdown"]
Histories = Mapping[str, Sequence[Revision]]
"""The history of each contract and flow, by `deal@1.0.0` or the flow's name."""


def site(
    workspace: Workspace, raised: Mapping[str, Sequence[str]], histories: Histories, form: Format
) -> dict[str, str]:
    """Every file by its name. `raised` are the reasons that each flow's own rules can raise."""
    pages = [
        _index(workspace),
        *(contract_page(workspace, each, histories.get(each.ref, ())) for each in workspace.contracts.values()),
        *(
            flow_page(workspace, each, raised.get(each.name, ()), histories.get(each.name, ()))
            for each in workspace.flows.values()
        ),
    ]
    names = frozenset(each.name for each in pages)
    if form == "html":
        return {f"{each.name}.html": html(each, names) for each in pages}
    files = {f"{each.name}.md": markdown(each, names) for each in pages}
    return files | {name: text for each in pages for name, text in pictures(each).items()}


def _index(workspace: Workspace) -> Page:
    flows = tuple(
        (
            Link(text=each.title, to=flow_name(each)), f"{each.trigger.connection}: {each.trigger.entity}",
            ", ".join(dict.fromkeys(f"{write.connection}: {write.entity}" for write in each.writes)), team(workspace, each.owner),
        )
        for each in workspace.flows.values()
    )  # fmt: skip
    contracts = tuple(
        (Link(text=each.title, to=contract_name(each)), Code(text=each.ref), each.purpose, team(workspace, each.owner))
        for each in workspace.contracts.values()
    )
    return Page(
        name="index",
        kind="Contracts and flows",
        title=workspace.name,
        lead="What goes from which system to which, what it looks like, who answers for it and what happens when it is wrong.",
        sections=(
            Section(title="Flows", parts=(_listed("Every flow", ("Flow", "From", "To", "Owner"), flows),)),
            Section(
                title="Contracts",
                parts=(_listed("Every contract", ("Contract", "Version", "Purpose", "Owner"), contracts),),
            ),
        ),
    )


def _listed(caption: str, heads: tuple[str, ...], rows: tuple[tuple[Code | Link | str, ...], ...]) -> Table:
    return Table(caption=caption, heads=heads, rows=rows)
