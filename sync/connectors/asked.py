"""Which request it was: an id that goes out with it, and the one that the other side names, for whoever looks into both logs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from multidict import istr

HEADER = istr("x-request-id")
_NAMES = tuple(
    istr(name)
    for name in ("x-hubspot-correlation-id", "x-correlation-id", "request-id", "x-n-operationid", "x-trace-id", HEADER)
)
_KEYS = ("correlationId", "requestId", "request_id", "traceId")
_ID = re.compile(r"[\w.:/+=-]{1,80}", re.ASCII)


def ids() -> Iterator[str]:
    """Ids that no other process uses."""
    own = uuid4().hex[:12]
    return (f"{own}-{number}" for number in itertools.count(1))


def quoted(ours: str, headers: Mapping[str, str], data: Any) -> str:
    """Both ids in words, to be put behind an error's."""
    said = [headers.get(name) for name in _NAMES]
    said += [data.get(key) for key in _KEYS] if isinstance(data, dict) else []
    theirs = next((str(each) for each in said if each and each != ours and _ID.fullmatch(str(each))), None)
    return f" [request {ours}{f'; theirs {theirs}' if theirs else ''}]"
