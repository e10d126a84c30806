"""Whether the samples show what can become of a record: for every flow one that is written, and for every reason that its
checks and mapping rows can raise one that it stops. A flow is judged as it was written, right or wrong in itself.

Left out are reasons that only systems raise, a rule that cannot be evaluated (`rule_failed`: the rule is to be mended, not
shown), and rows of the mapping whose field a check looks at already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, get_args

from sync.gate import REASON as GATE
from sync.mapping import template_names
from sync.reasons import REASONS
from sync.workspace.contract import Contract
from sync.workspace.documents import Document
from sync.workspace.flow import AnyCheck, Check
from sync.workspace.mistakes import meant
from sync.workspace.spots import Spot, whole

_RAISED_BY = ("reason", "negative")
_OFF = ("off", "0%")
_OF_TRANSFORMS = {
    "decimal_text": "invalid_amount", "minor_units": "invalid_amount", "iso_date": "invalid_value", "integer": "invalid_value",
    "country2": "invalid_value",
}  # fmt: skip
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_KINDS: dict[str, type[Check]] = {
    get_args(model.model_fields["check"].annotation)[0]: model for model in get_args(get_args(AnyCheck)[0])
}
Raised = Iterator[tuple[str, Spot]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one sample shows: that a record is written, or which reasons stop it. Whatever it does not say is None."""

    entity: str | None
    flow: str | None
    written: bool
    reasons: Collection[str]


def check_coverage(
    flows: Collection[Document], contracts: Collection[Contract], samples: Collection[Document], settings: Document
) -> None:
    """Note in each flow what no sample shows. Nothing is said where a sample cannot be read: it may show it. A check whose flag
    is off for everybody stops nothing."""
    off = {name for name, flag in whole(settings).at("flags").entries.items() if flag.value in _OFF}
    shown = [_shown(whole(document)) for document in samples]
    if None in shown:
        return
    known = {each.ref: each for each in contracts}
    entities = {whole(document).at("trigger", "entity").word for document in flows}
    names = {whole(document).at("flow").word for document in flows}
    for flow in map(whole, flows):
        name, entity = flow.at("flow").word, flow.at("trigger", "entity").word
        if name is None or entity is None:
            continue
        mine = [
            each
            for each in shown
            if each and (each.entity == entity or each.entity not in entities)
            if each.flow in (None, name) or each.flow not in names
        ]
        _check_flow(flow, known.get(flow.at("contract").word or ""), mine, off)


def _check_flow(flow: Spot, contract: Contract | None, shown: Collection[Shown], off: Collection[str]) -> None:
    if not any(each.written for each in shown):
        right = "add a sample with `expect: {record: …}`"
        flow.document.note(flow.document.line(("flow",)), "no sample shows a record that the flow writes", right)
    there = {reason for each in shown for reason in each.reasons}
    for reason, spot in raised(flow, contract, off).items():
        if reason not in there:
            what = f"no sample shows what `{reason}` stops"
            right = f"add a sample that must be stopped by {reason}"
            flow.document.note(flow.document.line(spot.place), what, right)


def _shown(sample: Spot) -> Shown | None:
    """What a sample claims, whether or not it comes out so; None where that cannot be told."""
    expect = sample.at("expect")
    if not isinstance(expect.value, dict):
        return None
    codes = [each.at("reason").value for each in expect.at("reasons").items]
    return Shown(
        entity=sample.at("entity").word,
        flow=sample.at("flow").word,
        written=expect.at("record").value is not None,
        reasons={_known(code) for code in codes if isinstance(code, str)},
    )


def raised(flow: Spot, contract: Contract | None, off: Collection[str] = ()) -> dict[str, Spot]:
    """The reasons that a flow can raise about a record, each with the first place that raises it. `off` are the flags of checks
    that are in force for nobody."""
    checks = [each for each in flow.at("checks").items if each.at("flag").word not in off]
    required: set[Any] = {path for check in checks if check.at("check").value == "required" for path in _paths(check)}
    required |= {each.path for each in contract.fields.values() if each.required} if contract else set()
    formed = {path for each in checks if each.at("check").value not in ("required", "unique") for path in _paths(each)}
    rows = _Rows(required=required, formed=formed)
    found: dict[str, Spot] = {}
    gate = ((GATE, flow.at("trigger", "version")),) if flow.at("trigger", "version").word is not None else ()
    for reason, spot in (*_of_checks(checks), *_of_contract(flow, contract), *rows.of_writes(flow), *gate):
        found.setdefault(reason, spot)
    return {reason: spot for reason, spot in found.items() if reason != "rule_failed"}


def _paths(check: Spot) -> Iterator[str]:
    """The paths that a check is about."""
    for key in ("path", "fill"):
        if isinstance(path := check.at(key).value, str):
            yield path


def _of_checks(checks: Collection[Spot]) -> Raised:
    for check in checks:
        kind = str(check.at("check").value)
        model = _KINDS.get(kind if kind in _KINDS else meant(kind, _KINDS) or "")
        for key in _RAISED_BY if model is not None else ():
            field, given = model.model_fields.get(key), check.at(key)  # type: ignore[union-attr]
            code = given.value if isinstance(given.value, str) else field.default if field is not None else None
            if field is not None and isinstance(code, str):
                yield _known(code), given if given.value is not None else check


def _of_contract(flow: Spot, contract: Contract | None) -> Raised:
    """A field that the contract requires is checked whether or not the flow says so."""
    if contract is not None and any(each.required for each in contract.fields.values()):
        checked = {path for check in flow.at("checks").items for path in _paths(check)}
        if any(each.required and each.path not in checked for each in contract.fields.values()):
            yield "missing_field", flow.at("contract")


def _known(code: str) -> str:
    return code if code in REASONS else meant(code, REASONS) or code


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """What mapping rows raise about fields that no check answers for: `required` are the paths that are checked to be there,
    `formed` those whose value is checked."""

    required: Collection[str]
    formed: Collection[str]

    def of_writes(self, flow: Spot) -> Raised:
        for write in flow.at("writes").items:
            yield from self._of_template(write.at("key"), "")
            for row in write.at("record").items:
                yield from self._of_row(row, "")
            for row in write.at("verify").items:
                yield from self._of_row(row, "")

    def _of_row(self, row: Spot, at: str) -> Raised:
        source, each = row.at("from").value, row.at("each").value
        if isinstance(source, str) and _PATH.fullmatch(source):
            yield from self._of_field(row, f"{at}{source}")
        yield from self._of_template(row.at("text"), at)
        for inner in row.at("record").items if isinstance(each, str) and _PATH.fullmatch(each) else ():
            yield from self._of_row(inner, f"{at}{each}[*].")

    def _of_field(self, row: Spot, path: str) -> Raised:
        if row.at("required").value is True and row.at("default").value is None and path not in self.required:
            yield "missing_field", row
        if path in self.formed:
            return
        if row.at("lookup").value is not None:
            yield "invalid_value", row
        for transform in row.at("transform").words:
            if (name := str(transform.value)) in _OF_TRANSFORMS:
                yield _OF_TRANSFORMS[name], row

    def _of_template(self, template: Spot, at: str) -> Raised:
        try:
            names = template_names(template.word or "")
        except ValueError:
            return
        if any(name != "flow" and _PATH.fullmatch(name) and f"{at}{name}" not in self.required for name in names):
            yield "missing_field", template
