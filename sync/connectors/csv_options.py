"""What a connection to files is told: where they are, which columns they have, and how they are written down."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from sync.connectors.options import Options, Seconds, Secret

Column = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]
FileName = Annotated[str, StringConstraints(pattern=r"^[^/\\.][^/\\]*\.(csv|txt|tsv)$", max_length=200)]
Encoding = Literal["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "iso-8859-15"]
_ADDED = ("meshline_record", "refused_because", "what_to_do")


class CsvEntity(Options):
    """One set of rows: either `files`, a pattern of names such as orders*.csv that are read, or the one file that Meshline
    writes. `key` is the column that tells rows apart; in a written file it holds our reference. `columns` are those of a written
    file, in their order; `status` is one that says draft, posted or void. In the columns `numbers` amounts have the sign `decimal`."""

    files: FileName | None = None
    write: FileName | None = None
    key: Column
    columns: tuple[Column, ...] = ()
    status: Column | None = None
    numbers: tuple[Column, ...] = ()
    decimal: Literal[".", ","] = "."
    delimiter: Literal[",", ";", "|", "tab"] = ","
    encoding: Encoding = "utf-8"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.files is None) == (self.write is None):
            raise ValueError("say either `files` (a pattern that is read) or `write` (one file that is written)")
        if self.write is not None and (not self.columns or "*" in self.write):
            raise ValueError("a written file has one name and names its `columns`")
        if self.decimal == "," and self.delimiter == ",":
            raise ValueError("a comma cannot be both the delimiter and the decimal sign")
        if clashing := set(_ADDED) & {self.key, self.status, *self.columns}:
            raise ValueError(f"{', '.join(sorted(clashing))} is added by Meshline itself")
        return self

    @property
    def sign(self) -> str:
        """What stands between two cells."""
        return "\t" if self.delimiter == "tab" else self.delimiter


class CsvOptions(Options):
    """`directory` is where the files are; `entities` are the sets of rows by the name that flows call them. A file that changed less
    than `settle` ago is still being written. What was read is kept for `keep`, so that a file may be replaced or moved away. With a
    `token` files may be uploaded too, to /hooks/CONNECTION?entity=NAME with the header Authorization: Bearer TOKEN."""

    directory: Annotated[str, StringConstraints(min_length=1)]
    entities: Annotated[dict[str, CsvEntity], Field(min_length=1)]
    settle: Seconds = 5.0
    keep: Seconds = 30 * 86400.0
    token: Secret | None = None
