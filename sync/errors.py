"""Errors, sorted by what we do about them.

MeshlineError
├── ConfigurationError    fix the workspace or the environment; all mistakes at once
├── ConnectorError
│   ├── Unavailable       try again later (carries retry_after)
│   │   └── Throttled     the connection is at its limit: nothing is wrong, its turn comes later
│   ├── AnswerLost        the request went out and no answer came: the write's fate is unknown
│   │   └── Unmentioned   an answer came for many records and says nothing of this one
│   ├── Rejected          this record needs a person (carries the reason code)
│   └── Unauthorized      this connection needs a person
├── WebhookRefused        tell the sender (carries the HTTP status)
├── NotKept               a change that no ledger can keep as it is; tell the sender
├── LedgerUnavailable     the database does not answer: nothing was recorded; try again later
├── Outdated              another release runs by now: adopt it, then go on
├── LeaseLost             another worker owns the delivery now; drop what we did
├── IllegalMove           somebody was faster; say so
├── NotAllowed            this person may not press this
└── NotFound              there is no such thing; say so
"""

from __future__ import annotations

from dataclasses import dataclass


class MeshlineError(Exception):
    """Base of every error that the product raises on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One thing wrong in a workspace file, with what would be right."""

    file: str
    line: int
    what: str
    right: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what} ({self.right})"


class ConfigurationError(MeshlineError):
    """The workspace or the environment is wrong. Carries *all* mistakes."""

    def __init__(self, mistakes: list[Mistake] | list[str]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class ConnectorError(MeshlineError):
    """Another system did not do what was asked. `late` when this process itself stood still for so long that nothing was
    learnt about the other side; `connection` names it where it is not the one that everybody knows is asked. `asked` are the
    ids of the request, in words that end the error's."""

    late = False
    connection = ""
    asked = ""

    def __str__(self) -> str:
        return f"{super().__str__()}{self.asked}"


class Unavailable(ConnectorError):
    """Nothing was written and the same call may work later. `retry_after` is in seconds when the other side named it."""

    def __init__(self, words: str, *, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Throttled(Unavailable):
    """The connection is at its limit. `sent` tells whether the other side turned the call away (429) or we kept it back,
    in which case it never left this process."""

    def __init__(self, words: str, *, retry_after: float | None = None, sent: bool = False) -> None:
        super().__init__(words, retry_after=retry_after)
        self.sent = sent


class AnswerLost(ConnectorError):
    """The request may have been carried out. Only reading back can tell."""


class Unmentioned(AnswerLost):
    """The answer to a bulk call leaves the record out. `again` when an earlier one did so too: then a person has to look."""

    def __init__(self, words: str, *, again: bool = False) -> None:
        super().__init__(words)
        self.again = again


class Rejected(ConnectorError):
    """The other side understood and refused this record. `words` are the vendor's own."""

    def __init__(self, words: str, *, reason: str = "erp_rejected", code: str = "", path: str | None = None) -> None:
        super().__init__(words)
        self.words, self.reason, self.code, self.path = words, reason, code, path


class Unauthorized(ConnectorError):
    """The connection's credentials are not accepted."""


class WebhookRefused(MeshlineError):
    """An incoming webhook is not taken in. `status` is 400, 401, 404, 413 or 429."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        super().__init__(detail or title)
        self.status, self.title, self.detail = status, title, detail


class NotKept(MeshlineError):
    """A change cannot be kept as it is. Nothing that came with it was recorded."""


class LedgerUnavailable(MeshlineError):
    """The database did not take or answer it. Nothing was recorded."""


class Outdated(MeshlineError):
    """Another release is active, or on trial, than the one that this process runs. Nothing was claimed."""


class LeaseLost(MeshlineError):
    """The delivery is no longer ours."""


class IllegalMove(MeshlineError):
    """The thing is not in a state from which this move leads anywhere. `state` is where it is, `by` who moved it last."""

    def __init__(self, words: str, *, state: str = "", by: str = "") -> None:
        super().__init__(words)
        self.state, self.by = state, by


class NotAllowed(MeshlineError):
    """The person has no right to this move. The words say who has."""


class NotFound(MeshlineError):
    """There is no such event, delivery, case or hold."""
