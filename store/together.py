"""Work that waits together is done together: one commit for many callers, each of whom hears of their own part alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from store.vault import session
from sync.errors import LedgerUnavailable

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - what a caller hands in
O = TypeVar("O")  # noqa: E741 - what a caller gets
Work = Callable[[Connection], T]
Many = Callable[[Connection, Sequence[I]], Sequence[O | Exception]]
Finish = Callable[[Connection, list[Any]], None]
BATCH = 256
_TROUBLES = ("disk is full", "disk I/O error", "database is locked", "readonly database")


@dataclass(frozen=True, slots=True)
class Job:
    """One caller's part. `many` is the verb that takes all parts of its kind at once."""

    many: Many[Any, Any]
    item: Any
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller hears after the commit."""

    value: Any = None
    error: Exception | None = None

    def heard(self) -> Any:
        """The value. Raises the error."""
        if self.error is not None:
            raise self.error
        return self.value

    def tell(self, done: asyncio.Future[Any]) -> None:
        """Tell whoever still waits."""
        if done.done():
            return
        if self.error is not None:
            done.set_exception(self.error)
        else:
            done.set_result(self.value)


Commit = Callable[[list[Job]], Awaitable[list[Answer]]]


class Line:
    """Jobs in a line: whatever waits when the last batch is committed is the next one."""

    def __init__(self, commit: Commit) -> None:
        self._commit, self._jobs = commit, list[Job]()
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return len(self._jobs)

    async def submit(self, many: Many[Any, Any], item: Any) -> Any:
        done = asyncio.get_running_loop().create_future()
        self._jobs.append(Job(many, item, done))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="ledger-line")
        return await done

    async def close(self) -> None:
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._jobs:
                batch, self._jobs = self._jobs[:BATCH], self._jobs[BATCH:]
                [answers] = await asyncio.gather(self._commit(batch), return_exceptions=True)
                if isinstance(answers, BaseException):  # nothing of the batch was committed
                    answers = [Answer(error=_told(answers))] * len(batch)
                for job, answer in zip(batch, answers, strict=True):
                    answer.tell(job.done)
        finally:
            self._task = None


def _told(error: BaseException) -> Exception:
    outage = isinstance(error, OperationalError) or not isinstance(error, Exception)
    return unavailable(error) if outage else error  # type: ignore[return-value]


def whole(tx: Connection, jobs: Sequence[Job], finish: Finish) -> list[Answer]:
    """A transaction from its first job to the last line of its journal."""
    at_end(tx).clear()
    answers = carry_out(tx, jobs)
    finish(tx, at_end(tx))
    at_end(tx).clear()
    return answers


def at_end(tx: Connection) -> list[Any]:
    """What the transaction still has to write when everything else of it is done: the journal's lines."""
    waiting: list[Any] = tx.info.setdefault("at_end", [])
    return waiting


def alone(tx: Connection, items: Sequence[Work[Any]]) -> list[Any]:
    """The verb of everything that has no batched form: one function after the other, each in a savepoint of its own."""
    return [_attempt(tx, work) for work in items]


def carry_out(tx: Connection, jobs: Sequence[Job]) -> list[Answer]:
    """Do all jobs in the caller's transaction, those of one kind together. Where a batch fails, its jobs are tried one by one:
    an error belongs to its caller, and what it did is undone alone."""
    answers: dict[int, Answer] = {}
    kinds: dict[Many[Any, Any], list[int]] = {}
    for place, job in enumerate(jobs):
        kinds.setdefault(job.many, []).append(place)
    for many, places in kinds.items():
        items = [jobs[place].item for place in places]
        for place, answer in zip(places, _batch(tx, many, items), strict=True):
            answers[place] = answer
    return [answers[place] for place in range(len(jobs))]


def _batch(tx: Connection, many: Many[Any, Any], items: list[Any]) -> list[Answer]:
    if many is alone:
        return [_answer(one) for one in alone(tx, items)]
    whole = _attempt(tx, lambda inner: many(inner, items))
    if not isinstance(whole, Exception):
        return [_answer(one) for one in whole]
    if len(items) == 1:
        return [_answer(whole)]
    return [_answer(_first(_attempt(tx, lambda inner, item=item: many(inner, [item])))) for item in items]  # type: ignore[misc]


def _first(result: Any) -> Any:
    return result if isinstance(result, Exception) else result[0]


def _answer(result: Any) -> Answer:
    if not isinstance(result, Exception):
        return Answer(value=result)
    return Answer(error=unavailable(result) if isinstance(result, OperationalError) else result)


def _attempt(tx: Connection, work: Work[Any]) -> Any:
    """Run the work in a savepoint. What it raises is undone and handed to the caller, who alone can say what it means."""
    savepoint, lines = tx.begin_nested(), len(at_end(tx))
    try:
        value = work(tx)
    except Exception as error:
        if collided(error) or getattr(error, "connection_invalidated", False):
            raise  # the whole transaction is gone
        savepoint.rollback()
        if (keys := session()) is not None:
            keys.rolled_back()
        del at_end(tx)[lines:]
        return error
    savepoint.commit()
    return value


def collided(error: BaseException) -> bool:
    """Whether two transactions were in each other's way (serialization failure, deadlock): all of it is undone, once more."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in ("40001", "40P01")


def unavailable(error: BaseException) -> LedgerUnavailable:
    """What a caller is told when the database does not take it; the words name what is in the way, never a record."""
    cause = str(getattr(error, "orig", "") or "")
    known = next((words for words in _TROUBLES if words in cause), "")
    return LedgerUnavailable(f"the ledger does not answer ({known or type(error).__name__})")
