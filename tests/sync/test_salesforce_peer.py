"""Our Salesforce org is driven by a client that we did not write, simple-salesforce: what it understands, others understand too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from connector_fakes import Front, served
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fakes.salesforce import CLIENT_ID, CLIENT_SECRET, TOKEN, USER, Salesforce
from fakes.salesforce_org import long_id
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce as Peer
from simple_salesforce import SalesforceLogin
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

pytestmark = pytest.mark.slow


class Here(HTTPAdapter):
    """The client insists on https and on Salesforce's own hosts; every request goes to the fake instead."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: Any, **options: Any) -> Any:
        request.url = self.url + "/" + request.url.split("/", 3)[3]
        return super().send(request, **{**options, "verify": False})


@asynccontextmanager
async def peer(fake: Salesforce, *, token: str = TOKEN) -> AsyncIterator[Callable[[Callable[[Peer], Any]], Any]]:
    """Runs a story with the client, in a thread of its own."""
    async with served(fake.mount, Front()) as url:
        with requests.Session() as session:
            session.mount("https://", Here(url))
            host = url.removeprefix("http://")
            client = Peer(session_id=token, instance_url=f"https://{host}", session=session, version="67.0")

            async def run(story: Callable[[Peer], Any]) -> Any:
                return await asyncio.to_thread(story, client)

            yield run


def org(count: int = 0) -> Salesforce:
    fake = Salesforce()
    for at in range(count):
        fake.org.put("Account", Name=f"Account {at:05d}", VAT_ID__c=f"DE{at}", Credit__c="12345678.25")
    return fake


async def test_a_record_is_created_read_changed_and_deleted() -> None:
    async with peer(org()) as run:

        def story(crm: Peer) -> None:
            made = crm.Account.create({"Name": "Acme", "Credit__c": 10.5, "VAT_ID__c": "DE1"})
            assert made["success"] and made["errors"] == [] and long_id(made["id"][:15]) == made["id"]
            read = crm.Account.get(made["id"][:15])
            assert (read["Id"], read["Name"], read["Credit__c"], read["Website"]) == (made["id"], "Acme", 10.5, None)
            assert read["attributes"]["url"] == f"/services/data/v67.0/sobjects/Account/{made['id']}"
            assert crm.Account.update(made["id"], {"Name": "Acme SE", "Website": "acme.example"}) == 204
            assert crm.Account.get(made["id"])["Name"] == "Acme SE"
            assert crm.Account.delete(made["id"]) == 204
            with pytest.raises(SalesforceResourceNotFound) as gone:
                crm.Account.get(made["id"])
            assert gone.value.content[0]["errorCode"] == "ENTITY_IS_DELETED"
            assert crm.limits()["DailyApiRequests"]["Max"] == 100_000 and crm.api_usage["api-usage"].total == 100_000

        await run(story)


async def test_an_external_id_creates_once_updates_afterwards_and_says_when_it_names_several() -> None:
    fake = org()
    for _ in range(2):
        fake.org.put("Account", Name="Twin", Old_Key__c="T 1")
    async with peer(fake) as run:

        def story(crm: Peer) -> None:
            assert crm.Account.upsert("Meshline_Key__c/k%2F1", {"Name": "Acme"}) == 201
            assert crm.Account.upsert("Meshline_Key__c/k%2F1", {"Name": "Acme SE"}) == 200
            assert crm.Account.get_by_custom_id("Meshline_Key__c", "k/1")["Name"] == "Acme SE"
            with pytest.raises(SalesforceMoreThanOneRecord) as several:
                crm.Account.upsert("Old_Key__c/T%201", {"Name": "Which?"})
            assert len(several.value.content) == 2
            with pytest.raises(SalesforceResourceNotFound):
                crm.Account.get_by_custom_id("Meshline_Key__c", "unknown")

        await run(story)


