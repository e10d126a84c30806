"""Publishing: a directory becomes a proposal. It is checked, compared with what runs, and tried on the records of the past; what
blocks it is said at once, and what people must agree to is put before them with the proof."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.releasing import Library, files_of, version_digests
from store.ledger import Store
from store.releases import Proposal
from sync import connectors
from sync.errors import ConfigurationError, Mistake, NotAllowed
from sync.model import Record
from sync.releases import Files, Trial, digest_of
from sync.replaying import Comparing, Comparison
from sync.workspace.check import Report, check
from sync.workspace.diff import Category, Change
from sync.workspace.diff.comparing import compare
from sync.workspace.workspace import Workspace

REPLAYED = 1_000
Live = Callable[[Workspace], Awaitable[list[Mistake]]]
_MOST_CHANGES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a directory would change. `based_on` is the release that runs, 0 where nothing was ever published."""

    files: Files
    workspace: Workspace
    based_on: int
    changes: tuple[Change, ...] = ()
    comparison: Comparison | None = None
    same: bool = False

    @property
    def blocked(self) -> tuple[Change, ...]:
        """What nobody can approve."""
        return tuple(each for each in self.changes if each.category is Category.BREAKING)

    @property
    def needs(self) -> tuple[str, ...]:
        """The teams that must agree."""
        return tuple(dict.fromkeys(team for each in self.changes for team in each.approvers))

    @property
    def proof(self) -> Record:
        """What the records of the past say, for those who must agree."""
        return proof_of(self.comparison) if self.comparison is not None else {}

    def proposal(self, *, by: str, words: str, trial: Trial | None = None) -> Proposal:
        """What is proposed. Raises NotAllowed where something blocks it, or a trial would need other connections."""
        if self.blocked:
            raise NotAllowed(f"{len(self.blocked)} changes break what somebody relies on. Nothing was published.")
        if trial is not None and any(each.noun == "connection" for each in self.changes):
            raise NotAllowed("A trial runs on the connections that are there: publish the change of connections first.")
        return Proposal(
            files=self.files, digest=digest_of(self.files), by=by, words=words, trial=trial,
            versions=version_digests(self.workspace), based_on=self.based_on or None, needs=self.needs,
            changes=[_as_document(each) for each in self.changes[:_MOST_CHANGES]], proof=self.proof,
        )  # fmt: skip


async def draft(
    store: Store, library: Library, directory: Path, *, by: str = "", live: Live | None = None, replayed: int = REPLAYED
) -> Draft:
    """Check the directory and hold it against what runs, on the newest `replayed` records. Raises ConfigurationError with
    every mistake, with every sample that does not come out as it says, and with every field that the sources do not have (any
    more), as far as `live` asks them."""
    report = await asyncio.to_thread(check, directory, connectors.kinds())
    workspace, files = _sound(report), await asyncio.to_thread(files_of, directory)
    if live is not None and (gone := await live(workspace)):
        raise ConfigurationError(gone)
    active = (await store.running_releases()).active
    if not active:
        return Draft(files=files, workspace=workspace, based_on=0)
    before, release = await library.workspace(active), await store.published(active)
    if release.digest == digest_of(files):
        return Draft(files=files, workspace=workspace, based_on=active, same=True)
    kinds = connectors.kinds()
    found = await asyncio.to_thread(compare, before.directory, directory, kinds, proposer=by)
    changes = tuple(each.change for each in found.changes)
    comparison = await compared(store, before, workspace, replayed)
    return Draft(files=files, workspace=workspace, based_on=active, changes=changes, comparison=comparison)


async def compared(store: Store, before: Workspace, after: Workspace, limit: int) -> Comparison:
    """The newest records of the past under both."""
    comparing = Comparing(before, after)
    async for page in store.recorded(limit=limit):
        for each in page:
            comparing.add(each)
        await asyncio.sleep(0)
    return comparing.result()


def proof_of(comparison: Comparison) -> Record:
    """A comparison as the ledger keeps it: every place that differs and how often, without what stands there."""
    return {
        "records": comparison.records,
        "differing": comparison.differing,
        "fields": [{"write": each.write, "path": each.path, "records": each.records} for each in comparison.fields],
        "outcomes": [
            {"before": each.before, "after": each.after, "records": each.records} for each in comparison.outcomes
        ],
        "totals": [asdict(each) for each in comparison.totals],
    }


def _sound(report: Report) -> Workspace:
    wrong = [str(each) for each in report.mistakes]
    wrong += [f"{one.file}: {problem}" for one in report.samples for problem in one.problems]
    if wrong or report.workspace is None:
        raise ConfigurationError(wrong or ["the workspace cannot be loaded"])
    return report.workspace


def _as_document(change: Change) -> Record:
    kept = ("category", "kind", "noun", "name", "path", "old", "new", "words", "hint")
    return {name: str(getattr(change, name)) for name in kept} | {"approvers": list(change.approvers)}
