"""What Slack is told of the app and what the code uses are the same: nothing is asked for in vain, nothing used is missing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from bot import shortcut_words
from bot.command_words import NAME
from bot.sandbox.installed import manifest

BOT = Path(__file__).resolve().parents[2] / "bot"
SCOPES = {
    "auth_test": (), "apps_connections_open": (), "views_open": (), "views_update": (), "views_push": (), "views_publish": (),
    "chat_postMessage": ("chat:write", "im:write"), "chat_update": ("chat:write",), "chat_postEphemeral": ("chat:write",),
    "chat_getPermalink": (), "chat_delete": ("chat:write",),
    "users_info": ("users:read",), "usergroups_list": ("usergroups:read",), "usergroups_users_list": ("usergroups:read",),
    "conversations_history": ("channels:history", "groups:history"), "conversations_replies": ("channels:history", "groups:history"),
    "conversations_info": ("channels:read", "groups:read"), "conversations_members": ("channels:read", "groups:read"),
    "conversations_open": ("im:write",), "conversations_join": ("channels:join",), "conversations_list": ("channels:read", "groups:read"),
    "users_conversations": ("channels:read", "groups:read"),
    "files_upload_v2": ("files:write",), "files_getUploadURLExternal": ("files:write",),
    "files_completeUploadExternal": ("files:write",), "files_info": ("files:read",), "files_list": ("files:read",),
    "files_delete": ("files:write",),
}  # fmt: skip
AWAITED = {"usergroups:read"}  # who is on call may be a user group of Slack's
_CALL = re.compile(r"client\s*\.\s*((?:auth|apps|views|chat|users|usergroups|conversations|files)_\w+)")
_EVENT = re.compile(r"""\.event\(["'](\w+)["']\)""")
_METHOD = re.compile(r"""["']([a-z]+\.[A-Za-z]+(?:\.[a-z]+)?)["']""")


def written() -> Any:
    return yaml.safe_load(manifest().read_text(encoding="utf-8"))


def code() -> str:
    files = [path for path in BOT.rglob("*.py") if "sandbox" not in path.parts]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def used_scopes() -> set[str]:
    text = code()
    called = set(_CALL.findall(text)) | {one.replace(".", "_") for one in _METHOD.findall(text)} & SCOPES.keys()
    unknown = called - SCOPES.keys()
    assert not unknown, f"say in SCOPES what {sorted(unknown)} needs"
    return {scope for one in called for scope in SCOPES[one]} | {"commands"}


def test_every_scope_that_the_code_needs_is_asked_for_and_no_other() -> None:
    assert set(written()["oauth_config"]["scopes"]["bot"]) == used_scopes() | AWAITED


def test_every_event_that_the_code_hears_is_subscribed_and_no_other() -> None:
    assert set(written()["settings"]["event_subscriptions"]["bot_events"]) == set(_EVENT.findall(code()))


def test_the_command_and_the_shortcuts_are_those_of_the_code() -> None:
    features = written()["features"]
    assert [one["command"] for one in features["slash_commands"]] == [NAME]
    shortcuts = {one["callback_id"]: (one["type"], one["name"]) for one in features["shortcuts"]}
    assert shortcuts == {
        shortcut_words.SHOW: ("message", shortcut_words.SHOW_WHY),
        shortcut_words.REPORT: ("global", shortcut_words.REPORT_WHY),
    }
    assert all(len(name) <= 24 for _, name in shortcuts.values())


def test_all_addresses_are_one_and_dialogs_may_ask_for_options() -> None:
    settings, command = written()["settings"], written()["features"]["slash_commands"][0]
    addresses = {
        command["url"], settings["event_subscriptions"]["request_url"], settings["interactivity"]["request_url"],
        settings["interactivity"]["message_menu_options_url"],
    }  # fmt: skip
    assert len(addresses) == 1 and len(command["description"]) <= 2000 and len(command["usage_hint"]) <= 1000
