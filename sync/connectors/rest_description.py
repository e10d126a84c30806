"""How a REST target is described in the workspace: its calls, where answers carry what, and what its errors mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import ascii_letters, digits
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from sync.connectors.http import segment
from sync.connectors.selector import Selector

_PATH_CHARACTERS = set(ascii_letters + digits + "/?&=%{}-._~!$'()*+,;:@")
_PLACE = re.compile(r"\{([^{}]*)\}")


def fill_path(template: str, values: Mapping[str, str]) -> str:
    """A path with its placeholders replaced by encoded values. Raises Rejected for a value that is no path segment."""
    return _PLACE.sub(lambda place: segment(values[place[1]]), template)


def fill(template: str, values: Mapping[str, str]) -> str:
    """A text with its placeholders replaced as they are."""
    return _PLACE.sub(lambda place: values[place[1]], template)


def fill_header(template: str, values: Mapping[str, str]) -> str:
    """A header value; what could break out of it is encoded."""
    return _PLACE.sub(lambda place: quote(values[place[1]], safe=" :", errors="replace"), template)


def _relative(path: str) -> str:
    if not path.startswith("/") or path.startswith("//") or not set(path) <= _PATH_CHARACTERS:
        raise ValueError("must begin with one / and hold only what an address may hold")
    return path


Path = Annotated[str, AfterValidator(_relative)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", max_length=100)]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]*$", max_length=1000)]
Headers = dict[HeaderName, HeaderValue]


class Described(BaseModel):
    """Base of the description: unknown names are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Auth(Described):
    """The header that carries the token."""

    header: HeaderName = "Authorization"
    value: HeaderValue = "Bearer {token}"


class Call(Described):
    """One request. Placeholders in `path`, `query` and `headers` are filled in; the path encodes them."""

    method: Literal["GET", "POST", "PUT", "PATCH"] = "GET"
    path: Path
    query: dict[str, str] = {}
    headers: Headers = {}

    def places(self) -> set[str]:
        """The names of all placeholders."""
        texts = (self.path, *self.query.values(), *self.headers.values())
        return {name for text in texts for name in _PLACE.findall(text)}


class Find(Call):
    """Records by our reference. `items` selects them in the answer: a list, or one record."""

    method: Literal["GET", "POST"] = "GET"
    items: Selector = "@"
    body: dict[str, Any] | None = None


class Get(Call):
    """One record by its id."""

    method: Literal["GET"] = "GET"


class Create(Call):
    """A new record; `reference` is the field that carries our reference."""

    method: Literal["POST", "PUT"] = "POST"
    reference: Annotated[str, Field(min_length=1)]


class Bulk(Call):
    """Many new records in one request, each with our reference in the field that `create` names. They are the body itself,
    or stand in its field `records` beside what `body` says. In the answer, `items` selects one item for each record that
    is spoken of; in an item, `reference` selects our reference, `item` the record, and `failed` what stands there only
    when the record was refused: code, words and field are then read as `errors` says. `later` are codes that only mean
    that it should be tried again; `most` is how many records one request may hold."""

    method: Literal["POST", "PUT"] = "POST"
    records: Annotated[str, Field(min_length=1)] | None = None
    body: dict[str, Any] = {}
    items: Selector = "@"
    reference: Selector
    item: Selector = "@"
    failed: Selector = "error"
    later: list[str] = []
    most: Annotated[int, Field(ge=2)] | None = None

    def whole(self, records: list[dict[str, Any]]) -> Any:
        """The body of the request."""
        return records if self.records is None else {**self.body, self.records: records}


class Update(Call):
    """New values for fields of a record."""

    method: Literal["PATCH", "PUT", "POST"] = "PATCH"


class Post(Call):
    """A draft becomes final."""

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    body: dict[str, Any] | None = None


class Void(Call):
    """A draft is taken back."""

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    body: dict[str, Any] | None = None


class List(Call):
    """A page of all records, in an order that no change moves. A part of the query whose placeholder has no value now is left
    out: `{after}` on the first page, `{since}` where all records are wanted. `items` selects the page's records, `after` what
    continues behind them, and `changed`, in a record, when it changed last. Where `follow` is `link`, the header Link names the
    next page instead."""

    method: Literal["GET"] = "GET"
    items: Selector = "items"
    after: Selector = "next"
    follow: Literal["link"] | None = None
    changed: Selector | None = None
    most: Annotated[int, Field(ge=1)] = 1000