async def test_queries_come_page_by_page_with_parents_children_and_sums() -> None:
    fake = org(4100)
    first = next(iter(fake.org.records["Account"]))
    deal = fake.org.put(
        "Opportunity", Name="D'Or 50%", Amount="1000", StageName="Closed Won", CloseDate="2026-11-30", AccountId=first
    )
    for at in range(2):
        fake.org.put("OpportunityLineItem", OpportunityId=deal, Quantity=at + 1, UnitPrice="9.99", Name=f"L{at}")
    async with peer(fake) as run:

        def story(crm: Peer) -> None:
            page = crm.query("SELECT Id, Name FROM Account ORDER BY Id")
            assert (page["totalSize"], page["done"], len(page["records"])) == (4100, False, 2000)
            second = crm.query_more(page["nextRecordsUrl"], identifier_is_url=True)
            third = crm.query_more(second["nextRecordsUrl"], identifier_is_url=True)
            assert third["done"] and len(third["records"]) == 100
            names = [each["Name"] for each in (*page["records"], *second["records"], *third["records"])]
            assert names == [f"Account {at:05d}" for at in range(4100)]
            assert len(crm.query_all("SELECT Id FROM Account")["records"]) == 4100
            asked = (
                "SELECT Id, Amount, Account.Name, Owner.Name, (SELECT Id, UnitPrice FROM OpportunityLineItems ORDER BY Id) "
                r"FROM Opportunity WHERE Name LIKE 'D\'Or 50\%' AND (StageName IN ('Closed Won') OR Amount > 5.5) LIMIT 1"
            )
            [found] = crm.query(asked)["records"]
            assert (found["Amount"], found["Account"]["Name"], found["Owner"]) == (1000.0, "Account 00000", None)
            assert [each["UnitPrice"] for each in found["OpportunityLineItems"]["records"]] == [9.99, 9.99]
            assert crm.query("SELECT COUNT() FROM Account WHERE VAT_ID__c > 'DE5'")["totalSize"] > 1
            [sums] = crm.query("SELECT COUNT(Id) many, SUM(Credit__c) total FROM Account")["records"]
            assert (sums["many"], sums["total"]) == (4100, 4100 * 12345678.25)

        await run(story)


async def test_what_is_deleted_shows_only_to_who_asks_for_all() -> None:
    fake = org(2)
    first, second = fake.org.records["Account"]
    fake.org.bury("Account", first, into=second)
    async with peer(fake) as run:

        def story(crm: Peer) -> None:
            assert crm.query("SELECT COUNT() FROM Account")["totalSize"] == 1
            asked = "SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true"
            [gone] = crm.query(asked, include_deleted=True)["records"]
            assert (gone["Id"], gone["MasterRecordId"]) == (first, second)

        await run(story)


async def test_an_object_describes_its_fields_and_children() -> None:
    async with peer(org()) as run:

        def story(crm: Peer) -> None:
            described = crm.Opportunity.describe()
            fields = {each["name"]: each for each in described["fields"]}
            assert fields["Amount"]["type"] == "currency" and fields["AccountId"]["relationshipName"] == "Account"
            assert [each["value"] for each in fields["Terms__c"]["picklistValues"]] == ["NET14", "NET30"]
            assert "OpportunityLineItems" in {each["relationshipName"] for each in described["childRelationships"]}
            assert "Account" in {each["name"] for each in crm.describe()["sobjects"]}
            assert crm.limits()["DailyApiRequests"]["Max"] == 100_000

        await run(story)


async def test_bulk_jobs_query_and_take_in() -> None:
    fake = org(30)
    async with peer(fake) as run:

        def story(crm: Peer) -> None:
            parts = list(crm.bulk2.Account.query("SELECT Id, Name FROM Account ORDER BY Id", max_records=20, wait=0))
            assert [len(each.splitlines()) for each in parts] == [21, 11]
            done = crm.bulk2.Account.upsert(
                records=[{"Meshline_Key__c": "k1", "Name": "One"}], external_id_field="Meshline_Key__c", wait=0
            )
            assert done[0]["numberRecordsFailed"] == 0
            done = crm.bulk2.Account.insert(
                records=[{"Name": "Two", "VAT_ID__c": "DE9"}, {"Name": "", "VAT_ID__c": "DE8"}], wait=0
            )
            assert (done[0]["numberRecordsProcessed"], done[0]["numberRecordsFailed"]) == (2, 1)
            assert "REQUIRED_FIELD_MISSING" in crm.bulk2.Account.get_failed_records(done[0]["job_id"])

        await run(story)
    assert {"One", "Two"} <= {row["Name"] for row in fake.org.rows("Account")}


