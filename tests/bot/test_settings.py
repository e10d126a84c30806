"""What the environment says, with what is missing named all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.logs import _redact
from bot.settings import read_settings, resolve, slack_secrets
from sync.errors import ConfigurationError


def test_without_an_environment_everything_has_its_default() -> None:
    settings = read_settings({})
    assert settings.database_url.get_secret_value() == "sqlite:///meshline.db"
    assert (settings.http_host, settings.http_port, settings.public) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert settings.slack_api_url == "https://slack.com/api/" and settings.slack_app_token is None
    with pytest.raises(ConfigurationError) as missing:
        slack_secrets(settings)
    assert missing.value.mistakes == ["SLACK_BOT_TOKEN is not set", "SLACK_SIGNING_SECRET is not set"]


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = read_settings({"SLACK_BOT_TOKEN": "xoxb-1", "MESHLINE_DATABASE_URL": "postgresql://u:pw@h/d"})
    assert "xoxb-1" not in repr(settings) and "pw" not in repr(settings)


def test_references_are_read_and_what_is_missing_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t\n", encoding="utf-8")
    asked = {"a": {"x": "env:A", "y": ["env:B?default=b", f"file:{tmp_path}/token"], "z": 7}}
    assert resolve(asked, {"A": "a"}) == {"a": {"x": "a", "y": ["b", "t"], "z": 7}}
    with pytest.raises(ConfigurationError) as missing:
        resolve({"a": {"x": "env:A", "y": {"z": "env:A"}}, "b": {"x": "file:/no/such", "y": "env:C"}}, {"A": ""})
    assert [*missing.value.mistakes] == ["A is not set", "C is not set", "the file of file:/no/such cannot be read"]


def test_what_looks_like_a_secret_is_not_written_to_the_log() -> None:
    line = _redact(
        None, "", {"a": "xoxb-12-ab", "b": "Bearer abc.def", "c": "xapp-1", "d": "whsec_MfK", "e": 1, "f": "deal"}
    )
    assert [*line.values()] == ["[secret]", "[secret]", "[secret]", "[secret]", 1, "deal"]
