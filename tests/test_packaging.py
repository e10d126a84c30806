"""What is shipped beside the code: the Slack manifest, the locks, the example."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT.parent / "shared" / "schemas" / "slack-manifest.schema.json"


@pytest.fixture
def manifest() -> Any:
    return yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))


@pytest.mark.skipif(not SCHEMA.exists(), reason="the reference schema is not beside this checkout")
def test_slack_takes_the_manifest(manifest: Any) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(manifest)


def test_the_manifest_asks_for_what_the_product_calls(manifest: Any) -> None:
    asked = set(manifest["oauth_config"]["scopes"]["bot"])
    assert {"chat:write", "commands", "users:read", "channels:history"} <= asked
    assert [one["command"] for one in manifest["features"]["slash_commands"]] == ["/sync"]
    assert "app_home_opened" in manifest["settings"]["event_subscriptions"]["bot_events"]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_everything_with_hashes_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert set(re.findall(r"--[a-z-]+", text)) == {"--hash"}
    pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+ (?:; \S+ != \S+ )?\\$", text, re.MULTILINE)
    entries = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(entries) == len(pinned) > 30
    assert [one.split("==")[0] for one in entries if "--hash=sha256:" not in one] == []


def test_every_runtime_dependency_is_explained() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    block = project.split("dependencies = [", 1)[1].split("]\n", 1)[0]
    named = [re.split(r"[\[>=<]", line.strip().strip('",'))[0] for line in block.splitlines() if line.strip()]
    decisions = readme.split("## Decisions", 1)[1]
    assert [name for name in named if f"`{name}`" not in decisions] == []
