"""Schema drift: where a source's own description, or the records that arrive, no longer agree with the contract. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from sync.described import Described, Property
from sync.model import Candidate
from sync.workspace.contract import Contract, ContractField

GONE, ARCHIVED, TYPE, OPTION, UNKNOWN = "gone", "archived", "type", "option", "unknown"
_LIKELY = 65
_CANDIDATES = 3
_MEANS: Mapping[str, Collection[str]] = {
    "number": ("number", "integer"),
    "integer": ("integer", "number"),
    "date": ("date", "timestamp"),
}
"""What a source may call a type that a contract calls so; any other type only agrees with itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field that is not as the contract says. `words` say what is wrong in one sentence; `candidates` are fields that it
    may be called now, the likeliest first. What arrives has what was `usual` and what it is `now`."""

    kind: str
    path: str
    label: str
    words: str
    candidates: tuple[Candidate, ...] = ()
    usual: str = ""
    now: str = ""

    @property
    def harmless(self) -> bool:
        """Whether no flow can be hurt: a field that the contract does not know."""
        return self.kind == UNKNOWN

    @property
    def told(self) -> str:
        """The sentence, with the name that the field may have now."""
        return f"{self.words}{f'; renamed to {self.candidates[0].value}?' if self.candidates else ''}"


def compare(
    contract: Contract, described: Described, options: Mapping[str, Collection[str]] | None = None
) -> tuple[Difference, ...]:
    """Every difference, those of the contract's fields in its order and then unknown fields. `options` are values that flows
    rely on, by path: the source has to know them."""
    found: list[Difference] = []
    for field in contract.fields.values():
        if not _inside_missing(field.path, contract, described):
            found += _of_field(field, contract, described, (options or {}).get(field.path, ()))
    found += _unknown(contract, described)
    return tuple(found)


def _inside_missing(path: str, contract: Contract, described: Described) -> bool:
    """Whether something around the field is missing: then that is what is said."""
    parts = path.split(".")
    around = (".".join(parts[:count]).removesuffix("[*]") for count in range(1, len(parts)))
    return any(each in contract.fields and each not in described.fields for each in around)


def _of_field(
    field: ContractField, contract: Contract, described: Described, wanted: Collection[str]
) -> Iterator[Difference]:
    there = described.fields.get(field.path)
    name = f"{field.label} ({field.path})"
    if there is None or there.archived:
        kind, what = (ARCHIVED, "is archived in the source") if there else (GONE, "is not in the source any more")
        candidates = _renamed(field, contract, described)
        yield Difference(kind=kind, path=field.path, label=field.label, words=f"{name} {what}", candidates=candidates)
        return
    if there.type and there.type not in _MEANS.get(field.type, (field.type,)):
        words = f"{name} is a {there.type} in the source, and the contract says {field.type}"
        yield Difference(kind=TYPE, path=field.path, label=field.label, words=words, usual=field.type, now=there.type)
    gone = [each for each in wanted if there.options and each not in there.options]
    if gone:
        words = f"{name} has no option {', '.join(sorted(gone))} in the source any more"
        yield Difference(
            kind=OPTION, path=field.path, label=field.label, words=words, candidates=_options(gone[0], there)
        )


def _renamed(field: ContractField, contract: Contract, described: Described) -> tuple[Candidate, ...]:
    """Fields beside it that the contract does not know and that may be the same: by name, label and type."""
    place, _, name = field.path.rpartition(".")
    found = []
    for path, other in described.fields.items():
        around, _, other_name = path.rpartition(".")
        if around != place or path in contract.fields or other.archived:
            continue
        score = _likeness(field, name, other, other_name)
        if score >= _LIKELY:
            found.append(Candidate(value=path, label=other.label, score=score, why=_why(field, other)))
    return tuple(sorted(found, key=lambda each: (-each.score, each.value))[:_CANDIDATES])


def _likeness(field: ContractField, name: str, other: Property, other_name: str) -> int:
    """0 to 100. The same label counts as much as the same name; another type speaks against it."""
    names = fuzz.token_sort_ratio(_words(name), _words(other_name))
    labels = fuzz.token_sort_ratio(_words(field.label), _words(other.label))
    both = max(names, labels) * 3 // 4 + min(names, labels) // 4
    fits = not other.type or other.type in _MEANS.get(field.type, (field.type,))
    return max(0, int(both) - (0 if fits else 25))


def _words(name: str) -> str:
    return name.replace("_", " ").lower()


def _why(field: ContractField, other: Property) -> str:
    label = "the same label" if _words(field.label) == _words(other.label) else "a similar name"
    return f"{label} and type" if not other.type or other.type == field.type else label


def _options(gone: str, there: Property) -> tuple[Candidate, ...]:
    scored = [(int(fuzz.token_sort_ratio(_words(gone), _words(each))), each) for each in there.options]
    likely = sorted((pair for pair in scored if pair[0] >= _LIKELY), key=lambda pair: (-pair[0], pair[1]))
    return tuple(
        Candidate(value=each, label=each, score=score, why="a similar name") for score, each in likely[:_CANDIDATES]
    )


def _unknown(contract: Contract, described: Described) -> Iterator[Difference]:
    for path, other in described.fields.items():
        if path not in contract.fields and not other.archived:
            words = f"{other.label or path} ({path}) is not in the contract"
            yield Difference(kind=UNKNOWN, path=path, label=other.label or path, words=words)
