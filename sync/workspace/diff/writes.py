"""What changed in the writes of a flow and in their mapping rows. The key that makes a write happen once may never change:
what is in the target already would not be found under the new one, and would be written a second time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync.workspace.diff.change import APPROVAL, BREAKING, PROOF, SAFE, About, Category, Change, shown
from sync.workspace.diff.leaves import same
from sync.workspace.diff.presence import present
from sync.workspace.documents import Place
from sync.workspace.flow import Flow, MapRow, VerifyRow, WriteRow

_FOREVER = {
    "key": ("key_changed", "the idempotency key changes: what is written already would be written a second time"),
    "connection": ("target_changed", "the write goes to another system: what is there already is not found"),
    "entity": ("target_changed", "the write makes another kind of record: what is there already is not found"),
    "of": ("target_changed", "the write builds on another record"),
}
_SOURCES = ("from", "value", "text", "ref", "xref", "of", "each", "spread", "percent_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Mapping rows in their flow: `path` and `place` say where they stand, `at` the source's path around their selectors."""

    about: About
    flow: Flow
    path: str
    place: Place
    at: str = ""

    def inside(self, row: MapRow, index: int) -> Rows:
        """The rows of the items that a row makes."""
        at, path = f"{self.at}{row.each}[*].", f"{self.path}.{row.to}"
        return replace(self, path=path, place=(*self.place, index, "record"), at=at)

    def changes(self, old: Sequence[MapRow], new: Sequence[MapRow]) -> Iterator[Change]:
        """Everything that changed in the rows."""
        before, after = ({row.to: (at, row) for at, row in enumerate(side)} for side in (old, new))
        renamed = dict(_renames(before, after))
        for to, (index, row) in after.items():
            if to in before:
                yield from self._row(before[to][1], row, index)
            elif to in renamed:
                yield self._renamed(renamed[to], to, index)
                yield from self._row(before[renamed[to]][1], row, index)
            else:
                yield self._added(row, index)
        for to, (index, row) in before.items():
            if to not in after and to not in renamed.values():
                yield self._told(
                    PROOF,
                    "row_removed",
                    to,
                    f"the target's `{to}` is no longer filled",
                    (index,),
                    old=_source(row),
                    gone=True,
                )

    def _told(self, category: Category, kind: str, to: str, words: str, place: Place, **told: Any) -> Change:
        return self.about.change(category, kind, f"{self.path}.{to}", words, place=(*self.place, *place), **told)

    def _renamed(self, old: str, new: str, index: int) -> Change:
        words = f"the target's `{old}` is filled as `{new}` from now on"
        hint = f"`{old}` and `{new}` come from one place: this looks like a rename"
        return self._told(PROOF, "row_renamed", old, words, (index,), old=old, new=new, hint=hint)

    def _added(self, row: MapRow, index: int) -> Change:
        if row.required and not present(row, self.flow, self.at):
            return self._told(
                BREAKING, "required_added", row.to, _demanded(row, self._named(row)), (index,), new=_source(row)
            )
        words = f"the target's `{row.to}` is filled from now on"
        return self._told(PROOF, "row_added", row.to, words, (index,), new=_source(row))

    def _row(self, old: MapRow, new: MapRow, index: int) -> Iterator[Change]:
        before, after = _plain(old), _plain(new)
        if _source(old) != _source(new):
            words = f"the target's `{new.to}` comes from {_source(new)} instead of {_source(old)}"
            key = next((key for key in _SOURCES if after.get(key) is not None), "to")
            yield self._told(PROOF, "source_changed", new.to, words, (index, key), old=_source(old), new=_source(new))
        for key in sorted({*before, *after} - {*_SOURCES, "to", "record"}):
            if not same(before.get(key), after.get(key)):
                category, kind, words, hint = self._judged(key, new)
                asked = (old.owner,) if key == "owner" and old.owner else None
                at = (index, key) if key in after else (index,)
                told = {"old": before.get(key), "new": after.get(key), "hint": hint, "approvers": asked}
                yield self._told(category, kind, f"{new.to}.{key}", words, at, **told)
        yield from self.inside(new, index).changes(old.record or (), new.record or ())

    def _judged(self, key: str, row: MapRow) -> tuple[Category, str, str, str]:
        if key == "required" and row.required and not present(row, self.flow, self.at):
            return (
                BREAKING,
                "required_added",
                _demanded(row, self._named(row)),
                "first make sure that it is always there",
            )
        if key == "required" and row.required:
            return SAFE, "required_added", f"the target demands `{row.to}` now, which is always given", ""
        if key == "required":
            return (
                SAFE,
                "required_dropped",
                f"the target no longer demands `{row.to}`: what is written is still right",
                "",
            )
        kinds: dict[str, tuple[Category, str, str]] = {
            "note": (SAFE, "words_changed", f"the row of `{row.to}` is described anew"),
            "owner": (APPROVAL, "row_owner_changed", f"the row of `{row.to}` has another owner"),
            "transform": (PROOF, "transform_changed", f"the target's `{row.to}` is written otherwise"),
        }
        usual = (PROOF, f"{key}_changed", f"the target's `{row.to}`: {key} changes")
        return (*kinds.get(key, usual), "")

    def _named(self, row: MapRow) -> str:
        return self.at + _source(row)


