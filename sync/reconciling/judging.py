"""What a disagreement is. Pure: rows and what the ledger knows come in, a kind or an explanation comes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sync.reconciling.nouns import Disagreement, Finding, Kind, Known, Row, Value
from sync.reconciling.rules import Field, Rules

_OWN_WRITE = timedelta(minutes=2)  # a target dates its record a little later than we date the call
_UNDER_WAY = {
    "pending": "under way",
    "running": "under way",
    "waiting": "held back by a billing hold",
    "held": "stopped, with an open exception",
    "dead": "given up, with an open exception",
}


def difference(rules: Rules, sources: Sequence[Row], targets: Sequence[Row]) -> Finding | None:
    """How the rows of one key disagree; None when they do not."""
    source = sources[-1] if sources else None
    key = source.key if source is not None else targets[0].key
    if len(targets) > 1:
        return Finding(shape="duplicate", key=key, source=source, targets=tuple(targets))
    if source is not None and source.due and not targets:
        return Finding(shape="missing", key=key, source=source, targets=())
    if source is None:
        return Finding(shape="orphan" if key else "foreign", key=key, source=None, targets=tuple(targets))
    if not targets:
        return None
    if not source.due:
        return Finding(shape="not_due", key=key, source=source, targets=tuple(targets))
    places = tuple(
        place
        for place, (field, ours, theirs) in enumerate(zip(rules.fields, source.values, targets[0].values, strict=True))
        if ours != theirs and not _tolerated(field, ours, theirs)
    )
    return Finding(shape="differs", key=key, source=source, targets=tuple(targets), fields=places) if places else None


def explained(finding: Finding, known: Known, *, since: datetime) -> str:
    """Why the finding is none, in words; empty when nothing explains it. What changed at or after `since` is too young."""
    if finding.shape in ("duplicate", "foreign"):
        return ""
    if known.state and finding.shape != "orphan":
        return _UNDER_WAY.get(known.state, "under way")
    newest = max((row.changed for row in (finding.source, *finding.targets) if row is not None), default=0)
    return "changed a moment ago" if newest >= _ms(since) else ""


def classified(rules: Rules, finding: Finding, known: Known) -> Disagreement:
    """The finding with its kind."""
    source, targets = finding.source, finding.targets
    row = source if source is not None else targets[0]
    names = [rules.fields[place].name for place in finding.fields]
    place = finding.fields[0] if finding.fields else None
    target = targets[0] if targets else None
    return Disagreement(
        kind=_kind(rules, finding, known),
        key=finding.key or row.id,
        source_id=source.id if source is not None else known.source_id,
        target_ids=tuple(each.id for each in targets),
        customer=row.customer,
        period=row.period,
        currency=row.currency,
        source_minor=source.minor if source is not None else None,
        target_minor=target.minor if target is not None else None,
        field=names[0] if names else "",
        source_value=_shown(source, place),
        target_value=_shown(target, place),
        also=tuple(names[1:]),
    )


def _kind(rules: Rules, finding: Finding, known: Known) -> Kind:
    if finding.before:
        return Kind(finding.before)
    match finding.shape:
        case "missing":
            return Kind.MISSING
        case "orphan":
            return Kind.ORPHAN
        case "duplicate":
            return Kind.DUPLICATE
        case "foreign":
            return Kind.BYPASS
        case "not_due":
            return Kind.STATUS
    source, target = finding.source, finding.targets[0]
    written = _ms(known.written_at) if known.written_at is not None else 0
    if written and target.changed > written + _OWN_WRITE // timedelta(milliseconds=1):
        return Kind.BYPASS
    if source is not None and source.changed > (written or target.changed or source.changed):
        return Kind.STALE
    return Kind.STATUS if all(rules.fields[each].name == rules.status for each in finding.fields) else Kind.AMOUNT


def _tolerated(field: Field, ours: Value, theirs: Value) -> bool:
    if field.tolerance and isinstance(ours, int) and isinstance(theirs, int):
        return abs(ours - theirs) <= field.tolerance
    if field.days and isinstance(ours, str) and isinstance(theirs, str):
        try:
            return abs((date.fromisoformat(ours) - date.fromisoformat(theirs)).days) <= field.days
        except ValueError:
            return False
    return False


def _shown(row: Row | None, place: int | None) -> str:
    if row is None or place is None or row.values[place] is None:
        return ""
    return str(row.values[place])[:200]


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
