"""Loads a workspace directory. Either everything in it is right, or ConfigurationError names every mistake at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sync.errors import ConfigurationError, Mistake
from sync.own import PREFIX
from sync.transforms import NONE
from sync.workspace import linking
from sync.workspace.batching import check_batch
from sync.workspace.capable import Kinds, bulk_of, check_abilities
from sync.workspace.compensating import check_compensations
from sync.workspace.connecting import read_connections
from sync.workspace.contract import Contract, properties, read_contract
from sync.workspace.crediting import check_credits
from sync.workspace.dictionary import check_dictionary
from sync.workspace.documents import Document, read
from sync.workspace.flow import Flow
from sync.workspace.mistakes import parse
from sync.workspace.ours import Ours, read_ours
from sync.workspace.settings import Digests, EngineSettings, Retention, Settings
from sync.workspace.spots import Spot, whole
from sync.workspace.tables import ReferenceTable, read_table
from sync.workspace.workspace import Workspace

SETTINGS = "meshline.yaml"


@dataclass(slots=True, kw_only=True)
class Files:
    """All files of a directory as far as they could be read."""

    directory: Path
    documents: list[Document] = field(default_factory=list)
    settings: tuple[Document, Settings | None]
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)
    contracts: list[tuple[Document, Contract | None]] = field(default_factory=list)
    flows: list[tuple[Document, Flow | None]] = field(default_factory=list)
    tables: dict[str, tuple[Document, ReferenceTable | None]] = field(default_factory=dict)
    ours: Ours | None = None

    @property
    def mistakes(self) -> list[Mistake]:
        return in_order(mistake for document in self.documents for mistake in document.mistakes)

    @property
    def triggers(self) -> list[tuple[str, str]] | None:
        """The name of every flow with the entity that triggers it; None when one of them cannot be told, or cannot be
        compared with its contract."""
        refs = {_ref(whole(document)) for document, _ in self.contracts}
        found: list[tuple[str, str]] = []
        for flow in (whole(document) for document, _ in self.flows):
            name, entity = flow.at("flow").word, flow.at("trigger", "entity").word
            if name is None or entity is None or flow.at("contract").word not in refs:
                return None
            found.append((name, entity))
        return found


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """Each mistake once, by file and line."""
    return sorted(set(mistakes), key=lambda mistake: (mistake.file, mistake.line, mistake.what))


def load(directory: Path, kinds: Kinds | None = None) -> Workspace:
    """The workspace; with `kinds`, the options of its connections are checked too. Raises ConfigurationError with all
    mistakes: file, line, what is wrong and what would be right."""
    workspace, mistakes = attempt(directory, kinds)
    if workspace is None:
        raise ConfigurationError(mistakes)
    return workspace


def attempt(directory: Path, kinds: Kinds | None = None) -> tuple[Workspace | None, list[Mistake]]:
    """The workspace, or None with its mistakes."""
    files = survey(directory, kinds)
    return workspace_of(files), files.mistakes


def survey(directory: Path, kinds: Kinds | None = None) -> Files:
    """Every file of the directory, read and linked, with all mistakes in its documents."""
    files = _read_all(directory, kinds)
    names, settings = _names(files), files.settings[1]
    lease = settings.engine.lease if settings is not None else None
    linking.check_settings(files.settings[0])
    for document, _ in files.contracts:
        linking.check_contract(document, names)
        routes = properties(document).get("reasons")
        check_dictionary(document, names.teams, routes.entries if routes else {})
    entities = {str(name): entity for name, entity in ((each.at("flow").word, each.at("trigger", "entity").word or "")
                                                       for each in (whole(document) for document, _ in files.flows))}  # fmt: skip
    for document, _ in files.flows:
        linking.check_flow(document, names)
        check_batch(
            whole(document), files.connections, lease, bulk_of(whole(files.settings[0]), files.connections, kinds)
        )
        check_credits(whole(document), files.connections)
        check_compensations(whole(document), files.connections, entities)
        if kinds is not None:
            check_abilities(whole(document), whole(files.settings[0]), files.connections, kinds)
    return files


def _names(files: Files) -> linking.Names:
    settings = whole(files.settings[0])
    contracts = [whole(document) for document, _ in files.contracts]
    told = [each for each in contracts if each.at("id").word is not None]
    versionless = {str(each.at("id").word) for each in told if each.at("version").word is None}
    return linking.Names(
        teams=settings.at("teams").entries or None,
        connections=settings.at("connections").entries or None,
        contracts={_ref(each): _entity(each) for each in told if each.at("version").word is not None},
        unread=versionless if len(told) == len(contracts) else None,
        tables={name: table for name, (_, table) in files.tables.items()},
        fields={each.ref: each.fields.keys() for _, each in files.contracts if each is not None},
        calendars=settings.at("calendars").entries or None,
        flags=settings.at("flags").entries if settings.value is not None else None,
        own=[f"{PREFIX}{name}" for name in files.ours.lines] if files.ours is not None else [],
    )


def _ref(contract: Spot) -> str:
    return f"{contract.at('id').word}@{contract.at('version').word}"


def _entity(contract: Spot) -> str | None:
    schema = contract.at("schema").items
    return schema[0].at("physicalName").word or schema[0].at("name").word if len(schema) == 1 else None


def _read_all(directory: Path, kinds: Kinds | None) -> Files:
    document = read(directory, SETTINGS)
    files = Files(directory=directory, settings=(document, parse(Settings, document)), documents=[document])
    files.connections, descriptions = read_connections(directory, document, kinds)
    files.documents += descriptions
    for file in _under(directory, "contracts", "*.odcs.yaml"):
        document = _opened(files, file)
        files.contracts.append((document, read_contract(document)))
    for file in _under(directory, "flows", "*.yaml"):
        document = _opened(files, file)
        files.flows.append((document, parse(Flow, document)))
    for file in _under(directory, "reference", "*.csv"):
        document = Document(file=file)
        files.documents.append(document)
        files.tables[Path(file).stem] = (document, read_table(directory, file, document))
    if (ours := read_ours(directory)) is not None:
        files.ours = ours
        files.documents.append(ours.document)
    _unique("contract", "id", [(document, _ref(whole(document))) for document, _ in files.contracts])
    _unique("flow", "flow", [(document, whole(document).at("flow").word or "") for document, _ in files.flows])
    return files


def _opened(files: Files, file: str) -> Document:
    document = read(files.directory, file)
    files.documents.append(document)
    return document


def _unique(noun: str, key: str, named: list[tuple[Document, str]]) -> None:
    known: dict[str, str] = {}
    for document, name in named:
        if not isinstance(document.value, dict) or key not in document.value:
            continue
        if (other := known.setdefault(name, document.file)) != document.file:
            right = "keep one of them, or raise the version" if noun == "contract" else "keep one of them, or rename it"
            document.note(document.line((key,)), f"the {noun} {name} stands in {other} too", right)


def _under(directory: Path, folder: str, pattern: str) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in (directory / folder).glob(pattern))


def workspace_of(files: Files) -> Workspace | None:
    """The workspace in files without any mistake."""
    settings = files.settings[1]
    if settings is None or files.mistakes:
        return None
    connections = {
        name: each.model_copy(update={"options": files.connections[name]})
        for name, each in settings.connections.items()
    }
    return replace(
        sound_part(files),
        name=settings.name,
        teams=settings.teams,
        calendars={name: each.calendar() for name, each in settings.calendars.items()},
        connections=connections,
        engine=settings.engine,
        digests=settings.digests,
        packs=settings.packs,
        retention=settings.retention,
        propose_rule_after=settings.suggestions.propose_rule_after,
    )


def sound_part(files: Files) -> Workspace:
    """The flows in which nothing is wrong, neither in their contract nor in the tables they read. Records can be prepared
    with it; it has no teams and no connections."""
    contracts = {each.ref: each for document, each in files.contracts if each is not None and not document.mistakes}
    tables = {name: table for name, (document, table) in files.tables.items() if table and not document.mistakes}
    names = whole(files.settings[0])
    linked = names.at("teams").entries and names.at("connections").entries
    flows = [each for document, each in files.flows if each is not None and linked and not document.mistakes]
    flags = files.settings[1].flags if files.settings[1] is not None else {}
    ours = files.ours.own if files.ours is not None else None
    own = ours.transforms if ours is not None else NONE
    return Workspace(
        name="",
        directory=files.directory,
        flows={
            flow.name: linking.completed(flow, contracts[flow.contract], flags)
            for flow in flows
            if flow.contract in contracts
            and linking.tables_of(flow) <= tables.keys()
            and linking.own_of(flow) <= own.keys()
        },
        contracts=contracts,
        teams={},
        calendars={},
        connections={},
        tables=tables,
        engine=EngineSettings(),
        digests=Digests(),
        retention=Retention(),
        own=own,
        own_source=ours.source if ours is not None else "",
    )
