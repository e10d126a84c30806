"""The data dictionary: what the custom properties of a contract say about each field. Where its value comes from, what becomes of
it, whose it is, which system is right about it at each stage, what is personal in it, and how its exceptions are routed.

Custom properties by other names are left alone, at every place where the standard has them; one that is nearly ours is a mistake."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from pydantic import Field, ValidationError
from rapidfuzz import fuzz, process

from sync.reasons import REASONS, Severity
from sync.transforms import TRANSFORMS
from sync.workspace.documents import Document
from sync.workspace.mistakes import complaints, note_each
from sync.workspace.spots import Spot, whole
from sync.workspace.values import Duration, Name, Strict, Words

PiiClass = Literal[
    "name", "email", "phone", "address", "tax_id", "bank_account", "birth_date", "identity_document", "free_text"
]
_NEARLY = 80
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


class RouteRule(Strict):
    """Who answers for a reason, how severe it is and by when, where the contract departs from the reason's own."""

    team: Name | None = None
    severity: Severity | None = Field(default=None, alias="class")
    respond: Duration | None = None
    resolve: Duration | None = None
    holds_billing: bool | None = None


class FieldTerms(Strict):
    """Our custom properties of a field. `source` is where its value comes from, `transform` and `default` what becomes of it on
    the way, `validation` what it must be in words, `owner` the team that answers for it, `system_of_record` who is right about
    it by stage of the record's life, `pii` what is personal in it, `reasons` the routes of what can be wrong with it, `entered_as`
    how a person enters it where its type alone does not say so."""

    source: Words | None = None
    transform: Name | tuple[Name, ...] = ()
    default: str | int | bool | None = None
    validation: Words | None = None
    owner: Name | None = None
    system_of_record: dict[Name, Words] = Field(default_factory=dict)
    pii: tuple[PiiClass, ...] = ()
    reasons: dict[Name, RouteRule] = Field(default_factory=dict)
    entered_as: Literal["text", "money", "date", "person", "link"] | None = None

    @property
    def transforms(self) -> tuple[str, ...]:
        return (self.transform,) if isinstance(self.transform, str) else self.transform


NOTHING_SAID = FieldTerms()


def named(holder: Spot, known: Collection[str]) -> dict[str, Spot]:
    """The custom properties of a place that bear one of the names, each with the spot of its value; the first of two."""
    found: dict[str, Spot] = {}
    for each in holder.at("customProperties").items:
        if (name := each.at("property").word) in known:
            found.setdefault(str(name), each.at("value"))
    return found


def note_twice(holder: Spot, known: Collection[str]) -> None:
    """Each of our custom properties stands once: a contract has one owner, a field one source."""
    seen: set[str | None] = set()
    for each in holder.at("customProperties").items:
        name = each.at("property").word
        if name in known and name in seen:
            each.wrong(f"the property `{name}` stands twice here", "keep one of them")
        seen.add(name)


def read_fields(document: Document) -> dict[str, FieldTerms]:
    """What is said of each field by its path, right as far as it goes, with every mistake noted."""
    found: dict[str, FieldTerms] = {}
    for path, field in fields(document):
        _note_name(field)
        note_twice(field, FieldTerms.model_fields)
        _note_nearly(field)
        given = named(field, FieldTerms.model_fields)
        if not given:
            continue
        try:
            found[path] = FieldTerms.model_validate({name: spot.value for name, spot in given.items()})
        except ValidationError as error:
            places = {name: spot.place for name, spot in given.items()}
            note_each(document, FieldTerms, complaints(FieldTerms, error), places)
    return found


def _note_name(field: Spot) -> None:
    """A field has a name that a path can hold."""
    key = "physicalName" if field.at("physicalName").value is not None else "name"
    name = field.at(key)
    if name.value is None or name.value == "":
        field.wrong("a field has no name", "add `name:`")
    elif name.word is not None and not _NAME.fullmatch(name.word):
        name.wrong(f"`{key}` is {name.word!r}", "letters, digits, _ and -; what people call it is its `businessName`")


def _note_nearly(field: Spot) -> None:
    for each in field.at("customProperties").items:
        note_nearly(each, FieldTerms.model_fields)


def note_nearly(custom: Spot, known: Collection[str]) -> None:
    """A custom property whose name is nearly ours is misspelt."""
    name = custom.at("property").word or ""
    if name not in known and (meant := nearly(name, known)) is not None:
        custom.wrong(f"`{name}` is no property that is read here", f"did you mean `{meant}`?")


def nearly(name: str, known: Collection[str]) -> str | None:
    """The one of our properties that a name is a misspelling of; None for a property of somebody else."""
    best = process.extractOne(name, list(known), scorer=fuzz.ratio, score_cutoff=_NEARLY)
    return best[0] if best is not None else None


def fields(document: Document) -> Iterator[tuple[str, Spot]]:
    """Every field of the contract's entity, the fields inside fields too, by its path: `lines[*].price`."""
    for schema in whole(document).at("schema").items[:1]:
        yield from _inside(schema, "")


def _inside(holder: Spot, prefix: str) -> Iterator[tuple[str, Spot]]:
    for each in holder.at("properties").items:
        path = f"{prefix}{each.at('physicalName').word or each.at('name').word or ''}"
        yield path, each
        if isinstance(each.at("items").value, dict):
            yield from _inside(each.at("items"), f"{path}[*].")
        else:
            yield from _inside(each, f"{path}.")


def check_dictionary(document: Document, teams: Collection[str] | None, routed: Mapping[str, object]) -> None:
    """Whoever and whatever the dictionary names exists, and a reason is routed in one place. `teams` are None where they are not
    known, `routed` the reasons that the contract routes as a whole."""
    seen = set(routed)
    for _, field in fields(document):
        given = named(field, FieldTerms.model_fields)
        if "owner" in given:
            given["owner"].known("team", teams)
        for transform in given["transform"].words if "transform" in given else ():
            transform.known("transform", TRANSFORMS)
        for code, rule in (given["reasons"].entries if "reasons" in given else {}).items():
            rule.at("team").known("team", teams)
            if code not in REASONS:
                Spot(document=document, place=(*rule.place, "[key]"), value=code).known("reason", REASONS)
            elif code in seen:
                rule.wrong(f"`{code}` is routed in two places", "keep it at the one field, or for the whole contract")
            seen.add(code)
