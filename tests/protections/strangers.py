"""Strangers: who does not sign is refused, and what they write is text."""

from __future__ import annotations

from tests.protections.mutant import BLOCKS, WEB, WEBHOOK, mutant

MUTANTS = [
    mutant("a CRM that nobody asks to sign", "sync/connectors/hubspot_signature.py",
           "if not hmac.compare_digest(", "if False and not hmac.compare_digest(", WEBHOOK, WEB),
    mutant("a signature that never gets old", "sync/connectors/hubspot_signature.py",
           "if abs((now - _EPOCH)", "if False and abs((now - _EPOCH)", f"{WEB}::test_a_stale_or_future_webhook_is_refused"),
    mutant("a Slack that nobody asks to sign", "bot/app.py", "signing_secret=secret,",
           "signing_secret=secret, request_verification_enabled=False,",
           f"{WEB}::test_slack_requests_without_a_right_signature_are_refused"),
    mutant("text that can be markup", "bot/blocks.py",
           'safe.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")', "safe", BLOCKS),
    mutant("text that can shout", "bot/blocks.py", '_SHOUT.sub("@\\u2060", _EMOJI.sub("∶", safe))', '_EMOJI.sub("∶", safe)', BLOCKS),
]  # fmt: skip
