"""What is wrong with how a flow is reconciled is named with what would be right."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sync.workspace.loader import attempt

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
FLOW = "flows/quote_to_cash.yaml"


@pytest.mark.parametrize(
    ("options", "what", "right"),
    [
        ("{write: invoce}", "no create or upsert of this flow called 'invoce'", "`invoice`"),
        ("{write: posted}", "no create or upsert of this flow called 'posted'", "invoice"),
        ("{write: invoice, fields: {vat: {}}}", "nothing says what 'vat' should be", "verify"),
        ("{write: invoice, period: issue_dat}", "'issue_dat'", "`issue_date`"),
        ('{write: invoice, at: "25:00"}', "25:00", "time of day"),
        ("{write: invoice, block: 2%}", "armed", "armed: true"),
    ],
)
def test_a_mistake_in_reconcile_says_what_would_be_right(tmp_path: Path, options: str, what: str, right: str) -> None:
    directory = tmp_path / "workspace"
    shutil.copytree(EXAMPLE, directory)
    text = (directory / FLOW).read_text()
    kept = "\n".join(line for line in text.splitlines() if not line.startswith("reconcile:"))
    (directory / FLOW).write_text(kept.replace("\nreceipts:", f"\nreconcile: {options}\nreceipts:"))
    workspace, found = attempt(directory)
    assert workspace is None
    assert len(found) == 1 and what in str(found[0]) and right in str(found[0]), found
