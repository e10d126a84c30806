"""The names of the story: who buys, what is sold, on which terms, by whom. All of it is invented."""

from dataclasses import dataclass
from typing import Final

from bot.sandbox.deals_values import Company, Owner, Product


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    domain: str
    country: str
    city: str
    zip: str
    currency: str = "EUR"


PAYMENT_TERMS: Final = ("NET14", "NET30", "NET45", "NET60")

OWNERS: Final = (
    Owner(id="7101", first_name="Sam", last_name="Whitfield", email="sam@northwind.example"),
    Owner(id="7102", first_name="Ingrid", last_name="Sørensen", email="ingrid@northwind.example"),
    Owner(id="7103", first_name="Yusuf", last_name="Demir", email="yusuf@northwind.example"),
)

RENAMED: Final = ("Atlas Pro", "AtlasPro")


def _product(code: str, name: str, list_minor: int, account: str, currency: str = "EUR") -> Product:
    return Product(code=code, name=name, list_minor=list_minor, currency=currency, account=account)


PRODUCTS: Final = (
    _product("Atlas Basic", "Atlas Basic workstation", 1_190_00, "4000"),
    _product("Atlas Pro", "Atlas Pro workstation", 2_490_00, "4000"),
    _product("Atlas Plus", "Atlas Plus workstation", 3_850_00, "4000"),
    _product("Beacon One", "Beacon One gateway", 649_90, "4000"),
    _product("Beacon Max", "Beacon Max gateway", 1_749_50, "4000"),
    _product("Cirrus Seat", "Cirrus cloud, one seat for a year", 312_00, "4200"),
    _product("Onboarding Day", "Onboarding, one day on site", 1_400_00, "4100"),
    _product("Priority Care", "Priority Care, one year", 980_00, "4210"),
    _product("Harbor Core", "Harbor Core server (US)", 4_999_00, "4000", "USD"),
    _product("Harbor Max", "Harbor Max server (US)", 8_250_00, "4000", "USD"),
    _product("Harbor Care", "Harbor Care, one year (US)", 1_150_00, "4210", "USD"),
    _product("Kumo Edge", "Kumo Edge node (Japan)", 398_000, "4000", "JPY"),
)

_ORDINARY = (
    _Place("Adler & Söhne Werkzeugbau GmbH", "adler-soehne.example", "DE", "Stuttgart", "70173"),
    _Place("Königsblau Druck AG", "koenigsblau.example", "DE", "Leipzig", "04109"),
    _Place("Fährhaus Bräu KG", "faehrhaus-braeu.example", "DE", "Bremen", "28195"),
    _Place("Österreichische Alpenmilch eG", "alpenmilch.example", "AT", "Innsbruck", "6020"),
    _Place("Atelier Lumière SARL", "atelier-lumiere.example", "FR", "Lyon", "69002"),
    _Place("Boulangerie O'Neill & Fils", "oneill-fils.example", "FR", "Nantes", "44000"),
    _Place("Cantieri Riuniti del Garda S.p.A.", "cantierigarda.example", "IT", "Verona", "37121"),
    _Place("Peñafiel Viñedos S.L.", "penafiel.example", "ES", "Valladolid", "47001"),
    _Place("Łódzka Fabryka Nici Sp. z o.o.", "fabrykanici.example", "PL", "Łódź", "90-001"),
    _Place("Žižkov Signal s.r.o.", "zizkov-signal.example", "CZ", "Praha", "130 00"),
    _Place("Pohjola Lämpö Oy", "pohjolalampo.example", "FI", "Oulu", "90100"),
    _Place("Van der Meer Bloemen B.V.", "vandermeer.example", "NL", "Utrecht", "3511"),
    _Place("Αιγαίο Ναυτιλιακή Α.Ε.", "aigaio.example", "GR", "Piraeus", "18535"),
    _Place("شركة الأفق للتجارة", "alofuq.example", "AE", "Dubai", "00000"),
    _Place("אורן מערכות בע״מ", "oren-systems.example", "IL", "Haifa", "3100001"),
    _Place("Sunny Side 🌻 Farms", "sunnyside-farms.example", "IE", "Cork", "T12 AB1"),
    _Place("Quill & Quire <Publishing> Ltd", "quill-quire.example", "IE", "Dublin", "D02 XY4"),
    _Place("Mistral Énergie SA", "mistral-energie.example", "BE", "Liège", "4000"),
    _Place("Redwood Clinical Group", "redwood-clinical.example", "US", "Portland", "97205", "USD"),
    _Place("Lakeshore Tool & Die", "lakeshore-tool.example", "US", "Toledo", "43604", "USD"),
    _Place("Mesa Verde Outfitters", "mesaverde-outfitters.example", "US", "Durango", "81301", "USD"),
    _Place("Blue Heron Robotics", "blueheron-robotics.example", "US", "Pittsburgh", "15222", "USD"),
    _Place("Tidewater Schools Trust", "tidewater-schools.example", "US", "Norfolk", "23510", "USD"),
    _Place("株式会社ミナト精機", "minato-seiki.example", "JP", "Yokohama", "220-0012", "JPY"),
)
_TWICE = (
    (
        _Place("Müller Maschinenbau GmbH", "mueller-maschinenbau.example", "DE", "Nürnberg", "90402"),
        _Place("Mueller Maschinenbau", "mueller-maschinenbau.example", "DE", "Nuernberg", "90402"),
    ),
    (
        _Place("Søndergård Logistik A/S", "sondergard.example", "DK", "Aarhus", "8000"),
        _Place("Sondergard Logistik", "sondergard-logistik.example", "DK", "Århus", "8000"),
    ),
)
_REFUSED = (
    _Place("Brightwater Holdings Ltd", "brightwater.example", "IE", "Galway", "H91 CD5"),
    _Place("Kestrel Freight B.V.", "kestrel-freight.example", "NL", "Rotterdam", "3011"),
)


def _company(number: int, place: _Place, vat_number: int) -> Company:
    properties = {
        "name": place.name,
        "domain": place.domain,
        "vat_id": f"{place.country}{100_000_000 + vat_number * 7_919}",
        "country": place.country,
        "city": place.city,
        "zip": place.zip,
        "billing_email": f"ap@{place.domain}",
        "currency": place.currency,
    }
    return Company(id=str(2000 + number), properties=properties)


ORDINARY: Final = tuple(_company(number, place, number) for number, place in enumerate(_ORDINARY, 1))
TWICE: Final = tuple(
    (_company(60 + 2 * number, first, 60 + number), _company(61 + 2 * number, second, 60 + number))
    for number, (first, second) in enumerate(_TWICE)
)
REFUSED: Final = tuple(_company(80 + number, place, 80 + number) for number, place in enumerate(_REFUSED))
COMPANIES: Final = (*ORDINARY, *(company for pair in TWICE for company in pair), *REFUSED)

PLANS: Final = ("rollout", "renewal", "expansion", "second site", "pilot", "replacement", "framework order")
PING_NAME: Final = "<!channel> & <b>big"
LONG_NAME: Final = ("Endless framework order & <b>more " * 1_500)[:50_000]
NULL_NAME: Final = "Null\x00byte from the web form"
