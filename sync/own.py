"""A company's own transforms, run in a process of their own: values in, values out, with a deadline after which the process is
ended and another one begun. What goes wrong is said by line, never with a value of the record."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sync import own_worker
from sync.sending import sendable
from sync.transforms import Transform

PREFIX = "ours."
START_SECONDS = 5.0
CALL_SECONDS, MOST_SECONDS = 0.08, 2.0
_SLICE = 0.01
_SOON = 1.0  # the same record is mapped twice where something is in the way; it must not hang twice
_LONGEST_ANSWER = 1_000_000
_BARE = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


class OwnFailed(ValueError):
    """The transform did not work. `line` is where in the company's file; 0 where that is not known."""

    def __init__(self, words: str, line: int = 0) -> None:
        super().__init__(words)
        self.line = line


class NeverReturned(OwnFailed):
    """The transform used up its time."""


class _Gone(Exception):
    """The process is not there, or does not answer in time."""


@dataclass(slots=True, weakref_slot=True, eq=False)
class Own:
    """The functions of one file. `takes` is how many arguments each takes; `called` are those that a call has come back from."""

    source: str
    takes: Mapping[str, int]
    called: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: subprocess.Popen[bytes] | None = None
    _pid: int = 0
    _stuck: tuple[bytes, float] = (b"", 0.0)

    @property
    def transforms(self) -> Mapping[str, Transform]:
        """Each function under its name in mapping rows."""
        return MappingProxyType({f"{PREFIX}{name}": self._as_transform(name) for name in self.takes})

    def prove(self) -> None:
        """Start the process and load the file. Raises OwnFailed."""
        with self._lock:
            self._running()

    def call(self, name: str, *given: Any) -> Any:
        """What the function makes of the values. Raises OwnFailed, NeverReturned."""
        request = json.dumps({"name": name, "given": [sendable(each) for each in given]}).encode()
        with self._lock:
            if self._stuck[0] == request and time.monotonic() < self._stuck[1]:
                raise NeverReturned(f"{PREFIX}{name} did not return")
            process = self._running()
            try:
                answer = _exchange(process, request, CALL_SECONDS, MOST_SECONDS)
            except _Gone:
                self._stuck = request, time.monotonic() + _SOON
                self.end()
                raise NeverReturned(f"{PREFIX}{name} did not return, or returned too much") from None
        if answer.get("late"):
            self._stuck = request, time.monotonic() + _SOON
            raise NeverReturned(f"{PREFIX}{name} did not return; it was in {_at(answer)}", answer["line"])
        if "raised" in answer:
            raise OwnFailed(f"{PREFIX}{name} raised {answer['raised']} in {_at(answer)}", answer["line"])
        if "wrong" in answer:
            raise OwnFailed(f"{PREFIX}{name} returned {answer['wrong']}")
        self.called.add(name)
        return answer["made"]

    def end(self) -> None:
        """End the process; the next call begins another one."""
        process, self._process = self._process, None
        if process is not None:
            _end(process, self._pid)

    def _as_transform(self, name: str) -> Transform:
        if self.takes[name] == 1:
            return lambda value, currency: self.call(name, value)
        return partial(self.call, name)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._pid == os.getpid() and self._process.poll() is None:
            return self._process
        self._process, self._pid = _start(), os.getpid()
        weakref.finalize(
            self, _end, self._process, self._pid
        )  # when nobody needs it any more, at the latest when we end
        try:
            answer = _exchange(
                self._process, json.dumps({"source": self.source}).encode(), START_SECONDS, START_SECONDS
            )
        except _Gone:
            self.end()
            raise NeverReturned("the file does not load in time") from None
        if answer.get("late"):
            self.end()
            raise NeverReturned(f"loading the file does not end; it was in {_at(answer)}", answer["line"])
        if "raised" in answer:
            self.end()
            raise OwnFailed(f"loading the file raised {answer['raised']}", answer["line"])
        return self._process


def _end(process: subprocess.Popen[bytes], pid: int) -> None:
    """End a process that this very process started."""
    if os.getpid() == pid and process.returncode is None:
        process.kill()
        process.communicate()


def _at(answer: Mapping[str, Any]) -> str:
    return f"{own_worker.FILE}:{answer['line']}" if answer["line"] else own_worker.FILE


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-s", "-S", "-P", str(Path(own_worker.__file__))]
    process = subprocess.Popen(  # noqa: S603  # our own file, with nothing of the record in its arguments
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_BARE, cwd="/"
    )
    for pipe in (process.stdin, process.stdout):
        os.set_blocking(pipe.fileno(), False)  # type: ignore[union-attr]
    return process


@dataclass(slots=True)
class _Patience:
    """How long a process may take for an answer: by the clock, unless it was hardly given the processor meanwhile."""

    process: subprocess.Popen[bytes]
    seconds: float
    most: float
    began: float = field(default_factory=time.monotonic)
    used: float = 0.0

    def __post_init__(self) -> None:
        self.used = _processor_seconds(self.process.pid)

    def wait(self, pipe: int, for_what: int) -> None:
        """Wait until the pipe is ready. Raises _Gone when it has taken too long."""
        poll = select.poll()
        poll.register(pipe, for_what)
        while not poll.poll(_SLICE * 1000):
            gone = time.monotonic() - self.began
            worked = _processor_seconds(self.process.pid) - self.used
            if (
                gone >= self.most
                or (gone >= self.seconds and worked >= self.seconds)
                or self.process.poll() is not None
            ):
                raise _Gone


def _processor_seconds(pid: int) -> float:
    """The processor time that a process has used. Where the system does not tell, it has always used all of it."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # Linux's clock of another process
    except (OSError, OverflowError, AttributeError):
        return time.monotonic()


def _exchange(process: subprocess.Popen[bytes], request: bytes, seconds: float, most: float) -> dict[str, Any]:
    """Send one request and read its answer. Raises _Gone where that takes too long, or the process has ended."""
    if process.stdin is None or process.stdout is None:
        raise _Gone
    there, back = process.stdin.fileno(), process.stdout.fileno()
    left, answer, patience = request + b"\n", b"", _Patience(process, seconds, most)
    try:
        while left:
            patience.wait(there, select.POLLOUT)
            left = left[os.write(there, left) :]
        while not answer.endswith(b"\n"):
            patience.wait(back, select.POLLIN)
            piece = os.read(back, 65536)
            answer += piece
            if not piece or len(answer) > _LONGEST_ANSWER:
                raise _Gone
    except OSError as error:
        raise _Gone from error
    made: dict[str, Any] = json.loads(answer)
    return made


@lru_cache(maxsize=8)
def own(source: str, takes: tuple[tuple[str, int], ...]) -> Own:
    """The transforms of a file, with one process for all who load the same text."""
    return Own(source, dict(takes))
