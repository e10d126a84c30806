"""Where the key of the ledger comes from, in words."""

from __future__ import annotations

from bot.settings import Settings, ledger_key
from store.database import address_of
from store.keeping_keys import key_file


def key_words(settings: Settings) -> str:
    """One line for the check-up: whoever has neither the key nor its file reads nothing that is personal in a copy."""
    if ledger_key(settings) is not None:
        return "personal data is sealed with MESHLINE_KEY; keep a copy of it apart from the backups of the database"
    file = key_file(address_of(settings.database_url.get_secret_value()))
    return f"personal data is sealed with the key in {file}; keep a copy of it apart from the backups of the database"
