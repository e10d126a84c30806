"""One spelling for the letters of a name, whichever alphabet and keyboard it was written with. Written from the alphabets
themselves: an umlaut, its two letters and the bare vowel are one; Greek and Cyrillic are read aloud into Latin."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

LONGEST = 200
_CYRILLIC = dict(
    zip(
        "абвгдезиклмнопрстуфхцчшщыэюяіїєґјљњћђџ",
        "a b v g d e z i k l m n o p r s t u f h ts ch sh shch y e yu ya i yi ye g j lj nj c dj dz".split(),
        strict=True,
    )
) | {"ж": "zh", "ъ": "", "ь": ""}
_GREEK = dict(
    zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True)
)
_LATIN = {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "'": "", "’": "", "`": ""}
_LETTERS = str.maketrans(_CYRILLIC | _GREEK | _LATIN)
_PAIRS = (("ου", "ou"), ("μπ", "b"), ("ντ", "nt"), ("γκ", "gk"))
_DIGRAPH = re.compile(r"(?<=[aou])e|(?<=a)a")  # Mueller, Muller and Müller; Søgaard and Søgård
_SOUNDS = (
    ("kh", "h"), ("ph", "f"), ("tz", "ts"), ("ts", "c"), ("ck", "k"), ("ks", "x"), ("ou", "u"), ("w", "v"), ("y", "i"), ("j", "i"),
)  # fmt: skip
_SILENT = re.compile(r"(?<=[bcdgklmnprstz])h")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """The text in small Latin letters without accents; signs and other scripts stay. At most 200 characters are read."""
    letters = unicodedata.normalize("NFKC", text[:LONGEST]).casefold()
    plain = "".join(each for each in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(each))
    for pair, sound in _PAIRS:
        plain = plain.replace(pair, sound)
    return _DIGRAPH.sub("", plain.translate(_LETTERS))


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """What is left of a folded word when the ways to write one sound are one: Dostoevskiy, Dostoyevsky and Dostoevskij come close."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return _TWICE.sub(r"\1", _SILENT.sub("", word))
