"""The environment becomes Settings, and the workspace's `env:` and `file:` references become values. What is missing or
unknown is said all at once, by name; a value is never shown."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from sync.errors import ConfigurationError


class Settings(BaseSettings):
    """What the environment says. Slack's token and secret may be absent for commands that never talk to Slack."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True, case_sensitive=False)

    workspace: Path = Field(default=Path(), validation_alias="MESHLINE_WORKSPACE")
    database_url: SecretStr = Field(
        default=SecretStr("sqlite:///meshline.db"), validation_alias="MESHLINE_DATABASE_URL"
    )
    http_host: str = Field(default="127.0.0.1", validation_alias="MESHLINE_HTTP_HOST")
    http_port: int = Field(default=8080, ge=0, le=65535, validation_alias="MESHLINE_HTTP_PORT")
    key: SecretStr | None = Field(default=None, validation_alias="MESHLINE_KEY")
    queue: int = Field(default=2_000, ge=1, le=1_000_000, validation_alias="MESHLINE_QUEUE")
    public_url: str | None = Field(default=None, pattern=r"^https?://\S+$", validation_alias="MESHLINE_PUBLIC_URL")
    slack_bot_token: SecretStr | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN")
    slack_bot_token_file: Path | None = Field(default=None, validation_alias="SLACK_BOT_TOKEN_FILE")
    slack_signing_secret: SecretStr | None = Field(default=None, validation_alias="SLACK_SIGNING_SECRET")
    slack_app_token: SecretStr | None = Field(default=None, validation_alias="SLACK_APP_TOKEN")
    slack_api_url: str = Field(
        default="https://slack.com/api/", pattern=r"^https?://\S+$", validation_alias="SLACK_API_URL"
    )

    @property
    def public(self) -> str:
        """Where other systems reach us, without a slash at the end."""
        return (self.public_url or f"http://{self.http_host}:{self.http_port}").rstrip("/")


_NAMES = [str(field.validation_alias) for field in Settings.model_fields.values()]


@dataclass(frozen=True, slots=True)
class _Missing:
    words: str


def read_settings(environ: Mapping[str, str]) -> Settings:
    """The settings. Raises ConfigurationError that names every unknown or unreadable variable."""
    unknown = [name for name in environ if name.startswith("MESHLINE_") and name not in _NAMES]
    mistakes = [f"{name} is not a setting{_hint(name)}" for name in sorted(unknown)]
    given = {key: value for key, value in environ.items() if key in _NAMES}
    try:
        if "MESHLINE_KEY" in given:
            given = {**given, "MESHLINE_KEY": _key(given["MESHLINE_KEY"], environ)}
        settings = Settings.model_validate(given)
    except ConfigurationError as error:
        raise ConfigurationError([*mistakes, *error.mistakes]) from None
    except ValidationError as error:
        wrong = {str(item["loc"][0]): item["msg"] for item in error.errors(include_input=False, include_url=False)}
        mistakes += [f"{name}: {message}" for name, message in wrong.items()]
        raise ConfigurationError(mistakes) from None
    if mistakes:
        raise ConfigurationError(mistakes)
    return settings


def _key(said: str, environ: Mapping[str, str]) -> str:
    """The ledger's key itself; it may stand elsewhere, as secrets of connections may."""
    found = resolve({"MESHLINE_KEY": {"key": said}}, environ)
    return str(found["MESHLINE_KEY"]["key"])


def ledger_key(settings: Settings) -> str | None:
    """The key of the ledger; None where the environment says none."""
    return settings.key.get_secret_value() if settings.key is not None else None


def slack_secrets(settings: Settings) -> tuple[str, str]:
    """(bot token, signing secret); the token as its file has it now, where one is named. Raises ConfigurationError that names
    what is missing."""
    token, secret = _bot_token(settings), settings.slack_signing_secret
    missing = [name for name, value in (("SLACK_BOT_TOKEN", token), ("SLACK_SIGNING_SECRET", secret)) if not value]
    if not token or not secret:
        raise ConfigurationError([f"{name} is not set" for name in missing])
    return token.get_secret_value(), secret.get_secret_value()


def _bot_token(settings: Settings) -> SecretStr | None:
    path = settings.slack_bot_token_file
    if path is None:
        return settings.slack_bot_token
    try:
        return SecretStr(path.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError([f"SLACK_BOT_TOKEN_FILE: {path} cannot be read"]) from None


def resolve(connections: Mapping[str, Mapping[str, Any]], environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The options of every connection with their references read: `env:NAME`, `env:NAME?default=…`, `file:/path`.
    Raises ConfigurationError that names everything missing."""
    resolved = {name: _resolved(options, environ) for name, options in connections.items()}
    missing = sorted(set(_missing(resolved)))
    if missing:
        raise ConfigurationError(missing)
    return resolved


def _resolved(value: Any, environ: Mapping[str, str]) -> Any:
    match value:
        case str() if value.startswith("env:"):
            name, _, default = value.removeprefix("env:").partition("?default=")
            found = environ.get(name) or default
            return found or _Missing(f"{name} is not set")
        case str() if value.startswith("file:"):
            return _from_file(value.removeprefix("file:"))
        case dict():
            return {key: _resolved(inner, environ) for key, inner in value.items()}
        case list():
            return [_resolved(inner, environ) for inner in value]
    return value


def _from_file(name: str) -> str | _Missing:
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return _Missing(f"the file of file:{name} cannot be read")


def _missing(value: Any) -> list[str]:
    match value:
        case _Missing(words=words):
            return [words]
        case dict():
            return [words for inner in value.values() for words in _missing(inner)]
        case list():
            return [words for inner in value for words in _missing(inner)]
    return []


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name, _NAMES, n=1)
    return f"; did you mean {near[0]}?" if near else ""
