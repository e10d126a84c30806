"""Records without what is personal in them, of the same form: what was wrong with the record is still wrong with the copy. A
value always gets the same placeholder, and nobody can tell the value from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sync.mapping import text
from sync.model import Record
from sync.workspace.contract import Contract
from sync.workspace.flow import Flow

_EMAIL = re.compile(r"[^\s@<>,;\"']+@[^\s@<>,;\"']+\.[^\s@<>,;\"']+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_INDEX = re.compile(r"\[\d+\]")
_OPEN = ("", "public")
_A_DAY = "2000-01-01"


@dataclass(slots=True, kw_only=True)
class Redactor:
    """Redacts the records of one flow. Personal is what the contract classifies or calls personal, what it does not know at all,
    every name, and an e-mail address wherever it stands."""

    contract: Contract
    flow: Flow
    _known: dict[str, str] = field(default_factory=dict)

    def record(self, record: Record) -> Record:
        """A copy of the record without anything personal."""
        return {name: self._value(name, inner) for name, inner in record.items()}

    def words(self, path: str, words: str) -> str:
        """What stands at a concrete path, as a text, without anything personal."""
        return self._placeholder(words) if self.is_personal(path) else self._without_emails(words)

    def is_personal(self, path: str) -> bool:
        """Whether nothing of what stands at the path may be shown."""
        pattern = _INDEX.sub("[*]", path)
        known = self.contract.fields.get(pattern)
        named = pattern in (self.flow.record.title, self.flow.record.customer_title)
        last = pattern.rpartition(".")[2].lower()
        if known is None or named or last.endswith("name"):
            return True
        return known.classification.lower() not in _OPEN or bool(known.terms.pii)

    def _value(self, path: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._value(f"{path}.{name}", inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._value(f"{path}[{index}]", inner) for index, inner in enumerate(value)]
        if isinstance(value, str):
            return self.words(path, value)
        if value is None or isinstance(value, bool) or not self.is_personal(path):
            return value
        return int(self._placeholder(str(value))) if isinstance(value, int) else self._placeholder(text(value))

    def _without_emails(self, words: str) -> str:
        return _EMAIL.sub(lambda match: self._placeholder(match[0]), words)

    def _placeholder(self, words: str) -> str:
        if words not in self._known:
            self._known[words] = placeholder(words, len(self._known) + 1)
        return self._known[words]


def placeholder(words: str, number: int) -> str:
    """Words of the same form: as long, with letters for letters and digits for digits; they tell nothing but their number."""
    if _EMAIL.fullmatch(words):
        return f"person{number}@example.com"
    if _DATE.fullmatch(words):
        return _A_DAY + words[len(_A_DAY) :]
    return _letters(_digits(words, number), number)


def _digits(words: str, number: int) -> str:
    places = [index for index, char in enumerate(words) if char.isdecimal()]
    filling = str(number).rjust(len(places), "1")[-len(places) :] if places else ""
    drawn = dict(zip(places, filling, strict=True))
    return "".join(drawn.get(index, char) for index, char in enumerate(words))


def _letters(words: str, number: int) -> str:
    """Letters that spell the number, beginning with the last of them; upper case stays upper case."""
    drawn, left = [], number
    for char in reversed(words):
        if char.isalpha():
            letter = chr(ord("a") + left % 26)
            drawn.append(letter.upper() if char.isupper() else letter)
            left //= 26
        else:
            drawn.append(char)
    return "".join(reversed(drawn))
