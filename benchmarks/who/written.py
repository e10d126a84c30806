"""The ways in which people write one company differently, and the companies that look like another and are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from benchmarks.who.invented import FORMS, TOWNS, TRADES, Company, Fields, nearby, slug, street
from benchmarks.who.invented import company as invented
from benchmarks.who.numbers import vat

_KEYS = ("qwertzuiop", "asdfghjkl", "yxcvbnm")
_LONG = {"GmbH": ("Gesellschaft mit beschränkter Haftung", "G.m.b.H.", "gmbh", "Gmbh"), "AG": ("Aktiengesellschaft", "A.G."),
         "Ltd": ("Limited", "LTD."), "PLC": ("plc", "P.L.C."), "S.p.A.": ("SpA", "SPA"), "S.r.l.": ("SRL", "Srl"),
         "SARL": ("S.A.R.L.", "Sàrl"), "A/S": ("AS", "A.S."), "Sp. z o.o.": ("sp.z o.o.", "SP ZOO"), "ООД": ("OOD",),
         "ЕООД": ("EOOD",), "Α.Ε.": ("AE", "A.E."), "S.A.": ("SA",), "GmbH & Co. KG": ("GmbH & Co KG", "GmbH&Co.KG")}  # fmt: skip
_RUSSIAN = {
    "sounds": dict(zip("абвгдежзийклмнопрстуфхцчшщъьюя", "a b v g d e zh z i y k l m n o p r s t u f h ts ch sh sht a y yu ya".split(),
                       strict=True)),
    "letters": dict(zip("абвгдежзийклмнопрстуфхцчшщъьюя", "a b v g d e ž z i j k l m n o p r s t u f ch c č š št a j ju ja".split(),
                        strict=True)),
}  # fmt: skip
_GREEKS = {
    "phonetic": dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True)),
    "classic": dict(zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n ks o p r s s t i ph h ps o".split(), strict=True)),
}  # fmt: skip
_TWO = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa", "æ": "ae"}
_ONE = {"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "ø": "o", "å": "a", "æ": "ae", "é": "e", "è": "e", "ê": "e", "ë": "e", "ç": "c",
        "î": "i", "ô": "o", "ł": "l", "ó": "o", "ś": "s", "ż": "z", "ą": "a", "ę": "e", "ń": "n", "ć": "c", "ź": "z", "ù": "u", "ì": "i"}  # fmt: skip
_BARE = {"ά": "α", "έ": "ε", "ή": "η", "ί": "ι", "ό": "ο", "ύ": "υ", "ώ": "ω", "ΐ": "ι", "ϊ": "ι", "ου": "ou"}


def typo(record: Fields, draw: Random, _: Company) -> None:
    """One or two slips of the fingers in the name."""
    name = record["name"]
    for _ in range(1 if len(name) < 18 or draw.random() < 0.6 else 2):
        at = draw.randrange(1, max(2, len(name.rsplit(" ", 1)[0])))
        row = next((each for each in _KEYS if name[at].lower() in each), "e")
        name = draw.choice((
            name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:], name[:at] + draw.choice(row) + name[at + 1 :],
            name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :],
        ))  # fmt: skip
    record["name"] = name


def legal_form(record: Fields, draw: Random, company: Company) -> None:
    """The legal form left out, spelt out or put otherwise."""
    bare = record["name"].removesuffix(company.form).rstrip(" ,")
    record["name"] = draw.choice(
        (bare, *(f"{bare} {form}" for form in _LONG.get(company.form, (company.form.lower(),))))
    )


def letters(record: Fields, draw: Random, company: Company) -> None:
    """Written on a keyboard that has other letters."""
    tables = {"GR": list(_GREEKS.values()), "BG": list(_RUSSIAN.values())}.get(company.country, [_TWO, _ONE])
    table = draw.choice(tables)
    for name in ("name", "city", "street"):
        if name in record:
            plain = record[name].lower()
            for sign, bare in _BARE.items() if company.country == "GR" else ():
                plain = plain.replace(sign, bare)
            record[name] = "".join(table.get(sign, sign) for sign in plain).title()


def plus_address(record: Fields, draw: Random, _: Company) -> None:
    """A mailbox with something after a plus, or with other dots."""
    local, _, host = record.get("email", "kontakt@gmail.com").partition("@")
    record["email"] = f"{local}+{draw.choice(('crm', 'invoices', 'meshline'))}@{host}"
    if host == "gmail.com":
        record["email"] = f"{local.replace('.', '')}@googlemail.com" if draw.random() < 0.5 else record["email"]


def move(record: Fields, draw: Random, company: Company) -> None:
    """The company moved: another street and town; its numbers go with it."""
    town, _, post = draw.choice(TOWNS[company.country].split("|")).partition(" ")
    record.update(city=town, postcode=nearby(post, draw), street=street(draw))
    if draw.random() < 0.5:
        record.pop("phone", None)


def order(record: Fields, draw: Random, company: Company) -> None:
    """Words in another order, in capitals, or shortened."""
    words = list(company.words)
    match draw.randrange(3):
        case 0:
            record["name"] = f"{words[-1]} {' '.join(words[:-1])} {company.form}"
        case 1:
            record["name"] = record["name"].upper()
        case _:
            short = words[-1][: draw.randint(4, 6)] + "."
            record["name"] = f"{' '.join(words[:-1])} {short} {company.form}"


def numbers(record: Fields, draw: Random, company: Company) -> None:
    """The numbers in another style: with gaps, without the country, with a zero in front."""
    number = record.get("vat_id", "")
    if number:
        record["vat_id"] = draw.choice(
            (f"{number[:2]} {number[2:5]} {number[5:]}", number.lower(), number[2:], f"{number[:2]}-{number[2:]}")
        )
    if "phone" in record:
        record["phone"] = draw.choice(
            (record["phone"].replace(" ", ""), "0" + record["phone"].split(" ", 1)[1].replace(" ", "/"))
        )


WAYS: dict[str, Callable[[Fields, Random, Company], None]] = {
    "typos": typo, "legal forms": legal_form, "transliteration": letters, "plus-addresses": plus_address, "moves": move,
    "order and capitals": order, "numbers": numbers,
}  # fmt: skip


def rewritten(company: Company, way: str, draw: Random) -> Fields:
    """The company as somebody else entered it: in this way, perhaps in another too, and not with everything that is known."""
    record = company.record()
    others = [each for each in WAYS if each != way]
    ways = [way, *draw.sample(others, draw.choices((0, 1, 2), weights=(4, 4, 2))[0])]
    for each in ways:
        WAYS[each](record, draw, company)
    lost = draw.sample(("vat_id", "domain", "email", "phone", "street", "postcode"), draw.choice((0, 1, 2, 3, 4)))
    for name in lost:
        record.pop(name, None)
    has_site = "domain" in record or (
        "email" in record and "gmail" not in record["email"] and "googlemail" not in record["email"]
    )
    if "vat_id" not in record and not has_site and ("moves" in ways or "postcode" not in record):
        record["vat_id"] = company.fields["vat_id"]  # nobody could tell otherwise
    return record


def namesake(company: Company, draw: Random) -> Company:
    """Another firm of the same name in another town."""
    towns = [each for each in TOWNS[company.country].split("|") if not each.startswith(company.fields["city"])]
    town, _, post = draw.choice(towns).partition(" ")
    site = f"{slug(company.words[0])}-{slug(town)}.{draw.choice(('de', 'com'))}"
    return company.but("namesake", vat_id=vat(company.country, draw), city=town, postcode=nearby(post, draw), street=street(draw),
                       domain=site, email=f"info@{site}", phone=f"+49 {draw.randint(20, 99)} {draw.randint(1_000_000, 9_999_999)}")  # fmt: skip


def sister(company: Company, draw: Random) -> Company:
    """Another firm of the group: same first word, site and house, other business and numbers; now and then one VAT id for all."""
    other = draw.choice([each for each in TRADES[company.country].split() if each not in company.words])
    number = company.fields["vat_id"] if draw.random() < 0.15 else vat(company.country, draw)
    return replace(
        company.but("sister", vat_id=number),
        words=(*company.words[:-1], other),
        form=draw.choice(FORMS[company.country]),
    )


def neighbour(company: Company, draw: Random) -> Company:
    """A firm whose VAT id is off by one digit, with a name that is alike."""
    number = list(company.fields["vat_id"])
    at = draw.randrange(4, len(number))
    number[at] = str((int(number[at]) + draw.randint(1, 9)) % 10)
    town, _, post = draw.choice(TOWNS[company.country].split("|")).partition(" ")
    words = (
        company.words if draw.random() < 0.5 else (*company.words[:-1], draw.choice(TRADES[company.country].split()))
    )
    return replace(
        company.but("neighbour", vat_id="".join(number), city=town, postcode=nearby(post, draw), street=street(draw),
                    phone=f"+49 30 {draw.randint(1_000_000, 9_999_999)}", domain=f"{slug(words[-1])}{draw.randint(1, 999)}.eu",
                    email=f"mail@{slug(words[-1])}{draw.randint(1, 999)}.eu"), words=words)  # fmt: skip


def franchise(company: Company, draw: Random) -> Company:
    """A shop of the same brand in another town: same name and site, another owner."""
    other = namesake(company, draw)
    kept = {name: company.fields[name] for name in ("domain", "email") if name in company.fields}
    return replace(other, id=f"{company.id}-franchise", fields={**other.fields, **kept})


def partner(company: Company, draw: Random) -> Company:
    """The firm that runs a limited partnership, in its house and with its phone: two firms, one door."""
    forms = ("GmbH", "GmbH & Co. KG")
    form = forms[0] if company.form == forms[1] else forms[1]
    return replace(company.but("partner", vat_id=vat(company.country, draw)), form=form)


def successor(company: Company, draw: Random) -> Company:
    """Another firm in the same rooms, with the same phone."""
    other = invented(draw.randint(1, 99_999), draw)
    same = {name: company.fields[name] for name in ("street", "postcode", "city", "phone")}
    return replace(other, id=f"{company.id}-successor", country=company.country, fields={**other.fields, **same})


LOOKALIKES: dict[str, Callable[[Company, Random], Company]] = {
    "same name, other town": namesake, "group with one domain": sister, "VAT id off by one digit": neighbour,
    "franchise": franchise, "partnership and its partner": partner, "same rooms, other firm": successor,
}  # fmt: skip


def entered(company: Company, draw: Random) -> Fields:
    """A firm as it is entered for the first time: often without its VAT id."""
    record = company.record()
    if draw.random() < 0.35:
        del record["vat_id"]
    for name in draw.sample(("domain", "email", "phone", "street"), draw.choice((0, 0, 1, 2))):
        record.pop(name, None)
    return record
