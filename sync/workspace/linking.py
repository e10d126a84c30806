"""Whether the files of a workspace fit together: every name that one of them uses exists in another. Files are linked as
they were written, so that a block which is wrong in itself is linked too and still counts as there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sync.money import NotMoney, decimal
from sync.reasons import REASONS
from sync.transforms import TRANSFORMS
from sync.workspace.conditions import Flag, cohort
from sync.workspace.contract import Contract, properties
from sync.workspace.documents import Document
from sync.workspace.flow import Flow, InReference, Lookup, MapRow, PriceWithin, Required, Type
from sync.workspace.gating import check_gate, check_rule, check_type
from sync.workspace.identifying import check_identity
from sync.workspace.reconciled import check_reconcile
from sync.workspace.spots import Spot, whole
from sync.workspace.tables import ReferenceTable

_COLUMNS = ("key", "column", "title", "currency_column", "formerly", "renamed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What may be named. None where the file that says so could not be read, so that one mistake does not bring a hundred:
    `contracts` are the entities by `deal@1.0.0`, and `unread` the ids of contracts whose version cannot be told, or None
    where a contract's id cannot be told."""

    teams: Collection[str] | None
    connections: Collection[str] | None
    contracts: Mapping[str, str | None]
    unread: Collection[str] | None
    tables: Mapping[str, ReferenceTable | None]
    fields: Mapping[str, Collection[str]]
    """The paths of the fields of each contract that could be read."""
    flags: Collection[str] | None
    calendars: Collection[str] | None
    own: Collection[str]
    """The company's transforms, by the names that rows call them."""


def check_settings(document: Document) -> None:
    """Teams run on calendars that exist, and packs go to teams that exist."""
    calendars = whole(document).at("calendars").entries or None
    for team in whole(document).at("teams").entries.values():
        team.at("calendar").known("calendar", calendars)
    teams = whole(document).at("teams").entries or None
    for pack in ("weekly", "monthly"):
        whole(document).at("packs", pack, "team").known("team", teams)


def check_contract(document: Document, names: Names) -> None:
    """The teams and the reasons that the contract routes to exist."""
    found = properties(document)
    for name in ("owner", "backup", "approvers"):
        for team in found[name].words if name in found else ():
            team.known("team", names.teams)
    for code, rule in (found["reasons"].entries if "reasons" in found else {}).items():
        known_key(rule, "reason", code, REASONS)
        rule.at("team").known("team", names.teams)


def known_key(spot: Spot, noun: str, key: str, known: Collection[str]) -> None:
    """The key that a block stands under is one of the known ones."""
    if (*spot.place, "[key]") not in spot.document.refused and key not in known:
        Spot(document=spot.document, place=(*spot.place, "[key]"), value=key).known(noun, known)


def check_flow(document: Document, names: Names) -> None:
    """Everything that the flow names exists."""
    flow = whole(document)
    flow.at("owner").known("team", names.teams)
    flow.at("receipts", "to").known("team", names.teams)
    flow.at("trigger", "connection").known("connection", names.connections)
    check_reconcile(flow)
    _check_ownership(flow, names)
    flow.at("reprocess").known("calendar", names.calendars)
    check_identity(flow)
    _check_contract_of(flow, names)
    fields = names.fields.get(flow.at("contract").word or "")
    check_rule(flow.at("trigger", "when", "rule"), fields)
    own = None if fields is None else [each for each in fields if each.isidentifier()]
    for field in flow.at("write_back").items:
        field.known("field of the record itself", own)
    for check in flow.at("checks").items:
        _check_check(check, names)
        check_gate(check, names.flags, fields)
        check_rule(check.at("expr"), fields)
        check_type(check, fields)
    earlier: set[str] = set()
    sure = True
    for write in flow.at("writes").items:
        _check_write(write, earlier if sure else None, names)
        for row in write.at("record").items:
            _check_gates(row, names.flags, fields)
        name = write.at("name").value
        sure = sure and isinstance(name, str)
        if isinstance(name, str) and name in earlier:
            write.at("name").wrong(f"the write {name!r} stands twice", "give each write its own name")
        earlier |= {str(name)}


def _check_ownership(flow: Spot, names: Names) -> None:
    """What is owned is a field that a write writes, and whoever owns it is a connection."""
    writes = {write.at("name").word: write for write in flow.at("writes").items}
    for rule in flow.at("ownership").items:
        rule.at("write").known("write", [each for each in writes if each])
        write = writes.get(rule.at("write").word)
        if write is not None:
            fields = [row.at("to").word or "" for row in write.at("record").items]
            rule.at("field").known("field of the write", fields)
        for owner in (
            rule.at("owner"),
            *(stage.at("owner") for stage in rule.at("stages").items),
            *rule.at("precedence").items,
        ):
            owner.known("connection", names.connections)


