"""Two directories compared: every change with its file and line, and what the one who proposes them has left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sync.errors import Mistake
from sync.mapping import text
from sync.workspace.capable import Kinds
from sync.workspace.contract import properties, read_contract
from sync.workspace.diff import diff
from sync.workspace.diff.change import BREAKING, SAFE, About, Category, Change, in_order
from sync.workspace.diff.locating import Spotted, spotted
from sync.workspace.documents import Document
from sync.workspace.loader import Files, survey, workspace_of
from sync.workspace.samples import read_samples
from sync.workspace.workspace import Workspace

_NOBODY = "nobody"
_OF_RECORDS = ("contract", "flow")
_WITHOUT_SAMPLES = frozenset(
    "owner_removed owner_changed backup_changed approvers_changed source_of_truth_changed route_changed class_changed "
    "billing_hold_changed clock_loosened clock_tightened sla_loosened sla_tightened sla_given sla_withdrawn sla_changed "
    "retention_changed packs_changed receipts_changed synthetic_changed poll_changed retry_changed batch_changed "
    "hold_changed row_owner_changed contract_removed flow_removed version_lowered team_changed roles_changed servers_changed "
    "status_changed quality_severity amount_shown_changed".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a change of a workspace does. `mistakes` are those of the new side; with them, `changes` is what can be told
    besides. `proposer` is whoever proposes the change, empty where nobody knows."""

    changes: tuple[Spotted, ...]
    mistakes: tuple[Mistake, ...] = ()
    old_mistakes: tuple[Mistake, ...] = ()
    proposer: str = ""

    @property
    def blocked(self) -> bool:
        """Whether any of it blocks."""
        return any(each.change.category is BREAKING for each in self.changes)

    def of(self, category: Category) -> tuple[Spotted, ...]:
        """The changes of one category."""
        return tuple(each for each in self.changes if each.change.category is category)


def compare(old: Path, new: Path, kinds: Kinds | None = None, *, proposer: str = "") -> Comparison:
    """Compare two directories as far as they can be loaded."""
    before, after = survey(old, kinds), survey(new, kinds)
    workspaces = _loaded(before), _loaded(after)
    samples = _Samples.read(old), _Samples.read(new)
    changes: tuple[Change, ...] = ()
    if workspaces[0] is not None and workspaces[1] is not None:
        changes = diff(workspaces[0], workspaces[1], seen=(samples[0].seen, samples[1].seen))
        unchanged = samples[0].values == samples[1].values
        changes = in_order([*changes, *(_refused(changes, proposer) if unchanged else ())])
    return Comparison(
        changes=tuple(spotted(each, before, after) for each in changes),
        mistakes=tuple(after.mistakes),
        old_mistakes=tuple(before.mistakes),
        proposer=proposer,
    )


def _refused(changes: tuple[Change, ...], proposer: str) -> Iterator[Change]:
    """Whoever changes what happens to records changes a sample that shows it, or the words of the data dictionary."""
    if any(each.kind == "words_changed" and each.noun in _OF_RECORDS for each in changes):
        return
    by: dict[tuple[str, str], int] = {}
    for each in changes:
        if each.noun in _OF_RECORDS and each.category is not SAFE and each.kind not in _WITHOUT_SAMPLES:
            by[each.noun, each.name] = by.get((each.noun, each.name), 0) + 1
    for (noun, name), count in by.items():
        about = About(noun=noun, name=name, approvers=())
        things = f"{count} change{'s' if count > 1 else ''}"
        words = f"{things} without any changed sample and without a changed word in the data dictionary"
        who = f"{proposer} proposes it and" if proposer else "whoever proposes it"
        hint = f"{who} adds the sample that shows the difference, or describes it in the contract or in a row's note"
        yield about.change(BREAKING, "no_samples", "", words, hint=hint)


def _loaded(files: Files) -> Workspace | None:
    """The workspace, also when nothing is wrong with it but that contracts have lost their owner."""
    lost = {document.file: _with_anybody(document) for document, _ in files.contracts if _ownerless(document)}
    if not lost:
        return workspace_of(files)
    documents = [lost.get(document.file, document) for document in files.documents]
    contracts = [(document, read_contract(document)) for document in lost.values()]
    kept = [each for each in files.contracts if each[0].file not in lost]
    mended = replace(files, documents=documents, contracts=[*kept, *contracts])
    workspace = workspace_of(mended)
    if workspace is None:
        return None
    nobodys = {
        ref: replace(each, owner="") if each.owner == _NOBODY else each for ref, each in workspace.contracts.items()
    }
    return replace(workspace, contracts=nobodys)


def _ownerless(document: Document) -> bool:
    if not isinstance(document.value, dict):
        return False
    owner = properties(document).get("owner")
    return owner is None or owner.value in (None, "", [])


def _with_anybody(document: Document) -> Document:
    value = deepcopy(document.value)
    given = value.get("customProperties")
    kept = [each for each in given if each.get("property") != "owner"] if isinstance(given, list) else []
    value["customProperties"] = [*kept, {"property": "owner", "value": _NOBODY}]
    return Document(file=document.file, value=value, lines=dict(document.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Samples:
    """The samples of one side: what their files say, and what the records in them hold by entity and field."""

    values: Mapping[str, Any]
    seen: Mapping[str, Mapping[str, frozenset[str]]]

    @classmethod
    def read(cls, directory: Path) -> _Samples:
        samples, documents = read_samples(directory)
        held: dict[str, dict[str, set[str]]] = {}
        for _, sample in samples:
            for path, words in _held(sample.record or {}, ""):
                held.setdefault(sample.entity, {}).setdefault(path, set()).add(words)
        return cls(
            values={each.file: each.value for each in documents},
            seen={entity: {path: frozenset(words) for path, words in by.items()} for entity, by in held.items()},
        )


def _held(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _held(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from _held(inner, f"{path}[*]")
    elif value is not None:
        yield path, text(value)
