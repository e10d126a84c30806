"""Drafts. What is not posted yet may be written again, once two people agreed to what it is to say; a release on trial leaves
drafts only, so that whatever it gets wrong can be put right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from sync.acknowledging import AGREE as AGREE
from sync.mapping import pattern, text
from sync.model import Overlay, Record, Violation, WriteSpec
from sync.replaying import ABSENT, of_values
from sync.writing import differing

REASON = "draft_differs"
LOOK_AGAIN = timedelta(minutes=1)
_SHOWN = 8


def up_to_post(writes: Sequence[WriteSpec]) -> tuple[WriteSpec, ...]:
    """The writes before anything is posted; all of them where nothing is."""
    first = next((place for place, each in enumerate(writes) if each.operation == "post"), len(writes))
    return tuple(writes[:first])


def has_post(spec: WriteSpec, specs: Sequence[WriteSpec]) -> bool:
    """Whether what this write makes is a draft: a later write posts it."""
    return any(later.of == spec.name and later.operation == "post" for later in specs)


def draft_differs(spec: WriteSpec, shown: Mapping[str, object], body: Record) -> Violation:
    """That the draft says something else than it is to say now. Drafts that differ in the same fields are one cause."""
    names = differing(shown, body)
    every = (each for name in names for each in of_values(name, shown.get(name), body[name]))
    found = [(path, _said(was), _said(becomes)) for path, was, becomes in every if _said(was) != _said(becomes)]
    places = sorted({pattern(path) for path, _, _ in found})
    changes = [f"{path} {was or 'empty'} → {becomes or 'empty'}" for path, was, becomes in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Violation(
        reason=REASON,
        path=spec.name,
        label=spec.entity.replace("_", " ").capitalize(),
        found=", ".join(places)[:200] or "nothing",
        expected=f"{'; '.join(changes)}{more}",
        kind=AGREE,
    )


def _said(value: object) -> str:
    return "" if value is ABSENT else text(value)


def agreed(violation: Violation, overlays: Sequence[Overlay]) -> bool:
    """Whether people agreed to write this draft again."""
    decided = (violation.reason, violation.path, violation.found)
    return any(each.action == "waive" and (each.reason, each.path, each.found) == decided for each in overlays)