def write_changes(about: About, old: Flow, new: Flow) -> Iterator[Change]:
    """Everything that changed in the writes of a flow."""
    before, after = {each.name: each for each in old.writes}, {each.name: each for each in new.writes}
    places = {each.name: ("writes", at) for side in (old, new) for at, each in enumerate(side.writes)}
    for name, write in after.items():
        if name in before:
            yield from _changed(about, before[name], write, places[name], new)
        else:
            words = f"the write {name} is new: {write.operation} {write.connection}/{write.entity}"
            yield about.change(PROOF, "write_added", f"writes.{name}", words, new=name, place=places[name])
    for name, write in before.items():
        if name not in after:
            words = f"the write {name} is removed: {write.connection}/{write.entity} is no longer written"
            yield about.change(PROOF, "write_removed", f"writes.{name}", words, old=name, place=places[name], gone=True)
    kept = [[name for name in side if name in before and name in after] for side in (before, after)]
    if kept[0] != kept[1]:
        words = f"the writes happen in another order: {', '.join(kept[1])}"
        yield about.change(PROOF, "writes_reordered", "writes", words, old=kept[0], new=kept[1], place=("writes",))


def _changed(about: About, old: WriteRow, new: WriteRow, place: Place, flow: Flow) -> Iterator[Change]:
    plain = [each.model_dump(by_alias=True, exclude={"record", "verify", "name"}) for each in (old, new)]
    path = f"writes.{new.name}"
    for key in sorted({*plain[0], *plain[1]}):
        before, after = plain[0].get(key), plain[1].get(key)
        if not same(before, after):
            yield _of_write(about, key, new.name, (before, after), place)
    rows = Rows(about=about, flow=flow, path=path, place=(*place, "record"))
    yield from rows.changes(old.record, new.record)
    yield from _verify(about, old.verify, new.verify, path, (*place, "verify"))


def _of_write(about: About, key: str, name: str, values: tuple[Any, Any], place: Place) -> Change:
    category = BREAKING if key in _FOREVER else PROOF
    kind, words = _FOREVER.get(key, (f"write_{key}_changed", f"the {key} of the write {name} changes"))
    hint = "keep the key as it is; a new write with a name of its own starts a new series" if key == "key" else ""
    told: dict[str, Any] = {"old": values[0], "new": values[1], "hint": hint, "place": (*place, key)}
    return about.change(category, kind, f"writes.{name}.{key}", words, **told)


def _demanded(row: MapRow, source: str) -> str:
    return f"the target demands `{row.to}` now, and `{source}` may be empty"


Named = dict[str, tuple[int, MapRow]]


def _renames(before: Named, after: Named) -> Iterator[tuple[str, str]]:
    """New names of fields that come from where a removed one came from."""
    free = {to: row for to, (_, row) in before.items() if to not in after}
    for to, (_, row) in after.items():
        if to not in before:
            for name, other in free.items():
                if _source(other) == _source(row) and row.value is None:
                    yield to, name
                    del free[name]
                    break


def _plain(row: MapRow) -> dict[str, Any]:
    plain = row.model_dump(by_alias=True, exclude_none=True, exclude={"record"})
    return {**plain, "transform": " → ".join(row.transforms) or None, "required": plain.get("required") or None}


def _source(row: MapRow) -> str:
    """Where the value comes from, in words."""
    if row.value is not None:
        return f"the value {row.value}"
    if row.xref is not None:
        return f"the id that {row.xref} {row.of} has there"
    if row.spread is not None:
        return f"{row.spread.amount} spread over {row.spread.months} months"
    return row.from_ or row.text or (f"the write {row.ref}" if row.ref else None) or row.each or "elsewhere"


def _verify(
    about: About, old: Sequence[VerifyRow], new: Sequence[VerifyRow], path: str, place: Place
) -> Iterator[Change]:
    """A confirmation that goes or changes lets through what it would have found; a new one finds more."""
    before, after = ({row.field: (at, row) for at, row in enumerate(side)} for side in (old, new))
    for name in dict.fromkeys((*before, *after)):
        was, now = (side[name][1] if name in side else None for side in (before, after))
        if was == now:
            continue
        verb, kind = (
            ("changes", "verify_changed")
            if was and now
            else ("is new", "verify_added")
            if now
            else ("is removed", "verify_removed")
        )
        told: dict[str, Any] = {"old": _confirmed(was), "new": _confirmed(now), "gone": now is None}
        at = (*place, (after.get(name) or before[name])[0])
        yield about.change(
            PROOF, kind, f"{path}.verify.{name}", f"the confirmation of `{name}` {verb}", place=at, **told
        )


def _confirmed(row: VerifyRow | None) -> str | None:
    return " → ".join((confirmation(row), *row.transforms)) if row is not None else None


def confirmation(row: VerifyRow) -> str:
    """What a field must show, in words."""
    if row.total is not None:
        times = f"{row.total.quantity} × {row.total.price}" if row.total.quantity else row.total.price
        return f"the sum of {times} over {row.total.of}"
    if row.exists:
        return "any value"
    if row.text is not None:
        return f"the text {row.text}"
    return row.from_ if row.from_ is not None else f"the value {shown(row.value)}"
