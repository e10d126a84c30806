"""Traces of a data subject: what was found of them and where, and texts without them. Values and pure functions."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sync.personal import ERASED, texts_in

_SHORTEST = 3
_BEGINNING = 24  # of longer values their beginnings are looked for too: cards show no more


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """What the ledger holds about a data subject. `about` are its names, its own first; `values` what is personal, for the search
    only: it is never shown or kept. `found` counts by place, `places` are (channel, ts) of messages in Slack, `files` Slack's
    ids of files."""

    about: tuple[str, ...]
    values: tuple[str, ...] = field(default=(), repr=False)
    found: Mapping[str, int] = field(default_factory=dict)
    cases: tuple[int, ...] = ()
    causes: tuple[int, ...] = ()
    deliveries: tuple[int, ...] = ()
    bindings: tuple[str, ...] = ()
    places: tuple[tuple[str, str], ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure: `begun`, `gone` once the keys are destroyed and the texts without them, `done` once no file holds a rest."""

    about: str
    state: str
    asked_by: str
    asked_at: datetime
    done_at: datetime | None
    found: Mapping[str, int]
    readmitted_at: datetime | None


def worth_a_search(values: Iterable[Any]) -> tuple[str, ...]:
    """The texts among these values that tell one person from another, with the forms in which they are written, the longest
    first."""
    found: set[str] = set()
    for text in texts_in(list(values)):
        plain = " ".join(text.split())
        for form in (text.strip(), plain):
            if len(form) >= _SHORTEST and form != ERASED:
                found |= {form, html.escape(form, quote=False), json.dumps(form)[1:-1]}
                if len(form) > _BEGINNING:
                    found.add(form[:_BEGINNING])
    return tuple(sorted(found, key=lambda one: (-len(one), one)))


def without(value: Any, values: tuple[str, ...]) -> Any:
    """A text, a document or bytes with `[erased]` for every value; the same object where none stands in it."""
    match value:
        case str():
            return _pattern(values).sub(ERASED, value) if values else value
        case bytes():
            text = value.decode("utf-8", "surrogateescape")
            return without(text, values).encode("utf-8", "surrogateescape")
        case dict():
            return {name: without(inner, values) for name, inner in value.items()}
        case list():
            return [without(inner, values) for inner in value]
    return value


def stands_in(value: Any, values: tuple[str, ...]) -> bool:
    """Whether any of the values stands in a text, a document or bytes."""
    return bool(values) and without(value, values) != value


@lru_cache(maxsize=16)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(each) for each in values), re.IGNORECASE)


def named(asked: str, known: Sequence[str]) -> tuple[str, ...]:
    """The data subjects that are meant: `crm/companies:4711`, or `companies:4711` where one connection has it."""
    return tuple(each for each in known if each == asked) or tuple(each for each in known if each.endswith(f"/{asked}"))
