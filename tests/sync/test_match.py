"""The first suggestion is what a person would have meant, and it says why."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.match import affordable, candidates, compact, listed, normal, same_id

CATALOGUE = [
    (code, code)
    for code in ("GTX Basic", "GTX Pro", "GTX Plus Basic", "GTX Plus Pro", "MG Advanced", "MG Special", "GTK 500")
]
COMPANIES = [
    ("1", "Adler & Söhne Werkzeugbau GmbH"),
    ("2", "Königsblau Druck AG"),
    ("3", "Müller Maschinenbau GmbH"),
    ("4", "Cantieri Riuniti del Garda S.p.A."),
    ("5", "株式会社ミナト精機"),
]

FIRST_GUESSES = [
    ("GTXPro", "GTX Pro", "same letters, spacing differs"),
    ("gtx pro", "GTX Pro", "same letters, capitals differ"),
    ("GTX-Pro", "GTX Pro", "same letters, spacing differs"),
    ("GTXPlusPro", "GTX Plus Pro", "same letters, spacing differs"),
    ("MG Advnced", "MG Advanced", "name"),
    ("GTK500", "GTK 500", "same letters, spacing differs"),
]


@pytest.mark.parametrize(("found", "meant", "why"), FIRST_GUESSES)
def test_the_product_that_was_meant_comes_first(found: str, meant: str, why: str) -> None:
    first, *others = candidates(found, CATALOGUE)
    assert first.value == meant
    assert first.why.startswith(why)
    assert all(other.score <= first.score for other in others)


@pytest.mark.parametrize(
    ("found", "meant"),
    [
        ("Mueller Maschinenbau", "3"),
        ("MULLER MASCHINENBAU GMBH", "3"),
        ("Adler und Soehne Werkzeugbau", "1"),
        ("Koenigsblau Druck", "2"),
        ("Cantieri Riuniti del Garda", "4"),
        ("Königsblau Druck AG – renewal 2026", "2"),
        ("株式会社ミナト精機 – pilot", "5"),
    ],
)
def test_a_company_is_found_in_other_spellings_and_in_longer_words(found: str, meant: str) -> None:
    assert candidates(found, COMPANIES)[0].value == meant


def test_what_is_nothing_like_it_is_not_suggested() -> None:
    assert candidates("Zeppelin", CATALOGUE) == ()
    assert candidates("  ", CATALOGUE) == ()
    assert candidates("–", [("a", "b")]) == ()


def test_the_same_value_says_so_and_a_limit_holds() -> None:
    found = candidates("GTX Pro", CATALOGUE, limit=2)
    assert len(found) == 2
    assert (found[0].score, found[0].why) == (100, "the same")


def test_with_nothing_to_compare_the_list_itself_is_offered() -> None:
    offered = listed(CATALOGUE, "in the list", limit=3)
    assert [each.value for each in offered] == ["GTX Basic", "GTX Pro", "GTX Plus Basic"]
    assert {each.score for each in offered} == {0}


@pytest.mark.parametrize(
    "spellings",
    [
        ("Müller GmbH", "Mueller", "MULLER gmbh", "Müller  G.m.b.H."),
        ("Société Générale S.A.", "societe generale"),
        ("Søndergård Logistik A/S", "Sondergard Logistik AS"),
        ("Straße & Co. KG", "Strasse"),
    ],
)
def test_spellings_of_one_name_have_one_normal_form(spellings: tuple[str, ...]) -> None:
    assert len({normal(each) for each in spellings}) == 1


def test_a_name_that_is_nothing_but_a_legal_form_keeps_it() -> None:
    assert normal("AG") == "ag"


@given(st.text(max_size=400), st.lists(st.tuples(st.text(max_size=40), st.text(max_size=40)), max_size=8))
def test_any_words_can_be_compared(found: str, values: list[tuple[str, str]]) -> None:
    scores = [each.score for each in candidates(found, values)]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 100 for score in scores)


def test_register_numbers_have_one_form() -> None:
    assert same_id("de 123.456-789") == same_id("DE123456789") == "DE123456789"
    assert compact("GTX Pro™ 5") == compact("gtxprotm5")


def test_of_many_values_the_nearest_are_still_found_and_in_time() -> None:
    values = [(f"P{each:05}", f"Harbor node {each}") for each in range(10_000)] + [("Atlas Pro", "Atlas Pro, one seat")]
    began = time.process_time()
    assert candidates("AtlasPro", values)[0].value == "Atlas Pro"
    assert candidates("harbor node 77", values)[0].value == "P00077"
    assert time.process_time() - began < 0.2
    assert [affordable(many) for many in (0, 12, 250, 1_000, 10_000, 100_000)] == [30, 30, 16, 30, 3, 1]
