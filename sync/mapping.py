"""Getting values out of records and putting them in: concrete paths for violations and decisions, JMESPath selectors for
mapping rows, templates for keys. Nothing here changes the record it was given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import quote

from jmespath.exceptions import JMESPathError

from sync import selectors
from sync.model import Record

SHOWN = 200
MOST_ITEMS = 5_000
"""So many items may be in all the lists that one path goes through."""
_LONG = 10**SHOWN
Step = str | int | None
_SEGMENT = re.compile(r"(?:^|\.)([A-Za-z_][A-Za-z0-9_-]*)|\[(\*|\d{1,6})\]")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_HARMLESS = re.compile(r"[A-Za-z0-9._-]*")
_INDEX = re.compile(r"\[\d+\]")
_HOLE = re.compile(r"\{([^{}]*)\}")
_BIDI_CONTROLS = "\u202a-\u202e\u2066-\u2069"
_BLANK = re.compile(r"\s")
_UNWANTED = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{_BIDI_CONTROLS}]")
_UNSOUND = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff{_BIDI_CONTROLS}]")


class TooMany(LookupError):
    """A list of the record has more items than a record may have. `path` leads to it, `many` is how many."""

    def __init__(self, path: str, many: int) -> None:
        super().__init__(f"a list of at most {MOST_ITEMS:,} items")
        self.path, self.many = path, many


class SelectorFailed(ValueError):
    """The selector cannot be evaluated on this record."""


def clean(value: str) -> str:
    """The text without control characters, null bytes, lone surrogates and direction overrides; blanks become spaces."""
    if value.isprintable():
        return value.strip()
    return _UNWANTED.sub("", _BLANK.sub(" ", value)).strip()


def sound(value: str) -> str:
    """The text without what no system can keep or show truly: control characters other than tabs and line ends, null bytes,
    lone surrogates and direction overrides."""
    return value if value.isprintable() else _UNSOUND.sub("", value)


def missing(value: object) -> bool:
    """Null, an empty list or object, and a text of nothing but blanks all mean that the field is empty."""
    if isinstance(value, str):
        return not ("!" <= value < "\x7f" or clean(value[:1000]))  # most texts begin with a visible ASCII character
    return value is None or (not value and isinstance(value, list | dict))


def text(value: object) -> str:
    """How a value reads, on one line of at most 200 characters; empty when it is missing. Decisions compare by this text."""
    if isinstance(value, str):
        return value.strip() if len(value) <= SHOWN and value.isprintable() else clean(value[: 5 * SHOWN])[:SHOWN]
    if missing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if -_LONG < value < _LONG else f"a number of {value.bit_length()} bits"
    if isinstance(value, list | dict) and len(value) > SHOWN:  # more of it than is shown
        value = value[:SHOWN] if isinstance(value, list) else dict(islice(value.items(), SHOWN))
    try:
        return clean(json.dumps(value, ensure_ascii=False, default=str))[:SHOWN]
    except (ValueError, RecursionError):  # an integer inside is too long to print, or the value too deep
        return f"a {type(value).__name__}"


@lru_cache(maxsize=4096)
def compile_path(path: str) -> tuple[Step, ...]:
    """The steps of `lines[*].product_code`: names, indexes, and None for every item. Raises ValueError."""
    steps: list[Step] = []
    at = 0
    for match in _SEGMENT.finditer(path):
        if match.start() != at:
            break
        at = match.end()
        name, index = match.groups()
        steps.append(name if name is not None else None if index == "*" else int(index))
    if not steps or at != len(path) or path[0] in ".[":
        raise ValueError(f"{path!r} is no path such as lines[*].product_code")
    return tuple(steps)


def get(record: object, path: str) -> Any:
    """The value at a concrete path, None when any part of the way is missing."""
    return getter(compile_path(path))(record)


@lru_cache(maxsize=4096)
def getter(steps: tuple[Step, ...]) -> selectors.Finder:
    """`get` for these steps as a function of the record."""
    if steps and all(isinstance(step, str) for step in steps):
        return selectors.named([str(step) for step in steps])

    def value_at(value: Any) -> Any:
        for step in steps:
            value = _into(value, step)
        return value

    return value_at


def _into(value: object, step: Step) -> Any:
    if isinstance(step, str):
        return value.get(step) if isinstance(value, dict) else None
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None


def expand(record: object, path: str) -> list[tuple[str, Any]]:
    """Every concrete path that a path with `[*]` stands for, with its value. Raises TooMany."""
    if "[" not in path:
        return [(path, get(record, path))]
    found: list[tuple[str, Any]] = [("", record)]
    for step in compile_path(path):
        if step is not None:
            word = f"[{step}]" if isinstance(step, int) else step
            found = [(_joined(at, word), _into(value, step)) for at, value in found]
        else:
            lists = [(at, value) for at, value in found if isinstance(value, list)]
            if sum(len(value) for _, value in lists) > MOST_ITEMS:
                longest, items = max(lists, key=lambda each: len(each[1]))
                raise TooMany(longest, len(items))
            found = [(f"{at}[{index}]", item) for at, value in lists for index, item in enumerate(value)]
    return found


def pattern(path: str) -> str:
    """The path with every item in the place of one: `lines[*].price` for `lines[1].price`."""
    return _INDEX.sub("[*]", path)


def _joined(at: str, word: str) -> str:
    return f"{at}.{word}" if at and not word.startswith("[") else f"{at}{word}"


def sibling(concrete: str, pattern: str, other: str) -> str:
    """The concrete form of `other` for the item that `concrete` (an instance of `pattern`) belongs to: for `lines[1].price`
    of `lines[*].price`, `product_code` is `lines[1].product_code`. A pattern without items names its sibling whole."""
    if "[*]" not in pattern:
        return other
    depth = pattern.rindex("[*]") + 3
    return f"{concrete[: len(concrete) - (len(pattern) - depth)]}.{other}"


def put(record: Record, path: str, value: Any) -> Record:
    """A copy of the record with the value at the concrete path; missing objects on the way are made. A path through
    something that is no object, or past the end of a list, changes nothing."""
    changed = _put(record, compile_path(path), value)
    return changed if isinstance(changed, dict) else record


def _put(container: object, steps: tuple[Step, ...], value: Any) -> Any:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str) and (container is None or isinstance(container, dict)):
        inside = container or {}
        inner = _put(inside.get(step), rest, value)
        return container if rest and inner is inside.get(step) else {**inside, step: inner}
    if isinstance(step, int) and isinstance(container, list) and step < len(container):
        return [*container[:step], _put(container[step], rest, value), *container[step + 1 :]]
    return container


@lru_cache(maxsize=4096)
def compile_selector(selector: str) -> Callable[[Any], Any]:
    """A JMESPath selector as a function that raises SelectorFailed. Raises ValueError when it does not parse."""
    if _DOTTED.fullmatch(selector):
        return selectors.named(selector.split("."))
    try:
        found = selectors.finder(selector)
    except JMESPathError as error:
        raise ValueError(f"{selector!r} is no JMESPath: {str(error).splitlines()[0]}") from error
    except RecursionError as error:
        raise ValueError(f"{selector[:60]!r}… is nested too deeply") from error

    def evaluate(record: Any) -> Any:
        try:
            return found(record)
        except (JMESPathError, ArithmeticError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise SelectorFailed(f"{selector}: {str(error).splitlines()[0] if str(error) else error!r}") from error

    return evaluate


def select(selector: str, record: object) -> Any:
    """What the selector finds. Raises SelectorFailed."""
    return compile_selector(selector)(record)


@lru_cache(maxsize=1024)
def template_names(template: str) -> tuple[str, ...]:
    """The selectors between braces. Raises ValueError for a brace that is not closed."""
    names = tuple(_HOLE.findall(template))
    if set("{}") & set(_HOLE.sub("", template)) or not all(names):
        raise ValueError(f"{template!r} has a brace that does not hold a selector")
    return names


@lru_cache(maxsize=1024)
def _pieces(template: str) -> tuple[tuple[str, str | None], ...]:
    """Each hole of a template with the literal text before it, and the text behind the last hole with no hole."""
    pieces = _HOLE.split(template)
    return tuple(zip(pieces[::2], [*pieces[1::2], None], strict=True))


def fill(template: str, record: object, extra: Mapping[str, str]) -> str:
    """The template with every hole filled from `extra` or the record. Raises KeyError with the name of an empty hole."""
    return _filled(template, record, extra, str)


def key(template: str, record: object, extra: Mapping[str, str]) -> str:
    """Like `fill`, but every hole holds nothing but letters, digits, `.`, `_`, `-` and percent-escapes."""
    return _filled(template, record, extra, safe)


def _filled(template: str, record: object, extra: Mapping[str, str], written: Callable[[str], str]) -> str:
    filled = []
    for literal, name in _pieces(template):
        filled.append(literal)
        if name is not None:
            value = extra[name] if name in extra else text(select(name, record))
            if not value:
                raise KeyError(name)
            filled.append(written(value))
    return "".join(filled)


def safe(value: str) -> str:
    """The value with everything but letters, digits, `.`, `_` and `-` percent-encoded."""
    return value if _HARMLESS.fullmatch(value) else quote(value, safe="").replace("~", "%7E")
