"""Salesforce: a record is read whole and exactly, what it refuses finds the right person, and nobody writes SOQL through a value."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from connector_fakes import Front, served
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import rsa
from fakes.salesforce import CLIENT_ID, CLIENT_SECRET, DATA, TOKEN, USER, Salesforce
from fakes.salesforce_org import Org
from fakes.salesforce_schema import field
from harness_salesforce import COMPANY, DEAL, crm

from sync.connectors import build
from sync.connectors.salesforce_records import Misfit, plain
from sync.connectors.salesforce_soql import holding, literal, text
from sync.errors import AnswerLost, ConfigurationError, Rejected, Throttled, Unauthorized, Unavailable

KEY = {"references": {"Account": "Meshline_Key__c"}}


@asynccontextmanager
async def account(fake: Salesforce, front: Front | None = None, **options: Any) -> AsyncIterator[Any]:
    async with served(fake.mount, front or Front()) as url:
        given = options if "client_id" in options else {"token": TOKEN, **options}
        connector = build("salesforce", {"base_url": url, **given}, name="crm")
        try:
            yield connector
        finally:
            await connector.close()


def deal(org: Org) -> dict[str, Any]:
    return org.records["Opportunity"][DEAL]


async def test_an_opportunity_is_read_whole_by_one_query() -> None:
    fake = crm()
    fake.org.touch("Opportunity", DEAL, Amount="12345678.90", Discount__c="-0.5")
    product = fake.org.put("Product2", Name="Atlas", ProductCode="A-1")
    fake.org.put("OpportunityLineItem", OpportunityId=DEAL, Quantity="0.0001", UnitPrice="10000000", Product2Id=product)
    async with account(fake) as crm_:
        crm_.want(
            "Opportunity",
            ["id", "company.VAT_ID__c", "lines[*].Product2.ProductCode", "Discount__c", "Nope__c", "lines"],
        )
        found = await crm_.read("Opportunity", DEAL)
    assert len(fake.queries) == 1
    assert (found["id"], found["Amount"], found["Discount__c"]) == (DEAL, "12345678.9", "-0.5")
    assert found["CloseDate"] == "2026-11-30" and "Nope__c" not in found
    assert (found["company"]["id"], found["company"]["Name"], found["company"]["VAT_ID__c"]) == (COMPANY, "Acme", "DE1")
    assert [(each["Quantity"], each["UnitPrice"]) for each in found["lines"]] == [
        ("2", "1245.25"),
        ("0.0001", "10000000"),
    ]
    assert [each["Product2"] for each in found["lines"]] == [None, {"ProductCode": "A-1"}]


async def test_a_record_that_was_merged_is_read_as_the_one_it_is_now_and_a_circle_ends() -> None:
    fake = crm()
    first, second = (fake.org.put("Account", Name=name) for name in ("First", "Second"))
    fake.org.bury("Account", first, into=second)
    fake.org.bury("Account", second, into=COMPANY)
    async with account(fake) as crm_:
        assert (await crm_.read("Account", first))["id"] == COMPANY
        fake.org.bury("Account", COMPANY, into=first)
        with pytest.raises(Rejected) as gone:
            await crm_.read("Account", first)
        assert gone.value.reason == "not_found"


async def test_what_a_connection_adds_comes_beside_the_usual_parts_and_salesforces_own_names_are_understood() -> None:
    fake = crm()
    boss = fake.org.put("User", Name="Ada", Email="ada@acme.example")
    fake.org.touch("Opportunity", DEAL, OwnerId=boss)
    async with account(
        fake, related={"Opportunity": {"seller": "Owner"}, "Account": {"deals[*]": "Opportunities"}}
    ) as crm_:
        crm_.want("Opportunity", ["seller.Email", "Account.VAT_ID__c", "Owner.Name"])
        found = await crm_.read("Opportunity", DEAL)
        crm_.want("Account", ["deals[*].Amount"])
        company = await crm_.read("Account", COMPANY)
    assert (found["seller"]["Email"], found["Owner"]["Name"], len(found["lines"])) == ("ada@acme.example", "Ada", 1)
    assert found["company"]["Name"] == "Acme" and found["Account"]["VAT_ID__c"] == "DE1"
    assert [each["Amount"] for each in company["deals"]] == ["2490.5"]


async def test_an_opportunity_may_have_no_company_and_no_lines() -> None:
    fake = crm()
    lonely = fake.org.put("Opportunity", Name="Lonely", StageName="Prospecting", CloseDate="2026-12-01")
    async with account(fake) as crm_:
        found = await crm_.read("Opportunity", lonely)
    assert (found["company"], found["lines"], found["Amount"]) == (None, [], None)


async def test_more_lines_than_one_page_holds_are_read_to_the_last() -> None:
    front, fake = Front(), crm()
    async with account(fake, front) as crm_:
        await crm_.read("Opportunity", DEAL)
        row = {"attributes": {}, "Id": DEAL, "OpportunityLineItems": {
            "done": False, "records": [{"Id": COMPANY, "UnitPrice": 1.5}], "nextRecordsUrl": f"{DATA}/query/01g-2000"}}  # fmt: skip
        last = {"done": True, "records": [{"Id": DEAL, "UnitPrice": 2}]}
        front.next("say", body=json.dumps({"done": True, "records": [row]}))
        front.next("say", body=json.dumps(last))
        assert [each["UnitPrice"] for each in (await crm_.read("Opportunity", DEAL))["lines"]] == ["1.5", "2"]
        circle = {"done": False, "records": [], "nextRecordsUrl": f"{DATA}/query/01g-2000"}
        for body in ({"done": True, "records": [row]}, circle):
            front.next("say", body=json.dumps(body))
        with pytest.raises(Unavailable, match="never ends"):
            await crm_.read("Opportunity", DEAL)
        row["OpportunityLineItems"]["nextRecordsUrl"] = "https://elsewhere.example/next"
        front.next("say", body=json.dumps({"done": True, "records": [row]}))
        with pytest.raises(Unavailable, match="elsewhere"):
            await crm_.read("Opportunity", DEAL)


@pytest.mark.parametrize(
    ("written", "read"),
    [("1.0E7", "10000000"), ("-1.25E-4", "-0.000125"), (5, "5"), ("0.10", "0.1"), ("1000.0", "1000"), ("0.0", "0")],
)
def test_a_number_is_the_same_however_it_is_written(written: Any, read: str) -> None:
    assert plain(written) == read


@pytest.mark.parametrize("written", ["abc", "NaN", "Infinity", "1E999", ""])
def test_what_is_no_number_is_no_amount(written: str) -> None:
    with pytest.raises(Misfit):
        plain(written)


async def test_a_field_that_is_taken_away_or_changes_its_type_meanwhile_is_read_as_it_is_now() -> None:
    fake = crm()
    async with account(fake) as crm_:
        crm_.want("Opportunity", ["Terms__c", "Discount__c"])
        assert "Terms__c" in await crm_.read("Opportunity", DEAL)
        del fake.org.kinds["Opportunity"].fields["Terms__c"]
        assert "Terms__c" not in await crm_.read("Opportunity", DEAL)
        deal(fake.org)["Discount__c"] = "ten of hundred"
        with pytest.raises(Rejected, match="no number"):
            await crm_.read("Opportunity", DEAL)
        fake.org.kinds["Opportunity"].fields["Discount__c"] = field("Discount__c:string")
        assert (await crm_.read("Opportunity", DEAL))["Discount__c"] == "ten of hundred"


async def test_the_fields_are_described_with_those_of_the_parts() -> None:
    async with account(crm()) as crm_:
        described = await crm_.describe("Opportunity")
        assert await crm_.describe("Nope__c") is None
    fields = described.fields
    assert (fields["Amount"].type, fields["CloseDate"].type, fields["IsWon"].type) == ("number", "date", "boolean")
    assert fields["Terms__c"].options == ("NET14", "NET30") and fields["lines[*].UnitPrice"].type == "number"
    assert (fields["company.VAT_ID__c"].label, fields["company"].type, fields["lines"].type) == (
        "VAT ID",
        "object",
        "array",
    )


NAMES = [
    "O'Neil",
    "back\\slash",
    "50% off_now",
    "a/b",
    'a "b"',
    "new\nline",
    "' OR Name != '",
    "ü 漢 \U0001f600",
    "x\\",
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_value_never_ends_its_own_quotes(name: str) -> None:
    fake = crm()
    fake.org.put("Account", Name="other")
    wanted = fake.org.put("Account", Name=name, Meshline_Key__c=name)
    async with account(fake, **KEY) as crm_:
        assert [each["id"] for each in await crm_.search("Account", {"Name": name})] == [wanted]
        found = await crm_.find("Account", name)
        assert found is not None and found.id == wanted


def test_literals_are_of_their_types() -> None:
    assert text("a'b\\\"") == r"'a\'b\\\"'" and holding("5%_") == r"'%5\%\_%'"
    assert (literal("currency", "1E2"), literal("boolean", "TRUE"), literal("date", "2026-11-20")) == (
        "100",
        "true",
        "2026-11-20",
    )
    assert literal("datetime", "2026-11-20T10:00:00+01:00") == "2026-11-20T09:00:00Z"
    for type_, wrong in (("currency", "1 OR 2"), ("boolean", "maybe"), ("date", "x"), ("double", "NaN")):
        with pytest.raises(ValueError):
            literal(type_, wrong)


async def test_searching_by_fields_of_any_type_and_by_words() -> None:
    fake = crm()
    async with account(fake) as crm_:
        assert [
            each["id"] for each in await crm_.search("Opportunity", {"Amount": "2490.5", "IsDeleted": "false"})
        ] == [DEAL]
        assert await crm_.search("Opportunity", {"Amount": "a lot"}) == []
        assert [each["Name"] for each in await crm_.search("Account", {"*": "the ACME group"})] == ["Acme"]
        assert await crm_.search("Account", {"*": "% _ '"}) == [] and await crm_.search("Account", {"Name": ""}) == []
        with pytest.raises(Rejected) as unknown:
            await crm_.search("Account", {"Nope__c": "1"})
        assert (unknown.value.code, unknown.value.path) == ("INVALID_FIELD", "Nope__c")
        with pytest.raises(Rejected):
            await crm_.read("Opportunity WHERE Name != ''", DEAL)


async def test_what_is_written_back_is_exact_and_none_empties_a_field() -> None:
    front, fake = Front(), crm()
    async with account(fake, front) as crm_:
        body = {"Amount": "1234567.89", "Invoice_Number__c": "000123", "Billing_Code__c": None, "IsWon": "true"}
        await crm_.update("Opportunity", DEAL, body)
        row = deal(fake.org)
        assert (str(row["Amount"]), row["Invoice_Number__c"], row["IsWon"]) == ("1234567.89", "000123", True)
        await crm_.update("Opportunity", DEAL, {"CloseDate": "", "Invoice_Number__c": ""})
        assert (row["CloseDate"], row["Invoice_Number__c"]) == (None, None)
        with pytest.raises(Rejected, match="not exact"):
            await crm_.update("Opportunity", DEAL, {"Amount": 0.1})
        front.next("cut", method="PATCH", after=True)
        with pytest.raises(AnswerLost):
            await crm_.update("Opportunity", DEAL, {"Amount": "7"})
        assert row["Amount"] == 7


async def test_what_salesforce_refuses_finds_the_right_one() -> None:
    fake = crm()
    fake.org.busy[DEAL] = 1
    fake.org.duplicate_rules["Account"] = "Name"
    fake.org.rules.append(lambda kind, row: "No discounts" if row.get("Discount__c") else None)
    async with account(fake, **KEY) as crm_:
        with pytest.raises(Unavailable, match="UNABLE_TO_LOCK_ROW") as locked:
            await crm_.update("Opportunity", DEAL, {"Amount": "1"})
        assert locked.value.retry_after == 2.0 and str(deal(fake.org)["Amount"]) == "2490.50"
        refused = [
            (
                crm_.update("Opportunity", DEAL, {"Discount__c": "5"}),
                "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                "crm_rejected",
                None,
            ),
            (crm_.create("Account", "k1", {"Name": "Acme"}), "DUPLICATES_DETECTED", "crm_rejected", None),
            (crm_.create("Account", "k2", {"Website": "x"}), "REQUIRED_FIELD_MISSING", "crm_rejected", "Name"),
            (crm_.update("Opportunity", DEAL, {"Nope__c": "5"}), "INVALID_FIELD", "crm_rejected", "Nope__c"),
            (crm_.update("Opportunity", COMPANY, {"Name": "x"}), "NOT_FOUND", "not_found", None),
            (crm_.create("Opportunity", "k3", {"Name": "x"}), "unsupported", "crm_rejected", None),
        ]
        for call, code, reason, path in refused:
            with pytest.raises(Rejected) as error:
                await call
            assert (error.value.code, error.value.reason, error.value.path) == (code, reason, path)


async def test_two_records_with_one_reference_are_for_a_person() -> None:
    fake = crm()
    async with account(fake, references={"Account": "Old_Key__c"}) as crm_:
        created = await crm_.create("Account", "K/1 ü", {"Name": "New", "Opportunity": [DEAL]})
        assert fake.org.records["Account"][created.id]["Old_Key__c"] == "K/1 ü"
        assert (await crm_.create("Account", "K/1 ü", {"Name": "Newer"})).id == created.id
        fake.org.put("Account", Name="Twin", Old_Key__c="K/1 ü")
        with pytest.raises(Rejected) as several:
            await crm_.create("Account", "K/1 ü", {"Name": "New"})
        assert several.value.reason == "ambiguous_reference"
        front = Front()
    async with account(fake, front, references={"Account": "Old_Key__c"}) as crm_:
        front.next("say", status=300, body='["/a", "/b"]', method="PATCH")
        with pytest.raises(Rejected) as several:
            await crm_.create("Account", "K2", {"Name": "Both at once"})
        assert several.value.reason == "ambiguous_reference"


async def test_what_a_new_account_was_made_for_belongs_to_it_from_then_on_or_nothing_is_made() -> None:
    fake, front = crm(), Front()
    async with account(fake, front, **KEY) as crm_:
        front.next("cut", method="POST", path="/composite", after=True)
        with pytest.raises(AnswerLost):
            await crm_.create("Account", "k1", {"Name": "New", "Opportunity": [DEAL]})
        found = await crm_.find("Account", "k1")
        assert found is not None and deal(fake.org)["AccountId"] == found.id
        fake.org.rules.append(lambda kind, row: "Closed" if kind == "Opportunity" else None)
        with pytest.raises(Rejected, match="Closed") as refused:
            await crm_.create("Account", "k2", {"Name": "Newer", "Opportunity": [DEAL]})
        assert refused.value.code == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
        assert await crm_.find("Account", "k2") is None and deal(fake.org)["AccountId"] == found.id
        with pytest.raises(Rejected, match="Name"):
            await crm_.create("Account", "k3", {"Website": "x", "Opportunity": [DEAL]})
        front.next(
            "say", body='{"compositeResponse": [{"referenceId": "made", "httpStatusCode": 201}]}', path="/composite"
        )
        with pytest.raises(AnswerLost):
            await crm_.create("Account", "k4", {"Name": "Newest", "Opportunity": [DEAL]})
        parts = [{"referenceId": "made", "httpStatusCode": 300, "body": ["/a", "/b"]}]
        front.next("say", body=json.dumps({"compositeResponse": parts}), path="/composite")
        with pytest.raises(Rejected) as twice:
            await crm_.create("Account", "k4", {"Name": "Newest", "Opportunity": [DEAL]})
        assert twice.value.reason == "ambiguous_reference"


async def test_a_task_hangs_on_what_it_is_about_and_names_the_rest() -> None:
    fake = crm()
    other = fake.org.put("Account", Name="Acme again")
    reference = "merge-" + "x" * 190
    async with account(fake) as crm_:
        about = {
            "subject": "Merge " + "y" * 300,
            "body": "Two\nof them",
            "Account": [COMPANY, other, "7"],
            "priority": None,
        }
        made = await crm_.create("tasks", reference, about)
        assert (await crm_.create("Task", reference, about)).id == made.id
        assert (await crm_.get("tasks", made.id)).record["Priority"] == "High"
        assert await crm_.find("tasks", "merge-") is None
    [task] = fake.org.rows("Task")
    assert len(task["Subject"]) <= 255 and task["Subject"].endswith(f" [meshline {reference}]")
    assert task["WhatId"] == COMPANY and task["Description"].startswith("Two\nof them\n\nhttp")
    assert task["Description"].endswith(f"/{other}") and str(task["ActivityDate"]) > "2026"


async def test_many_are_created_in_one_call_and_each_is_answered() -> None:
    fake = crm()
    async with account(fake, **KEY) as crm_:
        given = [(f"k{at}", {"Name": f"N{at}" if at != 3 else "", "Credit__c": "0.1"}) for at in range(250)]
        told = await crm_.create_many("Account", given)
        assert [at for at, each in enumerate(told) if isinstance(each, Rejected)] == [3]
        assert told[3].code == "REQUIRED_FIELD_MISSING" and crm_.takes_many("Account") and not crm_.takes_many("Task")
        assert len({each.id for each in await crm_.create_many("Account", given[:2])} & {told[0].id, told[1].id}) == 2
    assert len(fake.org.rows("Account")) == 1 + 249


async def test_everything_is_listed_by_id_and_counted_to_the_cent() -> None:
    fake = crm()
    for at in range(7):
        currency = "USD" if at % 2 else "EUR"
        fake.org.put("Opportunity", Name=f"D{at}", Amount="0.10", CurrencyIsoCode=currency, StageName="Closed Won")
    fake.org.bury("Opportunity", fake.org.put("Opportunity", Name="gone", Amount="5", CurrencyIsoCode="EUR"))
    async with account(fake) as crm_:
        after, entries = None, []
        while True:
            page = await crm_.listed("Opportunity", fields=["Amount", "company.Name"], after=after, limit=3)
            entries += page.entries
            if (after := page.after) is None:
                break
        assert [each.id for each in entries] == sorted(each["Id"] for each in fake.org.rows("Opportunity"))
        assert entries[0].record["company"]["Name"] == "Acme" and entries[0].changed == fake.org.now - timedelta(
            hours=1
        )
        recent = await crm_.listed("Opportunity", fields=["StageName"], since=fake.org.now)
        assert len(recent.entries) == 7 and recent.entries[0].status == "Closed Won"
        counted = await crm_.counted("Opportunity", amount="Amount", currency="CurrencyIsoCode")
        assert (counted.records, counted.totals) == (8, {"EUR": 249050 + 40, "USD": 30})
        assert (await crm_.counted("Opportunity")).records == 8
        with pytest.raises(Rejected):
            await crm_.counted("Opportunity", amount="Name", currency="CurrencyIsoCode")


async def test_a_day_that_is_nearly_used_up_is_made_to_last_and_one_that_is_used_up_is_waited_for() -> None:
    fake = crm()
    fake.daily, fake.used = 1000, 700
    async with account(fake) as crm_:
        await crm_.probe()
        assert crm_._client.turns.throttle.free
        fake.used = 850
        await crm_.probe()
        assert not crm_._client.turns.throttle.free  # every request waits for its turn from now on
    async with account(fake) as crm_:
        fake.used = fake.daily
        with pytest.raises(Throttled) as spent:
            await crm_.probe()
        assert spent.value.retry_after == 900.0
        with pytest.raises(Throttled) as kept_back:
            await crm_.probe()
        assert not kept_back.value.sent and kept_back.value.retry_after is not None


async def test_a_session_is_opened_with_the_apps_secret_and_anew_when_it_ends() -> None:
    fake, front = crm(), Front()
    fake.tokens.clear()
    async with account(fake, front, client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as crm_:
        await crm_.read("Opportunity", DEAL)
        assert fake.issued == 1
        fake.tokens.clear()
        assert (await crm_.read("Opportunity", DEAL))["Name"] == "One"
        assert fake.issued == 2
    fake.instance = "https://other.my.salesforce.com"
    async with account(fake, client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as crm_:
        with pytest.raises(Unauthorized, match="My Domain"):
            await crm_.probe()
    async with account(fake, client_id=CLIENT_ID, client_secret="wrong") as crm_:
        with pytest.raises(Unauthorized, match="invalid_client"):
            await crm_.probe()


@pytest.mark.slow
async def test_a_session_is_opened_by_what_the_apps_key_signed() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()).decode()
    fake = crm()
    fake.public_key, fake.org.now = public.decode(), datetime.now(UTC)
    async with account(fake, client_id=CLIENT_ID, username=USER, private_key=private) as crm_:
        assert "requests are left" in await crm_.probe()
    async with account(fake, client_id=CLIENT_ID, username="else@acme.example", private_key=private) as crm_:
        with pytest.raises(Unauthorized, match="approved"):
            await crm_.probe()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"client_id": "a"},
        {"client_secret": "b"},
        {"client_id": "a", "client_secret": "b", "token": "c"},
        {"client_id": "a", "username": "u"},
        {"token": "t", "organisation": "00D5f000000Zz1E"},
        {"token": "t", "organisation": "00D5f000000Zz1E", "hook_token": "short"},
        {"token": "t", "organisation": "0065f000000Zz1E", "hook_token": "x" * 24},
        {"token": "t", "references": {"Account": "x' OR"}},
        {"client_id": "a", "username": "u", "private_key": "no key"},
    ],
)
def test_a_connection_needs_one_way_in_and_says_so(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        build("salesforce", {"base_url": "https://acme.my.salesforce.com", **options}, name="crm")


def test_the_connections_that_the_page_shows_can_be_built() -> None:
    page = (Path(__file__).parents[2] / "docs/connectors/salesforce.md").read_text()
    told = (
        page.partition("```yaml\n")[2].partition("```")[0],
        page.partition("$ cat salesforce.yaml\n")[2].partition("$ ")[0],
    )
    for shown in (yaml.safe_load(told[0])["connections"]["crm"], yaml.safe_load(told[1])["options"]):
        given = {
            name: "x" * 24 if str(value).startswith("env:") else value
            for name, value in shown.items()
            if name != "kind"
        }
        assert build("salesforce", given, name="crm")
