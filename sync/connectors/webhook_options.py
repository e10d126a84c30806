"""What a connection to a sender of webhooks can be told: who proves to be the sender, and where a body keeps what we need."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from sync.connectors.options import Options, Secret
from sync.connectors.selector import Selector

_PREFIX = "whsec_"
_SHORTEST = 16
BEARER = "authorization"


def signing_key(secret: SecretStr) -> bytes:
    """The bytes of a signing secret; none when it is not base64."""
    text = secret.get_secret_value().removeprefix(_PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _usable(secret: SecretStr) -> SecretStr:
    if len(signing_key(secret)) < _SHORTEST:
        raise ValueError(f"must be {_PREFIX} and at least {_SHORTEST} bytes in base64")
    return secret


def _long(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) < _SHORTEST or " " in text:
        raise ValueError(f"must be at least {_SHORTEST} characters without a space")
    return secret


def _several(value: Any) -> Any:
    return value.replace(",", " ").split() if isinstance(value, str) else value


SigningSecret = Annotated[SecretStr, AfterValidator(_usable)]
SigningSecrets = Annotated[list[SigningSecret], BeforeValidator(_several), Field(min_length=1, max_length=10)]
Token = Annotated[Secret, AfterValidator(_long)]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", max_length=100, to_lower=True)]


class EnvelopeOptions(Options):
    """Where the body of a sender that is no Standard Webhooks keeps what we need; JMESPath selectors into one envelope.

    `key` names the event once and for all: the same key is the same event. Without `kind` every event is a "change",
    without `occurred` it happened when it came, and without `record` the whole envelope is the record.
    """

    key: Selector | None = None
    kind: Selector | None = None
    occurred: Selector | None = None
    sequence: Selector | None = None
    record: Selector = "@"


class WebhookOptions(Options):
    """Exactly one of `secrets` and `token` proves who sends.

    `secrets` sign Standard Webhooks; several allow rotation. `token` (at least 16 characters) stands in `header`: as
    `Bearer <token>` in `authorization`, as it is in any other header. Without `envelope` a body is
    `{"type", "timestamp", "data"}`, and `data` is the record. `id`, `occurred` and `sequence` are JMESPath selectors into
    the record.
    """

    secrets: SigningSecrets | None = None
    token: Token | None = None
    header: Header = BEARER
    entity: Annotated[str, Field(min_length=1, max_length=100)]
    """What the records are called that it sends; a flow names it as the entity of its trigger."""
    envelope: EnvelopeOptions | None = None
    id: Selector = "id"
    occurred: Selector | None = None
    sequence: Selector | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _rules_beside_mistakes(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """The rules are judged on what was given: a reference that is no secret yet hides none of them."""
        broken = [_mistake(right, given) for right in _broken(given)] if isinstance(given, Mapping) else []
        try:
            made = read(given)
        except ValidationError as error:
            if not broken:
                raise
            broken = [*(_again(detail) for detail in error.errors(include_url=False)), *broken]
        if broken:
            raise ValidationError.from_exception_data(cls.__name__, broken)
        return made


def _broken(given: Mapping[str, Any]) -> Iterator[str]:
    envelope = given.get("envelope")
    own = envelope if isinstance(envelope, Mapping) else {}
    signed, token = (given.get(key) is not None for key in ("secrets", "token"))
    if signed == token:
        yield "exactly one of `secrets` and `token` is needed"
    if token and not signed and own.get("key") is None:
        yield "`token` needs `envelope.key`: only what is signed carries the id of its event outside of the body"
    if signed and not token and given.get("header") is not None:
        yield "`header` has no meaning for `secrets`; it carries the `token`"
    for key in ("occurred", "sequence"):
        if given.get(key) is not None and own.get(key) is not None:
            yield f"`{key}` is selected in the record or in the envelope, not in both"


def _mistake(right: str, given: Any) -> InitErrorDetails:
    error = PydanticCustomError("value_error", "{error}", {"error": right})
    return InitErrorDetails(type=error, loc=(), input=given)


def _again(detail: Any) -> InitErrorDetails:
    context = detail.get("ctx", {})
    return InitErrorDetails(type=detail["type"], loc=detail["loc"], input=detail["input"], ctx=context)
