"""What becomes of a record among those it may be: linked to one, put to a person, or new."""

from __future__ import annotations

from collections.abc import Sequence

from sync.identity.index import Hit
from sync.identity.scoring import Verdict


def same_of(hits: Sequence[Hit]) -> Hit | None:
    """The one that is the same without a doubt. None where there is none, and where there are two: then a person decides."""
    same = [hit for hit in hits if hit.match.verdict is Verdict.SAME]
    return same[0] if len(same) == 1 else None
