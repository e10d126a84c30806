"""Contracts: what a record of one entity looks like and who answers when it does not. Written in the Open Data Contract
Standard; owner, backup, reasons and runbook stand in its custom properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import Field, ValidationError

from sync.reasons import Severity
from sync.workspace.documents import Document, Place
from sync.workspace.mistakes import nearest, note_all, parse
from sync.workspace.values import Duration, Name, Strict, Words

API_VERSIONS = ("v3.1.0", "v3.2.0")


class RouteRule(Strict):
    """Who answers for a reason, how severe it is and by when, where the contract departs from the reason's own."""

    team: Name | None = None
    severity: Severity | None = Field(default=None, alias="class")
    respond: Duration | None = None
    resolve: Duration | None = None
    holds_billing: bool | None = None


class Terms(Strict):
    """Our custom properties of a contract."""

    owner: Name
    backup: Name | None = None
    approvers: tuple[Name, ...] = ()
    reasons: dict[Name, RouteRule] = Field(default_factory=dict)
    runbook: Words | None = None
    source_of_truth: dict[str, Words] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractField:
    """One field of the data dictionary. Its path is written `lines[*].product_code`."""

    path: str
    type: str
    required: bool
    label: str
    description: str = ""
    classification: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One version of a contract. `owner` is exactly one team."""

    id: str
    version: str
    title: str
    entity: str
    owner: str
    backup: str | None
    approvers: tuple[str, ...]
    fields: Mapping[str, ContractField]
    routes: Mapping[str, RouteRule]
    runbook: str
    purpose: str
    source_of_truth: Mapping[str, str]
    sla: Mapping[str, str]
    document: OpenDataContractStandard = field(repr=False)

    @property
    def ref(self) -> str:
        return f"{self.id}@{self.version}"

    def label(self, pattern: str) -> str | None:
        """What people call the field."""
        found = self.fields.get(pattern)
        return found.label if found is not None else None


def read_contract(document: Document) -> Contract | None:
    """The contract in a document; None with every mistake noted."""
    standard = parse(OpenDataContractStandard, document)
    if standard is None:
        return None
    _note_unread(document, document.value, standard.model_dump(by_alias=True, exclude_unset=True), ())
    terms = _terms(document, standard)
    _note_standard(document, standard)
    if terms is None or document.mistakes or not standard.schema_:
        return None
    schema = standard.schema_[0]
    return Contract(
        id=standard.id or "",
        version=standard.version or "",
        title=standard.name or standard.id or "",
        entity=schema.physicalName or schema.name or "",
        owner=terms.owner,
        backup=terms.backup,
        approvers=terms.approvers,
        fields={each.path: each for each in _fields(schema)},
        routes=terms.reasons,
        runbook=terms.runbook or "",
        purpose=(standard.description.purpose or "") if standard.description else "",
        source_of_truth=terms.source_of_truth,
        sla={each.property or "": f"{each.value}{each.unit or ''}" for each in standard.slaProperties or ()},
        document=standard,
    )


def _note_standard(document: Document, standard: OpenDataContractStandard) -> None:
    """What the standard demands and its model leaves open."""
    for key, value in (("id", standard.id), ("version", standard.version), ("status", standard.status)):
        if not value:
            document.wrong((), f"`{key}` is missing", f"add `{key}:`")
    if standard.kind != "DataContract":
        document.wrong(("kind",), f"`kind` is {standard.kind!r}", "write `kind: DataContract`")
    if standard.apiVersion not in API_VERSIONS:
        document.wrong(("apiVersion",), f"`apiVersion` is {standard.apiVersion!r}", f"one of {', '.join(API_VERSIONS)}")
    if len(standard.schema_ or ()) != 1:
        document.wrong(("schema",), "the contract does not describe exactly one entity", "one schema per contract")


def _terms(document: Document, standard: OpenDataContractStandard) -> Terms | None:
    values: dict[str, Any] = {}
    places: dict[str, Place] = {}
    for index, custom in enumerate(standard.customProperties or ()):
        place: Place = ("customProperties", index)
        if custom.property in Terms.model_fields:
            values[custom.property], places[custom.property] = custom.value, (*place, "value")
        elif (hint := nearest(custom.property or "", Terms.model_fields)).startswith("did you"):
            document.wrong(place, f"`{custom.property}` is no property that is read here", hint)
    if "owner" not in values:
        document.wrong(("customProperties",), "the contract has no owner", "add the property `owner` with one team")
        return None
    try:
        return Terms.model_validate(values)
    except ValidationError as error:
        note_all(document, Terms, error, places)
        return None


def _fields(schema: SchemaObject) -> Iterator[ContractField]:
    for each in schema.properties or ():
        yield from _field(each, each.physicalName or each.name or "", within=True)


def _field(each: SchemaProperty, path: str, *, within: bool) -> Iterator[ContractField]:
    """The field and the fields inside it. A field is required only while everything around it is."""
    required = within and bool(each.required)
    yield ContractField(
        path=path,
        type=each.logicalType or "string",
        required=required,
        label=each.businessName or (each.name or path).replace("_", " ").capitalize(),
        description=each.description or "",
        classification=each.classification or "",
    )
    inner, prefix = each.properties or (), path
    if each.items is not None:
        inner, prefix = each.items.properties or (), f"{path}[*]"
    for child in inner:
        yield from _field(child, f"{prefix}.{child.physicalName or child.name or ''}", within=required)


def _note_unread(document: Document, given: Any, read: Any, place: Place) -> None:
    """The standard's own model passes over keys that it does not know; a contract may not."""
    if isinstance(given, dict) and isinstance(read, dict):
        for key, value in given.items():
            if key in read:
                _note_unread(document, value, read[key], (*place, key))
            else:
                document.wrong(
                    (*place, key), f"`{key}` is no key of the standard here", "correct the name, or remove it"
                )
    elif isinstance(given, list) and isinstance(read, list):
        for index, (item, kept) in enumerate(zip(given, read, strict=False)):
            _note_unread(document, item, kept, (*place, index))
