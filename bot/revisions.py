"""Revisions of a workspace from git: a directory as it stood at a revision, who proposes a change, and how a file became what
it is. Git runs without a shell and within a time limit; nothing of the repository is changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from sync.errors import MeshlineError
from sync.workspace.loader import SETTINGS

SECONDS = 20
MOST_BYTES = 50_000_000
_FILE_MODES = ("100644", "100755")
_BETWEEN = "\x1f"
_OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What git tells its hooks; with it, git would look at that repository only, wherever it is asked."""


class NoRevision(MeshlineError):
    """What was named is neither a directory nor a revision of the repository here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison, as a directory. `prefix` leads from the root of its repository to it, as annotations name
    files; `proposer` is who made it what it is, empty where git does not know."""

    directory: Path
    prefix: str
    proposer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit that changed a file. `text` is the file as it left it."""

    id: str
    author: str
    at: datetime
    subject: str
    text: str


@contextmanager
def sides(old: str, new: str) -> Iterator[tuple[Side, Side]]:
    """Both sides as directories, for as long as they are needed. Each is a directory, a revision such as `main` or `HEAD~1`, or
    a revision with a path such as `v1.2:workspace`. A revision without a path holds the workspace where the other side has it,
    else the only one that it has. Raises NoRevision."""
    with tempfile.TemporaryDirectory(prefix="meshline-") as room:
        commits, paths = [_commit(each) for each in (old, new)], [_inside(each) for each in (old, new)]
        before = _side(old, commits[0], paths[1], Path(room) / "old")
        yield before, _side(new, commits[1], paths[0], Path(room) / "new")


def _commit(named: str) -> str | None:
    """The commit that a revision means; None for a directory."""
    if Path(named).is_dir():
        return None
    revision = named.partition(":")[0]
    try:
        top = Path(_git(Path.cwd(), "rev-parse", "--show-toplevel").strip())
    except NoRevision as error:
        raise NoRevision(f"{named} is no directory, and git finds no repository here: {error}") from None
    if revision.startswith("-") or not revision:
        raise NoRevision(f"{named!r} is neither a directory nor a revision")
    try:
        return _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
    except NoRevision:
        words = f"{named} is no directory here, and {revision} is no revision of {top.name}"
        raise NoRevision(f"{words}; a revision of another clone is fetched first") from None


def _inside(named: str) -> str | None:
    """The workspace's path inside its repository; None where the name alone does not tell it."""
    if Path(named).is_dir():
        top = _repository(Path(named))
        return Path(named).resolve().relative_to(top).as_posix() if top is not None else None
    return named.partition(":")[2].strip("/") or None


def _side(named: str, commit: str | None, other: str | None, target: Path) -> Side:
    directory, top = Path(named), _repository(Path.cwd())
    if commit is None or top is None:
        return Side(directory=directory, prefix=_prefix(_inside(named), directory), proposer=_author(directory))
    revision, _, path = named.partition(":")
    within = path.strip("/") or _workspace_in(top, commit, revision, other)
    _extract(top, commit, within, target, named)
    author = _git(top, "log", "-1", "--format=%an <%ae>", commit, "--", within).strip()
    return Side(directory=target, prefix=_prefix(within, target), proposer=author)


def _prefix(within: str | None, directory: Path) -> str:
    path = within if within is not None else directory.as_posix()
    return "" if path == "." else f"{path}/"


def _workspace_in(top: Path, commit: str, revision: str, other: str | None) -> str:
    """Where the workspace lies at a revision: where the other side has it, else in the only directory that holds one."""
    names = _git(top, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")
    found = [PurePosixPath(name).parent.as_posix() for name in names if PurePosixPath(name).name == SETTINGS]
    if other in found:
        return str(other)
    if len(found) == 1:
        return found[0]
    right = f"write {revision}:PATH with one of {', '.join(sorted(found))}" if found else f"none holds a {SETTINGS}"
    raise NoRevision(f"{revision} has {len(found)} workspaces; {right}")


def _extract(top: Path, commit: str, within: str, target: Path, named: str) -> None:
    """Write the files of a directory as they stood. Links and submodules are left out."""
    tree = f"{commit}:{'' if within == '.' else within}"
    try:
        listed = _git(top, "ls-tree", "-r", "-z", "-l", tree)
    except NoRevision:
        raise NoRevision(f"there is no directory {within} at {named.partition(':')[0]}") from None
    target.mkdir()
    left = MOST_BYTES
    for line in filter(None, listed.split("\0")):
        words, _, name = line.partition("\t")
        mode, _, blob, size = words.split()
        if mode in _FILE_MODES:
            left -= int(size)
            if left < 0:
                raise NoRevision(f"{named} holds more than {MOST_BYTES // 1_000_000} MB")
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(_git_bytes(top, "cat-file", "blob", blob))


def _author(directory: Path) -> str:
    """Whoever has changed the directory: the one who works in it where something is not committed, else the last author."""
    top = _repository(directory)
    if top is None:
        return ""
    try:
        here = str(directory.resolve())
        if _git(top, "status", "--porcelain", "--", here):
            name, mail = (_git(top, "config", "--get", f"user.{key}").strip() for key in ("name", "email"))
            return f"{name} <{mail}>"
        return _git(top, "log", "-1", "--format=%an <%ae>", "--", here).strip()
    except NoRevision:
        return ""


def history(file: Path, most: int = 50) -> tuple[Commit, ...]:
    """The commits that changed a file, newest first; empty where git does not know it."""
    top = _repository(file.parent)
    if top is None:
        return ()
    path = file.resolve().relative_to(top).as_posix()
    form = _BETWEEN.join(("%H", "%an", "%aI", "%s"))
    try:
        lines = _git(top, "log", f"-{most}", f"--format={form}", "--", path).splitlines()
        found = [line.split(_BETWEEN) for line in lines]
        return tuple(
            Commit(
                id=id_[:10], author=author, at=datetime.fromisoformat(at), subject=subject, text=_text(top, id_, path)
            )
            for id_, author, at, subject in found
        )
    except NoRevision:
        return ()


def _text(top: Path, commit: str, path: str) -> str:
    try:
        return _git(top, "show", f"{commit}:{path}")
    except NoRevision:
        return ""


def _repository(directory: Path) -> Path | None:
    try:
        return Path(_git(directory, "rev-parse", "--show-toplevel").strip()).resolve()
    except NoRevision:
        return None


def _git(directory: Path, *words: str) -> str:
    return _git_bytes(directory, *words).decode("utf-8", "replace")


def _git_bytes(directory: Path, *words: str) -> bytes:
    """What git prints. Raises NoRevision when git is not there, takes too long or says no."""
    git = shutil.which("git")
    if git is None:
        raise NoRevision("git is not installed here; name two directories")
    command: Sequence[str] = (git, "-c", "core.quotepath=off", "-C", str(directory), *words)
    around = {name: value for name, value in os.environ.items() if name not in _OF_HOOKS}
    try:
        done = subprocess.run(  # noqa: S603  git alone, and its arguments are no shell's
            command, capture_output=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL, env=around
        )
    except subprocess.TimeoutExpired:
        raise NoRevision(f"git did not answer within {SECONDS} seconds") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoRevision(lines[0] if lines else "git says no")
    return done.stdout