async def test_composites_and_collections_answer_for_each_record() -> None:
    async with peer(org()) as run:

        def story(crm: Peer) -> None:
            records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("One", "")]
            first, second = crm.restful(
                "composite/sobjects", method="POST", json={"allOrNone": False, "records": records}
            )
            assert first["success"] and second["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
            part = {
                "method": "PATCH",
                "url": "/services/data/v67.0/sobjects/Account/Meshline_Key__c/k1",
                "referenceId": "a",
            }
            asked = {"compositeRequest": [part | {"body": {"Name": "Three"}}]}
            [answer] = crm.restful("composite", method="POST", json=asked)["compositeResponse"]
            assert (answer["httpStatusCode"], answer["referenceId"]) == (201, "a")
            with pytest.raises(SalesforceMalformedRequest, match="more than 200"):
                crm.restful("composite/sobjects", method="POST", json={"records": records * 101})

        await run(story)


async def test_what_is_wrong_is_said_in_salesforces_own_shape() -> None:
    fake = org(1)
    [only] = fake.org.records["Account"]
    fake.org.busy[only] = 1
    fake.org.duplicate_rules["Account"] = "VAT_ID__c"
    fake.org.rules.append(lambda kind, row: "No blanks" if row.get("Name") == "Blank" else None)
    async with peer(fake) as run:

        def story(crm: Peer) -> None:
            wrong: list[tuple[Callable[[], Any], str]] = [
                (lambda: crm.query("SELECT Nope FROM Account"), "INVALID_FIELD"),
                (lambda: crm.query("SELECT Id FROM Nope"), "INVALID_TYPE"),
                (
                    lambda: crm.query("SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'"),
                    "MALFORMED_QUERY",
                ),
                (lambda: crm.query("SELECT Id FROM Account WHERE SystemModstamp > '2026'"), "INVALID_FIELD"),
                (lambda: crm.Account.create({"VAT_ID__c": "x"}), "REQUIRED_FIELD_MISSING"),
                (lambda: crm.Account.create({"Name": "Blank"}), "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
                (lambda: crm.Account.create({"Name": "Copy", "VAT_ID__c": "DE0"}), "DUPLICATES_DETECTED"),
                (lambda: crm.Account.update(only, {"Name": "Busy"}), "UNABLE_TO_LOCK_ROW"),
            ]
            for call, code in wrong:
                with pytest.raises(SalesforceMalformedRequest) as refused:
                    call()
                assert refused.value.content[0]["errorCode"] == code

        await run(story)
        fake.daily = fake.used
        with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
            await run(lambda crm: crm.query("SELECT Id FROM Account"))
    async with peer(org(), token="no-session") as run:
        with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
            await run(lambda crm: crm.query("SELECT Id FROM Account"))


async def test_both_ways_to_a_token_are_open_to_who_can_prove_it() -> None:
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    fake = org()
    fake.public_key = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    fake.org.now = datetime.now(UTC)

    def pem(of: rsa.RSAPrivateKey) -> str:
        plain = serialization.NoEncryption()
        return of.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain).decode()

    async with served(fake.mount, Front()) as url:
        with requests.Session() as session:
            session.mount("https://", Here(url))
            given = {"session": session, "consumer_key": CLIENT_ID, "domain": "acme.my"}
            token, _ = await asyncio.to_thread(SalesforceLogin, **given, consumer_secret=CLIENT_SECRET)
            signed, _ = await asyncio.to_thread(
                SalesforceLogin,
                session=session,
                consumer_key=CLIENT_ID,
                username=USER,
                privatekey=pem(key),
                domain="login",
            )
            assert {token, signed} <= fake.tokens and token != signed
            with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
                await asyncio.to_thread(SalesforceLogin, **given, consumer_secret="wrong")
            with pytest.raises(SalesforceAuthenticationFailed, match="invalid assertion"):
                await asyncio.to_thread(
                    SalesforceLogin, session=session, consumer_key=CLIENT_ID, username=USER, privatekey=pem(other)
                )
