"""The process in which a company's own transforms run. It reads one request a line and answers one a line; it sees no
environment, opens nothing, and gives up a call that uses up its time. Only the standard library is here."""

from __future__ import annotations

import builtins
import json
import signal
import sys
from types import ModuleType
from typing import Any

IMPORT_SECONDS, CALL_SECONDS = 0.3, 0.05
FILE = "transforms.py"
PURE = frozenset(
    "__future__ collections dataclasses datetime decimal enum fractions functools itertools json math operator re string textwrap typing "
    "unicodedata collections.abc".split()
)
"""What a transform may import: nothing that knows the time, chance, files or the network."""
REFUSED = frozenset(
    "open exec eval compile input breakpoint globals locals vars hash id print exit quit help memoryview getattr setattr delattr __import__".split()
)
_MEMORY = 512 * 2**20


class OutOfTime(BaseException):
    """The call used up its processor time. No `except Exception` may swallow it."""


def main() -> None:
    """Serve until the other side closes the pipe."""
    _confine()
    signal.signal(signal.SIGPROF, _out_of_time)
    functions: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        answer = _load(request["source"], functions) if "source" in request else _call(functions, request)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _confine() -> None:
    try:
        import resource
    except ImportError:
        return
    for limit, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))


def _out_of_time(*_: object) -> None:
    raise OutOfTime


def _load(source: str, functions: dict[str, Any]) -> dict[str, Any]:
    made = sys.modules["transforms"] = ModuleType("transforms")  # dataclasses look their module up
    module = vars(made)
    module["__builtins__"] = _builtins()
    try:
        signal.setitimer(signal.ITIMER_PROF, IMPORT_SECONDS)
        exec(compile(source, FILE, "exec"), module)  # noqa: S102  # the company's own code, in a process of its own
    except BaseException as error:
        return _failed(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    functions.clear()
    functions.update({name: each for name, each in module.items() if callable(each) and not name.startswith("_")})
    return {"ok": sorted(functions)}


def _call(functions: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    try:
        signal.setitimer(signal.ITIMER_PROF, CALL_SECONDS)
        made = functions[request["name"]](*request["given"])
        words = _checked(made)
    except BaseException as error:
        return _failed(error)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return {"wrong": words} if words else {"made": made}


def _checked(value: Any, depth: int = 0) -> str:
    """What is wrong with a value that a transform made, or nothing."""
    if isinstance(value, float):
        return "a float; make it a whole number, or a decimal as text"
    if value is None or isinstance(value, str | int):
        return ""
    if depth < 20 and type(value) is list:
        return next((words for each in value if (words := _checked(each, depth + 1))), "")
    if depth < 20 and type(value) is dict and all(type(name) is str for name in value):
        return next((words for each in value.values() if (words := _checked(each, depth + 1))), "")
    return f"a {type(value).__name__}, which JSON does not carry"


def _failed(error: BaseException) -> dict[str, Any]:
    """The kind of the error and its line. Its message may hold values of the record and is left out."""
    line, at = getattr(error, "lineno", None) or 0, error.__traceback__
    while at is not None:
        line = at.tb_lineno if at.tb_frame.f_code.co_filename == FILE else line
        at = at.tb_next
    return {"late": isinstance(error, OutOfTime), "raised": type(error).__name__, "line": line}


def _builtins() -> dict[str, Any]:
    kept = {name: each for name, each in vars(builtins).items() if name not in REFUSED}
    return {**kept, "__import__": _import}


def _import(name: str, *more: Any) -> Any:
    if name not in PURE:
        raise ImportError(name)
    return builtins.__import__(name, *more)


if __name__ == "__main__":
    main()
