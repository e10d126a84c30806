"""What a disagreement is in one sentence, and where its value comes from by the contract."""

from __future__ import annotations

from sync.money import Money, is_currency
from sync.reconciling.nouns import Disagreement, Kind
from sync.workspace.flow import Flow, WriteRow

TITLES = {
    Kind.MISSING: "missing in the target",
    Kind.ORPHAN: "without a source record",
    Kind.DUPLICATE: "there more than once",
    Kind.AMOUNT: "another value",
    Kind.STATUS: "states that contradict each other",
    Kind.STALE: "an earlier version in the target",
    Kind.BYPASS: "changed or made past Meshline",
}


def capital(title: str) -> str:
    """The words with a capital letter in front, and all else as it is."""
    return title[:1].upper() + title[1:]


def sentence(what: Disagreement, flow: Flow, write: WriteRow) -> str:
    """What is wrong, with both values, and what of the contract it concerns."""
    source, target = f"{flow.trigger.entity} {what.source_id}".strip(), f"{write.entity} {_ids(what)}".strip()
    origin = traced(what.field, flow, write)
    match what.kind:
        case Kind.MISSING:
            return f"{source}{_worth(what, what.source_minor)} has no {write.entity} in {write.connection}."
        case Kind.ORPHAN:
            ours = f"{target}{_worth(what, what.target_minor)} carries our reference {what.key}"
            return f"{ours}, and {flow.trigger.connection} has no record for it."
        case Kind.DUPLICATE:
            many = f"{len(what.target_ids)} times" if len(what.target_ids) > 1 else "more than once"
            return f"{source} is in {write.connection} {many}: {target}."
        case Kind.BYPASS if not what.field:
            return f"{target}{_worth(what, what.target_minor)} was made in {write.connection} without our reference."
        case Kind.STATUS if not what.field:
            return f"{target} stands in {write.connection}, and {source} is not due for it any more."
    there, here = _value(what, what.target_value), _value(what, what.source_value)
    values = f"{what.field} is {there} in {write.connection} and {here} by {flow.trigger.connection}"
    also = f", as are {', '.join(what.also)}" if what.also else ""
    why = {
        Kind.STALE: "the source changed after it was written",
        Kind.BYPASS: "the target was changed after Meshline wrote it",
    }.get(what.kind, "neither side changed since it was written")
    return f"{target}: {values}{also}; {why}.{origin}"


def traced(field: str, flow: Flow, write: WriteRow) -> str:
    """Which fields of which contract a field of the target comes from; empty where none says it."""
    rows = [row.from_ for row in write.record if row.to == field and row.from_]
    rows += [row.from_ for each in flow.writes for row in each.verify if row.field == field and row.from_]
    return f" It comes from {rows[0]}, contract {flow.contract}." if rows else ""


def _ids(what: Disagreement) -> str:
    return ", ".join([each for each in what.target_ids if each][:5])


def _worth(what: Disagreement, minor: int | None) -> str:
    if not minor or not is_currency(what.currency):
        return ""
    return f" ({Money(currency=what.currency, minor=minor)})"


def _value(what: Disagreement, value: str) -> str:
    if what.field.endswith("_minor") and value.lstrip("-").isdecimal() and is_currency(what.currency):
        return str(Money(currency=what.currency, minor=int(value)))
    return value or "empty"
