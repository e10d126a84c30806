"""What is known about the questions of a dialog beside their own words: how each is entered, what the flow's checks would say to
an answer, and what people and teams are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.fields import Field, field_of, objection, plain_field
from sync.model import Case, Violation
from sync.workspace.workspace import Workspace


def _none(answer: str, question: Violation) -> str:
    return ""


def _as_it_is(word: str) -> str:
    return word


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`field` says how a question is answered, `objection` what the flow would say against an answer (nothing: it takes it)."""

    field: Callable[[Violation], Field] = plain_field
    objection: Callable[[str, Violation], str] = _none
    person: Callable[[str], str] = _as_it_is
    team: Callable[[str], str] = _as_it_is


NOTHING = Known()


def known_of(case: Case, workspace: Workspace, person: Callable[[str], str], team: Callable[[str], str]) -> Known:
    """What the workspace says about the questions of this case."""
    return Known(
        field=lambda question: field_of(question, case, workspace),
        objection=lambda answer, question: objection(answer, question, case, workspace),
        person=person,
        team=team,
    )
