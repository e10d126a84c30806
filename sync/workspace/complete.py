"""What a contract must say before records may flow under it: who stands in and who approves, how soon it is done and what to do
when it is not, and no personal data that is public. A workspace without it loads; it does not pass the check."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sync.workspace.contract import properties
from sync.workspace.dictionary import FieldTerms, fields, named
from sync.workspace.documents import Document
from sync.workspace.spots import Spot, whole

_NEEDED = {
    "backup": "add the property `backup` with the team that stands in for the owner",
    "approvers": "add the property `approvers` with the teams that approve changes",
    "runbook": "add the property `runbook`: what a person does when a record is stopped",
}
_CONDITIONS = {"text": ("description",), "sql": ("query",), "custom": ("engine", "implementation")}


def check_contracts(flows: Collection[Document], contracts: Collection[Document], teams: Collection[str]) -> None:
    """Note in each contract that a flow names what it does not say, and in every contract what cannot be."""
    used = {whole(document).at("contract").word for document in flows}
    for document in contracts:
        contract = whole(document)
        if f"{contract.at('id').word}@{contract.at('version').word}" in used:
            _check_promises(contract)
        _check_team(contract, teams)
        for spot in _with_quality(contract):
            for rule in spot.at("quality").items:
                _check_quality(rule)
        for _, field in fields(document):
            _check_personal(field)


def _check_promises(contract: Spot) -> None:
    said, document = properties(contract.document), contract.document
    for name, right in _NEEDED.items():
        if name not in said:
            document.note(document.line(("customProperties",)), f"the contract has no {name}", right)
    if not any(each.at("property").value == "latency" for each in contract.at("slaProperties").items):
        right = "add `slaProperties: [{property: latency, value: 15, unit: m}]`"
        document.note(document.line(("slaProperties",)), "the contract promises no latency", right)


def _check_team(contract: Spot, teams: Collection[str]) -> None:
    """A contract has exactly one owner: the standard's team is the same as ours, where it is one of ours."""
    owner, team = properties(contract.document).get("owner"), contract.at("team", "name")
    if owner is not None and team.word in teams and owner.word in teams and team.word != owner.word:
        team.wrong(f"the team is {team.word!r} and the owner is {owner.word!r}", "a contract has exactly one owner")


def _with_quality(contract: Spot) -> Iterator[Spot]:
    yield from contract.at("schema").items
    for _, field in fields(contract.document):
        yield field


def _check_quality(rule: Spot) -> None:
    """A quality rule says what it demands."""
    kind = rule.at("type").value or "library"
    for key in _CONDITIONS.get(str(kind), ()):
        if not rule.at(key).value:
            rule.document.note(
                rule.document.line(rule.place), f"a quality rule of type {kind} has no {key}", f"add `{key}:`"
            )
    if kind == "library" and not rule.at("metric").value and not rule.at("rule").value:
        rule.document.note(rule.document.line(rule.place), "a quality rule demands nothing", "add `metric:`")


def _check_personal(field: Spot) -> None:
    pii, classification = named(field, FieldTerms.model_fields).get("pii"), field.at("classification")
    if pii is not None and pii.value and classification.value in (None, "", "public"):
        words = f"`{field.at('name').word}` holds personal data and is {classification.value or 'not classified'}"
        field.document.note(
            field.document.line(field.place), words, "add `classification: confidential` or `restricted`"
        )
