"""The CRM's search: filter groups, one sort, pages by offset, never more than 10,000 records of one query, and an index that may lag."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, TypeAlias

from bot.sandbox.crm_record import Record
from bot.sandbox.crm_schema import Json, NotADate, ObjectType, Property, millis, moment

Comparable: TypeAlias = Decimal | str
Filter: TypeAlias = Mapping[str, Any]

MOST_OF_ONE_QUERY: Final = 10_000
MOST_PER_PAGE: Final = 200
_MOST_GROUPS = 5
_MOST_FILTERS = 6
_WORD = re.compile(r"[^\W_]+(?:[.@-][^\W_]+)*")


class BadSearch(ValueError):
    """The search request is refused, with the reason in words."""


def search(kind: ObjectType, records: Iterable[Record], body: Json) -> Json:
    """One page of what matches. Raises BadSearch."""
    limit, after = _number(body, "limit", 10), _number(body, "after", 0)
    if not 1 <= limit <= MOST_PER_PAGE:
        raise BadSearch(f"limit must be between 1 and {MOST_PER_PAGE}")
    if after + limit > MOST_OF_ONE_QUERY:
        raise BadSearch(f"paging past {MOST_OF_ONE_QUERY} results of one query is not supported")
    matches = _matcher(kind, _list(body, "filterGroups", dict))
    found = _sorted(kind, [record for record in records if matches(record)], _list(body, "sorts", dict, str))
    if query := body.get("query"):
        found = _by_words(kind, found, str(query))
    page = found[after : after + limit]
    answer: Json = {
        "total": len(found),
        "results": [record.document(_list(body, "properties", str)) for record in page],
    }
    if after + limit < len(found):
        answer["paging"] = {"next": {"after": str(after + limit)}}
    return answer


def _number(body: Json, name: str, default: int) -> int:
    value = body.get(name)
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not str(value).isascii() or not str(value).isdigit():
        raise BadSearch(f"{name} must be a number")
    return int(str(value))


def _list(body: Mapping[str, Any], name: str, *types: type) -> list[Any]:
    values = body.get(name) or []
    if not isinstance(values, list) or not all(isinstance(value, types) for value in values):
        raise BadSearch(f"{name} must be a list")
    return values


def _matcher(kind: ObjectType, groups: list[Mapping[str, Any]]) -> Callable[[Record], bool]:
    filters = [_list(group, "filters", dict) for group in groups]
    if len(groups) > _MOST_GROUPS or any(len(each) > _MOST_FILTERS for each in filters):
        raise BadSearch(f"at most {_MOST_GROUPS} filterGroups of {_MOST_FILTERS} filters")
    tests = [[_test(kind, each) for each in group] for group in filters]
    return lambda record: not tests or any(all(test(record) for test in group) for group in tests)


def _test(kind: ObjectType, asked: Filter) -> Callable[[Record], bool]:
    name = str(asked.get("propertyName"))
    known = kind.living(name)
    operator = _OPERATORS.get(str(asked.get("operator")))
    if known is None:
        raise BadSearch(f"there is no property '{name}'")
    if operator is None:
        raise BadSearch(f"operator {asked.get('operator')} is not supported")
    needs, evaluate = operator
    if lacking := [key for key in needs if asked.get(key) is None]:
        raise BadSearch(f"the filter on {name} needs {', '.join(lacking)}")
    wanted = {key: asked[key] for key in needs}
    if "values" in wanted and not isinstance(wanted["values"], list):
        raise BadSearch(f"the values for {name} must be a list")
    return lambda record: evaluate(known, record.value(name), wanted)


Evaluate: TypeAlias = Callable[[Property, str | None, Filter], bool]


def _compares(holds: Callable[[Any, Any], bool]) -> Evaluate:
    def evaluate(known: Property, value: str | None, wanted: Filter) -> bool:
        left, right = _comparable(known, value), _comparable(known, wanted["value"])
        return left is not None and right is not None and holds(left, right)

    return evaluate


def _differs(known: Property, value: str | None, wanted: Filter) -> bool:
    return _comparable(known, value) != _comparable(known, wanted["value"])


def _between(known: Property, value: str | None, wanted: Filter) -> bool:
    at, low, high = (_comparable(known, each) for each in (value, wanted["value"], wanted["highValue"]))
    if at is None or low is None or high is None:
        return False
    return bool(low <= at <= high)  # type: ignore[operator]  # one property gives one type


def _in(known: Property, value: str | None, wanted: Filter) -> bool:
    return value is not None and _comparable(known, value) in {_comparable(known, each) for each in wanted["values"]}


def _has_token(known: Property, value: str | None, wanted: Filter) -> bool:
    there = _words(value or "")
    return all(any(_token_fits(token, word) for word in there) for token in str(wanted["value"]).casefold().split())


def _token_fits(token: str, word: str) -> bool:
    bare = token.strip("*")
    if token.startswith("*") and token.endswith("*"):
        return bare in word
    if token.endswith("*"):
        return word.startswith(bare)
    return word.endswith(bare) if token.startswith("*") else word == bare


_OPERATORS: Final[Mapping[str, tuple[tuple[str, ...], Evaluate]]] = {
    "EQ": (("value",), _compares(lambda left, right: left == right)),
    "NEQ": (("value",), _differs),
    "GT": (("value",), _compares(lambda left, right: left > right)),
    "GTE": (("value",), _compares(lambda left, right: left >= right)),
    "LT": (("value",), _compares(lambda left, right: left < right)),
    "LTE": (("value",), _compares(lambda left, right: left <= right)),
    "BETWEEN": (("value", "highValue"), _between),
    "IN": (("values",), _in),
    "HAS_PROPERTY": ((), lambda _, value, __: value is not None),
    "NOT_HAS_PROPERTY": ((), lambda _, value, __: value is None),
    "CONTAINS_TOKEN": (("value",), _has_token),
}


def _comparable(known: Property, value: object) -> Comparable | None:
    """Numbers by size, dates by moment (epoch ms or ISO), texts without regard to case. None is what cannot be read."""
    return None if value is None else _read(known.type, str(value))


@lru_cache(maxsize=50_000)
def _read(type_: str, text: str) -> Comparable | None:
    try:
        match type_:
            case "number":
                number = Decimal(text)
                return number if number.is_finite() else None
            case "datetime":
                return Decimal(millis(moment(text)))
    except (InvalidOperation, NotADate):
        return None
    return text.casefold()


def _sorted(kind: ObjectType, records: list[Record], sorts: list[Any]) -> list[Record]:
    if not sorts:
        return records
    if len(sorts) > 1:
        raise BadSearch("at most one sort")
    sort = sorts[0] if isinstance(sorts[0], Mapping) else {"propertyName": str(sorts[0])}
    known = kind.properties.get(str(sort.get("propertyName")))
    if known is None:
        raise BadSearch(f"there is no property '{sort.get('propertyName')}'")
    valued = [(_comparable(known, record.value(known.name)), record) for record in records]
    full = [(value, record) for value, record in valued if value is not None]
    full.sort(key=lambda pair: pair[0], reverse=sort.get("direction") == "DESCENDING")
    return [record for _, record in full] + [record for value, record in valued if value is None]


def _by_words(kind: ObjectType, records: list[Record], query: str) -> list[Record]:
    """Records that share a word of three letters or more with the query, those that share most of them first."""
    wanted = {word for word in _words(query) if len(word) > 2}
    shared = {record.id: len(wanted & _searchable(kind, record)) for record in records}
    return sorted((record for record in records if shared[record.id]), key=lambda record: -shared[record.id])


def _searchable(kind: ObjectType, record: Record) -> set[str]:
    return {word for name in kind.searched for word in _words(record.value(name) or "")}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
