"""Columns that seal what is written about a data subject. Of a document that says what in it is personal, and about whom, the rest
stays readable; any other value is sealed whole. Where the key is gone, what was sealed reads `[erased]`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import JSON, Column, Dialect, String, Text, TypeDecorator

from store.vault import number_of, session, whom
from sync.personal import ERASED, PRIVATE, put_back
from sync.words import LONGEST, plain, spelled

_NAME_BYTES = 150  # so much of a name can be sealed in 255 characters


class Sealed(str):
    """A text that is sealed already."""

    __slots__ = ()


class SealedDoc(dict[str, Any]):
    """A document that is sealed already."""


def sealed_text(value: str, about: str = "") -> str:
    """The text as it is stored, under the key of whom it is about. What is about nobody stays as it is."""
    keys, whose = session(), about or whom()
    if keys is None or not value or not whose or isinstance(value, Sealed):
        return value
    return Sealed(keys.seal(plain(value), whose) or ERASED)


def opened_text(value: str) -> str:
    """The text that a stored one stands for."""
    keys = session()
    if keys is None or number_of(value) is None:
        return value
    opened = keys.open(value)
    return ERASED if opened is None else opened


def sealed_doc(value: Any, about: str = "", period: str = "") -> Any:
    """The document as it is stored."""
    keys = session()
    if keys is None or value is None or isinstance(value, SealedDoc):
        return value
    if isinstance(value, dict) and PRIVATE in value:
        block, public = value[PRIVATE], {name: inner for name, inner in value.items() if name != PRIVATE}
        if block is None:
            return SealedDoc(public)
        sealed = keys.seal(_packed(block["at"]), block["about"] or about or whom(), period)
        return SealedDoc(public if sealed is None else {**public, PRIVATE: sealed})
    whose = about or whom()
    return SealedDoc({PRIVATE: keys.seal(_packed(value), whose, period) or ""}) if whose else value


def opened_doc(value: Any, gone: Callable[[], Any] = lambda: None) -> Any:
    """The document that a stored one stands for; `gone` makes what stands for one that was sealed whole under a destroyed key."""
    keys = session()
    if keys is None or not isinstance(value, dict) or not isinstance(value.get(PRIVATE), str):
        return value
    public = {name: inner for name, inner in value.items() if name != PRIVATE}
    opened = keys.open(value[PRIVATE])
    if not public:
        return gone() if opened is None else orjson.loads(opened)
    return public if opened is None else put_back(public, orjson.loads(opened))


def _packed(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a whole number of more than 64 bits
        return orjson.dumps(spelled(value)).decode()


class SecretText(TypeDecorator[str]):
    """Text of any length. `whose` key seals it where nobody is named; without that it stays as it is then."""

    impl = Text
    cache_ok = True

    def __init__(self, whose: str = "") -> None:
        super().__init__()
        self.whose = whose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else str(sealed_text(plain(value), whom() or self.whose))

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value if value is None else opened_text(value)


class SecretName(TypeDecorator[str]):
    """A name of at most 150 bytes; of a longer one its beginning. `whose` key seals it where nobody is named."""

    impl = String(LONGEST)
    cache_ok = True

    def __init__(self, whose: str = "") -> None:
        super().__init__()
        self.whose = whose

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else str(sealed_text(clipped(plain(value)), whom() or self.whose))

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return value if value is None else opened_text(value)


class SecretDoc(TypeDecorator[Any]):
    """A document. `whose` key seals it where nobody is named. One that was sealed whole and whose key is gone reads as what
    `gone` makes."""

    impl = JSON
    cache_ok = True

    def __init__(self, gone: Callable[[], Any] | None = None, *, whose: str = "") -> None:
        super().__init__(none_as_null=True)
        self.gone, self.whose = gone, whose

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return sealed_doc(value, whom() or self.whose)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return opened_doc(value, self.gone) if self.gone is not None else opened_doc(value)


def clipped(name: str) -> str:
    """As much of the name as can be sealed in a column of names."""
    if isinstance(name, Sealed) or len(name.encode("utf-8", "surrogatepass")) <= _NAME_BYTES:
        return name
    return name.encode("utf-8", "surrogatepass")[: _NAME_BYTES - 3].decode("utf-8", "ignore") + "…"


def secret(of: str, *, default: str | None = "", whose: str = "") -> Column[str]:
    return Column(of, SecretText(whose), nullable=False, server_default=default)


def secret_name(of: str, *, whose: str = "") -> Column[str]:
    return Column(of, SecretName(whose), nullable=False, server_default="")
