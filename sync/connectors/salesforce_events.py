"""Change events (Change Data Capture) through the Pub/Sub API: fetched in bounded batches from where the last poll stopped. They
only make polling cheaper: what they miss, or cannot say, the next window of polling finds."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import Any

import orjson
from yarl import URL

from sync.connectors.salesforce_soql import is_id
from sync.connectors.salesforce_wire import CUSTOM, EARLIEST, GET_SCHEMA, SUBSCRIBE, messages
from sync.errors import ConfigurationError, Unauthorized
from sync.model import Change

BATCH = 100
"""How many events one request may ask for ("Subscribe RPC Method")."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DELETED = frozenset({"DELETE", "GAP_DELETE"})
_DIRECT = (("grpc.enable_http_proxy", 0),)  # no proxy of the environment
_OVERFLOW = "GAP_OVERFLOW"


class Missed(Exception):
    """The events do not tell everything since the last poll: a window has to. They go on behind `replay`."""

    def __init__(self, words: str, replay: str) -> None:
        super().__init__(words)
        self.replay = replay


class _Refused(Exception):
    """The session is not taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came: `replay` continues behind it, `more` whether a full batch came."""

    changes: tuple[Change, ...]
    replay: str
    more: bool


Who = Callable[[], Awaitable[Mapping[str, str]]]
"""The metadata that says who asks, with a session that is good. Raises ConnectorError."""


@dataclass(slots=True)
class Events:
    """The event bus of one org. A fetch waits `patience` seconds for the first event and for those that follow. `refused` drops
    the session that was not taken, and says whether another one is worth a try."""

    address: str
    who: Who
    refused: Callable[[], bool]
    patience: float = 2.0
    _channel: Any = None
    _schemas: dict[str, Any] = field(default_factory=dict)

    async def fetch(self, entity: str, replay: str, since: datetime) -> Batch:
        """The next events of the entity behind `replay`, empty for the oldest that are kept; only those since then are changes.
        Raises Missed, or Unauthorized."""
        for _ in range(2):
            try:
                return await self._fetched(entity, replay, since)
            except _Refused:
                if not self.refused():
                    break
        raise Unauthorized(f"the change events of {entity} are not open to us")

    async def close(self) -> None:
        """Let go of the connection."""
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    async def _fetched(self, entity: str, replay: str, since: datetime) -> Batch:
        grpc, _, wire = extra()
        metadata = tuple((await self.who()).items())
        changes, at, many = list[Change](), replay, 0
        failed: Exception | None = None
        try:
            async for event in self._stream(wire, metadata, entity, replay):
                at, many = base64.b64encode(event.replay_id).decode(), many + 1
                header = await self._header(metadata, event.event)
                changes += [each for each in _changes(entity, event.event.id, header) if each.occurred_at >= since]
        except grpc.aio.AioRpcError as error:
            failed = _failed(grpc, error, at)
        except (ValueError, LookupError, TypeError, EOFError, OverflowError) as error:
            failed = Missed(f"an event is none ({type(error).__name__})", at)
        if failed is not None:
            raise failed
        return Batch(changes=tuple(changes), replay=at, more=many >= BATCH)

    async def _stream(self, wire: SimpleNamespace, metadata: Any, entity: str, replay: str) -> AsyncIterator[Any]:
        """At most a batch of events, as long as they keep coming."""
        request = wire.FetchRequest(
            topic_name=topic(entity),
            replay_preset=CUSTOM if replay else EARLIEST,
            replay_id=base64.b64decode(replay, validate=True),
            num_requested=BATCH,
        )
        call = self._open().stream_stream(
            SUBSCRIBE,
            request_serializer=wire.FetchRequest.SerializeToString,
            response_deserializer=wire.FetchResponse.FromString,
        )(metadata=metadata)
        try:
            await call.write(request)
            seen = 0
            while seen < BATCH:
                response = await asyncio.wait_for(call.read(), self.patience)
                if not getattr(response, "events", None):  # the end, or only a sign of life
                    return
                for event in response.events:
                    yield event
                seen += len(response.events)
        except TimeoutError:
            return
        finally:
            call.cancel()

    async def _header(self, metadata: Any, event: Any) -> Mapping[str, Any]:
        """What an event says of itself, read by its own schema."""
        _, fastavro, wire = extra()
        if event.schema_id not in self._schemas:
            ask = self._open().unary_unary(
                GET_SCHEMA,
                request_serializer=wire.SchemaRequest.SerializeToString,
                response_deserializer=wire.SchemaInfo.FromString,
            )
            known = await ask(wire.SchemaRequest(schema_id=event.schema_id), metadata=metadata, timeout=10)
            self._schemas[event.schema_id] = fastavro.parse_schema(orjson.loads(known.schema_json))
        read = fastavro.schemaless_reader(io.BytesIO(event.payload), self._schemas[event.schema_id], None)
        header = read.get("ChangeEventHeader") if isinstance(read, dict) else None
        if not isinstance(header, dict):
            raise ValueError("no header")
        return header

    def _open(self) -> Any:
        if self._channel is None:
            grpc, _, _ = extra()
            url = URL(self.address)
            place = f"{url.host}:{url.port}"
            secure = url.scheme == "https"
            if secure:
                self._channel = grpc.aio.secure_channel(place, grpc.ssl_channel_credentials(), options=_DIRECT)
            else:
                self._channel = grpc.aio.insecure_channel(place, options=_DIRECT)
        return self._channel


def topic(entity: str) -> str:
    """The channel of an object's change events; for a custom object its name without `__c`."""
    return f"/data/{entity.removesuffix('__c') + '__' if entity.endswith('__c') else entity}ChangeEvent"


def _changes(entity: str, event_id: str, header: Mapping[str, Any]) -> Iterator[Change]:
    kind, at = str(header["changeType"]), _EPOCH + timedelta(milliseconds=int(header["commitTimestamp"]))
    if kind == _OVERFLOW:
        raise ValueError("more changed at once than events can tell")
    for each in header["recordIds"]:
        if not is_id(str(each)) or not event_id:
            raise ValueError("no id")
        yield Change(
            entity=entity,
            record_id=str(each),
            key=f"event:{event_id}:{each}",
            kind="deleted" if kind in _DELETED else "event",
            occurred_at=at,
        )


def _failed(grpc: ModuleType, error: Any, replay: str) -> Exception:
    """A place in the stream that is not known, or not kept any more, is forgotten; the rest may work later."""
    code = error.code()
    if code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED}:
        return _Refused()
    return Missed(str(code.name), "" if code == grpc.StatusCode.INVALID_ARGUMENT else replay)


def extra() -> tuple[ModuleType, ModuleType, SimpleNamespace]:
    """gRPC, Avro and the messages. Raises ConfigurationError where the extra is not installed."""
    try:
        import fastavro
        import grpc.aio

        return grpc, fastavro, messages()
    except ImportError:
        pass
    raise ConfigurationError(
        ["change events need the extra pubsub: install meshline[pubsub], or leave out change_events"]
    )
