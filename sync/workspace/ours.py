"""A company's own `transforms.py`, read without running it: which functions it has, and what in it is not pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sync.own import Own, OwnFailed, own
from sync.own_worker import FILE, PURE, REFUSED
from sync.workspace.documents import Document, read_text

_CLOCKS = ("now", "today", "utcnow", "localtime")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """The file with its functions. `own` runs them; None where something in the file is wrong."""

    document: Document
    lines: dict[str, int]
    own: Own | None


def read_ours(directory: Path) -> Ours | None:
    """The company's transforms; None where it has none. Every mistake is noted: in what is written, and in loading it."""
    if not (directory / FILE).exists():
        return None
    document = Document(file=FILE)
    source = read_text(directory, FILE, document)
    tree = _parsed(source, document) if source is not None else None
    if source is None or tree is None:
        return Ours(document=document, lines={}, own=None)
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef) and each.name[:1] != "_"}
    for line, what, right in (*_impure(tree), *(found for each in functions.values() for found in _signature(each))):
        document.note(line, what, right)
    lines = {name: each.lineno for name, each in functions.items()}
    if document.mistakes:
        return Ours(document=document, lines=lines, own=None)
    made = own(source, tuple((name, len(each.args.args)) for name, each in functions.items()))
    try:
        made.prove()
    except OwnFailed as error:
        document.note(error.line or 1, str(error), "the file must load by itself, at once")
        return Ours(document=document, lines=lines, own=None)
    return Ours(document=document, lines=lines, own=made)


def begin_samples(ours: Ours | None) -> None:
    """Forget which functions were called."""
    if ours is not None and ours.own is not None:
        ours.own.called.clear()


def check_samples_call(ours: Ours | None) -> None:
    """Note each function that no sample called: what nobody has seen work is not relied on."""
    if ours is not None and ours.own is not None:
        for name in ours.lines.keys() - ours.own.called:
            ours.document.note(
                ours.lines[name], f"no sample calls `{name}`", "add a sample whose record goes through it"
            )


def _parsed(source: str, document: Document) -> ast.Module | None:
    try:
        return ast.parse(source, FILE)
    except SyntaxError as error:
        document.note(error.lineno or 1, f"this is not Python: {error.msg}", "correct it near this line")
    except (ValueError, RecursionError, MemoryError):
        document.note(1, "this is not Python", "a file of plain functions")
    return None


def _impure(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (_import(node.lineno, each.name) for each in names if each.name not in PURE)
            case ast.ImportFrom(module=module, level=level) if level or module not in PURE:
                yield _import(node.lineno, module or ".")
            case ast.Name(id=name) if name in REFUSED:
                yield node.lineno, f"`{name}` is not for transforms", "values in, a value out"
            case ast.Attribute(attr=name) if name in _CLOCKS:
                yield node.lineno, f"`{name}` reads a clock", "take the date from the record"
            case ast.Attribute(attr=name) if name.startswith("__"):
                yield node.lineno, f"`{name}` is not for transforms", "values in, a value out"
            case ast.Constant(value=float()) | ast.Name(id="float"):
                yield node.lineno, "a float stands near money", 'write Decimal("0.9"), or whole numbers'
            case ast.Global() | ast.Nonlocal():
                yield node.lineno, "a transform remembers something", "the same value in must give the same value out"
            case ast.ExceptHandler(type=None) | ast.ExceptHandler(type=ast.Name(id="BaseException")):
                yield node.lineno, "this `except` catches everything", "name the errors that are meant"
            case ast.AsyncFunctionDef(name=name):
                yield node.lineno, f"`{name}` is asynchronous", "write `def`"


def _import(line: int, name: str) -> tuple[int, str, str]:
    return line, f"transforms do not import {name}", f"known are {', '.join(sorted(PURE - {'__future__'}))}"


def _signature(function: ast.FunctionDef) -> Iterator[tuple[int, str, str]]:
    given, right = function.args, f"def {function.name}(value: str, currency: str | None) -> str"
    if given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg or not 1 <= len(given.args) <= 2:
        yield function.lineno, f"`{function.name}` takes other things than a value and its currency", right
        return
    if function.returns is None or any(each.annotation is None for each in given.args):
        yield function.lineno, f"`{function.name}` is not typed", right
    if function.decorator_list:
        yield function.lineno, f"`{function.name}` is decorated", right
