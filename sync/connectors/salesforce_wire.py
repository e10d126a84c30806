"""The messages of Salesforce's Pub/Sub API (package eventbus.v1), as far as a subscriber needs them, described here instead of
generated. They need the extra `pubsub`, and are only made where events are used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace

PACKAGE = "eventbus.v1"
SUBSCRIBE, GET_SCHEMA = f"/{PACKAGE}.PubSub/Subscribe", f"/{PACKAGE}.PubSub/GetSchema"
LATEST, EARLIEST, CUSTOM = 0, 1, 2
"""Where a subscription begins (ReplayPreset)."""

_STRING, _BYTES, _INT32, _ENUM = 9, 12, 5, 14
_MESSAGE = 11
_FIELDS: Mapping[str, tuple[tuple[str, int, int, str], ...]] = {
    "ProducerEvent": (("id", 1, _STRING, ""), ("schema_id", 2, _STRING, ""), ("payload", 3, _BYTES, "")),
    "ConsumerEvent": (("event", 1, _MESSAGE, "ProducerEvent"), ("replay_id", 2, _BYTES, "")),
    "FetchRequest": (
        ("topic_name", 1, _STRING, ""), ("replay_preset", 2, _ENUM, "ReplayPreset"), ("replay_id", 3, _BYTES, ""),
        ("num_requested", 4, _INT32, ""),
    ),
    "FetchResponse": (
        ("events", 1, _MESSAGE, "*ConsumerEvent"), ("latest_replay_id", 2, _BYTES, ""), ("rpc_id", 3, _STRING, ""),
        ("pending_num_requested", 4, _INT32, ""),
    ),
    "SchemaRequest": (("schema_id", 1, _STRING, ""),),
    "SchemaInfo": (("schema_json", 1, _STRING, ""), ("schema_id", 2, _STRING, ""), ("rpc_id", 3, _STRING, "")),
}  # fmt: skip


@cache
def messages() -> SimpleNamespace:
    """The class of each message by its name. Raises ImportError without the extra."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="meshline/eventbus.proto", package=PACKAGE, syntax="proto3")
    preset = file.enum_type.add(name="ReplayPreset")
    for number, name in enumerate(("LATEST", "EARLIEST", "CUSTOM")):
        preset.value.add(name=name, number=number)
    for message, fields in _FIELDS.items():
        described = file.message_type.add(name=message)
        for name, number, type_, of in fields:
            field = described.field.add(name=name, number=number, type=type_, label=3 if of.startswith("*") else 1)
            if of:
                field.type_name = f".{PACKAGE}.{of.removeprefix('*')}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {each: pool.FindMessageTypeByName(f"{PACKAGE}.{each}") for each in _FIELDS}
    return SimpleNamespace(**{each: message_factory.GetMessageClass(known) for each, known in found.items()})
