"""One suite for every connector that is found. A new kind without a harness fails it."""

from __future__ import annotations

import pytest
from connector_harness import HARNESSES, world

from sync.connectors import build, kinds
from sync.connectors.testing.suite import suite_of
from sync.errors import ConfigurationError, ConnectorError, Unavailable

for _name in sorted(kinds().keys() & HARNESSES):
    globals()[f"Test_{_name}"] = suite_of(kinds()[_name], HARNESSES[_name])


def test_every_kind_has_a_harness() -> None:
    assert set(kinds()) == set(HARNESSES)


def test_an_unknown_kind_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=f"'hubspto' is none of {', '.join(kinds())}"):
        build("hubspto", {}, name="crm")


async def test_hubspots_wait_may_be_in_milliseconds() -> None:
    async with world("hubspot") as w:
        w.front.next("say", status=429, headers={"Retry-After": "12000"})
        with pytest.raises(Unavailable) as busy:
            await w.connector.probe()
        assert busy.value.retry_after == 12.0


def test_every_connector_error_is_one_of_four() -> None:
    assert {cls.__name__ for cls in ConnectorError.__subclasses__()} == {
        "Unavailable",
        "AnswerLost",
        "Rejected",
        "Unauthorized",
    }
