"""Where a change stands: the file and the line on the new side, or on the old one for what is gone."""

from __future__ import annotations

from dataclasses import dataclass

from sync.workspace.diff.change import Change
from sync.workspace.documents import Document, Place
from sync.workspace.loader import Files
from sync.workspace.spots import whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Spotted:
    """A change with its file, relative to the directory of its side, and its line."""

    change: Change
    file: str
    line: int

    @property
    def side(self) -> str:
        return "old" if self.change.gone else "new"


def spotted(change: Change, old: Files, new: Files) -> Spotted:
    """The change at its place."""
    files = old if change.gone else new
    if change.noun in ("table", "transforms"):
        line = change.place[0] if change.place else 1
        file = f"reference/{change.name}.csv" if change.noun == "table" else change.name
        return Spotted(change=change, file=file, line=int(line))
    document, place = _document(change, files)
    return Spotted(change=change, file=document.file, line=document.line(place))


def _document(change: Change, files: Files) -> tuple[Document, Place]:
    if change.noun == "contract":
        return _contract(change.name, files), change.place
    if change.noun == "flow":
        for document, _ in files.flows:
            if whole(document).at("flow").word == change.name:
                return document, change.place
    if change.noun == "connection" and "describe" in change.place:
        file = whole(files.settings[0]).at(*change.place[:3]).word
        described = next((each for each in files.documents if each.file == file), None)
        if described is not None:
            return described, change.place[3:]
    return files.settings[0], change.place


def _contract(ref: str, files: Files) -> Document:
    """The file of the contract in that version, else in the version that has its id."""
    id_ = ref.partition("@")[0]
    same = [document for document, _ in files.contracts if whole(document).at("id").word == id_]
    exact = [each for each in same if f"{id_}@{whole(each).at('version').word}" == ref]
    return next(iter([*exact, *same[-1:]]), files.settings[0])
