"""The files that go with a pack: its charts, each with the sentence that says what it shows, and the rows behind it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.charts import png
from bot.pack_csv import rows_of
from bot.packs import alt_texts, charts
from sync.packs import Pack


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFile:
    """One file. A chart has an `alt` text, the rows have none."""

    name: str
    alt: str
    content: bytes


def files_of(pack: Pack, zone: str) -> tuple[PackFile, ...]:
    """The charts, then the rows. Takes a second where matplotlib is not loaded yet: call it outside the event loop."""
    alts = alt_texts(pack, zone)
    pictures = [PackFile(name=name, alt=alts[name], content=png(chart)) for name, chart in charts(pack, zone).items()]
    return (*pictures, PackFile(name=f"{pack.kind}-{pack.slot}.csv", alt="", content=rows_of(pack.facts)))
