"""Putting questions to other systems. What they do not answer is an error of the connection, never an empty answer."""

from __future__ import annotations

from sync.errors import ConnectorError, Rejected
from sync.model import Record
from sync.ports import Source, Target
from sync.questions import Question


async def answer(source: Source, question: Question) -> list[Record]:
    """What the source answers; a record that is gone is none. Raises ConnectorError."""
    if question.purpose != "read":
        return await source.search(question.entity, question.by)
    try:
        return [await source.read(question.entity, question.by["id"])]
    except Rejected as error:
        if error.reason == "not_found":
            return []
        raise


async def answer_elsewhere(connection: object, question: Question) -> list[Record]:
    """What another system answers: a source is searched, a target looks for its record with the reference, which comes with
    its `id`, `status` and fields. Raises ConnectorError with the name of the connection; Rejected("rule_failed") where it
    cannot be asked this way."""
    try:
        if question.purpose == "search" and isinstance(connection, Source):
            return await connection.search(question.entity, question.by)
        if question.purpose == "find" and isinstance(connection, Target):
            found = await connection.find(question.entity, question.by["reference"])
            return [] if found is None else [{"id": found.id, "status": found.status, **found.record}]
        words = "searched; ask it by `key`" if question.purpose == "search" else "asked for a reference; ask it by `by`"
        raise Rejected(f"{question.connection} cannot be {words}", reason="rule_failed")
    except ConnectorError as error:
        error.connection = question.connection
        raise
