"""What other systems call things, as every ledger can keep it: at most 255 characters, and no NUL in it."""

from __future__ import annotations

import hashlib
from typing import Any

from sync.model import Change

LONGEST = 255
_BEGINNING = LONGEST - 65  # a tilde and a SHA-256 in hexadecimal
_NUMBERS = 2**63


def fitted(word: str) -> str:
    """A word that can be kept stays as it is. Of any other one its beginning and the hash of the whole are kept: the same word
    is always the same, and two that differ only at the end stay two."""
    return word if len(word) <= LONGEST and "\0" not in word else _hashed(word)


def plain(text: str) -> str:
    """The text with a replacement character for every NUL."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def not_kept(change: Change) -> str:
    """Why the change cannot be kept as it is, or nothing. A shortened id would be another record's."""
    fits = len(change.entity) + len(change.record_id) < LONGEST  # with a colon in between
    if fits and -_NUMBERS <= change.sequence < _NUMBERS:
        return ""
    if fits:
        return "The sequence is no number of 64 bits."
    return f"The record's id has {len(change.record_id):,} characters; with {change.entity}: it must not be over {LONGEST}."


def spelled(value: Any) -> Any:
    """The JSON value with every whole number of more than 64 bits as text: as a number it would come back rounded."""
    match value:
        case dict():
            return {name: spelled(inner) for name, inner in value.items()}
        case list():
            return [spelled(inner) for inner in value]
        case int() if not -_NUMBERS <= value < 2 * _NUMBERS:
            return str(value)
    return value


def _hashed(word: str) -> str:
    return f"{plain(word)[:_BEGINNING]}~{hashlib.sha256(word.encode('utf-8', 'surrogatepass')).hexdigest()}"
