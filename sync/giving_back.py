"""What people decided goes back into the source where the flow says so, and what they asked to be created there is created once.
Both are writes with an intent and a key like any other; neither ever blocks an invoice that is right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from sync.mapping import get, safe, text
from sync.model import Delivery, Overlay, Record, WriteSpec
from sync.workspace.flow import Flow

CREATE = "create"
"""The action of an overlay whose value is a new record of the source, not a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecord:
    """A record of `entity` that a person asked to be created in the source. The same `key` is created once."""

    entity: str
    key: str
    fields: Mapping[str, str]

    def as_text(self) -> str:
        """How a decision keeps it."""
        return orjson.dumps({"entity": self.entity, "key": self.key, "fields": dict(self.fields)}).decode()


def new_record(decided: str) -> NewRecord:
    """The record that a decision keeps."""
    return NewRecord(**orjson.loads(decided))


def to_create(delivery: Delivery, record: Record) -> Iterator[tuple[Overlay, WriteSpec]]:
    """The records that are to be created for this one, while the source still shows what the decision was about."""
    event = delivery.event
    for overlay in delivery.overlays:
        if overlay.action == CREATE and text(get(record, overlay.path)) == overlay.found:
            wanted = new_record(overlay.value)
            yield (
                overlay,
                WriteSpec(
                    name="created",
                    connection=event.connection,
                    entity=wanted.entity,
                    operation="create",
                    key=safe(wanted.key),
                    body={**wanted.fields, event.entity: [event.record_id]},
                ),
            )


def picked(overlays: Sequence[Overlay], created: Mapping[Overlay, str]) -> tuple[Overlay, ...]:
    """The decisions with every record that was created in the place of the wish for it."""
    return tuple(replace(each, action="set", value=created[each]) if each in created else each for each in overlays)


def given_back(delivery: Delivery, flow: Flow, record: Record) -> WriteSpec | None:
    """The write that brings the source up to date with what was decided; None where it shows all of that already."""
    fields = {
        each.path: each.value
        for each in delivery.overlays
        if each.action == "set" and each.path in flow.write_back and text(get(record, each.path)) == each.found
    }
    if not fields:
        return None
    event = delivery.event
    mark = hashlib.sha256(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
    return WriteSpec(
        name="given_back",
        connection=event.connection,
        entity=event.entity,
        operation="update",
        key=f"decided-{safe(event.record_id)[:150]}-{mark}",
        of=event.record_id,
        body=dict(fields),
    )
