"""Releases: what a workspace said at one moment, kept for ever. One is active; another may be on trial beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.lifecycle import ReleaseState
from sync.mapping import pattern

Files = Mapping[str, str]
WHOLE = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a canary is over. It fails as soon as more than `errors` (basis points) of its records stop than do of the rest, or
    more than `differences` of its records come out otherwise than before in what the proposal did not announce; it has
    passed after `events` records."""

    events: int = 50
    errors: int = 500
    differences: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Which records a release on trial gets: `share` of all subjects in basis points, or those whose value at `selector` is one
    of `cohort`. A `shadow` gets a copy of all of them and writes nothing."""

    kind: str = "canary"
    share: int = WHOLE
    selector: str = ""
    cohort: tuple[str, ...] = ()
    rule: Rule = Rule()

    @property
    def words(self) -> str:
        """How people read it."""
        if self.kind == "shadow":
            return "in the shadow of the active release"
        if self.selector:
            return f"for {self.selector} in {', '.join(self.cohort)}"
        return f"for {(Decimal(self.share) / 100).normalize():f} % of the records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One release. `needs` are the teams whose approval it wants and `approved` who gave it, by team."""

    id: int
    digest: str
    state: ReleaseState
    made_by: str
    made_at: datetime
    words: str
    based_on: int | None
    changes: tuple[Mapping[str, Any], ...] = ()
    proof: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    approved: Mapping[str, str] = field(default_factory=dict)
    trial: Trial | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: str = ""
    why: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """The teams that have not agreed yet."""
        return tuple(team for team in self.needs if team not in self.approved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Which releases run now, by their numbers: 0 and None where there is none."""

    active: int = 0
    trial: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many records ended under one release since its trial began, how many of them stopped, and how many came out otherwise
    than under the active one in what was not announced."""

    ended: int = 0
    stopped: int = 0
    differing: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One thing that a record becomes under two releases. `before` is what the active one says; the path `@outcome` is the
    whole record's. All are texts."""

    write: str
    path: str
    before: str
    after: str

    @property
    def place(self) -> str:
        """The field, whichever line of a list it is in."""
        return f"{self.write} {pattern(self.path)}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A record under both releases. `unannounced` tells whether it deviates in a place that nobody was told of."""

    release: int
    deviations: tuple[Deviation, ...] = ()
    unannounced: bool = False


def digest_of(files: Files) -> str:
    """The content of a release in 64 hexadecimal digits: the same for the same files, whatever their order."""
    whole = hashlib.sha256()
    for name in sorted(files):
        for text in (name, files[name]):
            whole.update(hashlib.sha256(text.encode()).digest())
    return whole.hexdigest()
