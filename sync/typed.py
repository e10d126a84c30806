"""Text as people type and paste it: what no system could keep or show truly is said back to them, never cleaned in silence."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

MOST = 200
"""So many characters a value may have: longer ones are not shown whole anywhere."""
_BLANKS = re.compile(r"[\s\u00a0]+")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z0-9-]{2,63}|localhost")


class Unusable(ValueError):
    """The text cannot be a value. The words say to the person why."""


def value_of(typed: str) -> str:
    """The text on one line, as it will be kept. Raises Unusable for signs that cannot be seen, for a text of nothing but
    emoji and other signs, and for one that is too long."""
    text = _BLANKS.sub(" ", typed).strip()
    hidden = next((each for each in text if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Co", "Cn")), None)
    if hidden is not None and any(map(_is_word, text)):
        raise Unusable(
            f"There is a character in it that cannot be seen (U+{ord(hidden):04X}). Please type it instead of pasting it."
        )
    if text and not any(map(_is_word, text)):
        raise Unusable("Use letters or digits; these are only signs or emoji.")
    if len(text) > MOST:
        raise Unusable(f"Use at most {MOST} characters; these are {len(text):,}.")
    return text


def https_address(typed: str) -> str:
    """The address of a document on the web. Raises Unusable unless it begins with https:// and names a host."""
    text = typed.strip()
    try:
        parts = urlsplit(text)
        right = parts.scheme == "https" and _HOST.fullmatch(parts.hostname or "") and text.isprintable()
    except ValueError:
        right = None
    if not right or parts.username is not None or _BLANKS.search(text) or len(text) > 1000:
        raise Unusable("Enter the whole address of the document, such as https://files.example.com/order.pdf.")
    return text


def _is_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LN"
