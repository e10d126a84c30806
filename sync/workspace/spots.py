"""A place of a document with what stands there, right or wrong. Links are followed over spots, so that a mistake in one
key hides nothing that stands beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sync.workspace.documents import Document, Place
from sync.workspace.mistakes import nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One place. Whatever is asked of it, a value of another form than expected is simply not there."""

    document: Document
    place: Place = ()
    value: Any

    def at(self, *words: str | int) -> Spot:
        """The spot further inside."""
        value = self.value
        for word in words:
            value = value.get(word) if isinstance(value, dict) else None
        return Spot(document=self.document, place=(*self.place, *words), value=value)

    @property
    def items(self) -> list[Spot]:
        """Each item of a list."""
        values = self.value if isinstance(self.value, list) else []
        return [
            Spot(document=self.document, place=(*self.place, index), value=value) for index, value in enumerate(values)
        ]

    @property
    def entries(self) -> dict[str, Spot]:
        """Each entry of a block by its key."""
        return {key: self.at(key) for key in self.value} if isinstance(self.value, dict) else {}

    @property
    def word(self) -> str | None:
        """The text that stands here; None where it is already said that it is wrong."""
        return self.value if isinstance(self.value, str) and self.place not in self.document.refused else None

    @property
    def words(self) -> list[Spot]:
        """The one text that stands here, or each of a list."""
        return self.items if isinstance(self.value, list) else [self]

    def wrong(self, what: str, right: str) -> None:
        """Note a mistake here."""
        self.document.wrong(self.place, what, right)

    def known(self, noun: str, known: Iterable[str] | None) -> None:
        """The text that stands here is one of the known ones; None where they are not known."""
        if self.word is not None and known is not None and self.word not in (names := list(known)):
            self.wrong(f"there is no {noun} called {self.word!r}", nearest(self.word, names))


def whole(document: Document) -> Spot:
    """The whole document."""
    return Spot(document=document, value=document.value)
