"""What a change of a contract's fields means. It depends on the side: what a source promises may get narrower and a reader
notices nothing, what a target demands may get wider and a writer notices nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sync.workspace.diff.change import BREAKING, PROOF, SAFE, About, Change
from sync.workspace.diff.judges import Pair, key_changes, use
from sync.workspace.diff.presence import always_given
from sync.workspace.diff.reading import Reach
from sync.workspace.diff.shapes import Match, Shape


def field_changes(about: About, match: Match, was: Reach, now: Reach) -> Iterator[Change]:
    """Everything that happened to one field."""
    if match.old is None and match.new is not None:
        yield _added(about, match.new, now)
    elif match.new is None and match.old is not None:
        yield _removed(about, match.old, was, now)
    elif match.old is not None and match.new is not None:
        pair = Pair(about=about, old=match.old, new=match.new, was=was, reach=now)
        if match.renamed:
            yield _renamed(pair)
        yield from key_changes(pair)


def _added(about: About, new: Shape, now: Reach) -> Change:
    place = new.place
    if now.target and new.required:
        given, why = always_given(new.path, now)
        if not given:
            return about.change(
                BREAKING, "required_added", new.path, f"the target demands the new field `{new.path}`, {why}",
                new=new.type, hint=f"first map `{new.path.rpartition('.')[2]}` from a value that is always there", place=place,
            )  # fmt: skip
        return about.change(
            SAFE, "field_added", new.path, f"`{new.path}` is demanded and always given", new=new.type, place=place
        )
    if now.source and new.required:
        words = f"`{new.path}` is new and required: a record without it will be stopped"
        return about.change(PROOF, "required_added", new.path, words, new=new.type, place=place)
    return about.change(SAFE, "field_added", new.path, f"`{new.path}` is new and optional", new=new.type, place=place)


def _removed(about: About, old: Shape, was: Reach, now: Reach) -> Change:
    users, verb = (now.readers(old.path), "reads") if now.source else (_writers(old.path, now), "writes")
    told: dict[str, Any] = {"old": old.type, "place": old.place, "gone": True}
    if users:
        words = f"`{old.path}` is removed, and {use(users, verb)} it"
        return about.change(
            BREAKING, "field_removed", old.path, words, hint="change the flow before the field goes", **told
        )
    if now.source and (old.required or was.readers(old.path)):
        words = f"`{old.path}` is removed, and no flow reads it any more"
        return about.change(PROOF, "field_removed", old.path, words, **told)
    return about.change(SAFE, "field_removed", old.path, f"`{old.path}` is removed; no flow uses it", **told)


def _writers(path: str, now: Reach) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.flow.name for each in now.writes.get(path, ())))


def _renamed(pair: Pair) -> Change:
    old, new = pair.old, pair.new
    users, verb = (
        (pair.reach.readers(old.path), "reads") if pair.reach.source else (_writers(old.path, pair.reach), "writes")
    )
    hint = f"`{old.path}` and `{new.path}` have one type, {_alike(old, new)}: this looks like a rename"
    told: dict[str, Any] = {"old": old.path, "new": new.path, "hint": hint, "place": new.place}
    if users:
        words = f"`{old.path}` is renamed to `{new.path}`, and {use(users, verb)} `{old.path}` still"
        return pair.about.change(BREAKING, "field_renamed", old.path, words, **told)
    used = old.required or pair.was.readers(old.path) or _writers(old.path, pair.was)
    words = f"`{old.path}` is renamed to `{new.path}`" + (", and the flows with it" if used else "; no flow uses it")
    return pair.about.change(PROOF if used else SAFE, "field_renamed", old.path, words, **told)


def _alike(old: Shape, new: Shape) -> str:
    if old.position == new.position:
        return "the same position"
    return "neighbouring positions" if abs(old.position - new.position) == 1 else "similar words"
