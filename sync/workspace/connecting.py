"""The connections of a workspace: the descriptions they keep in files of their own, and whether their options are known to
the kind of connector. A value that is a reference is judged where the product starts, not here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sync.workspace.capable import Kinds, why_not
from sync.workspace.documents import Document, Place, read
from sync.workspace.mistakes import complaints, note_each
from sync.workspace.settings import options_of
from sync.workspace.spots import Spot, whole

_SCHEMES = ("env:", "file:")
_ABOUT_NAMES = ("extra_forbidden", "missing")
_SECRET_WORDS = ("token", "secret", "password", "api_key", "private_key")


def read_connections(
    directory: Path, document: Document, kinds: Kinds | None
) -> tuple[dict[str, dict[str, Any]], list[Document]]:
    """The options of every connection, right or wrong, with the descriptions read in place of the files' names."""
    found: dict[str, dict[str, Any]] = {}
    descriptions: list[Document] = []
    for name, block in whole(document).at("connections").entries.items():
        if not isinstance(block.value, dict):
            continue
        options = options_of(block.value)
        own = block.at("options") if options is block.value.get("options") else block
        check_secrets(own, options)
        description = _description(directory, options)
        if description is not None:
            descriptions.append(description)
            options = {**options, "describe": description.value}
        if kinds is not None:
            check_options(block, own, options, description, kinds)
        found[name] = options
    return found, descriptions


def _description(directory: Path, options: Mapping[str, Any]) -> Document | None:
    file = options.get("describe")
    if not isinstance(file, str) or is_reference(file):
        return None
    document = read(directory, file)
    if not document.mistakes and not isinstance(document.value, dict):
        document.note(1, "the file holds no block of keys", "start with `key: value` lines")
    return document


def is_reference(value: object) -> bool:
    """Whether a value names a secret or an address instead of being one."""
    return isinstance(value, str) and value.startswith(_SCHEMES)


def check_secrets(own: Spot, options: Mapping[str, Any]) -> None:
    """No secret stands in the file itself."""
    for key, value in options.items():
        secret = any(word in key.lower() for word in _SECRET_WORDS)
        if secret and isinstance(value, str) and not is_reference(value):
            own.at(key).wrong(f"`{key}` holds a secret itself", "name it: env:NAME or file:/path")


def check_options(
    block: Spot, own: Spot, options: Mapping[str, Any], description: Document | None, kinds: Kinds
) -> None:
    """The kind exists and knows the options, which stand at `own`."""
    kind = block.at("kind")
    offered = kinds.get(kind.word or "")
    if offered is None:
        if (why := why_not(kinds, kind.word or "")) and kind.place not in kind.document.refused:
            return kind.wrong(why, "repair or uninstall it; `meshline connectors` says what there is")
        return kind.known("kind of connection", kinds)
    model = offered.options
    try:
        model.model_validate(options)
    except ValidationError as error:
        about = [each for each in complaints(model, error) if not _left_open(options, each)]
        there = [each for each in about if description is not None and each["loc"][:1] == ("describe",)]
        places = {"": own.place, **{key: own.at(key).place for key in (*options, *model.model_fields)}}
        note_each(block.document, model, [each for each in about if each not in there], places)
        if description is not None and isinstance(description.value, dict):
            note_each(description, model, there, {"describe": ()})


def _left_open(options: Mapping[str, Any], detail: ErrorDetails) -> bool:
    return detail["type"] not in _ABOUT_NAMES and _holds_reference(options, detail["loc"])


def _holds_reference(value: Any, place: Place) -> bool:
    """Whether a reference stands on the way to the place."""
    for word in place:
        if isinstance(value, dict) and word in value:
            value = value[word]
        if is_reference(value):
            return True
    return False
