"""What is written to HubSpot: tasks for people, records that carry our reference, one by one or many in one call, and fields of
records that are there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors import hubspot_records as records
from sync.connectors import hubspot_tasks as tasks
from sync.connectors.hubspot_calls import BATCH, Calls
from sync.errors import ConnectorError, Rejected
from sync.model import Found, Record

TRACE = "objectWriteTraceId"

Outcome = Found | ConnectorError | None


async def create_task(calls: Calls, reference: str, body: Record) -> Found:
    """A task with our marker, attached to the records that the body names."""
    properties = tasks.properties(reference, body, now=calls.client.clock())
    return await calls.write("POST", "tasks", {"properties": properties, "associations": tasks.associations(body)})


async def create_named(calls: Calls, entity: str, named: str, reference: str, body: Record) -> Found:
    """A record with our reference in the property `named`, attached to the records that the body names. Where another carries
    it already, and HubSpot knows that it takes each value once, Rejected(reason="reference_taken")."""
    given = {**_given(entity, body), named: reference}
    record = {"properties": given, "associations": records.attached(entity, body)}
    try:
        return await calls.write("POST", entity, record)
    except Rejected as refused:
        raise records.taken(refused, named) from None


async def create_many(calls: Calls, entity: str, named: str, given: Sequence[tuple[str, Record]]) -> Sequence[Outcome]:
    """Create records by the property `named`, which takes each value once, up to a hundred in one call; those that hang on
    others one by one, because a batch of HubSpot attaches nothing. Raises ConnectorError where one call was all there was."""
    alone = [n for n, (_, body) in enumerate(given) if records.attached(entity, body)]
    batched = [n for n in range(len(given)) if n not in set(alone)]
    chunks = [batched[start : start + BATCH] for start in range(0, len(batched), BATCH)]
    if len(chunks) == 1 and not alone:
        return await _batch(calls, entity, named, given)
    told = await asyncio.gather(
        *(_chunk(calls, entity, named, [given[n] for n in chunk]) for chunk in chunks),
        *(_one_by_one(calls, entity, named, [given[n]]) for n in alone),
        return_exceptions=True,
    )
    outcomes: list[Outcome] = [None] * len(given)
    for places, each in zip((*chunks, *([n] for n in alone)), told, strict=True):
        if isinstance(each, BaseException) and not isinstance(each, ConnectorError):
            raise each
        for at, place in enumerate(places):
            outcomes[place] = each if isinstance(each, ConnectorError) else each[at]
    return outcomes


async def _chunk(calls: Calls, entity: str, named: str, given: Sequence[tuple[str, Record]]) -> list[Outcome]:
    """One call of several. Where it is refused as a whole nothing was written, and whose fault it is shows one by one."""
    try:
        return await _batch(calls, entity, named, given)
    except Rejected:
        return await _one_by_one(calls, entity, named, given)


async def _one_by_one(calls: Calls, entity: str, named: str, given: Sequence[tuple[str, Record]]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for reference, body in given:
        try:
            outcomes.append(await create_named(calls, entity, named, reference, body))
        except ConnectorError as error:
            outcomes.append(error)
    return outcomes


async def _batch(calls: Calls, entity: str, named: str, given: Sequence[tuple[str, Record]]) -> list[Outcome]:
    inputs = [
        {"idProperty": named, "id": reference, TRACE: str(at), "properties": {**_given(entity, body), named: reference}}
        for at, (reference, body) in enumerate(given)
    ]
    told = _told(await calls.upsert(entity, inputs), named)
    return [told.get(str(at)) for at in range(len(given))]


def _told(answer: Any, named: str) -> dict[str, Outcome]:
    """What a batch says of each record, by its trace. What is spoken of twice is left out, as is what cannot be told apart."""
    said: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    found: list[tuple[str, Outcome]] = []
    for each in said.get("results") or []:
        if isinstance(each, dict) and each.get("id"):
            found.append((str(each.get(TRACE)), records.found(records.flat(each))))
    for each in said.get("errors") or []:
        if isinstance(each, dict):
            wrong = records.refused(each, 400, "")
            wrong = records.taken(wrong, named) if isinstance(wrong, Rejected) else wrong
            found.extend((trace, wrong) for trace in _traces(each.get("context")))
    traces = [trace for trace, _ in found]
    return {trace: outcome for trace, outcome in found if traces.count(trace) == 1}


def _traces(context: Any) -> list[str]:
    """The traces that an error is about."""
    named = context.get(TRACE) if isinstance(context, dict) else None
    return [str(each) for each in named] if isinstance(named, list) else []


def changed(body: Record) -> dict[str, str]:
    """The properties that an update sets; None empties one."""
    return {name: records.text(value) or "" for name, value in body.items()}


def _given(entity: str, body: Record) -> dict[str, str]:
    """The properties of a new record; the ids of what it hangs on are none. Raises Rejected for what HubSpot cannot keep."""
    own = {name: value for name, value in body.items() if not records.attaches(entity, name)}
    for name, value in own.items():
        if isinstance(value, list | dict):
            words = f"{name} of {entity} holds more than one value, which no property of HubSpot does"
            raise Rejected(words, reason="crm_rejected", code="unsupported", path=name)
    single = {name: records.text(value) for name, value in own.items()}
    return {name: value for name, value in single.items() if value is not None}
