"""VAT ids that their countries would take: where check digits are quickly reckoned, they are right."""

from __future__ import annotations

from random import Random


def vat(country: str, draw: Random) -> str:
    """A VAT id of the country, drawn."""
    return _MAKERS[country](draw) if country in _MAKERS else f"BG{_some(9, draw)}"


def _some(many: int, draw: Random) -> str:
    return str(draw.randint(1, 9)) + "".join(str(draw.randint(0, 9)) for _ in range(many - 1))


def _german(draw: Random) -> str:
    body, carry = _some(8, draw), 10
    for digit in body:
        carry = ((int(digit) + carry) % 10 or 10) * 2 % 11
    return f"DE{body}{(11 - carry) % 10}"


def _italian(draw: Random) -> str:
    body = _some(10, draw)
    total = sum(int(d) if at % 2 == 0 else (2 * int(d) - 9 * (int(d) > 4)) for at, d in enumerate(body))
    return f"IT{body}{-total % 10}"


def _french(draw: Random) -> str:
    siren = _some(9, draw)
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02}{siren}"


def _british(draw: Random) -> str:
    body = _some(7, draw)
    return f"GB{body}{-sum((8 - at) * int(d) for at, d in enumerate(body)) % 97:02}"


def _polish(draw: Random) -> str:
    while True:
        body = _some(9, draw)
        left = sum(w * int(d) for w, d in zip((6, 5, 7, 2, 3, 4, 5, 6, 7), body, strict=True)) % 11
        if left < 10:
            return f"PL{body}{left}"


def _danish(draw: Random) -> str:
    while True:
        number = _some(8, draw)
        if sum(w * int(d) for w, d in zip((2, 7, 6, 5, 4, 3, 2, 1), number, strict=True)) % 11 == 0:
            return f"DK{number}"


def _austrian(draw: Random) -> str:
    body = _some(7, draw)
    total = sum(int(d) if at % 2 == 0 else sum(divmod(2 * int(d), 10)) for at, d in enumerate(body))
    return f"ATU{body}{(96 - total) % 10}"


def _greek(draw: Random) -> str:
    body = _some(8, draw)
    return f"EL{body}{sum(int(d) * 2 ** (8 - at) for at, d in enumerate(body)) % 11 % 10}"


_MAKERS = {
    "DE": _german,
    "IT": _italian,
    "FR": _french,
    "GB": _british,
    "PL": _polish,
    "DK": _danish,
    "AT": _austrian,
    "GR": _greek,
}
