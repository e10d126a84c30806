"""What is known of a company, in the form in which it is compared, and the keys under which it is found again."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cached_property
from itertools import islice

from sync.identity.domains import domain_of, mailbox_of
from sync.identity.letters import folded
from sync.identity.names import Name, name_of
from sync.identity.vat import VatId, vat_of

_SIGNS = re.compile(r"[\W_]+")
_STREET = re.compile(r"(?:strasse|str|street|st|avenue|ave|road|rd)\b")
_PHONE, _LONG = 8, 120
_MOST_WORDS = 4


class By(StrEnum):
    """What a key rests on. The first four are stable: they say who somebody is. The others only say where to look."""

    EXTERNAL = "external id"
    VAT = "VAT id"
    DOMAIN = "domain"
    PLACE = "name and postcode"
    PHONE = "phone"
    MAILBOX = "mailbox"
    NAME = "name"
    BEGINS = "beginning"
    ENDS = "end"
    WORD = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One handle on a company."""

    by: By
    value: str


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a record says of a company, as it says it; empty where it says nothing. `external` is the id that another system of
    the customer's own has for it."""

    name: str = ""
    vat_id: str = ""
    domain: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    external: str = ""

    @cached_property
    def called(self) -> Name:
        return name_of(self.name)

    @cached_property
    def vat(self) -> VatId | None:
        return vat_of(self.vat_id, self.country)

    @cached_property
    def site(self) -> str:
        return domain_of(self.domain) or domain_of(self.email)

    @cached_property
    def mailbox(self) -> str:
        return mailbox_of(self.email)

    @cached_property
    def rings(self) -> str:
        """The end of the phone number, which does not depend on how its beginning is written."""
        digits = "".join(each for each in unicodedata.normalize("NFKC", self.phone[:60]) if each.isdecimal())
        return digits[-_PHONE:] if len(digits) >= _PHONE else ""

    @cached_property
    def post(self) -> str:
        plain = _SIGNS.sub("", unicodedata.normalize("NFKC", self.postcode[:20])).upper()
        return plain.removeprefix(self.country.upper()[:2]) if self.country and plain[:1].isalpha() else plain

    @cached_property
    def town(self) -> str:
        return _SIGNS.sub("", folded(self.city))

    @cached_property
    def road(self) -> str:
        """Street and number without gaps, with the word for street cut off."""
        return _SIGNS.sub("", _STREET.sub("", folded(self.street)))

    @cached_property
    def land(self) -> str:
        return self.country.strip().upper()[:2]


FIELDS = tuple(each.name for each in fields(Profile))


def profile_of(values: Mapping[str, object]) -> Profile:
    """The profile from values by its fields' names; others are passed over, and what is too long is cut."""
    return Profile(**{name: str(values[name]).strip()[:_LONG] for name in FIELDS if values.get(name) not in (None, "")})


def keys_of(profile: Profile) -> tuple[Key, ...]:
    """Every key of a profile, each once: the stable ones first. A few dozen at most, each of at most 120 characters."""
    found = (Key(by=by, value=value[:_LONG]) for by, value in _keys(profile) if value)
    return tuple(dict.fromkeys(found))


def _keys(profile: Profile) -> Iterator[tuple[By, str]]:
    words, joined = profile.called.words, profile.called.joined
    yield By.EXTERNAL, profile.external
    yield By.VAT, profile.vat.text if profile.vat else ""
    yield By.DOMAIN, profile.site
    yield By.PLACE, f"{joined} {profile.post}" if joined and profile.post else ""
    yield By.PHONE, profile.rings
    yield By.MAILBOX, profile.mailbox
    yield By.NAME, joined
    if len(joined) > 3:
        yield By.BEGINS, joined[:5]
        yield By.ENDS, joined[-6:]
    for word in islice((each for each in sorted(words, key=len, reverse=True) if len(each) > 3), _MOST_WORDS):
        yield By.WORD, word
        yield By.WORD, _bones(word)
    if profile.vat is not None:  # one wrong digit leaves one half right
        half = len(profile.vat.text) // 2
        yield By.BEGINS, f"vat {profile.vat.text[: half + 1]}"
        yield By.ENDS, f"vat {profile.vat.text[half:]}"


def _bones(word: str) -> str:
    """The first letter and the consonants after it: what most slips leave as it is."""
    return "*" + word[0] + "".join(each for each in word[1:] if each not in "aeiou")
