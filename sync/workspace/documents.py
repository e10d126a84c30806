"""YAML files as plain values that remember their lines. Nothing in a file can run code, explode, or turn into a float: a
number with a fraction, a date and `NO` stay the text that was written."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sync.errors import Mistake

MAX_BYTES = 1_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40
_LONG = 50_000
_HARMLESS = 400
Place = tuple[str | int, ...]
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_HALF = re.compile("[\ud800-\udfff]")
_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}


def _quick() -> Any:
    """The parser that is ten times as fast, whose library is not there on every platform. What a plain word is, is decided
    here and not by it."""
    given: Any = getattr(yaml, "CSafeLoader", None)
    return type("Quick", (given,), {"resolve": lambda self, kind, value, implicit: "plain"}) if given else None


_QUICK: Any = _quick()


class _TooLarge(yaml.YAMLError):
    """More stands in the file than anybody reads. `line` is where it is too much."""

    def __init__(self, line: int) -> None:
        self.line = line


@dataclass(slots=True, kw_only=True)
class Document:
    """One file: its value, the line of every place in it, and what is wrong with its form."""

    file: str
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    refused: set[Place] = field(default_factory=set)

    def settled(self, place: Place) -> Place:
        """The place, or the nearest one around it. Words that are no key or index of the file are passed over."""
        at: Place = ()
        for word in place:
            if (*at, word) in self.lines:
                at = (*at, word)
        return at

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it."""
        return self.lines.get(self.settled(place), 1)

    def wrong(self, place: Place, what: str, right: str) -> None:
        """Note a mistake at a place. What stands there is refused: nobody needs to hear more about it."""
        self.refused.add(place)
        self.note(self.line(place), what, right)

    def note(self, line: int, what: str, right: str) -> None:
        """Note a mistake at a line."""
        self.mistakes.append(Mistake(file=self.file, line=line, what=what, right=right))


def read_text(directory: Path, file: str, document: Document) -> str | None:
    """The file's text; None with a mistake noted when it is absent, no file, outside the directory, too large or not UTF-8."""
    if _HALF.search(file):
        document.file = _HALF.sub("?", file)
        document.note(1, "the name of the file is not UTF-8", "rename it")
        return None
    path = directory / file
    try:
        if not path.resolve().is_relative_to(directory.resolve()):
            document.note(1, f"{file} lies outside the workspace", "keep every file inside the workspace directory")
            return None
        if not stat.S_ISREG((found := path.stat()).st_mode):
            document.note(1, f"{file} is no file that can be read", "put a plain text file there")
            return None
        if found.st_size > MAX_BYTES:
            document.note(1, "the file is larger than 1 MB", "split it, or remove what is not configuration")
            return None
        text = path.read_text(encoding="utf-8-sig")
        if "\0" not in text:
            return text
        document.note(1, "the file is not UTF-8", "save it as UTF-8")
    except UnicodeDecodeError:
        document.note(1, "the file is not UTF-8", "save it as UTF-8")
    except (OSError, RuntimeError) as error:  # some versions of Python raise the latter for links in a circle
        words = getattr(error, "strerror", None) or "its links lead in a circle"
        document.note(1, f"the file cannot be read: {words}", "create it, or correct the name")
    return None


def read(directory: Path, file: str) -> Document:
    """The file as a document. Never raises: what is wrong is in `mistakes`."""
    document = Document(file=file)
    text = read_text(directory, file, document)
    return document if text is None else _read(document, text)


def read_words(file: str, text: str) -> Document:
    """The text as the document that a file with it would be. Never raises."""
    return _read(Document(file=file), text)


def _read(document: Document, text: str) -> Document:
    try:
        root = _compose(text)
    except _TooLarge as error:
        document.note(error.line, *_ENDLESS)
        return document
    except yaml.YAMLError as error:
        document.note(_line_of(error, text), *_form(error, text))
        return document
    except RecursionError:
        document.note(1, "the file is nested too deeply", f"at most {MAX_DEPTH} levels")
        return document
    if root is not None:
        walk = _Walk(document)
        value = walk.value(root, ())
        document.value = None if walk.endless else value
    return document


