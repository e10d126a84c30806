"""JSON Schemas of the files that a customer writes, made from the models that read them, so that an editor completes and checks
what `check` will read. They say what may stand where; what only holds between files is left to `check`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaWarningKind
from pydantic_core import PydanticSerializationError, core_schema

from sync.workspace.capable import Kinds
from sync.workspace.contract import API_VERSIONS, Terms
from sync.workspace.dictionary import FieldTerms
from sync.workspace.flow import Flow
from sync.workspace.samples import Sample
from sync.workspace.settings import OWN, Settings
from sync.workspace.values import DURATION

Schema = dict[str, Any]
_PLAIN = (str, int, bool, type(None))


class _AsWritten(GenerateJsonSchema):
    """Values as they are written in a file: a duration is `30s`, and a default that is no plain word goes unsaid."""

    ignored_warning_kinds = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> Schema:
        return {"type": "string", "pattern": f"^{DURATION}$"}

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, _PLAIN):
            return dft
        raise PydanticSerializationError("not written like this")

    def emit_warning(self, kind: JsonSchemaWarningKind, detail: str) -> None:
        return None


def schema_of(model: type[BaseModel]) -> Schema:
    """The schema of the files that a model reads."""
    schema: Schema = _tidied(model.model_json_schema(by_alias=True, schema_generator=_AsWritten))
    return schema


def _tidied(value: Any, *, names: bool = False) -> Any:
    """Without titles that only repeat a key and defaults that are nothing, and with fractions where plain texts and numbers may
    stand. `names` is true for a block whose keys are names and no words of JSON Schema."""
    if isinstance(value, list):
        return [_tidied(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: _tidied(inner, names=key in ("properties", "$defs") and not names)
        for key, inner in value.items()
        if names or not (key in ("title", "discriminator") or (key == "default" and inner is None))
    }
    kinds = [each.get("type") for each in kept.get("anyOf", ()) if isinstance(each, dict)]
    if not names and "string" in kinds and "integer" in kinds:
        kept["anyOf"] = [
            {**each, "type": "number"} if each.get("type") == "integer" else each for each in kept["anyOf"]
        ]
    return kept


def schemas(kinds: Kinds, descriptions: Mapping[str, type[BaseModel]]) -> dict[str, Schema]:
    """The schema of every kind of file by its name; `descriptions` are the models of files that connections name."""
    return {
        "meshline": _of_settings(kinds),
        "flow": schema_of(Flow),
        "sample": schema_of(Sample),
        "contract": _of_contract(),
        **{name: schema_of(model) for name, model in descriptions.items()},
    }


def _of_settings(kinds: Kinds) -> Schema:
    """A connection holds the options of its kind beside what every connection has. Of what form a value is, is left open: it may
    be a reference."""
    schema = schema_of(Settings)
    connection = schema["$defs"]["Connection"]
    connection["properties"]["kind"] = {"enum": sorted(kinds)}
    connection["additionalProperties"] = True
    connection["allOf"] = [
        _if("kind", name, {"propertyNames": {"enum": sorted({*OWN, "options", *_keys(kind.options)})}})
        for name, kind in sorted(kinds.items())
    ]
    return schema


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield field.alias or name


def _if(key: str, value: str, then: Schema) -> Schema:
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


def _of_contract() -> Schema:
    """The standard's own model, closed where the standard is closed, with what our custom properties must be."""
    schema = schema_of(OpenDataContractStandard)
    for each in schema["$defs"].values():
        if each.get("type") == "object":
            each["additionalProperties"] = False
    own, of_fields = schema_of(Terms), schema_of(FieldTerms)
    schema["$defs"] |= own.pop("$defs", {}) | of_fields.pop("$defs", {})
    schema["properties"] |= {
        "apiVersion": {"enum": list(API_VERSIONS)},
        "kind": {"const": "DataContract"},
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "schema": {"type": "array", "items": {"$ref": "#/$defs/SchemaObject"}, "minItems": 1, "maxItems": 1},
        "customProperties": {**_custom(own), "contains": {"properties": {"property": {"const": "owner"}}}},
    }
    schema["required"] = ["apiVersion", "kind", "id", "version", "status", "schema", "customProperties"]
    schema["$defs"]["SchemaProperty"]["properties"]["customProperties"] = _custom(of_fields)
    return schema


def _custom(terms: Schema) -> Schema:
    rules = [_if("property", name, {"properties": {"value": value}}) for name, value in terms["properties"].items()]
    return {"type": "array", "items": {"allOf": [{"$ref": "#/$defs/CustomProperty"}, *rules]}}
