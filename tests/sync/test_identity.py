"""Two records of one company are known as one, two companies as two, and it is said why."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.identity.domains import domain_of, mailbox_of
from sync.identity.index import Index
from sync.identity.names import likeness, name_of
from sync.identity.profile import FIELDS, Profile, keys_of, profile_of
from sync.identity.resolving import same_of
from sync.identity.scoring import Verdict, compare
from sync.identity.vat import vat_of

ADLER = {
    "name": "Adler & Söhne Werkzeugbau GmbH", "vat_id": "DE136695976", "domain": "www.adler-soehne.de", "postcode": "50667",
    "city": "Köln", "street": "Industriestraße 4", "country": "DE", "phone": "+49 221 4450110", "email": "info@adler-soehne.de",
}  # fmt: skip

ONE_NAME = [
    ("Müller Maschinenbau GmbH", "MUELLER Maschinenbau G.m.b.H."),
    ("Straße & Co. KG", "Strasse KG"),
    ("Søndergård Logistik A/S", "Soendergaard Logistik AS"),
    ("Société Légère S.A.", "Societe Legere"),
    ("Cantieri Riuniti S.p.A.", "CANTIERI RIUNITI SPA"),
    ("Łukasz Usługi Sp. z o.o.", "Lukasz Uslugi sp.z o.o."),
    ("Παπαδόπουλος Α.Ε.", "Papadopoulos AE"),
    ("Достоевский Транспорт ООО", "Dostoevskiy Transport"),
    ("株式会社ミナト精機", "ミナト精機"),
    ("Wörner-Tiefbau GmbH & Co KG", "Woerner Tiefbau GmbH&Co.KG"),
]


@pytest.mark.parametrize(("one", "two"), ONE_NAME)
def test_one_name_in_two_hands_is_one_name(one: str, two: str) -> None:
    assert likeness(name_of(one), name_of(two)).share > 0.85


@pytest.mark.parametrize(
    ("changes", "verdict", "why"),
    [
        ({"name": "Adler und Soehne Werkzeugbau"}, Verdict.SAME, "same VAT id · same name · same domain"),
        ({"name": "Adler & Söhne Werkezugbau GmbH", "postcode": "20095", "city": "Hamburg"}, Verdict.SAME, "other postcode"),
        ({"vat_id": "", "domain": "", "email": "info+crm@gmail.com"}, Verdict.SAME, "same postcode · same street · same phone"),
        ({"name": "Adler & Söhne Immobilien GmbH", "vat_id": ""}, Verdict.CANDIDATE, "with other words"),
        ({"vat_id": "DE136695975"}, Verdict.CANDIDATE, "VAT ids one sign apart"),
        ({"name": "Adler & Söhne Werkzeugbau KG", "vat_id": ""}, Verdict.CANDIDATE, "partnership"),
        ({"name": "Zeppelin Reederei AG"}, Verdict.CANDIDATE, "same VAT id · other name"),
        ({"vat_id": "", "domain": "", "email": "", "phone": "", "street": "", "postcode": "24103", "city": "Kiel"},
         Verdict.OTHER, "same name · other postcode"),
    ],
)  # fmt: skip
def test_what_differs_decides_and_is_told(changes: dict[str, str], verdict: Verdict, why: str) -> None:
    found = compare(profile_of(ADLER), profile_of({**ADLER, **changes}))
    assert found.verdict is verdict, found
    assert why in found.why


def test_an_e_mail_address_alone_makes_nobody_the_same() -> None:
    one, two = Profile(email="adler@gmail.com"), Profile(email="a.dler+invoices@googlemail.com")
    assert one.mailbox == two.mailbox
    assert compare(one, two).verdict is Verdict.OTHER
    assert mailbox_of("Faye+crm@Adler.de") == "faye@adler.de"
    assert mailbox_of("no address") == ""


def test_two_that_are_the_same_are_put_to_a_person() -> None:
    index = Index()
    index.add("1", profile_of(ADLER))
    index.add("2", profile_of(ADLER))
    assert same_of(index.find(profile_of(ADLER))) is None
    assert same_of(index.find(profile_of(ADLER))[:1]) is not None


@pytest.mark.parametrize(
    ("text", "proven"),
    [
        ("DE136695976", True), ("DE136695975", False), ("IT00743110157", True), ("FR40303265045", True), ("GB 980 7806 84", True),
        ("BE0776.091.951", True), ("ATU13585627", True), ("PL8567346215", True), ("DK13585628", True), ("PT501964843", True),
        ("NL004495445B01", True), ("FI20774740", True), ("SE123456789701", True), ("LU15027442", True), ("EL094259216", True),
        ("CHE-116.281.710 MWST", True), ("HR33392005961", True),
    ],
)  # fmt: skip
def test_a_vat_id_is_judged_by_its_country(text: str, proven: bool) -> None:
    found = vat_of(text)
    assert found is not None
    assert found.proven is proven


def test_a_vat_id_without_its_country_is_the_one_of_the_record() -> None:
    assert vat_of("136 695 976", "DE") == vat_of("DE136695976")
    assert vat_of("none yet") is None


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("https://www.adler.de/kontakt?a=1", "adler.de"), ("info@shop.adler.co.uk", "adler.co.uk"), ("faye@gmail.com", ""),
        ("adler.myshopify.com", ""), ("bücher.example.de", "example.de"), ("localhost", ""), ("MÜLLER.de", "xn--mller-kva.de"),
    ],
)  # fmt: skip
def test_a_domain_counts_where_it_is_somebodys_own(text: str, domain: str) -> None:
    assert domain_of(text) == domain


def test_one_among_many_is_found_in_no_time() -> None:
    index = Index()
    for number in range(1_500):
        index.add(str(number), Profile(name=f"Werkzeugbau {number} GmbH", domain="franchise.de", country="DE"))
    index.add("adler", profile_of(ADLER))
    began = time.process_time()
    assert index.find(profile_of({**ADLER, "vat_id": ""}))[0].id == "adler"
    assert time.process_time() - began < 0.02


@given(
    st.fixed_dictionaries({name: st.text(max_size=60) for name in FIELDS}),
    st.fixed_dictionaries({name: st.text(max_size=60) for name in FIELDS}),
)
def test_any_two_records_can_be_compared_either_way(one: dict[str, str], two: dict[str, str]) -> None:
    left, right = profile_of(one), profile_of(two)
    there, back = compare(left, right), compare(right, left)
    assert (there.verdict, there.score) == (back.verdict, back.score)
    assert all(len(key.value) <= 120 for key in keys_of(left))
