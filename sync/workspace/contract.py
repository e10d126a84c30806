"""Contracts: what a record of one entity looks like and who answers when it does not. Written in the Open Data Contract
Standard; owner, backup, reasons and runbook stand in its custom properties."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, SchemaProperty
from pydantic import Field, ValidationError

from sync.workspace.dictionary import NOTHING_SAID, FieldTerms, nearly, note_nearly, note_twice, read_fields
from sync.workspace.dictionary import RouteRule as RouteRule
from sync.workspace.documents import Document, Place
from sync.workspace.mistakes import MOST, complaints, meant, note_each, parse
from sync.workspace.spots import Spot, whole
from sync.workspace.values import EntityName, Name, Strict, Words

API_VERSIONS = ("v3.1.0", "v3.2.0")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_TOP = frozenset(field.alias or name for name, field in OpenDataContractStandard.model_fields.items())
_TRIES = 20


class DataSubject(Strict):
    """Whom a record is about: the `entity` of the CRM, and the `path` in the record where its id stands."""

    entity: EntityName
    path: Words


class Terms(Strict):
    """Our custom properties of a contract."""

    owner: Name
    data_subject: DataSubject | None = None
    backup: Name | None = None
    approvers: tuple[Name, ...] = ()
    reasons: dict[Name, RouteRule] = Field(default_factory=dict)
    runbook: Words | None = None
    source_of_truth: dict[str, Words] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractField:
    """One field of the data dictionary. Its path is written `lines[*].product_code`; `terms` is what our custom properties say
    of it."""

    path: str
    type: str
    required: bool
    label: str
    description: str = ""
    classification: str = ""
    terms: FieldTerms = NOTHING_SAID


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
    data_subject: DataSubject | None = None

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
    if not isinstance(document.value, dict):
        return None
    if (readable := standard or _readable(document.value)) is not None:
        _note_unread(document, document.value, readable.model_dump(by_alias=True, exclude_unset=True), ())
    _note_standard(document, document.value)
    terms, dictionary = _terms(document), read_fields(document)
    if standard is None or terms is None or document.mistakes or not standard.schema_:
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
        fields={each.path: replace(each, terms=dictionary.get(each.path, NOTHING_SAID)) for each in _fields(schema)},
        routes=_routes(terms, dictionary),
        runbook=terms.runbook or "",
        purpose=(standard.description.purpose or "") if standard.description else "",
        source_of_truth=terms.source_of_truth,
        sla={each.property or "": f"{each.value}{each.unit or ''}" for each in standard.slaProperties or ()},
        document=standard,
        data_subject=terms.data_subject,
    )


def _routes(terms: Terms, dictionary: Mapping[str, FieldTerms]) -> dict[str, RouteRule]:
    at_fields = {code: rule for each in dictionary.values() for code, rule in each.reasons.items()}
    return {**terms.reasons, **at_fields}


def written(contract: Contract) -> dict[str, Any]:
    """The contract as the standard's model writes it out: everything that was read, ours and others' custom properties too."""
    return contract.document.model_dump(by_alias=True, exclude_unset=True)


def _readable(value: dict[str, Any]) -> OpenDataContractStandard | None:
    """What the standard's model can read of a contract that it refuses: without the values that it refuses."""
    kept = deepcopy(value)
    for _ in range(_TRIES):
        try:
            return OpenDataContractStandard.model_validate(kept)
        except ValidationError as error:
            if error.error_count() > MOST:
                return None
            for detail in error.errors(include_url=False):
                _empty(kept, detail["loc"])
    return None


def _empty(value: Any, place: Place) -> None:
    """Empty the innermost thing at a place that is not empty yet; an unknown key goes altogether."""
    way: list[tuple[Any, str | int]] = []
    at: Any = value
    for word in place:
        if not _holds(at, word):
            break
        way.append((at, word))
        at = at[word]
    for holder, word in reversed(way):
        if holder[word]:
            holder[word] = {} if isinstance(holder, list) else None
            return
    for holder, word in way[:1]:
        del holder[word]


def _holds(value: object, word: str | int) -> bool:
    return word in value if isinstance(value, dict) else isinstance(value, list) and isinstance(word, int)


def _note_standard(document: Document, value: dict[str, Any]) -> None:
    """What the standard demands and its model leaves open. What stands there misspelt is said already."""
    misspelt = {meant(key, _TOP) for key in islice((key for key in value if key not in _TOP), MOST)}
    for key in ("id", "version", "status"):
        if not value.get(key) and key not in misspelt:
            document.wrong((), f"`{key}` is missing", f"add `{key}:`")
    if isinstance(version := value.get("version"), str) and not _VERSION.fullmatch(version):
        document.wrong(("version",), f"`version` is {version!r}", "three numbers such as 1.0.0")
    if value.get("kind") != "DataContract" and "kind" not in misspelt:
        document.wrong(("kind",), f"`kind` is {value.get('kind')!r}", "write `kind: DataContract`")
    if value.get("apiVersion") not in API_VERSIONS and "apiVersion" not in misspelt:
        right = f"one of {', '.join(API_VERSIONS)}"
        document.wrong(("apiVersion",), f"`apiVersion` is {value.get('apiVersion')!r}", right)
    schema = value.get("schema")
    if (schema is None and "schema" not in misspelt) or (isinstance(schema, list) and len(schema) != 1):
        document.wrong(("schema",), "the contract does not describe exactly one entity", "one schema per contract")


def properties(document: Document) -> dict[str, Spot]:
    """Our custom properties of a contract by name, right or wrong: where the value of each stands. A misspelt one is read
    as what was meant."""
    found: dict[str, Spot] = {}
    for each in whole(document).at("customProperties").items:
        name = each.at("property").word or ""
        if name in Terms.model_fields:
            found[name] = each.at("value")
        elif (known := nearly(name, Terms.model_fields)) is not None:
            found.setdefault(known, each.at("value"))
    return found


def _terms(document: Document) -> Terms | None:
    given = properties(document)
    note_twice(whole(document), Terms.model_fields)
    for spot in whole(document).at("customProperties").items:
        note_nearly(spot, Terms.model_fields)
    if "owner" not in given:
        document.wrong(("customProperties",), "the contract has no owner", "add the property `owner` with one team")
    try:
        return Terms.model_validate({name: spot.value for name, spot in given.items()})
    except ValidationError as error:
        wrong = [each for each in complaints(Terms, error) if each["loc"] != ("owner",) or each["type"] != "missing"]
        note_each(document, Terms, wrong, {name: spot.place for name, spot in given.items()})
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
            elif place or key in _TOP:
                document.wrong(
                    (*place, key),
                    f"`{key}` is no key of the standard here",
                    "correct the name, or keep it under `customProperties`",
                )
    elif isinstance(given, list) and isinstance(read, list):
        for index, (item, kept) in enumerate(zip(given, read, strict=False)):
            _note_unread(document, item, kept, (*place, index))
