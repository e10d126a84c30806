"""Where a side counts by itself, a list that leaves records out is noticed before anything is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from reconciling_sides import Pair, Side

from sync.counting import Counted
from sync.errors import Rejected, Unavailable
from sync.listing import Listed


@dataclass
class Counts(Side):
    """It leaves out the records of these ids in its list, but not in its count. `deletes` happen behind the first page."""

    leaves_out: frozenset[str] = frozenset()
    deletes: tuple[str, ...] = ()
    refuses: bool = False

    def counts(self, entity: str) -> bool:
        return True

    async def counted(self, entity: str, **_: Any) -> Counted:
        if self.refuses:
            raise Rejected("not for this user")
        return Counted(records=len(self.entries))

    async def listed(self, entity: str, **more: Any) -> Listed:
        found = await super().listed(entity, **more)
        for each in self.deletes:
            self.entries.pop(each, None)
        return Listed(entries=tuple(e for e in found.entries if e.id not in self.leaves_out), after=found.after)


async def test_a_list_that_leaves_records_out_concludes_nothing_and_is_read_anew(tmp_path: Path) -> None:
    pair = Pair(erp=Counts(leaves_out=frozenset({"I-2"})))
    pair.both("1", "2", "3", "4")
    with pytest.raises(Unavailable, match="the target lists 3 invoice and counts 4: some were left out"):
        await pair.run(tmp_path)
    pair.erp.leaves_out = frozenset()
    report = await pair.run(tmp_path)
    assert report.found == [] and report.target_read == 4


async def test_what_goes_while_the_list_is_read_is_no_reason_to_doubt_it(tmp_path: Path) -> None:
    pair = Pair(crm=Counts(deletes=("4", "5")))
    pair.both("1", "2", "3", "4", "5")
    report = await pair.run(tmp_path)
    assert report.source_read < 5


async def test_a_side_that_will_not_count_is_believed_as_before(tmp_path: Path) -> None:
    pair = Pair(crm=Counts(refuses=True, leaves_out=frozenset({"9"})))
    pair.both("1", "2")
    assert (await pair.run(tmp_path)).found == []
