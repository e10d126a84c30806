"""A process runs what was published, not what lies in a directory: the active release, and the one on trial beside it. It looks
whether others run by now and goes over to them without stopping."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog

from bot.app import Clock, Parts, build_connections, utc_now, wire
from bot.settings import Settings, ledger_key
from store.ledger import Store
from store.releases import Proposal
from sync import connectors
from sync.errors import ConfigurationError, IllegalMove, LedgerUnavailable
from sync.line import Line
from sync.releases import Files, Running, Trial, digest_of
from sync.trials import Candidate, announced
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace

log = structlog.get_logger()

FIRST = "meshline"
_FOLDERS = ("contracts", "flows", "reference", "samples", "connections")
_ALONE = ("meshline.yaml", "transforms.py")
_LOOK_SECONDS = 2.0
_MOST_BYTES = 32 * 1024 * 1024


def files_of(directory: Path) -> dict[str, str]:
    """Every file of a workspace by its path. Raises ConfigurationError where one is no UTF-8 text or all are too large."""
    found = [directory / name for name in _ALONE] + [
        path for folder in _FOLDERS for path in sorted((directory / folder).rglob("*"))
    ]
    files, size = dict[str, str](), 0
    for path in found:
        if not path.is_file():
            continue
        name = path.relative_to(directory).as_posix()
        try:
            files[name] = path.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError([f"{name}: cannot be read as UTF-8 text"]) from None
        size += len(files[name])
        if size > _MOST_BYTES:
            raise ConfigurationError(
                [f"{directory}: more than {_MOST_BYTES // 2**20} MB of files; is this a workspace?"]
            )
    return files


def version_digests(workspace: Workspace) -> dict[str, str]:
    """What every contract and flow says, in a digest by its reference with its version. Comments and the order of keys do not
    count."""
    said = {
        each.ref: each.document.model_dump_json(by_alias=True, exclude_none=True)
        for each in workspace.contracts.values()
    }
    said |= {f"flow {each.name}@{each.version}": each.model_dump_json() for each in workspace.flows.values()}
    return {reference: digest_of({"": words}) for reference, words in said.items()}


def written_to(files: Files, directory: Path) -> None:
    """The files as they were."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


class Library:
    """Releases as workspaces, each loaded once in the life of a process; their files lie in a directory that goes with it."""

    def __init__(self, store: Store) -> None:
        self._store, self._known = store, dict[int, Workspace]()
        self._place: TemporaryDirectory[str] | None = None

    async def workspace(self, number: int) -> Workspace:
        """What the release says. Raises NotFound, and ConfigurationError where this program cannot read it."""
        if number not in self._known:
            files = await self._store.published_files(number)
            self._known[number] = await asyncio.to_thread(self._load, number, files)
        return self._known[number]

    def _load(self, number: int, files: Files) -> Workspace:
        if self._place is None:
            self._place = TemporaryDirectory(prefix="meshline-releases-")
        directory = Path(self._place.name) / str(number)
        written_to(files, directory)
        return load(directory, connectors.kinds())

    def close(self) -> None:
        """Let the files go."""
        if self._place is not None:
            self._place.cleanup()


async def begin(store: Store, directory: Path, *, now: datetime) -> Running:
    """What runs; where nothing was ever published, the directory is published first. Raises ConfigurationError for a directory
    with mistakes."""
    running = await store.running_releases()
    if running.active:
        return running
    workspace = load(directory, connectors.kinds())
    files = files_of(directory)
    proposal = Proposal(
        files=files, digest=digest_of(files), by=FIRST, words="the first start",
        versions=version_digests(workspace),
    )  # fmt: skip
    try:
        await store.propose(proposal, now=now)
    except IllegalMove:  # another process was first
        log.info("published_by_another")
    return await store.running_releases()


async def wire_published(
    settings: Settings, environ: Mapping[str, str], *, first: bool, slack: bool = True, clock: Clock = utc_now
) -> tuple[Parts, Adoption]:
    """The product on what was published. Where nothing was, on the directory, which `first` publishes. Raises
    ConfigurationError with everything that is wrong or missing."""
    store = Store(settings.database_url.get_secret_value(), ledger_key(settings))
    await store.open()
    library = Library(store)
    try:
        running = await (begin(store, settings.workspace, now=clock()) if first else store.running_releases())
        if running.active:
            workspace = await library.workspace(running.active)
        else:
            workspace = load(settings.workspace, connectors.kinds())
        parts = await wire(settings, workspace, environ, clock=clock, slack=slack, store=store)
        adoption = Adoption(parts, library, environ)
        await adoption.keep_up()
    except BaseException:
        library.close()
        await store.close()
        raise
    parts.library = library
    return parts, adoption


async def differs(store: Store, directory: Path) -> int | None:
    """The number of the active release where the directory says something else."""
    running = await store.running_releases()
    if not running.active:
        return None
    release, files = await store.published(running.active), await asyncio.to_thread(files_of, directory)
    return running.active if files and digest_of(files) != release.digest else None


class Adoption:
    """Keeps one process with what was published."""

    def __init__(self, parts: Parts, library: Library, environ: Mapping[str, str]) -> None:
        self._parts, self._library, self._environ = parts, library, environ

    async def keep_up(self) -> bool:
        """Run what is to run now; whether that was something else than before. What cannot be run here is said at /readyz and
        in the log; until it can, nothing is claimed."""
        parts = self._parts
        running = await parts.store.running_releases()
        if running == parts.engine.releases or not running.active:
            parts.engine.outdated.clear()
            return False
        try:
            await self._adopt(running)
        except ConfigurationError as error:
            words = "; ".join(str(each) for each in error.mistakes[:3])
            parts.behind(f"release {running.active} cannot run here: {words}")
            log.error("release_not_adopted", release=running.active, why=words)
            return False
        parts.behind("")
        return True

    async def _adopt(self, running: Running) -> None:
        parts, ledger = self._parts, self._parts.store
        workspace = await self._library.workspace(running.active)
        line = await self._line(workspace)
        candidate = None
        if running.trial is not None:
            release, tried = await ledger.published(running.trial), await self._library.workspace(running.trial)
            theirs = replace(line, workspace=tried, batches={})  # a trial tries rules, never other connections
            rules = release.trial or Trial()
            known = announced(release.proof)
            candidate = Candidate(release=release.id, line=theirs, trial=rules, announced=known)
        parts.adopt(line, running, candidate)
        log.info("release_adopted", active=running.active, trial=running.trial)

    async def run(self, stop: asyncio.Event) -> None:
        """Keep up until told to stop."""
        outdated = self._parts.engine.outdated
        while not stop.is_set():
            with suppress(LedgerUnavailable):
                await self.keep_up()
            told = stop if outdated.is_set() else outdated  # what cannot be adopted now is not tried at full speed
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), _LOOK_SECONDS)

    async def _line(self, workspace: Workspace) -> Line:
        """A line on which every connection that did not change is the one that is open already."""
        parts, wanted = self._parts, workspace.connections
        same = {
            name: built
            for name, built in parts.connections.items()
            if name in wanted and parts.workspace.connections.get(name) == wanted[name]
        }
        fresh = build_connections(workspace, self._environ, only=wanted.keys() - same.keys())
        parts.retired += [built for name, built in parts.connections.items() if name not in same]
        connections: dict[str, Any] = {**same, **fresh}
        return Line(ledger=parts.store, workspace=workspace, connections=connections, clock=parts.clock)
