"""The scopes that the app asks for, as manifest.yml has them, and what each is for."""

from __future__ import annotations

SCOPES = {
    "channels:history": "to find a card again whose answer was lost",
    "channels:read": "to see whether a channel is archived and whether Meshline is in it",
    "chat:write": "to post and edit cards",
    "commands": "for /sync",
    "files:read": "to see whether a file that got lost on the way arrived",
    "files:write": "for the charts and rows of packs",
    "groups:history": "to find a card again in a private channel",
    "groups:read": "to see whether Meshline is in a private channel",
    "im:write": "to write to one person",
    "usergroups:read": "to see who is on call",
    "users:read": "for people's names",
}
