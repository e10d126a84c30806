"""The part of SOQL that the fake org understands, refused where Salesforce refuses it: a value of the wrong form, AND mixed with
OR without parentheses, a field that is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from fakes.salesforce_schema import CHILDREN, Kind

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<moment>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<day>\d{4}-\d\d-\d\d)"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "\\": "\\", "'": "'", '"': '"'}
_NUMBERS = {"currency", "double", "percent", "int"}
_AGGREGATES = {"count", "sum", "min", "max"}

Row = dict[str, Any]
Org = Any


class Refused(Exception):
    """A query that Salesforce would refuse."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(slots=True)
class Query:
    """A query as it was read. `fields` are paths, aggregates are (function, path, alias)."""

    kind: str = ""
    fields: list[str] = field(default_factory=list)
    children: list[Query] = field(default_factory=list)
    aggregates: list[tuple[str, str, str]] = field(default_factory=list)
    where: Any = None
    groups: list[str] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A value with the form in which it was written."""

    form: str
    value: Any


class Parser:
    def __init__(self, text: str) -> None:
        self.tokens, self.at = list(_tokens(text)), 0

    def word(self) -> str:
        return self.tokens[self.at][1].lower() if self.tokens[self.at][0] in {"name", "sign"} else ""

    def take(self, *words: str) -> bool:
        for offset, word in enumerate(words):
            form, text = self.tokens[min(self.at + offset, len(self.tokens) - 1)]
            if form not in {"name", "sign"} or text.lower() != word:
                return False
        self.at += len(words)
        return True

    def need(self, word: str) -> None:
        if not self.take(word):
            raise Refused("MALFORMED_QUERY", f"unexpected token: '{self.tokens[self.at][1]}', expected {word}")

    def name(self) -> str:
        form, text = self.tokens[self.at]
        if form != "name":
            raise Refused("MALFORMED_QUERY", f"unexpected token: '{text or '<EOF>'}'")
        self.at += 1
        return str(text)

    def query(self, *, inner: bool = False) -> Query:
        found = Query()
        self.need("select")
        self.item(found)
        while self.take(","):
            self.item(found)
        self.need("from")
        found.kind = self.name()
        if self.take("where"):
            found.where = self.condition()
        if self.take("group", "by"):
            found.groups = self.names()
        if self.take("order", "by"):
            found.order.append(self.direction())
            while self.take(","):
                found.order.append(self.direction())
        if self.take("limit"):
            found.limit = int(self.literal().value)
        if not inner and self.tokens[self.at][0] != "end":
            raise Refused("MALFORMED_QUERY", f"unexpected token: '{self.tokens[self.at][1]}'")
        return found

    def item(self, query: Query) -> None:
        if self.take("("):
            query.children.append(self.query(inner=True))
            self.need(")")
            return
        name = self.name()
        if name.lower() in _AGGREGATES and self.take("("):
            path = "" if self.word() == ")" else self.name()
            self.need(")")
            alias = f"expr{len(query.aggregates)}"
            if self.tokens[self.at][0] == "name" and self.word() != "from":
                alias = self.name()
            query.aggregates.append((name.lower(), path, alias))
            return
        query.fields.append(name)

    def names(self) -> list[str]:
        found = [self.name()]
        while self.take(","):
            found.append(self.name())
        return found

    def direction(self) -> tuple[str, bool]:
        name = self.name()
        down = self.take("desc")
        if not down:
            self.take("asc")
        return name, down

    def condition(self) -> Any:
        parts, joins = [self.part()], set()
        while self.word() in {"and", "or"}:
            joins.add(self.name().lower())
            parts.append(self.part())
        if len(joins) > 1:
            raise Refused("MALFORMED_QUERY", "unexpected token: AND and OR are mixed without parentheses")
        return (joins.pop(), parts) if joins else parts[0]

    def part(self) -> Any:
        if self.take("not"):
            return ("not", [self.part()])
        if self.take("("):
            inner = self.condition()
            self.need(")")
            return inner
        path = self.name()
        for words in (("not", "in"), ("in",)):
            if self.take(*words):
                self.need("(")
                values = [self.literal()]
                while self.take(","):
                    values.append(self.literal())
                self.need(")")
                return (" ".join(words), path, values)
        if self.take("like"):
            return ("like", path, self.literal())
        form, sign = self.tokens[self.at]
        if form != "sign" or sign in {"(", ")", ","}:
            raise Refused("MALFORMED_QUERY", f"unexpected token: '{sign or '<EOF>'}'")
        self.at += 1
        return (sign, path, self.literal())

    def literal(self) -> Literal:
        form, text = self.tokens[self.at]
        self.at += 1
        match form, text.lower():
            case "text", _:
                return Literal("text", text[1:-1])
            case "moment", _:
                return Literal("moment", datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0))
            case "day", _:
                return Literal("day", date.fromisoformat(text))
            case "number", _:
                return Literal("number", Decimal(text))
            case "name", "true" | "false":
                return Literal("yes_or_no", text.lower() == "true")
            case "name", "null":
                return Literal("null", None)
        raise Refused("MALFORMED_QUERY", f"unexpected token: '{text or '<EOF>'}'")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    text = text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise Refused("MALFORMED_QUERY", f"line 1:{at} no viable alternative at character '{text[at]}'")
        yield str(found.lastgroup), found[str(found.lastgroup)]
        at = found.end()
    yield "end", ""


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)


def _pattern(text: str) -> re.Pattern[str]:
    """A LIKE pattern: `%` and `_` are wild unless escaped; upper and lower case are one."""
    parts = []
    for found in re.finditer(r"\\(.)|(.)", text, re.DOTALL):
        escaped, plain = found[1], found[2]
        wild = {"%": ".*", "_": "."}.get(plain or "")
        parts.append(wild or re.escape(_ESCAPES.get(escaped, escaped) if escaped else plain))
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


class Runner:
    """Runs queries over an org: `kinds`, and `rows(kind)` that gives its records."""

    def __init__(self, kinds: dict[str, Kind], rows: Callable[[str], list[Row]]) -> None:
        self.kinds, self.rows = kinds, rows

    def kind(self, name: str) -> Kind:
        found = next((each for known, each in self.kinds.items() if known.lower() == name.lower()), None)
        if found is None:
            raise Refused("INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return found

    def value(self, kind: Kind, row: Row | None, path: str) -> tuple[str, Any]:
        """The type of the field at a path, and its value in the row."""
        head, _, rest = path.partition(".")
        if rest:
            known = kind.parent(head)
            if known is None:
                if head.lower() == kind.name.lower():
                    return self.value(kind, row, rest)
                raise Refused("INVALID_FIELD", f"Didn't understand relationship '{head}' in field path.")
            return self.value(self.kind(known.refers[0]), self.parent(known.refers, row and row.get(known.name)), rest)
        found = kind.field(head)
        if found is None:
            raise Refused("INVALID_FIELD", f"No such column '{head}' on entity '{kind.name}'.")
        return found.type, None if row is None else row.get(found.name)

    def parent(self, kinds: tuple[str, ...], record_id: Any) -> Row | None:
        return next((row for name in kinds for row in self.rows(name) if row["Id"] == record_id), None)

    def selected(self, query: Query, within: tuple[str, str] | None = None) -> list[Row]:
        """The rows that a query finds, in its order. `within` is the field and id of the parent."""
        kind = self.kind(query.kind)
        self.fits(kind, None, query.where)
        rows = [row for row in self.rows(kind.name) if within is None or row.get(within[0]) == within[1]]
        rows = [row for row in rows if self.fits(kind, row, query.where)]
        for path, down in reversed(query.order):
            type_ = self.value(kind, None, path)[0]
            rows.sort(
                key=lambda row, path=path, type_=type_: _rank(type_, self.value(kind, row, path)[1]), reverse=down
            )  # type: ignore[misc]  # bound per turn
        return rows[: query.limit]

    def fits(self, kind: Kind, row: Row | None, where: Any) -> bool:
        """Whether a row fits; without a row only whether the condition is one."""
        match where:
            case None:
                return True
            case ("and", list(parts)):
                return all([self.fits(kind, row, part) for part in parts])
            case ("or", list(parts)):
                return any([self.fits(kind, row, part) for part in parts])
            case ("not", list(parts)):
                return not self.fits(kind, row, parts[0])
        sign, path, given = where
        type_, value = self.value(kind, row, path)
        for literal in given if isinstance(given, list) else [given]:
            _check(path, type_, literal, sign)
        return row is not None and _compared(type_, value, sign, given)


def _check(path: str, type_: str, literal: Literal, sign: str) -> None:
    wanted = {"datetime": "moment", "date": "day", "boolean": "yes_or_no"}.get(type_)
    wanted = wanted or ("number" if type_ in _NUMBERS else "text")
    if type_ == "textarea":
        raise Refused("INVALID_FIELD", f"field '{path}' can not be filtered in a query call")
    if literal.form not in {wanted, "null"}:
        words = f"value of filter criterion for field '{path}' must be of type {type_}"
        raise Refused("INVALID_FIELD", words + (" and should be enclosed in quotes" if wanted == "text" else ""))
    if sign == "like" and wanted != "text":
        raise Refused("INVALID_FIELD", f"{path}: operator LIKE is not for {type_}")


def _compared(type_: str, value: Any, sign: str, given: Any) -> bool:
    if sign in {"in", "not in"}:
        return any(_compared(type_, value, "=", each) for each in given) == (sign == "in")
    if sign == "like":
        return value is not None and _pattern(given.value).fullmatch(str(value)) is not None
    wanted = unescaped(given.value) if given.form == "text" else given.value
    if value is None or wanted is None:
        return (value == wanted) == (sign == "=") if sign in {"=", "!=", "<>"} else False
    if type_ in {"id", "reference"} and len(str(wanted)) not in {15, 18}:
        raise Refused("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {wanted}")
    here, there = _rank(type_, value)[1], _rank(type_, wanted)[1]
    match sign:
        case "=":
            return bool(here == there)
        case "!=" | "<>":
            return bool(here != there)
        case "<":
            return bool(here < there)
        case "<=":
            return bool(here <= there)
        case ">":
            return bool(here > there)
    return bool(here >= there)


def _rank(type_: str, value: Any) -> tuple[bool, Any]:
    """How values of a type sort: nothing first, ids by their first 15 characters, texts without regard to case, moments by the
    second."""
    if value is None:
        return (False, "")
    if type_ in {"id", "reference"}:
        return (True, str(value)[:15])
    if type_ == "datetime":
        return (True, value.replace(microsecond=0))
    return (True, str(value).lower() if isinstance(value, str) else value)


def child_of(kind: Kind, relationship: str) -> tuple[str, str]:
    """The object and its field behind a child relationship."""
    found = {name.lower(): to for (parent, name), to in CHILDREN.items() if parent == kind.name}.get(
        relationship.lower()
    )
    if found is None:
        raise Refused("INVALID_TYPE", f"Didn't understand relationship '{relationship}' in FROM part of query call.")
    return found
