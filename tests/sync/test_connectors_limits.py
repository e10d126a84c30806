"""Every vendor has its own headers for the same news; what cannot be true is not heard."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from sync.connectors.failures import retry_after
from sync.connectors.limits import limit_of
from sync.throttle import Limit

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
HUBSPOT = {
    "X-HubSpot-RateLimit-Max": "190", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
    "X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "1",
}  # fmt: skip

SAID: list[tuple[dict[str, str], Limit | None]] = [
    ({"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "100", "X-RateLimit-Reset": "30"}, Limit(remaining=7, limit=100, reset=30.0)),
    ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": str(EPOCH + 20)}, Limit(remaining=7, reset=20.0)),
    ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": str((EPOCH + 20) * 1000)}, Limit(remaining=7, reset=20.0)),
    ({"X-RateLimit-Remaining": "7", "X-RateLimit-Reset": f"{EPOCH + 20}.5"}, Limit(remaining=7, reset=20.5)),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH - 20)}, Limit(remaining=0, reset=0.0)),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(EPOCH), "Date": "Fri, 20 Nov 2026 08:59:50 GMT"}, Limit(remaining=0, reset=10.0)),
    ({"X-RateLimit-Remaining": "7"}, Limit(remaining=7)),
    ({"X-RateLimit-Remaining": "7", "X-RateLimit-Limit": "0"}, Limit(remaining=7)),
    ({"x-rate-limit-remaining": "7", "x-rate-limit-reset": "1.5"}, Limit(remaining=7, reset=1.5)),
    ({"RateLimit-Remaining": "50", "RateLimit-Limit": "100, 100;w=60", "RateLimit-Reset": "9"}, Limit(remaining=50, limit=100, reset=9.0)),
    ({"RateLimit": "limit=100, remaining=50, reset=5"}, Limit(remaining=50, limit=100, reset=5)),
    ({"RateLimit": '"default";r=50;t=30'}, Limit(remaining=50, reset=30)),
    ({"RateLimit": '"day";r=900;t=3000, "burst";r=2;t=1'}, Limit(remaining=2, reset=1)),
    ({"RateLimit": '"default";r=50'}, Limit(remaining=50)),
    ({"RateLimit": '"default";t=50'}, None),
    ({"RateLimit": "r=-5, remaining=-5"}, None),
    ({**HUBSPOT, "X-HubSpot-RateLimit-Remaining": "12"}, Limit(remaining=12, limit=190, reset=10.0, span=10.0)),
    (HUBSPOT, None),
    ({"Sforce-Limit-Info": "api-usage=18/5000"}, Limit(remaining=4982, limit=5000, reset=3600.0)),
    ({"Sforce-Limit-Info": "api-usage=5001/5000; per-app-api-usage=17/250(appName=x)"}, Limit(remaining=0, limit=5000, reset=3600.0)),
    ({"Sforce-Limit-Info": "api-usage=many"}, None),
    ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "30"}, None),
    ({"X-RateLimit-Remaining": "nan"}, None),
    ({"X-RateLimit-Remaining": "12 apples"}, None),
    ({"X-RateLimit-Remaining": "9" * 40}, None),
    ({"X-RateLimit-Remaining": "٣"}, None),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "-1"}, Limit(remaining=0)),
    ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "inf"}, Limit(remaining=0)),
    ({"Content-Type": "application/json", "X-RateLimit-Reset": "30"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "limit"), SAID)
def test_every_familys_headers_are_read_as_one(headers: dict[str, str], limit: Limit | None) -> None:
    assert limit_of(CIMultiDict(headers), now=NOW) == limit
    assert limit_of({name.lower(): value for name, value in headers.items()}, now=NOW) == limit


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After-Ms": "1500"}, 1.5), ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "99999999999"}, 3600.0), ({"retry-after-ms": "-1", "retry-after": "2"}, 2.0),
        ({"retry-after-ms": "soon"}, None), ({"Retry-After": " 3 "}, 3.0),
    ],
)  # fmt: skip
def test_a_wait_in_milliseconds_is_the_more_exact_word(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(CIMultiDict(headers), now=NOW) == seconds


NAMES = [name for headers, _ in SAID for name in headers] + ["Retry-After", "Retry-After-Ms"]
TEXTS = st.text(max_size=30) | st.from_regex(r"-?\d{1,20}(\.\d+)?([;,] ?[rt]=\d{0,20})?", fullmatch=True)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=6))
def test_no_header_is_so_wrong_that_it_stops_us(headers: dict[str, str]) -> None:
    limit, wait = limit_of(CIMultiDict(headers), now=NOW), retry_after(CIMultiDict(headers), now=NOW)
    assert limit is None or (limit.remaining >= 0 and (limit.reset is None or limit.reset >= 0))
    assert wait is None or 0 <= wait <= 3600
