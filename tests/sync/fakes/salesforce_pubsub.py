"""The fake org's event bus: a gRPC server on loopback that keeps change events in Avro and gives them out behind a replay id."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import fastavro
import grpc
import grpc.aio

from sync.connectors.salesforce_wire import CUSTOM, PACKAGE, messages

SCHEMA = {
    "type": "record", "name": "ChangeEvent", "fields": [
        {"name": "ChangeEventHeader", "type": {"type": "record", "name": "ChangeEventHeader", "fields": [
            {"name": "entityName", "type": "string"},
            {"name": "recordIds", "type": {"type": "array", "items": "string"}},
            {"name": "changeType", "type": {"type": "enum", "name": "ChangeType", "symbols": [
                "CREATE", "UPDATE", "DELETE", "UNDELETE", "GAP_CREATE", "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE", "GAP_OVERFLOW"]}},
            {"name": "commitTimestamp", "type": "long"},
        ]}},
        {"name": "Amount", "type": ["null", "double"], "default": None},
    ],
}  # fmt: skip


@dataclass
class Bus:
    """The events of each topic with their replay ids; those before `kept` are gone. `tokens` are the sessions that it takes."""

    tokens: set[str]
    tenant: str
    events: dict[str, list[Any]] = field(default_factory=dict)
    kept: int = 0
    fetches: list[int] = field(default_factory=list)
    schemas: int = 0
    down: bool = False

    def tell(self, entity: str, *records: str, at: datetime, kind: str = "UPDATE", raw: bytes | None = None) -> None:
        listed = self.events.setdefault(f"/data/{entity}ChangeEvent", [])
        header = {
            "entityName": entity,
            "recordIds": list(records),
            "changeType": kind,
            "commitTimestamp": int(at.timestamp() * 1000),
        }
        payload = io.BytesIO()
        fastavro.schemaless_writer(payload, fastavro.parse_schema(SCHEMA), {"ChangeEventHeader": header, "Amount": 1.5})
        wire = messages()
        event = wire.ProducerEvent(id=f"e{len(listed)}", schema_id="s1", payload=raw or payload.getvalue())
        listed.append(wire.ConsumerEvent(event=event, replay_id=len(listed).to_bytes(8, "big")))

    async def subscribe(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        await self._check(context)
        wire = messages()
        async for asked in requests:
            start = self.kept
            if asked.replay_preset == CUSTOM:
                start = int.from_bytes(asked.replay_id, "big") + 1
                if start <= self.kept and self.kept:
                    await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "replay id is not kept")
            listed = self.events.get(asked.topic_name, [])[start : start + asked.num_requested]
            self.fetches.append(len(listed))
            for at in range(0, len(listed), 40):
                part = listed[at : at + 40]
                yield wire.FetchResponse(
                    events=part, latest_replay_id=part[-1].replay_id, pending_num_requested=asked.num_requested
                )
            await asyncio.Event().wait()  # nothing more happens: the stream stays open

    async def schema(self, asked: Any, context: Any) -> Any:
        await self._check(context)
        self.schemas += 1
        return messages().SchemaInfo(schema_json=json.dumps(SCHEMA), schema_id=asked.schema_id)

    async def _check(self, context: Any) -> None:
        given = dict(context.invocation_metadata())
        if self.down:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "down")
        if (
            given.get("accesstoken") not in self.tokens
            or given.get("tenantid") != self.tenant
            or not given.get("instanceurl")
        ):
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "no session")


@asynccontextmanager
async def bus(served: Bus) -> AsyncIterator[str]:
    """The address of a bus."""
    wire, server = messages(), grpc.aio.server()
    handlers = {
        "Subscribe": grpc.stream_stream_rpc_method_handler(
            served.subscribe, wire.FetchRequest.FromString, wire.FetchResponse.SerializeToString
        ),
        "GetSchema": grpc.unary_unary_rpc_method_handler(
            served.schema, wire.SchemaRequest.FromString, wire.SchemaInfo.SerializeToString
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(f"{PACKAGE}.PubSub", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await server.stop(None)
