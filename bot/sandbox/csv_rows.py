"""CSV files as rows of named cells. A row or a cell that cannot be read is named by file and line, and the rest is read on."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

COUNTRIES: Final = {
    "united states": "US",
    "usa": "US",
    "united kingdom": "GB",
    "germany": "DE",
    "france": "FR",
    "italy": "IT",
    "spain": "ES",
    "belgium": "BE",
    "netherlands": "NL",
    "norway": "NO",
    "sweden": "SE",
    "poland": "PL",
    "romania": "RO",
    "brazil": "BR",
    "panama": "PA",
    "mexico": "MX",
    "canada": "CA",
    "china": "CN",
    "japan": "JP",
    "korea": "KR",
    "south korea": "KR",
    "philippines": "PH",
    "philipines": "PH",
    "india": "IN",
    "jordan": "JO",
    "kenya": "KE",
    "austria": "AT",
    "switzerland": "CH",
    "australia": "AU",
}
_AMOUNT = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?")


class BadCell(ValueError):
    """A cell that cannot be read, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`where` is file:line."""

    where: str
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")

    def must(self, column: str) -> str:
        if value := self.get(column):
            return value
        raise BadCell(f"{column} is empty")


def rows(directory: Path, problems: list[str], name: str, *columns: str) -> Iterator[Row]:
    """The rows of a file under tidy column names: case, spaces, hyphens and a byte order mark do not matter.
    What cannot be read is added to `problems`."""
    try:
        text = (directory / name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{name}: cannot be read ({type(error).__name__})")
        return
    reader = csv.reader(text.splitlines(keepends=True))
    header = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in next(reader, [])]
    if missing := [column for column in columns if column not in header]:
        problems.append(f"{name}:1: no column {', '.join(missing)}")
        return
    for cells in reader:
        where = f"{name}:{reader.line_num}"
        if not any(cells):
            continue
        if len(cells) != len(header):
            problems.append(f"{where}: {len(cells)} cells, the header has {len(header)}")
            continue
        yield Row(where=where, cells=dict(zip(header, (cell.strip() for cell in cells), strict=True)))


def bare(name: str) -> str:
    """A name without what people vary: case, spaces, hyphens, underscores."""
    return re.sub(r"[\s_-]+", "", name.casefold())


def minor_units(text: str, column: str) -> int:
    """Hundredths of a plain amount. Raises BadCell."""
    plain = _AMOUNT.fullmatch(text)
    if plain is None:
        raise BadCell(f"{column} {text!r} is not an amount such as 1054 or 1054.50")
    return int(plain[1]) * 100 + int((plain[2] or "").ljust(2, "0"))


def day(row: Row, column: str, *, required: bool) -> datetime | None:
    """The day of an American date, midnight UTC. Raises BadCell."""
    text = row.must(column) if required else row.get(column)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC)
    except ValueError as error:
        raise BadCell(f"{column} {text!r} is not a date such as 12/31/2017") from error
