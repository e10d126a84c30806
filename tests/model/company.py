"""The workspace of the model, loaded once, also without the product that is retired; and the ledger that each sequence begins with."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from store.database import address_of
from store.migrate import to_head
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace

FILES = Path(__file__).parent / "workspace"
RETIRED = "P3"


@cache
def workspace(*, retired: bool = False) -> Workspace:
    """The company's workspace. Once a product is `retired` the list does not have it."""
    if not retired:
        return load(FILES)
    with tempfile.TemporaryDirectory() as folder:
        there = Path(shutil.copytree(FILES, Path(folder) / "workspace"))
        products = there / "reference" / "products.csv"
        kept = [line for line in products.read_text(encoding="utf-8").splitlines() if not line.startswith(RETIRED)]
        products.write_text("\n".join(kept) + "\n", encoding="utf-8")
        return load(there)


def fast_folder() -> str | None:
    """Where files cost nothing to keep; None where there is no such place."""
    place = Path("/dev/shm")
    return str(place) if place.is_dir() else None


def fresh_ledger(file: Path) -> None:
    """A migrated, empty ledger for others to be copied from."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, to_head(address_of(f"sqlite:///{file}"))).result()
