"""How a flow sends many records in one call: when it does so, how many, how long it waits for them, and at which hours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sync.workspace.pacing import Rate, RateText, rate
from sync.workspace.spots import Spot
from sync.workspace.values import Broken, Duration, Strict, as_text, duration

LEASE_SHARE = 4
_CREATES = ("create", "upsert")
_OWN = {"auto": ("above", "below", "latency"), "always": ("windows",)}
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours of every day by the wall clock, from `begins` until just before `ends`; over midnight where `ends` is earlier."""

    begins: time
    ends: time

    def hold(self, at: time) -> bool:
        """Whether they hold at this time of day."""
        if self.begins < self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


def hours(value: object) -> Hours:
    """`22:00-06:00` or `18:00-24:00` as Hours. Raises ValueError otherwise."""
    if isinstance(value, Hours):
        return value
    match = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[0][:5] == match[0][6:]:
        raise ValueError('hours from and to such as "22:00-06:00" are needed')
    ends = time(int(match[3]), int(match[4])) if match[3] is not None else time(0)
    return Hours(begins=time(int(match[1]), int(match[2])), ends=ends)


class BatchPolicy(Strict):
    """When records go out many in one call. `auto`: while more than `above` arrive, or the oldest that may go waits longer
    than `latency`; back when fewer than `below` arrive and none waits half so long. `always`: at any time, or only within
    `windows`. A call goes out with `size` records, or with fewer when the first of them has waited for `window`."""

    mode: Literal["auto", "always", "never"] = "never"
    above: RateText = Rate(count=50, per=timedelta(seconds=1))
    below: RateText = Rate(count=20, per=timedelta(seconds=1))
    latency: Duration = timedelta(seconds=30)
    size: int = Field(default=100, ge=2, le=1000)
    window: Duration = timedelta(seconds=5)
    windows: tuple[Annotated[Hours, BeforeValidator(hours), as_text(_HOURS)], ...] = ()

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        mode = given.get("mode", "never")
        for owner, keys in _OWN.items():
            for key in keys:
                if given.get(key) is not None and mode != owner:
                    yield Broken(key=key, right=f"`{key}` belongs to `mode: {owner}`")
        if mode != "auto":
            return
        try:
            above, below = (rate(given.get(key, cls.model_fields[key].default)) for key in ("above", "below"))
        except ValueError:
            return
        if above.each >= below.each:
            yield Broken(
                key="below", right="`below` must be a lower rate than `above`, or the flow would go to and fro"
            )


Takes = Callable[[str, str], bool | None]
"""Whether a connection takes many records of an entity in one call; None where nobody can tell."""


def check_batch(
    flow: Spot, connections: Mapping[str, Mapping[str, Any]], lease: timedelta | None, takes: Takes | None = None
) -> None:
    """Note what the batches of a flow need and the workspace does not give: a bulk call that takes so many, and a lease that
    outlasts the waiting (None where it is not known). `connections` are the connectors' options, right or wrong; `takes` tells of
    those that are not described."""
    batch = flow.at("batch")
    if not isinstance(batch.value, dict) or batch.at("mode").value in (None, "never"):
        return
    _check_window(batch, lease)
    creates = [each for each in flow.at("writes").items if each.at("operation").value in _CREATES]
    calls = [_bulk_call(each, connections, takes) for each in creates]
    if any(each is None for each in calls):
        return
    known = [each for each in calls if each]
    if not known:
        places = sorted({f"{each.at('connection').word}/{each.at('entity').word}" for each in creates})
        right = "describe a `bulk` call of an entity that the flow creates, or leave `batch` out"
        batch.wrong(f"there is no bulk call of {' or '.join(places) or 'anything that the flow creates'}", right)
        return
    _check_size(batch, [each["most"] for each in known if isinstance(each.get("most"), int)])


def _check_window(batch: Spot, lease: timedelta | None) -> None:
    window = batch.at("window")
    try:
        waits = duration(window.value) if window.value is not None else BatchPolicy().window
    except ValueError:
        return
    if lease is not None and waits * LEASE_SHARE > lease:
        right = f"at most a quarter of the engine's lease of {lease.total_seconds():g}s, or a longer lease"
        (window if window.value is not None else batch).wrong(f"a record may wait {waits.total_seconds():g}s", right)


def _check_size(batch: Spot, most: list[int]) -> None:
    size = batch.at("size")
    wanted = size.value if size.value is not None else BatchPolicy().size
    if most and isinstance(wanted, int) and size.place not in size.document.refused and wanted > min(most):
        (size if size.value is not None else batch).wrong(
            f"batches of {wanted} are wanted", f"the bulk call takes {min(most)} at most"
        )


def _bulk_call(
    write: Spot, connections: Mapping[str, Mapping[str, Any]], takes: Takes | None
) -> Mapping[str, Any] | None:
    """What is known of the bulk call that the write could make: empty where there is none, None where nobody can tell."""
    name, entity = write.at("connection").word, write.at("entity").word
    if name is None or entity is None or name not in connections:
        return None
    if "describe" not in connections[name]:
        told = takes(name, entity) if takes is not None else None
        return None if told is None else {"most": None} if told else {}
    found: Any = connections[name]["describe"]
    if not isinstance(found, dict):
        return None
    for word in ("entities", entity, "bulk"):
        found = found.get(word) if isinstance(found, dict) else None
    return {"most": None, **found} if isinstance(found, dict) else {}
