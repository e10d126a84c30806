"""From a model's complaints to mistakes: the file, the line, what is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process

from sync.workspace.documents import Document, Place
from sync.workspace.values import RULE

Model = TypeVar("Model", bound=BaseModel)
_CLEARLY = 70
_WORD = 100
MOST = 1000
_TAGS = ("union_tag_invalid", "union_tag_not_found")
_ABOUT_KEYS = ("missing", "extra_forbidden", RULE)
_TITLES = ("name", "to", "field", "property", "path")


def nearest(word: str, known: Iterable[str]) -> str:
    """What would be right instead of an unknown name: the nearest known one, else all of them."""
    names = sorted(set(known))
    if (best := meant(word, names)) is not None:
        return f"did you mean `{best}`?"
    return f"known are {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else "there is none yet"


def meant(word: str, known: Iterable[str]) -> str | None:
    """The known name that an unknown one most likely stands for."""
    return _meant(word[:_WORD], tuple(sorted(set(known))))


@lru_cache(maxsize=4096)
def _meant(word: str, known: tuple[str, ...]) -> str | None:
    best = process.extractOne(word, known, scorer=fuzz.WRatio, score_cutoff=60)
    return best[0] if best is not None else None


def parse(model: type[Model], document: Document) -> Model | None:
    """The document as the model; None with every mistake noted."""
    if not isinstance(document.value, dict):
        if not document.mistakes:
            document.note(1, "the file holds no block of keys", "start with `key: value` lines")
        return None
    whole = True
    while True:
        try:
            made = model.model_validate(document.value)
            return made if whole else None
        except ValidationError as error:
            found, many = complaints(model, error), error.error_count()
        misspelt = [each for each in found if _read_as_meant(document, model, each)]
        if many > MOST:
            document.note(
                1, f"the file holds {many} mistakes; the first {MOST} are named", "mend these, then look again"
            )
        if not misspelt or many > MOST:
            note_each(document, model, [each for each in found if each not in misspelt], {})
            return None
        whole = False


def _read_as_meant(document: Document, model: type[BaseModel], detail: ErrorDetails) -> bool:
    """Note a key that is clearly misspelt, and read what stands under it as what was meant: it may hold more mistakes."""
    at = document.settled(detail["loc"])
    if detail["type"] != "extra_forbidden" or at[-1:] != detail["loc"][-1:]:
        return False
    block, key = document.value, str(at[-1])
    for word in at[:-1]:
        block = block[word]
    name = meant(key, _keys(model, detail["loc"]))
    if name is None or name in block or fuzz.ratio(key, name) < _CLEARLY:
        return False
    note_each(document, model, [detail], {})
    block[name] = block.pop(key)
    for inside in _within(block[name]):
        document.lines[(*at[:-1], name, *inside)] = document.line((*at, *inside))
    return True


def _within(value: Any) -> Iterator[Place]:
    """Every place in a value, itself first."""
    yield ()
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for word, inner in pairs:
        for place in _within(inner):
            yield (word, *place)


def note_each(
    document: Document, model: type[BaseModel], found: list[ErrorDetails], places: Mapping[str, Place]
) -> None:
    """Note the errors; `places` says where a key of the model stands in the file, and `""` where the model itself does."""
    placed = [(_placed(each["loc"], places), each) for each in found]
    inside = {document.settled(place) for place, each in placed if not each["type"].endswith("_type")}
    around = {place[:depth] for place in inside for depth in range(len(place) + 1)}
    for place, detail in placed:
        at = document.settled(place)
        branch = at[-1:] != place[-1:] and detail["type"].endswith("_type")
        if not (branch and at in around):
            _note(document, model, detail, place)


def _placed(place: Place, places: Mapping[str, Place]) -> Place:
    if not place:
        return places.get("", ())
    return (*places.get(str(place[0]), place[:1]), *place[1:])


def complaints(model: type[BaseModel], error: ValidationError) -> list[ErrorDetails]:
    """The errors that stand for themselves: without those that only follow from a misspelt key. At most 1,000 of them, so
    that a file of nothing but mistakes is told about in time."""
    found = [each for detail in error.errors(include_url=False)[:MOST] for each in (detail, *_behind(model, detail))]
    unknown: dict[Place, list[Place]] = {}
    for each in found:
        if each["type"] == "extra_forbidden":
            unknown.setdefault(each["loc"][:-1], []).append(each["loc"])
    return [each for each in found if not _follows(model, each, unknown.get(each["loc"][:-1], ()))]


def _behind(model: type[BaseModel], detail: ErrorDetails) -> Iterator[ErrorDetails]:
    """What else is wrong in a check whose kind is unknown, judged as the kind that was most likely meant."""
    if detail["type"] not in _TAGS or not isinstance(detail["input"], dict):
        return
    kinds = {tag: each for each in _at(model, detail["loc"]) for tag in _literal(each)}
    tag = meant(str(detail["input"].get("check", "")), kinds)
    kind = tag or next(iter(kinds))
    try:
        kinds[kind].model_validate({**detail["input"], "check": kind})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            if tag is not None or each["type"] not in _ABOUT_KEYS:
                yield {**each, "loc": (*detail["loc"], kind, *each["loc"])}


def _follows(model: type[BaseModel], detail: ErrorDetails, beside: Iterable[Place]) -> bool:
    """Whether a key is missing only because it stands there misspelt. `beside` are the unknown keys of the same block."""
    lacking = {"missing": detail["loc"][-1:], RULE: detail.get("ctx", {}).get("lacking", ())}.get(detail["type"], ())
    return any(meant(str(place[-1]), _keys(model, place)) in lacking for place in beside) if lacking else False


def _note(document: Document, model: type[BaseModel], detail: ErrorDetails, place: Place) -> None:
    """Note one error. A place is complained about once."""
    kind, at = detail["type"], document.settled(place)
    what, right = _words(model, detail, name=_name(document, at))
    if kind == RULE:
        document.note(document.line(at), f"{_name(document, document.settled(place[:-1]))} is wrong", right)
    elif kind in ("missing", "extra_forbidden", *_TAGS):
        document.note(document.line(at), what, right)
    elif (at := (*at, "[key]") if place[-1:] == ("[key]",) else at) not in document.refused:
        document.wrong(at, what, right)


def _name(document: Document, place: Place) -> str:
    """What people call a place: its key, or what an item of a list calls itself."""
    if not place:
        return "the file"
    if isinstance(place[-1], str):
        return f"`{place[-1]}`"
    value: Any = document.value
    for word in place:
        value = value[word]
    own = (
        next((value[key] for key in _TITLES if isinstance(value.get(key), str)), None)
        if isinstance(value, dict)
        else None
    )
    return f"`{own}`" if own is not None else f"item {place[-1] + 1} of {_name(document, place[:-1])}"


def _words(model: type[BaseModel], detail: ErrorDetails, name: str) -> tuple[str, str]:
    place, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    own, shown = str(place[-1]) if place else "file", _shown(detail["input"])
    if kind == "extra_forbidden":
        return f"`{own}` is no known key here", nearest(own, _keys(model, place))
    if kind == "missing":
        return f"`{own}` is missing", f"add `{own}:`"
    if kind in _TAGS:
        found = str(context.get("tag", ""))
        tags = str(context.get("expected_tags", "")).replace("'", "").split(", ") if found else _tags(model, place)
        return f"{found!r} is no kind of check" if found else "the kind of check is missing", nearest(found, tags)
    if kind == "value_error":
        block = isinstance(detail["input"], dict)
        return f"{name} is wrong" if block else f"{name} is wrong: {shown}", str(context.get("error", detail["msg"]))
    if kind == "literal_error":
        return f"{name} is {shown}", f"one of {context.get('expected', '')}"
    if kind == "string_pattern_mismatch":
        return f"{name} is {shown}", f"it must look like {context.get('pattern', '')}"
    return f"{name} is {shown}", detail["msg"][:1].lower() + detail["msg"][1:]


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        return f"a list of {len(value)}"
    words = repr(value)
    return words if len(words) <= 60 else f"{words[:59]}…"


def _tags(model: type[BaseModel], place: Place) -> list[str]:
    return sorted(tag for each in _at(model, place) for tag in _literal(each))


def _keys(model: type[BaseModel], place: Place) -> Iterator[str]:
    for each in _at(model, place[:-1]):
        yield from (field.alias or name for name, field in each.model_fields.items())


def _at(model: type[BaseModel], place: Place) -> list[type[BaseModel]]:
    """The models that may stand at a place. Tags of unions narrow the choice; indexes and free keys change nothing."""
    models = [model]
    for word in place:
        fields = [f for each in models for n, f in each.model_fields.items() if word in (f.alias or n, n)]
        inner = [found for field in fields for found in _models(field.annotation)]
        tagged = [each for each in models if word in _literal(each)]
        models = inner or tagged or models
    return models


def _literal(model: type[BaseModel]) -> tuple[str, ...]:
    annotation: Any = model.model_fields["check"].annotation if "check" in model.model_fields else None
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]
