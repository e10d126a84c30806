"""Loads a workspace directory. Either everything in it is right, or ConfigurationError names every mistake at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sync.errors import ConfigurationError, Mistake
from sync.workspace import linking
from sync.workspace.connecting import Kinds, check_options, check_secrets, described
from sync.workspace.contract import Contract, read_contract
from sync.workspace.documents import Document, read
from sync.workspace.flow import Flow
from sync.workspace.mistakes import parse
from sync.workspace.settings import Connection, Settings
from sync.workspace.tables import ReferenceTable, read_table
from sync.workspace.workspace import Workspace

SETTINGS = "meshline.yaml"


@dataclass(slots=True, kw_only=True)
class Files:
    """All files of a directory as far as they could be read."""

    directory: Path
    documents: list[Document] = field(default_factory=list)
    settings: tuple[Document, Settings | None]
    contracts: list[tuple[Document, Contract]] = field(default_factory=list)
    flows: list[tuple[Document, Flow]] = field(default_factory=list)
    tables: dict[str, ReferenceTable] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    @property
    def mistakes(self) -> list[Mistake]:
        return sorted(
            {mistake for document in self.documents for mistake in document.mistakes},
            key=lambda mistake: (mistake.file, mistake.line, mistake.what),
        )


def load(directory: Path, kinds: Kinds | None = None) -> Workspace:
    """The workspace; with `kinds`, the options of its connections are checked too. Raises ConfigurationError with all
    mistakes: file, line, what is wrong and what would be right."""
    workspace, mistakes = attempt(directory, kinds)
    if workspace is None:
        raise ConfigurationError(mistakes)
    return workspace


def attempt(directory: Path, kinds: Kinds | None = None) -> tuple[Workspace | None, list[Mistake]]:
    """The workspace, or None with its mistakes."""
    files = _read_all(directory, kinds)
    _, settings = files.settings
    names = _names(files, settings)
    for document, contract in files.contracts:
        linking.check_contract(document, contract, names)
    for document, flow in files.flows:
        linking.check_flow(document, flow, names)
    if files.mistakes or settings is None:
        return None, files.mistakes
    return _workspace(files, settings), []


def _names(files: Files, settings: Settings | None) -> linking.Names:
    return linking.Names(
        teams=settings.teams if settings else None,
        connections=settings.connections if settings else None,
        contracts={contract.ref: contract for _, contract in files.contracts},
        tables=files.tables,
        unread=files.unread,
    )


def _read_all(directory: Path, kinds: Kinds | None) -> Files:
    document = read(directory, SETTINGS)
    files = Files(directory=directory, settings=(document, parse(Settings, document)), documents=[document])
    for file in _under(directory, "contracts", "*.odcs.yaml"):
        document = _opened(files, file)
        if (contract := read_contract(document)) is not None:
            _unique(document, contract.ref, [each.ref for _, each in files.contracts], "contract")
            files.contracts.append((document, contract))
        elif isinstance(document.value, dict):
            files.unread.add(str(document.value.get("id")))
    for file in _under(directory, "flows", "*.yaml"):
        document = _opened(files, file)
        if (flow := parse(Flow, document)) is not None:
            _unique(document, flow.name, [each.name for _, each in files.flows], "flow")
            files.flows.append((document, flow))
    for file in _under(directory, "reference", "*.csv"):
        document = Document(file=file)
        files.documents.append(document)
        if (table := read_table(directory, file, document)) is not None:
            files.tables[table.name] = table
        else:
            files.unread.add(Path(file).stem)
    _settle_settings(files, kinds)
    return files


def _settle_settings(files: Files, kinds: Kinds | None) -> None:
    """Links inside the settings, and the descriptions that connections keep in files of their own."""
    document, settings = files.settings
    if settings is None:
        return
    linking.check_settings(document, settings)
    check_secrets(document, settings)
    connections: dict[str, Connection] = {}
    for name, connection in settings.connections.items():
        connections[name], description = described(files.directory, connection)
        if description is not None:
            files.documents.append(description)
        if kinds is not None:
            check_options(document, name, connections[name], description, kinds)
    files.settings = (document, settings.model_copy(update={"connections": connections}))


def _opened(files: Files, file: str) -> Document:
    document = read(files.directory, file)
    files.documents.append(document)
    return document


def _unique(document: Document, name: str, known: list[str], noun: str) -> None:
    if name in known:
        document.note(1, f"the {noun} {name} stands in another file too", "keep one of them, or raise the version")


def _under(directory: Path, folder: str, pattern: str) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in (directory / folder).glob(pattern))


def _workspace(files: Files, settings: Settings) -> Workspace:
    contracts = {contract.ref: contract for _, contract in files.contracts}
    return Workspace(
        name=settings.name,
        directory=files.directory,
        flows={flow.name: linking.completed(flow, contracts[flow.contract]) for _, flow in files.flows},
        contracts=contracts,
        teams=settings.teams,
        calendars={name: each.calendar() for name, each in settings.calendars.items()},
        connections=settings.connections,
        tables=files.tables,
        engine=settings.engine,
        digests=settings.digests,
        retention=settings.retention,
    )
