"""VAT ids by the form of their country and, where it is cheap, by their check digits (the published rules of the tax offices)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

_SIGNS = re.compile(r"[\W_]+")
_FORMS = {
    country: re.compile(form)
    for country, form in {
        "AT": r"U\d{8}", "BE": r"[01]\d{9}", "BG": r"\d{9,10}", "CH": r"E?\d{9}(?:MWST|TVA|IVA)?", "CY": r"\d{8}[A-Z]",
        "CZ": r"\d{8,10}", "DE": r"[1-9]\d{8}", "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}", "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
        "FI": r"\d{8}", "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}", "GB": r"\d{9}(?:\d{3})?", "HR": r"\d{11}", "HU": r"\d{8}",
        "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}", "IT": r"\d{11}", "LT": r"\d{9}(?:\d{3})?", "LU": r"\d{8}", "LV": r"\d{11}",
        "MT": r"\d{8}", "NL": r"\d{9}B\d{2}", "NO": r"\d{9}(?:MVA)?", "PL": r"\d{10}", "PT": r"\d{9}", "RO": r"\d{2,10}",
        "SE": r"\d{10}01", "SI": r"\d{8}", "SK": r"\d{10}",
    }.items()
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class VatId:
    """A VAT id without its signs. `proven`: its form is its country's and its check digit right, as far as it is checked here."""

    text: str
    country: str = ""
    proven: bool = False


@lru_cache(maxsize=20_000)
def vat_of(text: str, country: str = "") -> VatId | None:
    """The VAT id in a text; `country` (two letters) is where it belongs if it does not say so. None where there is none."""
    plain = _SIGNS.sub("", unicodedata.normalize("NFKC", text[:60])).upper()
    if sum(map(str.isdigit, plain)) < 5:
        return None
    for named, number in ((plain[:2], plain[2:]), (country.upper()[:2], plain)):
        place = "EL" if named == "GR" else named
        form = _FORMS.get(place)
        if form is not None and form.fullmatch(number):
            check = _CHECKS.get(place)
            return VatId(text=place + number, country=place, proven=check is None or check(_digits(number)))
    return VatId(text=plain)


def _digits(number: str) -> list[int]:
    return [int(each) for each in number if each.isdigit()]


def _weighed(weights: str, modulus: int, *, most: int = 9) -> Callable[[list[int]], bool]:
    """The last digit is what the weighed sum of the others leaves over; what is over `most` counts as nothing."""
    by = [int(each) for each in weights.split()]

    def right(digits: list[int]) -> bool:
        left = sum(weight * digit for weight, digit in zip(by, digits, strict=False)) % modulus
        return digits[len(by)] == (left if left <= most else 0)

    return right


def _from_eleven(weights: str) -> Callable[[list[int]], bool]:
    """The last digit makes up what the weighed sum lacks of a multiple of eleven."""
    by = [int(each) for each in weights.split()]

    def right(digits: list[int]) -> bool:
        lacks = -sum(weight * digit for weight, digit in zip(by, digits, strict=False)) % 11
        return digits[len(by)] == (0 if lacks == 10 else lacks)

    return right


def _luhn(digits: list[int]) -> bool:
    doubled = [sum(divmod(2 * digit, 10)) if index % 2 else digit for index, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _eleven_ten(digits: list[int]) -> bool:
    product = 10
    for digit in digits[:-1]:
        total = (digit + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == digits[-1]


def _austrian(digits: list[int]) -> bool:
    doubled = sum(sum(divmod(2 * digit, 10)) if index % 2 else digit for index, digit in enumerate(digits[:7]))
    return (96 - doubled) % 10 == digits[7]


def _belgian(digits: list[int]) -> bool:
    number = int("".join(map(str, digits)))
    return 97 - number // 100 % 97 == number % 100


def _french(digits: list[int]) -> bool:
    if len(digits) < 11:
        return True  # the key has letters: its form alone is checked
    key, siren = digits[0] * 10 + digits[1], int("".join(map(str, digits[2:])))
    return key == (12 + 3 * (siren % 97)) % 97


def _british(digits: list[int]) -> bool:
    total = sum(weight * digit for weight, digit in zip(range(8, 1, -1), digits, strict=False))
    ends = digits[7] * 10 + digits[8]
    return (total + ends) % 97 == 0 or (total + ends + 55) % 97 == 0


def _dutch(digits: list[int]) -> bool:
    total = sum(weight * digit for weight, digit in zip(range(9, 1, -1), digits, strict=False))
    if total % 11 == digits[8]:
        return True
    return int("2321" + "".join(map(str, digits[:9])) + "11" + "".join(map(str, digits[9:]))) % 97 == 1


def _luxembourgish(digits: list[int]) -> bool:
    number = int("".join(map(str, digits)))
    return number // 100 % 89 == number % 100


def _danish(digits: list[int]) -> bool:
    return sum(weight * digit for weight, digit in zip((2, 7, 6, 5, 4, 3, 2, 1), digits, strict=False)) % 11 == 0


def _greek(digits: list[int]) -> bool:
    return sum(digit << (8 - index) for index, digit in enumerate(digits[:8])) % 11 % 10 == digits[8]


_CHECKS: dict[str, Callable[[list[int]], bool]] = {
    "AT": _austrian, "BE": _belgian, "CH": _from_eleven("5 4 3 2 7 6 5 4"), "DE": _eleven_ten, "DK": _danish, "EL": _greek,
    "FI": _from_eleven("7 9 10 5 8 4 2"), "FR": _french, "GB": _british, "HR": _eleven_ten, "IT": _luhn, "LU": _luxembourgish,
    "NL": _dutch, "NO": _from_eleven("3 2 7 6 5 4 3 2"), "PL": _weighed("6 5 7 2 3 4 5 6 7", 11),
    "PT": _from_eleven("9 8 7 6 5 4 3 2"), "SE": lambda digits: _luhn(digits[:10]),
}  # fmt: skip
