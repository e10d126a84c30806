"""A sales pipeline in CSV becomes a story; what cannot be read is named by file and line, all at once."""

from collections import Counter
from pathlib import Path

import pytest

from bot.sandbox.crm import Crm
from bot.sandbox.deals import load
from bot.sandbox.pipeline_csv import BadPipeline, read

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "crm_sales"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the sales data is not beside the checkout")

ACCOUNTS = "account,sector,office_location\nAcme & Söhne,retail,Germany\nBolt,tech,\n"
PRODUCTS = "product,series,sales_price\nAlpha Pro,A,100\nAlpha,A,12.50\n"
HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "accounts.csv").write_text(ACCOUNTS, encoding="utf-8")
    (tmp_path / "products.csv").write_text(PRODUCTS, encoding="utf-8")
    return tmp_path


def pipeline(directory: Path, *rows: str, header: str = HEADER) -> Path:
    (directory / "sales_pipeline.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    return directory


def test_a_row_becomes_a_deal_with_one_line(directory):
    told = read(pipeline(directory, "O1,Ann Lee,Alpha Pro,Acme & Söhne,Won,10/20/2016,3/1/2017,104"))
    [deal] = told.deals
    assert deal.properties["amount"] == "104.00"
    assert deal.properties["closedate"] == "2017-03-01T00:00:00.000Z"
    assert deal.properties["billing_code"]
    assert deal.properties["payment_terms"] in told.payment_terms
    assert [(line.product_code, line.quantity, line.price_minor) for line in deal.lines] == [("Alpha Pro", 1, 10400)]
    assert told.expected == {deal.id: ("USD", 10400)}
    assert [(product.code, product.list_price) for product in told.products] == [
        ("Alpha Pro", "100.00"),
        ("Alpha", "12.50"),
    ]
    assert [company.properties["country"] for company in told.companies] == ["DE", "US"]
    assert told.owners[0].first_name == "Ann"
    assert not told.defects


def test_stages_are_translated_and_open_deals_may_lack_value_and_dates(directory):
    told = read(
        pipeline(
            directory,
            "O1,A B,Alpha,Bolt,Lost,1/1/2017,2/1/2017,0",
            "O2,A B,Alpha,Bolt,Engaging,1/1/2017,,",
            "O3,A B,Alpha,,Prospecting,,,",
        )
    )
    assert [deal.properties["dealstage"] for deal in told.deals] == [
        "closedlost",
        "contractsent",
        "appointmentscheduled",
    ]
    assert told.expected == {}
    crm = Crm(clock=lambda: told.now)
    load(told, crm)
    assert crm.deal(told.deals[2].id)["company"] is None


def test_defects_come_with_their_fixes_in_order(directory):
    told = read(
        pipeline(
            directory,
            "O1,A B,AlphaPro,Bolt,Won,1/1/2017,2/1/2017,89",
            "O2,A B,Alpha Pro,Bolt,Won,1/1/2017,2/1/2017,89",
            "O3,A B,Alpha Pro,Bolt,Won,1/1/2017,2/1/2017,90",
            "O4,A B,Alpha Pro,,Won,1/1/2017,2/1/2017,100",
        )
    )
    assert list(told.defects.values()) == ["unknown_product", "price_off_list", "missing_company"]
    first, second, third = told.fixes.values()
    assert [(fix.kind, fix.value) for fix in first] == [("pick", "Alpha Pro"), ("approve", "")]
    assert [fix.path for fix in second] == ["lines[0].price"]
    assert [fix.path for fix in third] == ["company.id"]


def test_headers_may_be_written_in_another_way(directory):
    (directory / "products.csv").write_text("\ufeffProduct,Sales Price\nAlpha,7\n\n", encoding="utf-8")
    header = "Opportunity ID,Sales Agent,PRODUCT,Account,Deal-Stage,Engage Date,Close Date,Close Value\n"
    told = read(pipeline(directory, 'O1,"Lee, Ann",Alpha,Bolt,won,1/1/2017,2/1/2017,7', header=header))
    assert told.expected == {told.deals[0].id: ("USD", 700)}


def test_everything_wrong_is_named_at_once_by_file_and_line(directory):
    (directory / "accounts.csv").write_text("account,office_location\nBolt,Atlantis\n,Germany\nOak,US\nOak,US\n")
    (directory / "products.csv").write_text("product,sales_price\nAlpha,cheap\nBeta,1\nBeta,2\n")
    pipeline(
        directory,
        "O1,A B,Beta,Oak,Won,1/1/2017,2/1/2017,1.234",
        "O2,A B,Beta,Oak,Won,1/1/2017,31/12/2017,1",
        "O3,A B,Beta,Oak,Perhaps,1/1/2017,2/1/2017,1",
        "O4,A B,Beta,Elm,Won,1/1/2017,2/1/2017,1",
        "O5,A B,Beta,Oak",
        "O6,A B,Beta,Oak,Won,1/1/2017,2/1/2017,1",
        "O6,A B,Beta,Oak,Won,1/1/2017,2/1/2017,1",
        "O7,A B,Beta,Oak,Won,1/1/2017,2/1/2017,",
    )
    with pytest.raises(BadPipeline) as caught:
        read(directory)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [
        "accounts.csv:2", "accounts.csv:3", "accounts.csv:5", "products.csv:2", "products.csv:4",
        "sales_pipeline.csv:2", "sales_pipeline.csv:3", "sales_pipeline.csv:4", "sales_pipeline.csv:5",
        "sales_pipeline.csv:6", "sales_pipeline.csv:8", "sales_pipeline.csv:9",
    ]  # fmt: skip
    assert "'31/12/2017' is not a date" in str(caught.value)


def test_missing_files_and_columns_are_named(tmp_path):
    (tmp_path / "products.csv").write_text("name\n")
    (tmp_path / "sales_pipeline.csv").write_bytes(b"\xff\xff")
    with pytest.raises(BadPipeline) as caught:
        read(tmp_path)
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "accounts.csv",
        "products.csv",
        "sales_pipeline.csv",
    ]


@real
def test_the_real_pipeline_has_the_facts_it_is_known_for():
    told = read(REAL)
    assert len(told.deals) == 4_726
    assert len(told.expected) == 3_042
    assert {currency for currency, _ in told.expected.values()} == {"USD"}
    assert sum(total for _, total in told.expected.values()) == 7_203_038 * 100
    assert (len(told.companies), len(told.products)) == (85, 7)
    counts = Counter(told.defects.values())
    assert counts["unknown_product"] == 529
    assert "missing_company" not in counts
    picks = [fix for fixes in told.fixes.values() for fix in fixes if fix.kind == "pick"]
    assert {fix.value for fix in picks} == {"GTX Pro"}
    assert sum(fix.kind == "approve" for fixes in told.fixes.values() for fix in fixes) == 918


@real
@pytest.mark.slow
def test_the_real_pipeline_loads_into_the_crm():
    told = read(REAL)
    crm = Crm(clock=lambda: told.now)
    load(told, crm)
    assert len(crm.deals()) == 4_726
    assert len(crm.webhooks.pending) == 4_726 + 85
