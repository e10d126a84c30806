"""What the writer's process does: take a batch, carry it out in one transaction, answer, until nobody gives any more."""

from __future__ import annotations

import gc
import os
import signal
import sys
from functools import partial
from typing import IO, Any

from sqlalchemy import Engine

from store.database import address_of, in_transaction, sqlite_engine
from store.journal import finish
from store.parcels import pack, unpack
from store.scribe import HEAD, READY
from store.together import Answer, Part, whole


def scribing(url: str) -> None:
    """Until stdin ends. The signals that tell a service to stop are not for us: it still has to write what it ends with."""
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, signal.SIG_IGN)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whoever prints does not speak to the service
    engine = sqlite_engine(address_of(url), begin="BEGIN IMMEDIATE")
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        _serve(sys.stdin.buffer, sink, engine)
    except BrokenPipeError:  # nobody waits for the answer any more
        os._exit(0)
    engine.dispose()


def _serve(source: IO[bytes], sink: IO[bytes], engine: Engine) -> None:
    _say(sink, READY)
    while len(head := source.read(HEAD.size)) == HEAD.size:
        (size,) = HEAD.unpack(head)
        words = source.read(size)
        if len(words) < size:  # the service died while it was speaking
            return
        _say(sink, _carried_out(engine, unpack(words)))


def _say(sink: IO[bytes], value: Any) -> None:
    words = pack(value)
    sink.write(HEAD.pack(len(words)) + words)
    sink.flush()


def _carried_out(engine: Engine, parts: list[tuple[Any, Any]]) -> list[Answer] | BaseException:
    jobs = [Part(many, item) for many, item in parts]
    try:
        answers = in_transaction(engine, partial(whole, jobs=jobs, finish=finish))
    except Exception as error:
        return _portable(error)
    return [one if one.error is None else Answer(error=_portable(one.error)) for one in answers]


def _portable(error: Exception) -> Exception:
    """The error, or its name where it cannot be sent."""
    try:
        again = unpack(pack(error))
    except Exception:
        return RuntimeError(type(error).__name__)
    return error if type(again) is type(error) else RuntimeError(type(error).__name__)
