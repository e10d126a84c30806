"""What a flow says about who its customer is: a mistake in it is told with what would be right."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from sync import connectors
from sync.errors import ConfigurationError
from sync.workspace.flow import Identity
from sync.workspace.loader import load

BLOCK = "\nidentity: {write: customer, entity: companies, id: company.id, name: company.name, vat_id: company.vat_id}\nchecks:\n"


def company(directory: Path, block: str) -> Path:
    shutil.copytree(example(), directory)
    flow = directory / "flows" / "quote_to_cash.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("\nchecks:\n", block, 1), encoding="utf-8")
    return directory


def test_a_name_alone_tells_nobody_apart() -> None:
    with pytest.raises(ValueError, match="a name alone tells nobody apart"):
        Identity.model_validate(
            {"write": "customer", "entity": "companies", "id": "company.id", "name": "company.name"}
        )


def test_the_write_that_is_named_is_an_upsert_of_the_flow(tmp_path: Path) -> None:
    directory = company(tmp_path / "wrong", BLOCK.replace("write: customer", "write: invoice"))
    with pytest.raises(ConfigurationError) as told:
        load(directory, connectors.kinds())
    assert "'invoice' is no upsert of this flow" in str(told.value)
    assert "quote_to_cash.yaml" in str(told.value)
    right = load(company(tmp_path / "right", BLOCK), connectors.kinds())
    assert right.flow("quote_to_cash").identity is not None