def _compose(text: str) -> yaml.Node | None:
    """The root of the file's one document, by the quick parser where there is one; the other one says what is wrong, so that
    the words do not depend on the machine, unless that would take too long. Raises YAMLError, RecursionError."""
    if _QUICK is not None:
        try:
            if _is_flat(text):
                quick: yaml.Node | None = yaml.compose(text, Loader=_QUICK)
                return quick
        except _TooLarge:
            raise
        except yaml.YAMLError:
            if len(text) > _LONG:
                raise
    if len(text) > _LONG and _QUICK is not None:
        raise RecursionError
    slow: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return slow


def _is_flat(text: str) -> bool:
    """Whether the quick parser, which recurses without looking at the stack, may compose it. Raises YAMLError."""
    if _is_plainly_flat(text):
        return True
    depth = 0
    for seen, event in enumerate(yaml.parse(text, Loader=_QUICK)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            return False
        if seen == 2 * MAX_NODES:
            raise _TooLarge(_line_at(event.start_mark))
    return True


def _is_plainly_flat(text: str) -> bool:
    """Whether it is seen at a glance: a level takes a bracket, a column of indentation or a dash, and a node a character."""
    opened = text.count("[") + text.count("{")
    if opened > _HARMLESS or len(text) > MAX_NODES:
        return False
    indented = max((len(line) - len(line.lstrip()) + line.count("- ") for line in text.splitlines()), default=0)
    return opened + indented + text.count("? ") <= _HARMLESS


def _line_at(mark: Any) -> int:
    return int(mark.line) + 1 if mark is not None else 1


def _line_of(error: yaml.YAMLError, text: str) -> int:
    if (position := getattr(error, "position", None)) is not None:
        return text.count("\n", 0, position) + 1
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return _line_at(mark)


def _form(error: yaml.YAMLError, text: str) -> tuple[str, str]:
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error).splitlines()[0]
    mark = getattr(error, "problem_mark", None)
    if "\\t" in problem or (mark is not None and _begins_with_tab(text, int(mark.line))):
        return "a tab stands where blanks must", "indent with spaces"
    if "expected a single document" in str(getattr(error, "context", "")):
        return "the file holds a second document", "one file holds one document"
    return f"this is not YAML: {problem}", "correct the indentation, the quotes or the colons near this line"


def _begins_with_tab(text: str, line: int) -> bool:
    found = text.split("\n", line + 1)[line : line + 1]
    return bool(found) and "\t" in found[0][: len(found[0]) - len(found[0].lstrip())]


_ENDLESS = "the file unfolds without end or is far too large", "repeat less by alias, nest less"


class _Walk:
    """Turns nodes into values, once per file."""

    def __init__(self, document: Document) -> None:
        self.document, self.seen, self.open, self.endless = document, 0, set[int](), False

    def value(self, node: yaml.Node, place: Place) -> Any:
        """The node's value; None for what never ends."""
        line = node.start_mark.line + 1
        self.document.lines.setdefault(place, line)
        self.seen += 1
        if self.seen == MAX_NODES or len(place) == MAX_DEPTH or id(node) in self.open:
            self.document.note(line, *_ENDLESS)
        if self.seen >= MAX_NODES or len(place) >= MAX_DEPTH or id(node) in self.open:
            self.endless = True
            return None
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, place)
            if isinstance(node, yaml.SequenceNode):
                return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]
            return self._scalar(node)
        finally:
            self.open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.document.note(line, "a key is no plain word", "write a word before the colon")
                continue
            key = str(key_node.value)
            if key in found:
                self.document.note(line, f"`{key}` stands twice in this block", "keep one of them")
                continue
            self.document.lines[(*place, key)] = line
            found[key] = self.value(value_node, (*place, key))
        return found

    def _scalar(self, node: yaml.Node) -> Any:
        word = str(node.value)
        if node.tag.startswith("!") or "python/" in node.tag:
            self.document.note(node.start_mark.line + 1, f"the tag {node.tag} is not allowed", "write the plain value")
            return word
        if _HALF.search(word):
            self.document.note(node.start_mark.line + 1, "a text holds half a character", "write the whole character")
            return _HALF.sub("", word)
        if getattr(node, "style", None):
            return word
        if word in _WORDS:
            return _WORDS[word]
        return int(word) if _INTEGER.fullmatch(word) else word
