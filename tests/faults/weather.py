"""The target's bad days as a value: which share of its answers goes wrong and how. The fate of a request is chosen by its key
and how often that key was asked for, so the same seed gives the same weather whatever the timing."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Any, Self

BEFORE, AFTER = ("refused", "broken", "busy"), ("lost", "half", "loris", "mute", "wrong")
LATE = ("late", "gone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Shares from 0 to 1 of writes that are: `refused` 429, `busy` 503, `broken` 500 without a commit; committed and then
    `lost` (the connection is cut), `half` answered, dribbled for ever (`loris`), never answered (`mute`), answered 500
    (`wrong`); committed `late` seconds late and then answered, or with the connection cut at once (`gone`); `slow` to answer.

    `down` is "" or "closed" (no answer at all) or "503" for everything. `reads` is the share of reads that fail too. `faults`
    is how often one key may be struck. `trap` is "" or the moment ("arrived", "committed") at which the next write says so in
    the log and waits `trap_seconds` before it goes on. `think` seconds pass before every commit. What is not committed
    `longest` seconds after it arrived, by the wall clock, never is: that promise holds on a machine that stands still, too.
    `forgotten` is the share of records that the answer to a bulk call leaves out, half of them without having written them."""

    seed: int = 0
    refused: float = 0.0
    busy: float = 0.0
    broken: float = 0.0
    lost: float = 0.0
    half: float = 0.0
    loris: float = 0.0
    mute: float = 0.0
    wrong: float = 0.0
    late: float = 0.0
    gone: float = 0.0
    slow: float = 0.0
    reads: float = 0.0
    late_seconds: float = 1.5
    slow_seconds: float = 1.0
    think: float = 0.0
    longest: float = 2.0
    forgotten: float = 0.0
    faults: int = 2
    retry_after: tuple[str, ...] = ()
    down: str = ""
    trap: str = ""
    trap_nth: int = 0
    trap_key: str = ""
    trap_seconds: float = 0.5

    def changed(self, values: dict[str, Any]) -> Self:
        """The same with these values. Raises ValueError for a name that is none."""
        known = {field.name for field in fields(self)}
        if unknown := sorted(values.keys() - known):
            raise ValueError(f"no such weather: {', '.join(unknown)}")
        now = {name: getattr(self, name) for name in known}
        return type(self)(**{**now, **values, "retry_after": tuple(values.get("retry_after", self.retry_after))})

    def fate(self, key: str, nth: int) -> str:
        """What becomes of the nth write (from 1) of a key; "" is a plain answer."""
        if nth > self.faults:
            return ""
        drawn = Random(f"{self.seed}:{key}:{nth}").random()
        for name in (*BEFORE, *AFTER, *LATE, "slow"):
            drawn -= getattr(self, name)
            if drawn < 0:
                return name
        return ""

    def forgets(self, key: str, nth: int) -> str:
        """Whether a bulk call leaves this record out: "before" it is written, "after" that, or not."""
        drawn = Random(f"{self.seed}:bulk:{key}").random() if nth == 1 else 1.0
        return "before" if drawn < self.forgotten / 2 else "after" if drawn < self.forgotten else ""

    def read_fails(self, key: str, nth: int) -> bool:
        """Whether the nth read (from 1) of a key is answered 503."""
        return nth <= self.faults and Random(f"{self.seed}:read:{key}:{nth}").random() < self.reads

    def wait(self, nth: int) -> tuple[float, dict[str, str]] | None:
        """How many seconds the nth refusal asks to wait, and in which words: "s", "ms", "date" of `retry_after`, or none."""
        form = self.retry_after[nth % len(self.retry_after)] if self.retry_after else ""
        match form:
            case "s":
                return 1.0, {"retry-after": "1"}
            case "ms":
                return 0.7, {"retry-after-ms": "700"}
            case "date":
                now = datetime.now(UTC)
                return 1.0, {"date": _http(now), "retry-after": _http(now + timedelta(seconds=1))}
        return None


def _http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
