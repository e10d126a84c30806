"""The contracts of a workspace against the sources as they are now: what `check --live` and publishing ask. Reads only the
sources' own descriptions, never a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sync.described import Described, Describing
from sync.drift import Difference, compare
from sync.errors import ConnectorError, Mistake
from sync.reading import reads, relied
from sync.workspace.contract import Contract
from sync.workspace.documents import Document, Place, read
from sync.workspace.flow import Flow
from sync.workspace.loader import SETTINGS, in_order
from sync.workspace.spots import Spot, whole
from sync.workspace.workspace import Workspace


async def live_mistakes(workspace: Workspace, connections: Mapping[str, object]) -> list[Mistake]:
    """Every field of a contract that a source no longer has as the contract says, at the line of the contract, with the flows
    that read it and the name that it may have now. A source that cannot be asked is a mistake too: nothing is known of it."""
    documents = {each.file: each for each in _contract_documents(workspace)}
    settings = read(workspace.directory, SETTINGS)
    for name, connection in connections.items():
        if not isinstance(connection, Describing):
            continue
        for entity, contracts in _entities(workspace, name).items():
            try:
                described = await connection.describe(entity)
            except ConnectorError as error:
                what = f"{name} cannot be asked what fields {entity} have: {error}"
                settings.wrong(("connections", name), what, "try again when it answers, and let it read its own schema")
                break
            if described is not None:
                for contract in contracts:
                    _note(workspace, contract, described, documents)
    return in_order(each for document in (settings, *documents.values()) for each in document.mistakes)


def _contract_documents(workspace: Workspace) -> Iterator[Document]:
    for path in sorted((workspace.directory / "contracts").glob("*.odcs.yaml")):
        yield read(workspace.directory, path.relative_to(workspace.directory).as_posix())


def _entities(workspace: Workspace, connection: str) -> dict[str, list[Contract]]:
    """The contracts that this source has to keep, by entity: those of the flows that it triggers, and those that no flow uses."""
    triggered: dict[str, set[str]] = {}
    for flow in workspace.flows.values():
        triggered.setdefault(flow.contract, set()).add(flow.trigger.connection)
    found: dict[str, list[Contract]] = {}
    for contract in workspace.contracts.values():
        if connection in triggered.get(contract.ref, {connection}):
            found.setdefault(contract.entity, []).append(contract)
    return found


def _note(workspace: Workspace, contract: Contract, described: Described, documents: Mapping[str, Document]) -> None:
    flows = [each for each in workspace.flows.values() if each.contract == contract.ref]
    spot = next((each for each in map(whole, documents.values()) if _is(each, contract)), None)
    if spot is None:
        return
    for difference in compare(contract, described, relied(flows)):
        if not difference.harmless:
            readers = [each for each in flows if difference.path in reads(each, contract)]
            place = _place(spot, difference.path)
            spot.document.note(spot.document.line(place), *_words(difference, readers))


def _is(spot: Spot, contract: Contract) -> bool:
    return (spot.at("id").word, spot.at("version").word) == (contract.id, contract.version)


def _words(difference: Difference, readers: Sequence[Flow]) -> tuple[str, str]:
    """What is wrong, with the flows that read the field, and what would be right."""
    read = f"read by {', '.join(each.name for each in readers)}" if readers else "read by no flow"
    if difference.candidates:
        return f"{difference.words}; {read}", f"renamed to {difference.candidates[0].value}?"
    return f"{difference.words}; {read}", "put it back in the source, or follow it in the contract"


def _place(contract: Spot, path: str) -> Place:
    """Where the field of this path stands in the file of its contract."""
    at = contract.at("schema").items[0]
    for step in path.split("."):
        inside = at.at("items", "properties") if at.at("items").value is not None else at.at("properties")
        name = step.removesuffix("[*]")
        found = next(
            (each for each in inside.items if name in (each.at("physicalName").word, each.at("name").word)), None
        )
        if found is None:
            break
        at = found
    return at.place
