"""The connections of a workspace: the descriptions they keep in files of their own, and whether their options are known to
the kind of connector. A value that is a reference is judged where the product starts, not here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sync.workspace.documents import Document, Place, read
from sync.workspace.mistakes import nearest, note
from sync.workspace.settings import Connection, Settings

Kinds = Mapping[str, type[BaseModel]]
"""The options of each kind of connector by the kind's name."""
_SCHEMES = ("env:", "file:")
_ABOUT_NAMES = ("extra_forbidden", "missing")
_SECRET_WORDS = ("token", "secret", "password", "api_key", "private_key")


def described(directory: Path, connection: Connection) -> tuple[Connection, Document | None]:
    """The connection with its description read in place of the file's name."""
    file = connection.options.get("describe")
    if not isinstance(file, str) or is_reference(file):
        return connection, None
    document = read(directory, file)
    if not document.mistakes and not isinstance(document.value, dict):
        document.note(1, "the file holds no block of keys", "start with `key: value` lines")
    options = {**connection.options, "describe": document.value}
    return connection.model_copy(update={"options": options}), document


def is_reference(value: object) -> bool:
    """Whether a value names a secret or an address instead of being one."""
    return isinstance(value, str) and value.startswith(_SCHEMES)


def check_secrets(document: Document, settings: Settings) -> None:
    """No secret stands in the file itself."""
    for name, connection in settings.connections.items():
        for key, value in connection.options.items():
            secret = any(word in key.lower() for word in _SECRET_WORDS)
            if secret and isinstance(value, str) and not is_reference(value):
                place = ("connections", name, key)
                document.wrong(place, f"`{key}` holds a secret itself", "name it: env:NAME or file:/path")


def check_options(
    document: Document, name: str, connection: Connection, description: Document | None, kinds: Kinds
) -> None:
    """The kind exists and knows the options."""
    place: Place = ("connections", name)
    if connection.kind not in kinds:
        document.wrong(
            (*place, "kind"),
            f"there is no kind of connection called {connection.kind!r}",
            nearest(connection.kind, kinds),
        )
        return
    model = kinds[connection.kind]
    try:
        model.model_validate(connection.options)
    except ValidationError as error:
        own: dict[str, Place] = {key: (*place, key) for key in (*connection.options, *model.model_fields)}
        for detail in error.errors(include_url=False):
            if detail["type"] not in _ABOUT_NAMES and _holds_reference(connection.options, detail["loc"]):
                continue
            if detail["loc"][:1] != ("describe",) or description is None:
                note(document, model, detail, own)
            elif not description.mistakes:
                note(description, model, detail, {"describe": ()})


def _holds_reference(value: Any, place: Place) -> bool:
    """Whether a reference stands on the way to the place."""
    for word in place:
        if isinstance(value, dict) and word in value:
            value = value[word]
        if is_reference(value):
            return True
    return False