def _check_contract_of(flow: Spot, names: Names) -> None:
    contract, entity = flow.at("contract"), flow.at("trigger", "entity")
    ref = contract.word or ""
    id_ = ref.partition("@")[0]
    if ref in names.contracts:
        described = names.contracts[ref]
        if None not in (described, entity.word) and described != entity.word:
            entity.wrong(f"the flow is triggered by {entity.word!r}", f"the contract {ref} describes {described!r}")
        return
    versions = sorted(each for each in names.contracts if each.partition("@")[0] == id_)
    if not ref or names.unread is None or id_ in names.unread:
        return
    if versions:
        contract.wrong(f"the flow needs {ref}, the contract is {', '.join(versions)}", "raise one of the two")
    else:
        contract.known("contract", names.contracts)


def _check_gates(row: Spot, flags: Collection[str] | None, fields: Collection[str] | None) -> None:
    check_gate(row, flags, fields)
    for inner in row.at("record").items:
        _check_gates(inner, flags, fields)


def _check_check(check: Spot, names: Names) -> None:
    check.at("connection").known("connection", names.connections)
    check.at("reason").known("reason", REASONS)
    check.at("negative").known("reason", REASONS)
    priced = check.at("check").value == "price_within"
    table = _check_table(check, names, PriceWithin if priced else None)
    column = check.at("column").word
    if priced and table is not None and column in table.columns:
        _check_prices(check.at("column"), table, column)


def _check_table(spot: Spot, names: Names, model: type[Lookup] | type[PriceWithin] | None) -> ReferenceTable | None:
    """The table that is named here, with the columns that are. The key's column may go without saying."""
    reference = spot.at("reference")
    reference.known("reference table", names.tables)
    table = names.tables.get(reference.word or "")
    if table is None:
        return None
    for key in _COLUMNS:
        spot.at(key).known(f"column of {table.name}", table.columns)
    if model is not None and "key" not in spot.value and set(spot.value) <= set(model.model_fields):
        key = str(model.model_fields["key"].default)
        Spot(document=spot.document, place=spot.at("key").place, value=key).known(
            f"column of {table.name}", table.columns
        )
    return table


def _check_prices(spot: Spot, table: ReferenceTable, column: str) -> None:
    for row, line in zip(table.rows, table.lines, strict=True):
        try:
            decimal(row[column])
        except NotMoney:
            spot.wrong(
                f"line {line} of reference/{table.name}.csv has the {column} {row[column]!r}",
                "a plain amount such as 1234.56",
            )


def _check_write(write: Spot, earlier: Collection[str] | None, names: Names) -> None:
    """`earlier` are the writes before; None where one of them does not say its name."""
    write.at("connection").known("connection", names.connections)
    write.at("of").known("earlier write", earlier)
    for row in write.at("record").items:
        _check_row(row, earlier, names)
    for verify in write.at("verify").items:
        _check_transforms(verify, names)


def _check_row(row: Spot, earlier: Collection[str] | None, names: Names) -> None:
    _check_transforms(row, names)
    if (ref := row.at("ref")).word is not None:
        Spot(document=ref.document, place=ref.place, value=ref.value.partition(".")[0]).known("earlier write", earlier)
    row.at("owner").known("team", names.teams)
    if isinstance(row.at("lookup").value, dict):
        _check_table(row.at("lookup"), names, Lookup)
    for inner in row.at("record").items:
        _check_row(inner, earlier, names)


def _check_transforms(row: Spot, names: Names) -> None:
    for transform in row.at("transform").words:
        transform.known("transform", [*TRANSFORMS, *names.own])


def tables_of(flow: Flow) -> set[str]:
    """Every reference table that a flow reads."""
    checked = (check.reference for check in flow.checks if isinstance(check, Required | InReference | PriceWithin))
    looked_up = (row.lookup.reference for write in flow.writes for row in _rows(write.record) if row.lookup)
    return {each for each in (*checked, *looked_up) if each is not None}


def own_of(flow: Flow) -> set[str]:
    """Every transform of the company's own that a flow calls."""
    mapped = {name for write in flow.writes for row in _rows(write.record) for name in row.transforms}
    verified = {name for write in flow.writes for row in write.verify for name in row.transforms}
    return (mapped | verified) - TRANSFORMS.keys()


def _rows(rows: tuple[MapRow, ...]) -> Iterator[MapRow]:
    for row in rows:
        yield row
        yield from _rows(row.record or ())


def completed(flow: Flow, contract: Contract, flags: Mapping[str, Flag]) -> Flow:
    """The flow in a workspace with these flags, with a check for every field that its contract requires and the flow itself does
    not, and with the contract's type in each check of types that names none."""
    checked = {path for check in flow.checks if isinstance(check, Required) for path in (check.path, check.fill)}
    wanted = [each for each in contract.fields.values() if each.required and each.path not in checked]
    added = tuple(Required.model_validate({"check": "required", "path": each.path}) for each in wanted)
    checks = tuple(_typed(check, contract) if isinstance(check, Type) else check for check in flow.checks)
    cohorts = {name: cohort(flag) for name, flag in flags.items()}
    return flow.model_copy(update={"checks": (*checks, *added)}).with_flags(cohorts)


def _typed(check: Type, contract: Contract) -> Type:
    known = contract.fields.get(check.path)
    return check if check.type or known is None else check.model_copy(update={"type": known.type})
