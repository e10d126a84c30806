"""The checks about form: types, lengths, documents that are there, and rules in CEL."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sync import cel
from sync.facts import WHOLE, holds, roots
from sync.mapping import expand, missing, text
from sync.model import Violation
from sync.questions import related
from sync.scene import CannotTell, Scene
from sync.shapes import IS
from sync.workspace.flow import Attachment, Length, RuleCheck, Type

_ADDRESS = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]{0,250}(:\d{1,5})?(/[^\s<>\"\\^`{|}]{0,1800})?")
_WORDS = {
    "string": "a text", "integer": "a whole number", "number": "a plain number such as 1234.56", "boolean": "true or false",
    "date": "a date such as 2026-03-31", "timestamp": "a date such as 2026-03-31, or a moment with its offset",
    "array": "a list", "object": "a block of fields",
}  # fmt: skip


def of_type(index: int, check: Type, scene: Scene) -> Iterator[Violation]:
    """The value is of the stated type, else of the contract's. A field that the contract does not know cannot be told."""
    known = scene.contract.fields.get(check.path)
    name = check.type or (known.type if known is not None else "")
    if name not in IS:
        raise CannotTell(f"the contract gives {check.path} no type that is known here")
    for path, value in scene.values(check.path):
        if not IS[name](value):
            yield scene.violation(check, path, expected=_WORDS[name])


def length(index: int, check: Length, scene: Scene) -> Iterator[Violation]:
    """The characters of a text (of a number, as it is written), or the items of a list."""
    for path, value in scene.values(check.path):
        many = len(value) if isinstance(value, str | list) else len(text(value))
        if many < check.min or (check.max is not None and many > check.max):
            noun = "items" if isinstance(value, list) else "characters"
            found = f"{many:,} {noun}" if isinstance(value, list) or many > 200 else None
            yield scene.violation(check, path, expected=_length_words(check, noun), found=found)


def _length_words(check: Length, noun: str) -> str:
    if check.max is None:
        return f"at least {check.min:,} {noun}"
    return f"{check.min:,} to {check.max:,} {noun}" if check.min else f"at most {check.max:,} {noun}"


def attachment(index: int, check: Attachment, scene: Scene) -> Iterator[Violation]:
    """The address of a document, or a record of the source that belongs to this one."""
    if check.related is not None:
        question = related(index, check, scene.record)
        if question is None or not scene.answer_to(question):
            yield scene.violation(
                check, check.path, expected=f"at least one of {check.related.entity} that belongs to it"
            )
        return
    for path, value in expand(scene.record, check.path):
        if not scene.is_spoiled(path) and (missing(value) or not _ADDRESS.fullmatch(text(value))):
            yield scene.violation(
                check, path, expected="the address of a document, such as https://files.example.com/order.pdf"
            )


def rule(index: int, check: RuleCheck, scene: Scene) -> Iterator[Violation]:
    """What the rule says of the whole record. It stays silent where a field it reads is known to be wrong. Raises RuleFailed."""
    compiled = cel.compile(check.expr)
    if scene.is_spoiled_within(None if WHOLE in compiled.names else roots(compiled)):
        return
    if not holds(compiled, scene.record, scene.currency(None)):
        yield scene.violation(check, check.path, expected=check.expected)
