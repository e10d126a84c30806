"""From a model's complaints to mistakes: the file, the line, what is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz import fuzz, process

from sync.workspace.documents import Document, Place

Model = TypeVar("Model", bound=BaseModel)


def nearest(word: str, known: Iterable[str]) -> str:
    """What would be right instead of an unknown name: the nearest known one, else all of them."""
    names = sorted(set(known))
    best = process.extractOne(word, names, scorer=fuzz.WRatio, score_cutoff=60)
    if best is not None:
        return f"did you mean `{best[0]}`?"
    return f"known are {', '.join(names[:12])}{' …' if len(names) > 12 else ''}" if names else "there is none yet"


def parse(model: type[Model], document: Document) -> Model | None:
    """The document as the model; None with every mistake noted."""
    if document.mistakes:
        return None
    if not isinstance(document.value, dict):
        document.note(1, "the file holds no block of keys", "start with `key: value` lines")
        return None
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        note_all(document, model, error)
        return None


def note_all(
    document: Document, model: type[BaseModel], error: ValidationError, places: Mapping[str, Place] | None = None
) -> None:
    """Note each of pydantic's errors as a mistake at its line."""
    for detail in error.errors(include_url=False):
        note(document, model, detail, places or {})


def note(document: Document, model: type[BaseModel], detail: ErrorDetails, places: Mapping[str, Place]) -> None:
    """Note one error; `places` says where a key of the model stands in the file."""
    what, right = _words(model, detail)
    first, rest = detail["loc"][:1], detail["loc"][1:]
    base = places.get(str(first[0]), first) if first else ()
    document.wrong((*base, *rest), what, right)


def _words(model: type[BaseModel], detail: ErrorDetails) -> tuple[str, str]:
    place, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    name = str(place[-1]) if place else "file"
    if kind == "extra_forbidden":
        return f"`{name}` is no known key here", nearest(name, _keys(model, place))
    if kind == "missing":
        return f"`{name}` is missing", f"add `{name}:`"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        found = str(context.get("tag", ""))
        tags = str(context.get("expected_tags", "")).replace("'", "").split(", ") if found else _tags(model, place)
        return f"{found!r} is no kind of check" if found else "the kind of check is missing", nearest(found, tags)
    if kind == "value_error":
        return f"`{name}` is wrong: {_shown(detail['input'])}", str(context.get("error", detail["msg"]))
    if kind == "literal_error":
        return f"`{name}` is {_shown(detail['input'])}", f"one of {context.get('expected', '')}"
    if kind == "string_pattern_mismatch":
        return f"`{name}` is {_shown(detail['input'])}", f"it must look like {context.get('pattern', '')}"
    return f"`{name}` is {_shown(detail['input'])}", detail["msg"][:1].lower() + detail["msg"][1:]


def _shown(value: Any) -> str:
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
