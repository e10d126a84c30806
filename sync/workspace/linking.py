"""Whether the files of a workspace fit together: every name that one of them uses exists in another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sync.money import NotMoney, decimal
from sync.reasons import REASONS
from sync.transforms import TRANSFORMS
from sync.workspace.contract import Contract
from sync.workspace.documents import Document, Place
from sync.workspace.flow import AnyCheck, Flow, InReference, MapRow, PriceWithin, Required, SourceRecord, WriteRow
from sync.workspace.mistakes import nearest
from sync.workspace.settings import Settings
from sync.workspace.tables import ReferenceTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What may be named. None where the file that says so could not be read, and `unread` names single files of that kind,
    so that one mistake does not bring a hundred."""

    teams: Collection[str] | None
    connections: Collection[str] | None
    contracts: Mapping[str, Contract]
    tables: Mapping[str, ReferenceTable]
    unread: Collection[str] = ()


def check_settings(document: Document, settings: Settings) -> None:
    """Teams run on calendars that exist."""
    for name, team in settings.teams.items():
        _known(document, ("teams", name, "calendar"), "calendar", team.calendar, settings.calendars)


def check_contract(document: Document, contract: Contract, names: Names) -> None:
    """The teams and the reasons that the contract routes to exist."""
    for team in (contract.owner, contract.backup, *contract.approvers):
        if team is not None:
            _known(document, _custom(document, team), "team", team, names.teams)
    for code, rule in contract.routes.items():
        place = (*_custom(document, "reasons"), "value", code)
        _known(document, place, "reason", code, REASONS)
        if rule.team is not None:
            _known(document, (*place, "team"), "team", rule.team, names.teams)


def _custom(document: Document, word: str) -> Place:
    """Where a custom property of that name, or with that value, stands."""
    for index, custom in enumerate(document.value.get("customProperties") or ()):
        if word == custom.get("property") or word == custom.get("value") or word in _list(custom.get("value")):
            return ("customProperties", index)
    return ("customProperties",)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def check_flow(document: Document, flow: Flow, names: Names) -> None:
    """Everything that the flow names exists."""
    _known(document, ("owner",), "team", flow.owner, names.teams)
    _known(document, ("trigger", "connection"), "connection", flow.trigger.connection, names.connections)
    _check_contract_of(document, flow, names)
    for index, check in enumerate(flow.checks):
        _check_check(document, ("checks", index), check, names)
    earlier: list[str] = []
    for index, write in enumerate(flow.writes):
        _check_write(document, ("writes", index), write, earlier, names)
        earlier.append(write.name)


def _check_contract_of(document: Document, flow: Flow, names: Names) -> None:
    contract = names.contracts.get(flow.contract)
    if contract is None and flow.contract_id in names.unread:
        return
    versions = [ref for ref in names.contracts if ref.partition("@")[0] == flow.contract_id]
    if contract is None and versions:
        document.wrong(
            ("contract",),
            f"the flow needs {flow.contract}, the contract is {', '.join(versions)}",
            "raise one of the two",
        )
    elif contract is None:
        _known(document, ("contract",), "contract", flow.contract, names.contracts)
    elif contract.entity != flow.trigger.entity:
        document.wrong(
            ("trigger", "entity"),
            f"the flow is triggered by {flow.trigger.entity!r}",
            f"the contract {contract.ref} describes {contract.entity!r}",
        )


def _check_check(document: Document, place: Place, check: AnyCheck, names: Names) -> None:
    _known(document, (*place, "reason"), "reason", check.reason, REASONS)
    if isinstance(check, Required) and check.reference is not None:
        _check_column(document, place, names, check.reference, ("column", check.column))
    if isinstance(check, InReference):
        _check_column(document, place, names, check.reference, ("column", check.column), ("title", check.title))
    if isinstance(check, PriceWithin):
        columns = (("key", check.key), ("column", check.column), ("currency_column", check.currency_column))
        if _check_column(document, place, names, check.reference, *columns):
            _check_prices(document, place, names.tables[check.reference], check.column)


def _check_column(
    document: Document, place: Place, names: Names, reference: str, *columns: tuple[str, str | None]
) -> bool:
    table = names.tables.get(reference)
    if table is None and reference in names.unread:
        return False
    if table is None:
        _known(document, (*place, "reference"), "reference table", reference, names.tables)
        return False
    for key, column in columns:
        if column is not None:
            _known(document, (*place, key), f"column of {reference}", column, table.columns)
    return all(column is None or column in table.columns for _, column in columns)


def _check_prices(document: Document, place: Place, table: ReferenceTable, column: str) -> None:
    for row, line in zip(table.rows, table.lines, strict=True):
        try:
            decimal(row[column])
        except NotMoney:
            document.wrong(
                (*place, "column"),
                f"line {line} of reference/{table.name}.csv has the {column} {row[column]!r}",
                "a plain amount such as 1234.56",
            )


def _check_write(document: Document, place: Place, write: WriteRow, earlier: list[str], names: Names) -> None:
    _known(document, (*place, "connection"), "connection", write.connection, names.connections)
    if write.name in earlier:
        document.wrong((*place, "name"), f"the write {write.name!r} stands twice", "give each write its own name")
    if write.of is not None and not isinstance(write.of, SourceRecord):
        _known(document, (*place, "of"), "earlier write", write.of, earlier)
    for at, row in _rows(write.record, (*place, "record")):
        _check_row(document, at, row, earlier, names)
    for index, verify in enumerate(write.verify):
        for name in verify.transforms:
            _known(document, (*place, "verify", index, "transform"), "transform", name, TRANSFORMS)


def _rows(rows: tuple[MapRow, ...], place: Place) -> Iterator[tuple[Place, MapRow]]:
    for index, row in enumerate(rows):
        yield (*place, index), row
        yield from _rows(row.record or (), (*place, index, "record"))


def _check_row(document: Document, place: Place, row: MapRow, earlier: list[str], names: Names) -> None:
    for name in row.transforms:
        _known(document, (*place, "transform"), "transform", name, TRANSFORMS)
    if row.ref is not None:
        _known(document, (*place, "ref"), "earlier write", row.ref.partition(".")[0], earlier)
    if row.owner is not None:
        _known(document, (*place, "owner"), "team", row.owner, names.teams)
    if row.lookup is not None:
        columns = (("key", row.lookup.key), ("column", row.lookup.column))
        _check_column(document, (*place, "lookup"), names, row.lookup.reference, *columns)


def _known(document: Document, place: Place, noun: str, name: str, known: Iterable[str] | None) -> None:
    if known is not None and name not in (names := list(known)):
        document.wrong(place, f"there is no {noun} called {name!r}", nearest(name, names))


def completed(flow: Flow, contract: Contract) -> Flow:
    """The flow with a check for every field that its contract requires and the flow itself does not."""
    checked = {path for check in flow.checks if isinstance(check, Required) for path in (check.path, check.fill)}
    wanted = [each for each in contract.fields.values() if each.required and each.path not in checked]
    added = tuple(Required.model_validate({"check": "required", "path": each.path}) for each in wanted)
    return flow.model_copy(update={"checks": (*flow.checks, *added)})