class Search(Call):
    """Records by one field, or by words where the field is `*`: `{value}` is what is looked for. `items` selects the records."""

    method: Literal["GET", "POST"] = "GET"
    items: Selector = "items"
    body: dict[str, Any] | None = None


class Credit(Call):
    """A new record that credits a posted one, whose id is `{id}`; `reference` is the field that carries our reference."""

    method: Literal["POST", "PUT"] = "POST"
    reference: Annotated[str, Field(min_length=1)]


_PLACES: dict[str, set[str]] = {
    "list": {"after", "limit", "since", "fields"},
    "find": {"reference"}, "get": {"id"}, "create": {"reference"}, "bulk": set(), "update": {"id"}, "post": {"id"},
    "void": {"id"}, "credit": {"id", "reference"},
}  # fmt: skip
_NEEDED = {
    "list": "after",
    "find": "reference",
    "get": "id",
    "update": "id",
    "post": "id",
    "void": "id",
    "credit": "id",
}


_OWN = {"list": "list_"}


class Entity(Described):
    """What can be done with one kind of record. `item` selects the record in an answer; `id` and `status` are selected
    in the record; `posted` are the words of `status` for what is final. `search` gives a call for each field by which records
    are searched. What a write answers with an address in Location and no body is read there. An entity with `credit` is made by crediting a
    posted record, which may be of another entity."""

    find: Find
    get: Get
    list_: List | None = Field(default=None, alias="list")
    create: Create | None = None
    bulk: Bulk | None = None
    update: Update | None = None
    post: Post | None = None
    search: dict[str, Search] = {}
    void: Void | None = None
    credit: Credit | None = None
    item: Selector = "@"
    id: Selector = "id"
    status: Selector | None = None
    posted: list[str] = []

    @property
    def reference(self) -> str | None:
        """The field that carries our reference; None where we never make such a record."""
        maker = self.create or self.credit
        return maker.reference if maker is not None else None

    @model_validator(mode="after")
    def _places_are_known(self) -> Self:
        calls = {name: call for name in _PLACES if (call := getattr(self, _OWN.get(name, name))) is not None}
        wrong = [
            f"{name} knows no placeholder {{{place}}}{_only(_PLACES[name])}"
            for name, call in calls.items()
            for place in sorted(call.places() - _PLACES[name])
        ]
        wrong += [
            f"{name} must name {{{_NEEDED[name]}}}" for name in calls if not _names_what_it_needs(name, calls[name])
        ]
        for field, call in self.search.items():
            wrong += [
                f"search.{field} knows no placeholder {{{place}}}, only {{value}}"
                for place in call.places() - {"value"}
            ]
            if "value" not in call.places() and "{value}" not in str(call.body):
                wrong.append(f"search.{field} must name {{value}}")
        if self.bulk is not None and self.create is None:
            wrong.append("bulk needs create, which names the field that carries our reference")
        if self.bulk is not None and self.bulk.body and self.bulk.records is None:
            wrong.append("bulk.body needs bulk.records, the field beside it that carries the records")
        if self.posted and self.status is None:
            wrong.append("posted needs status, the selector of the word it lists")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def _only(places: set[str]) -> str:
    return f", only {{{', '.join(sorted(places))}}}" if places else ""


def _names_what_it_needs(name: str, call: Call) -> bool:
    if isinstance(call, List) and call.follow is not None:
        return True
    in_body = str(getattr(call, "body", None)) if name == "find" else ""
    needed = _NEEDED.get(name)
    return needed is None or needed in call.places() or f"{{{needed}}}" in in_body


class Errors(Described):
    """Where an error answer carries its code, words and field, and what its codes mean to us. `reference_taken` and
    `already_done` are understood; every other reason goes to a person."""

    code: Selector = "error.code"
    message: Selector = "error.message"
    field: Selector = "error.field"
    reasons: dict[str, str] = {}
    default: str = "erp_rejected"


class Description(Described):
    """A whole REST target."""

    auth: Auth = Auth()
    headers: Headers = {}
    probe: Call
    entities: Annotated[dict[str, Entity], Field(min_length=1)]
    errors: Errors = Errors()

    @model_validator(mode="after")
    def _only_the_token_is_secret(self) -> Self:
        wrong = [f"auth.value knows no placeholder {{{p}}}" for p in _PLACE.findall(self.auth.value) if p != "token"]
        wrong += [f"probe knows no placeholder {{{place}}}" for place in sorted(self.probe.places())]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self
