"""What a check sees: one record with its flow, its tables and the source's answers, and what is known to be wrong already."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.mapping import expand, get, missing, text
from sync.model import Candidate, Record, Violation
from sync.questions import Lookups, Question, asked
from sync.transforms import NONE, Transform, currency_at
from sync.workspace.contract import Contract
from sync.workspace.flow import Check, Flow
from sync.workspace.tables import ReferenceTable

_INDEX = re.compile(r"\[(\d+)\]")
_ROOT = re.compile(r"[.\[]")
_KINDS = {"date": "date", "timestamp": "date", "number": "money"}


class CannotTell(ValueError):
    """The check lacks what it needs: a table, or an answer of the source."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """One record under judgement. `spoiled` are the concrete paths that some check has found wrong."""

    record: Record
    flow: Flow
    contract: Contract
    tables: Mapping[str, ReferenceTable]
    lookups: Lookups
    own: Mapping[str, Transform] = field(default_factory=lambda: NONE)
    spoiled: set[str] = field(default_factory=set)
    _currencies: dict[str | None, str | None] = field(default_factory=dict)

    def values(self, path: str) -> Iterator[tuple[str, Any]]:
        """Each concrete path with its value, without those that are empty or known to be wrong."""
        for concrete, value in expand(self.record, path):
            if not missing(value) and not self.is_spoiled(concrete):
                yield concrete, value

    def is_spoiled(self, path: str) -> bool:
        """Whether the value, or something around it, is known to be wrong."""
        if not self.spoiled:
            return False
        while path not in self.spoiled:
            at = max(path.rfind("."), path.rfind("["))
            if at <= 0:
                return False
            path = path[:at]
        return True

    def is_spoiled_within(self, roots: Collection[str] | None) -> bool:
        """Whether something in these fields at the top of the record is known to be wrong; in any field for None."""
        if roots is None:
            return bool(self.spoiled)
        return any(_ROOT.split(each, maxsplit=1)[0] in roots for each in self.spoiled)

    def table(self, name: str) -> ReferenceTable:
        """The reference table. Raises CannotTell."""
        if name not in self.tables:
            raise CannotTell(f"there is no reference table called {name}")
        return self.tables[name]

    def answer(self, check: int, entity: str, purpose: str) -> Sequence[Record]:
        """What the source answered to a check's question of that purpose; nothing where there was no question."""
        for question in asked(self.record, self.flow):
            if (question.check, question.entity, question.purpose) == (check, entity, purpose):
                return self.lookups.of(question) or ()
        return ()

    def answer_to(self, question: Question) -> Sequence[Record]:
        """The answer to one question. Raises CannotTell when the source was not asked: silence is no pass."""
        records = self.lookups.of(question)
        if records is None:
            raise CannotTell(f"the source was not asked for {question.entity}")
        return records

    def currency(self, path: str | None) -> str | None:
        """The currency that amounts are in; None when it is not known."""
        if path not in self._currencies:
            self._currencies[path] = currency_at(path or self.flow.record.currency, self.record)
        return self._currencies[path]

    def kind(self, pattern: str) -> str:
        """How a person enters the field."""
        known = self.contract.fields.get(pattern)
        return _KINDS.get(known.type, "text") if known is not None else "text"

    def label(self, check: Check, path: str) -> str:
        """What people call the field, with the line it stands in."""
        pattern, index = _INDEX.sub("[*]", path), _INDEX.search(path)
        last = path.rpartition(".")[2].replace("_", " ").capitalize()
        label = check.label or self.contract.label(pattern) or last
        return f"{label} (line {int(index[1]) + 1})" if index else label

    def violation(
        self,
        check: Check,
        path: str,
        reason: str | None = None,
        *,
        expected: str,
        found: str | None = None,
        candidates: tuple[Candidate, ...] = (),
        kind: str | None = None,
    ) -> Violation:
        """A violation of the check at a concrete path, with the value that stands there."""
        entered = kind or self.kind(_INDEX.sub("[*]", path))
        return Violation(
            reason=reason or check.reason,
            path=path,
            label=self.label(check, path),
            found=text(get(self.record, path)) if found is None and "*" not in path else (found or ""),
            expected=expected[:300],
            candidates=candidates,
            kind=entered,
            currency=(self.currency(None) or "") if entered == "money" else "",
        )
