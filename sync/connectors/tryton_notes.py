"""Our note beside a record in Tryton: what Meshline has to say where the record has no field for it, or is closed. One note per
record, one line each; people's own notes are left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sync.connectors.tryton_link import Link
from sync.connectors.tryton_values import notes, read_notes

_HEADING = "Meshline"
_MODEL = "ir.note"


def read_ours(standing: Any) -> dict[str, Any]:
    """What our note says among those of a record."""
    return {name: value for note in _ours(standing) for name, value in read_notes(note["message"]).items()}


def text_of(values: Mapping[str, Any]) -> str:
    """Our note with these values."""
    return f"{_HEADING}\n{notes(values)}"


async def keep(link: Link, model: str, record_id: int, standing: Any, values: Mapping[str, Any]) -> None:
    """Our note says these values too from now on. One that says so already is left as it is, so that a second try does nothing."""
    known = read_ours(standing)
    whole = {**known, **values}
    if whole == known:
        return
    message, there = {"message": text_of(whole)}, [int(note["id"]) for note in _ours(standing)]
    if there:
        await link.write(_MODEL, there[-1], message)
    else:
        told = {"resource": f"{model},{record_id}", **message}
        await link.create(_MODEL, told)


def _ours(standing: Any) -> list[Any]:
    found = [each for each in standing or [] if str(each.get("message")).split("\n")[0] == _HEADING]
    return sorted(found, key=lambda each: int(each["id"]))
