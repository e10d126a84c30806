"""Money: integer minor units with a currency. No float ever touches an amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

# ISO 4217 minor-unit exponents other than 2, and the active codes that Meshline accepts.
_EXPONENTS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
_CODES = frozenset(
    (
        "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
        "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL "
        "HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP "
        "MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD "
        "SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS "
        "VES WST XCD YER ZAR ZMW ZWG"
    ).split()
) | frozenset(_EXPONENTS)
_MOST = 10**15  # beyond any invoice, and within the digits that Decimal keeps exactly
_LONGEST, _SHOWN = 200, 60
_WRITTEN = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))?")
_PLAIN = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?")


class NotMoney(ValueError):
    """The text is not an amount that can be read in only one way."""


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class Money:
    """An amount in minor units (cents, yen, fils) of one ISO 4217 currency."""

    currency: str
    minor: int

    def __add__(self, other: Money) -> Money:
        if self.currency != other.currency:
            raise NotMoney(f"{self.currency} and {other.currency} cannot be added")
        return Money(currency=self.currency, minor=self.minor + other.minor)

    def __str__(self) -> str:
        places = exponent(self.currency)
        whole, cents = divmod(abs(self.minor), 10**places)
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{whole:,}{f'.{cents:0{places}d}' if places else ''} {self.currency}"


def is_currency(code: object) -> bool:
    """True for an active ISO 4217 code in capitals."""
    return isinstance(code, str) and code in _CODES


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def decimal(value: object) -> Decimal:
    """The exact number that a plain decimal text or integer means. Raises NotMoney for `1.234,56`, `1,234`, floats and words:
    a text that two readers could read in two ways is never guessed."""
    if isinstance(value, str) and len(value) <= _LONGEST and _PLAIN.fullmatch(value.strip()):
        try:
            return Decimal(value.strip())
        except InvalidOperation as error:
            raise NotMoney(value[:_SHOWN]) from error
    if isinstance(value, Decimal) and value.is_finite() and abs(value) < _MOST:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST:
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        raise NotMoney("the amount is too large to be money")  # nor can Python write such a number out
    shown = value[:_SHOWN] if isinstance(value, str) else value if isinstance(value, float) else type(value).__name__
    raise NotMoney(f"{shown!r} is not a plain amount such as 1234.56")


def minor_units(value: object, currency: str, *, rounded: bool = False) -> int:
    """Minor units of a decimal amount. Raises NotMoney when the amount has more decimals than the currency, unless
    `rounded`, which rounds half to even."""
    places = exponent(currency)
    if isinstance(value, str) and (read := _WRITTEN.fullmatch(value)) and len(read[2] or "") <= places:
        return int(read[1] + (read[2] or "").ljust(places, "0"))
    exact = decimal(value).scaleb(places)
    whole = exact.to_integral_value(rounding=ROUND_HALF_EVEN)
    if whole != exact and not rounded:
        raise NotMoney(f"{value} has more decimals than {currency}")
    return int(whole)


def money(value: object, currency: str, *, rounded: bool = False) -> Money:
    """The amount as Money. Raises NotMoney for an unknown currency or an unreadable amount."""
    if not is_currency(currency):
        raise NotMoney(f"{currency!r} is not a currency")
    return Money(currency=currency, minor=minor_units(value, currency, rounded=rounded))
