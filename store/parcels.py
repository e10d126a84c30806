"""Values between the service and its writer, packed by pickle: both are one program on one machine. A frozen dataclass goes over
as its class and its values; asked for its state in pickle's way it takes several times as long."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any

_PROTOCOL = 5
_Reduce = Callable[[Any], Any]
_put = object.__setattr__


def pack(value: Any) -> bytes:
    """The value's parcel. Raises what pickle raises for what cannot be sent, a function without a name for example."""
    parcel = io.BytesIO()
    packer = pickle.Pickler(parcel, _PROTOCOL)
    packer.dispatch_table = _REDUCES
    packer.dump(value)
    return parcel.getvalue()


def unpack(parcel: bytes) -> Any:
    """What was packed, by ourselves: a parcel from anybody else must never come here."""
    return pickle.loads(parcel)  # noqa: S301 - see above


class _Reduces(dict[type, _Reduce]):
    """How values of each class are taken apart, found out once."""

    def __missing__(self, kind: type) -> _Reduce:
        if issubclass(kind, type):
            raise KeyError(kind)  # a class goes over by its name
        self[kind] = reduce = _taken_apart(kind) if is_dataclass(kind) else _as_usual
        return reduce


def _as_usual(value: Any) -> Any:
    return value.__reduce_ex__(_PROTOCOL)


def _taken_apart(kind: type) -> _Reduce:
    names = _names(kind)
    if len(names) < 2:
        return lambda value: (_made, (kind, tuple(getattr(value, name) for name in names)))
    values = attrgetter(*names)
    return lambda value: (_made, (kind, values(value)))


def _made(kind: type, values: tuple[Any, ...]) -> Any:
    """The same again. What was checked when it was made is not checked once more."""
    one: Any = object.__new__(kind)
    for name, value in zip(_names(kind), values):  # noqa: B905 - as many as there are names
        _put(one, name, value)
    return one


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


_REDUCES = _Reduces()
