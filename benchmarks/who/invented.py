"""Companies that do not exist, in nine countries, with numbers that their tax offices would take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.who.numbers import vat

Fields = dict[str, str]

SURNAMES = {
    "DE": "Müller Schäfer Köhler Größmann Jäger Krüger Bäcker Weiß Lüdemann Brandt Hoffmann Voigt Kästner Strauß Oettinger Aumüller "
    "Pfeiffer Dörr Seidel Lehnert Wörner Thiele Baumgärtner Rösch",
    "AT": "Höllerer Gruber Steinböck Pichler Wögerer Hübner Mayrhofer Eßl",
    "FR": "Lefèvre Béranger Garçon Léger Chénier Moulin Dupré Noël Fabre Gauthier Hébert Rousseau",
    "IT": "Rossi Ferrari Cantieri Lombardi Bianchi Galli Moretti Conti Marchetti Barbieri",
    "DK": "Søndergård Kjær Møller Østergaard Nørgaard Højbjerg Skov Bæk",
    "PL": "Wójcik Kowalski Śliwa Łukaszewski Żuraw Dąbek Gościński",
    "GR": "Παπαδόπουλος Γεωργίου Νικολαΐδης Οικονόμου Κωνσταντίνου Δημητρίου Καραγιάννης",
    "BG": "Димитров Христов Железаров Чернев Шишков Цветков Юруков Янков",
    "GB": "Whitfield Ashworth Hargreaves O'Leary Thornton Pemberton Blackwood Fairfax",
}
TRADES = {
    "DE": "Maschinenbau Werkzeugbau Logistik Elektrotechnik Druckerei Fördertechnik Gebäudereinigung Kältetechnik Verpackungen Metallbau "
    "Möbelwerke Sanitär Immobilien Messtechnik Bürobedarf Anlagenbau Lebensmittel Tiefbau Oberflächentechnik Spedition",
    "AT": "Holzbau Seilbahnen Weinhandel Elektro Maschinen Transporte",
    "FR": "Mécanique Électricité Transports Imprimerie Bâtiment Boulangerie Menuiserie Énergies Façades Métallerie",
    "IT": "Navali Meccanica Tessuti Arredamenti Costruzioni Alimentari Trasporti",
    "DK": "Logistik Møbler Byg Fødevarer Maskinværksted Rengøring",
    "PL": "Budownictwo Transport Meble Elektronika Usługi Części",
    "GR": "Ναυτιλία Τρόφιμα Μεταφορές Κατασκευές Εμπόριο",
    "BG": "Транспорт Строител Машини Текстил Храни Електроника",
    "GB": "Engineering Foods Logistics Furniture Printing Roofing Catering Plumbing Electronics",
}
FORMS = {
    "DE": ("GmbH", "GmbH", "GmbH", "AG", "GmbH & Co. KG", "KG", "UG (haftungsbeschränkt)", "e.K."),
    "AT": ("GmbH", "GmbH", "AG", "OG"), "FR": ("SARL", "SAS", "S.A."), "IT": ("S.r.l.", "S.p.A.", "S.n.c."),
    "DK": ("A/S", "ApS"), "PL": ("Sp. z o.o.", "S.A."), "GR": ("Α.Ε.", "Ε.Π.Ε."), "BG": ("ООД", "ЕООД"), "GB": ("Ltd", "PLC", "LLP"),
}  # fmt: skip
TOWNS = {
    "DE": "Köln 50667|Hamburg 20095|München 80331|Würzburg 97070|Leipzig 04109|Düsseldorf 40213|Göttingen 37073|Ulm 89073|Kiel 24103",
    "AT": "Wien 1010|Graz 8010|Linz 4020|Wörgl 6300",
    "FR": "Lyon 69002|Nîmes 30000|Paris 75011|Besançon 25000|Orléans 45000",
    "IT": "Milano 20121|Forlì 47121|Torino 10121|Bari 70121",
    "DK": "Aarhus 8000|København 1050|Køge 4600|Odense 5000",
    "PL": "Łódź 90-001|Kraków 30-001|Gdańsk 80-001|Poznań 60-001",
    "GR": "Αθήνα 10431|Θεσσαλονίκη 54621|Πάτρα 26221",
    "BG": "София 1000|Варна 9000|Пловдив 4000",
    "GB": "Leeds LS1 4AP|Bristol BS1 5TR|York YO1 7HH|Oxford OX1 1BX",
}
DIALS = {"DE": "49", "AT": "43", "FR": "33", "IT": "39", "DK": "45", "PL": "48", "GR": "30", "BG": "359", "GB": "44"}
STREETS = "Bahnhofstraße Industriestraße Hauptstraße Lindenweg Hafenstraße Kirchgasse Mühlweg Ringstraße Am Markt Schulstraße".split()
_BRANDS = "Nordlicht Solvano Kaleo Tirema Vantis Orbena Kestrel Miralda Fennwick Zephyros Alpenglück Bellacasa".split()


@dataclass(frozen=True, kw_only=True)
class Company:
    """One company as its own papers say it."""

    id: str
    words: tuple[str, ...]
    form: str
    country: str
    fields: Fields = field(hash=False)

    @property
    def name(self) -> str:
        return f"{' '.join(self.words)} {self.form}"

    def record(self) -> Fields:
        return {"name": self.name, "country": self.country, **self.fields}

    def but(self, suffix: str, **changes: str) -> Company:
        """Another company that is like this one but for some fields."""
        return replace(self, id=f"{self.id}-{suffix}", fields={**self.fields, **changes})


def company(number: int, draw: Random) -> Company:
    """The company of this number; the same for the same state of the generator."""
    country = draw.choices(list(SURNAMES), weights=[40, 6, 12, 10, 6, 6, 5, 5, 10])[0]
    words = [draw.choice(SURNAMES[country].split()), draw.choice(TRADES[country].split())]
    if draw.random() < 0.3:
        words[0] = _made_up(draw)
    if draw.random() < 0.2:
        words.insert(1, "& " + draw.choice(("Söhne", "Partner", "Co", "Fils", "Figli")))
    town, _, post = draw.choice(TOWNS[country].split("|")).partition(" ")
    fields = {
        "vat_id": vat(country, draw), "city": town, "postcode": nearby(post, draw), "street": street(draw),
        "phone": f"+{DIALS[country]} {draw.randint(20, 99)} {draw.randint(1_000_000, 9_999_999)}",
        "domain": f"www.{slug(words[0])}-{number % 89_989:x}{draw.choice(('.de', '.com', '.eu', '.net'))}",
    }  # fmt: skip
    fields["email"] = (
        f"{draw.choice(('info', 'rechnung', 'office', 'accounts'))}@{fields['domain'].removeprefix('www.')}"
    )
    if draw.random() < 0.15:  # no site of its own
        fields["email"] = f"{slug(words[0])}.{slug(words[-1])}{draw.randint(1, 999)}@gmail.com"
        del fields["domain"]
    return Company(
        id=f"C{number}", words=tuple(words), form=draw.choice(FORMS[country]), country=country, fields=fields
    )


def street(draw: Random) -> str:
    return f"{draw.choice(STREETS)} {draw.randint(1, 180)}"


def nearby(post: str, draw: Random) -> str:
    """A postcode of the same town."""
    at = max(index for index, sign in enumerate(post) if sign.isdigit())
    return post[:at] + str(draw.randint(0, 9)) + post[at + 1 :]


def slug(word: str) -> str:
    """The word as somebody registers it."""
    plain = word.lower().translate(
        str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "æ": "ae", "å": "aa"})
    )
    return "".join(sign for sign in plain if sign.isascii() and sign.isalnum()) or "firma"


def _made_up(draw: Random) -> str:
    if draw.random() < 0.3:
        return draw.choice(_BRANDS)
    return "".join(
        draw.choice(("ba", "ko", "ri", "ten", "lu", "mar", "so", "vel", "dra", "ni", "pho", "cal", "wes"))
        for _ in "123"
    ).title()
