"""What is known about the questions of a dialog beside their own words: how each is entered, what the flow's checks would say to
an answer, and what people and teams are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sync.creating import NewField, new_fields, read_new
from sync.fields import Field, field_of, objection, plain_field
from sync.model import Case, Violation
from sync.workspace.workspace import Workspace


def _none(answer: str, question: Violation) -> str:
    return ""


def _nothing_new(question: Violation) -> tuple[NewField, ...]:
    return ()


def _as_typed(field: NewField, typed: str) -> str:
    return typed


def _as_it_is(word: str) -> str:
    return word


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """`field` says how a question is answered, `objection` what the flow would say against an answer (nothing: it takes it), `new`
    what is asked for a record that is created instead of picked, and `read_new` reads that."""

    field: Callable[[Violation], Field] = plain_field
    objection: Callable[[str, Violation], str] = _none
    person: Callable[[str], str] = _as_it_is
    team: Callable[[str], str] = _as_it_is
    new: Callable[[Violation], tuple[NewField, ...]] = _nothing_new
    read_new: Callable[[NewField, str], str] = _as_typed


NOTHING = Known()


def known_of(case: Case, workspace: Workspace, person: Callable[[str], str], team: Callable[[str], str]) -> Known:
    """What the workspace says about the questions of this case."""
    return Known(
        field=lambda question: field_of(question, case, workspace),
        objection=lambda answer, question: objection(answer, question, case, workspace),
        person=person,
        team=team,
        new=lambda question: new_fields(question, case, workspace),
        read_new=lambda field, typed: read_new(field, typed, case, workspace),
    )
