"""Options that connections over HTTP share, checked once, with secrets that never show."""

from __future__ import annotations

import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator
from yarl import URL

from sync.connectors import tls
from sync.workspace.pacing import ThrottlePolicy

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(ms|s|m|h|d)", re.ASCII)


def _seconds(value: Any) -> Any:
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    return float(match[1]) * _UNITS[match[2]] if match else value


def _address(value: str) -> str:
    try:
        url = URL(value)
    except ValueError:
        raise ValueError("is not an address") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ValueError("must be an address such as https://host/path")
    if url.user or url.password or url.query_string or url.fragment:
        raise ValueError("must carry no credentials, query or fragment")
    return str(url).rstrip("/")


def _filled(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.strip() or not text.isascii() or not text.isprintable():
        raise ValueError("must be filled with printable ASCII characters")
    return value


def _trusted(value: str) -> str:
    tls.context(value)
    return value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, allow_inf_nan=False)]
"""A duration in seconds, written as a number or as "30s", "5m", "1h"."""

Address = Annotated[str, AfterValidator(_address)]
Secret = Annotated[SecretStr, AfterValidator(_filled)]


OPTION_FORMS = ((_seconds, "duration"), (_address, "address"))
"""How people call the form of a value that one of these functions reads."""


class Options(BaseModel):
    """Base of every connector's options: unknown names are mistakes. What an option means stands below it as a text, or in
    the docstring of the class, in the sentence that names it in backticks; `meshline connectors` shows it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpOptions(Options):
    """What every connection over HTTP can be told. `concurrency` is short for that of `throttle`; without either as many
    requests are under way as the engine makes."""

    timeout: Annotated[Seconds, Field(gt=0)] = 30.0
    """How long one request may take from its first byte to the last of its answer."""
    connect_timeout: Annotated[Seconds, Field(gt=0)] = 5.0
    """How long it may take until the other side takes the connection."""
    read_timeout: Annotated[Seconds, Field(gt=0)] | None = None
    """How long an answer may be silent before and between its parts."""
    largest_answer: Annotated[int, Field(ge=1, le=1000)] = 10
    """How many megabytes an answer may have, unpacked."""
    concurrency: Annotated[int | None, Field(ge=1, le=1000)] = None
    throttle: ThrottlePolicy | None = None
    """How often the other side may be asked: `rate`, `burst` and `concurrency`."""
    proxy: Address | None = None
    """The proxy that every request goes through. None is taken from the environment."""
    proxy_user: str | None = None
    """As whom the proxy is entered, where it asks."""
    proxy_password: Secret | None = None
    """The password for the proxy."""
    ca: Annotated[str, AfterValidator(_trusted)] | None = None
    """Certificates in PEM form that are trusted besides those of the machine, as `file:/path`."""
    client_certificate: str | None = None
    """Our own certificate in PEM form, as `file:/path`, where the other side asks for one."""
    client_private_key: SecretStr | None = None
    """Its private key in PEM form without a password, as `file:/path`."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.proxy_user is None) != (self.proxy_password is None):
            raise ValueError("proxy_user and proxy_password belong together")
        if self.proxy_user is not None and self.proxy is None:
            raise ValueError("proxy_user belongs to a proxy")
        if (self.client_certificate is None) != (self.client_private_key is None):
            raise ValueError("client_certificate and client_private_key belong together")
        if self.client_private_key is not None:
            tls.context(None, self.client_certificate, self.client_private_key.get_secret_value())
        return self

    @property
    def most(self) -> int | None:
        """How many requests may be under way; None for as many as there are."""
        told = (self.concurrency, self.throttle.concurrency if self.throttle is not None else None)
        return min((one for one in told if one is not None), default=None)
