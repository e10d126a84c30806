"""The stories that every connector lives through. `suite_of` gives a class of those that fit what a kind declares; a test file
that names it runs them:

    TestAcme = suite_of(KIND, Harness(...))

A story asserts what the engine relies on; none of them waits, and none needs more than the fake of the harness."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from sync.abilities import Ability
from sync.connectors import checked
from sync.connectors.kind import Kind
from sync.connectors.options import HttpOptions
from sync.connectors.telling import options_of
from sync.connectors.testing import live
from sync.connectors.testing.harness import Harness, offline, world_of
from sync.connectors.testing.material import LOST, NO_ANSWERS, RETRY_AFTER, found_in_the_end, secrets_of
from sync.errors import AnswerLost, ConfigurationError, Rejected, Unauthorized, Unavailable, WebhookRefused
from sync.ports import Connector, Source, Target

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""The moment at which the stories are set."""
MISSING = "424242"
WRONG = "pat-wrong"
_FITS = "fits"


def suite_of(kind: Kind, harness: Harness) -> type[Suite]:
    """The stories that fit the kind, as a class that pytest collects under the name it is given; with those that are told to a real
    account, where `MESHLINE_LIVE_<KIND>` says how to reach one."""
    left_out = {name: None for name, story in _stories() if not all(fits(kind) for fits in getattr(story, _FITS, ()))}
    account = live.told(kind)
    more = () if account is None else (live.Live,)
    return type("Suite", (Suite, *more), {"kind": kind, "harness": harness, "live": account, **left_out})


def _stories() -> Iterator[tuple[str, Any]]:
    return ((name, story) for name, story in vars(Suite).items() if name.startswith("test_"))


def _over_http(kind: Kind) -> bool:
    return issubclass(kind.options, HttpOptions)


def _when(*fits: Callable[[Kind], bool]) -> Callable[[Any], Any]:
    """The story is only for such kinds."""

    def mark(story: Any) -> Any:
        setattr(story, _FITS, (*getattr(story, _FITS, ()), *fits))
        return pytest.mark.asyncio(story) if inspect.iscoroutinefunction(story) else story

    return mark


def _can(*abilities: Ability) -> Callable[[Kind], bool]:
    return lambda kind: set(abilities) <= kind.abilities


def _target(kind: Kind) -> bool:
    return _can(Ability.FIND, Ability.CREATE)(kind)


def _source(kind: Kind) -> bool:
    return bool({Ability.WEBHOOKS, Ability.CHANGES} & kind.abilities)


class Suite:
    """The stories, for one kind and its harness."""

    kind: ClassVar[Kind]
    harness: ClassVar[Harness]

    def world(self, **options: Any) -> Any:
        """A connection to a fresh fake."""
        return world_of(self.kind, self.harness, **options)

    def offline(self) -> Any:
        """A connection to nobody."""
        return offline(self.kind, self.harness)

    @property
    def told(self) -> dict[str, Any]:
        """The options of the harness."""
        return self.harness.options("http://127.0.0.1:1")

    def test_the_harness_covers_what_the_kind_says_it_can_do(self) -> None:
        connector = self.offline()
        assert isinstance(connector, Connector)
        assert isinstance(connector, Target) == bool(self.harness.create[0]), "`create` is there for a target"
        assert isinstance(connector, Source) == bool(self.harness.read), "`read` is there for a source"
        assert self.harness.polled == (Ability.CHANGES in self.kind.abilities), "`polled`, or the kind lacks changes"
        assert (self.harness.sign is not None) == (Ability.WEBHOOKS in self.kind.abilities), (
            "`sign`, or it lacks webhooks"
        )

    @_when()
    async def test_a_connection_proves_itself_in_one_line(self) -> None:
        async with self.world() as w:
            line = await w.connector.probe()
            assert line and "\n" not in line

    def test_all_wrong_options_are_named_at_once_and_no_value_is_shown(self) -> None:
        wrong = {**self.told, "colour": "s3cr3t-value", "shape": "s3cr3t-value"}
        with pytest.raises(ConfigurationError) as refused:
            checked(self.kind, wrong, name="books")
        named = [str(each).partition(":")[0] for each in refused.value.mistakes]
        assert named == ["connections.books.colour", "connections.books.shape"]
        assert "s3cr3t" not in str(refused.value)
        assert refused.value.__context__ is None

    def test_secrets_do_not_show_in_options(self) -> None:
        options = self.kind.options.model_validate(self.told)
        secrets = {*secrets_of(options), str(self.told.get(self.harness.secret, ""))} - {""}
        assert not any(secret in repr(options) for secret in secrets)

    def test_the_kind_and_every_option_say_what_they_are_for(self) -> None:
        assert self.kind.title, "say in one line what the kind is for"
        silent = [each.name for each in options_of(self.kind) if not each.about]
        assert silent == [], "write a text below the option, or name it in backticks in the docstring of the options"

    @_when(_over_http)
    async def test_a_refused_token_is_for_the_connection_and_never_shown(self) -> None:
        async with self.world(**{self.harness.secret: WRONG}) as w:
            with pytest.raises(Unauthorized) as refused:
                await w.connector.probe()
            assert WRONG not in str(refused.value)
            assert refused.value.__cause__ is None and refused.value.__context__ is None

    @_when(_over_http)
    async def test_a_token_that_the_other_side_repeats_is_blotted_out(self) -> None:
        token = self.told[self.harness.secret]
        async with self.world() as w:
            w.front.next("say", status=403, body=json.dumps({"message": f"token {token} lacks a scope"}))
            with pytest.raises(Unauthorized) as refused:
                await w.connector.probe()
            assert token not in str(refused.value) and "***" in str(refused.value)

    @pytest.mark.parametrize(("headers", "seconds"), RETRY_AFTER)
    @pytest.mark.parametrize("status", [429, 503])
    @_when(_over_http, _target)
    async def test_a_busy_system_names_the_wait_and_nothing_is_repeated(
        self, status: int, headers: dict[str, str], seconds: float | None
    ) -> None:
        async with self.world() as w:
            w.front.next("say", status=status, headers=headers, **w.harness.write)
            with pytest.raises(Unavailable) as busy:
                await w.connector.create(*w.harness.create)
            assert busy.value.retry_after == seconds
            assert w.harness.count(w.fake) == 0

    @_when(_over_http, _target)
    async def test_a_refused_record_keeps_the_others_words(self) -> None:
        said = {"message": "Bad field", "category": "VALIDATION", "error": {"code": "V", "message": "Bad field"}}
        async with self.world() as w:
            w.front.next("say", status=422, body=json.dumps(said), **w.harness.write)
            with pytest.raises(Rejected, match="Bad field"):
                await w.connector.create(*w.harness.create)

    @_when(_target)
    async def test_the_same_reference_writes_once(self) -> None:
        async with self.world() as w:
            first = await w.connector.create(*w.harness.create)
            try:
                second = await w.connector.create(*w.harness.create)
            except Rejected as taken:
                assert taken.reason == "reference_taken"
                second = await w.connector.find(*w.harness.create[:2])
            assert second.id == first.id
            assert w.harness.count(w.fake) == 1

    @pytest.mark.parametrize("fault", LOST, ids=lambda f: f"{f['what']}-{f.get('status', '')}{f.get('body', '')[:6]}")
    @_when(_over_http, _target)
    async def test_an_answer_lost_after_a_write_is_read_back(self, fault: dict[str, Any]) -> None:
        async with self.world(timeout=0.3 if fault["what"] == "hang" else 5) as w:
            w.front.next(**fault, after=True, **w.harness.write)
            with pytest.raises(AnswerLost) as lost:
                await w.connector.create(*w.harness.create)
            assert self.told[self.harness.secret] not in repr(lost.value) and lost.value.__context__ is None
            assert await found_in_the_end(w) is not None
            assert w.harness.count(w.fake) == 1

    @pytest.mark.parametrize("what", ["cut", "truncate", "flood"])
    @_when(_over_http, _target)
    async def test_a_read_that_breaks_can_simply_be_tried_again(self, what: str) -> None:
        async with self.world() as w:
            for _ in range(2):  # the transport repeats a read once on its own when the connection was cut
                w.front.next(what)
            with pytest.raises(Unavailable):
                await w.connector.get(*w.harness.get)
            w.front.faults.clear()
            found = await w.connector.get(*w.harness.get)
            assert found is not None and found.id == w.harness.get[1]

    @pytest.mark.parametrize("body", NO_ANSWERS)
    @_when(_over_http, _target)
    async def test_a_read_that_is_answered_with_something_else_is_not_believed(self, body: str) -> None:
        async with self.world() as w:
            w.front.next("say", body=body)
            with pytest.raises(Unavailable):
                await w.connector.get(*w.harness.get)

    @_when(_target)
    async def test_what_is_not_there_is_none(self) -> None:
        async with self.world() as w:
            assert await w.connector.get(w.harness.get[0], MISSING) is None
            assert await w.connector.find(*w.harness.create[:2]) is None

    @_when(lambda kind: not _can(Ability.POST)(kind) and _target(kind))
    async def test_what_it_says_that_it_cannot_do_is_refused_in_words(self) -> None:
        async with self.world() as w:
            with pytest.raises(Rejected) as refused:
                await w.connector.post(*w.harness.get)
            assert str(refused.value)

    @_when(_over_http)
    async def test_a_system_that_is_off_is_unavailable_even_for_writes(self) -> None:
        connector = self.offline()
        with pytest.raises(Unavailable, match="no connection"):
            await connector.probe()
        if _target(self.kind):
            with pytest.raises(Unavailable, match="no connection"):
                await connector.create(*self.harness.create)
        await connector.close()

    @pytest.mark.parametrize("bad", ["", ".", ".."])
    @_when(_over_http, _target)
    async def test_an_id_never_leads_to_another_path(self, bad: str) -> None:
        async with self.world() as w:
            with pytest.raises(Rejected):
                await w.connector.get(w.harness.get[0], bad)
            assert w.front.seen == []

    @_when(_source)
    async def test_a_record_that_is_gone_is_said_to_be_gone(self) -> None:
        async with self.world() as w:
            with pytest.raises(Rejected) as gone:
                await w.connector.read(w.harness.read, MISSING)
            assert gone.value.reason == "not_found"

    @_when(_source)
    async def test_polling_shows_every_change_once_and_ends(self) -> None:
        async with self.world() as w:
            cursor, seen, more = None, list[str](), True
            while more:
                page = await w.connector.changes(w.harness.read, cursor, now=NOW)
                cursor, more = json.loads(json.dumps(page.cursor)), page.more
                seen += [change.record_id for change in page.changes]
            assert seen == ([w.harness.seen] if w.harness.polled else [])

    @_when(_can(Ability.WEBHOOKS))
    def test_a_genuine_webhook_becomes_the_same_change_each_time(self) -> None:
        sign, source = self.harness.sign, self.offline()
        assert sign is not None
        [change] = source.accept(sign(NOW, self.harness.body), now=NOW)
        [again] = source.accept(sign(NOW + timedelta(seconds=9), self.harness.body), now=NOW)
        assert change.record_id == self.harness.told and again.key == change.key

    @_when(_can(Ability.WEBHOOKS))
    def test_a_webhook_that_proves_nothing_is_refused(self) -> None:
        assert self.harness.sign is not None
        good = self.harness.sign(NOW, self.harness.body)
        with pytest.raises(WebhookRefused) as refused:
            self.offline().accept(replace(good, headers={}, url=good.url.partition("?")[0]), now=NOW)
        assert refused.value.status == 401

    @_when(_source)
    async def test_searching_for_nothing_finds_nothing(self) -> None:
        async with self.world() as w:
            assert await w.connector.search(w.harness.read, {}) == []

    @_when()
    async def test_closing_twice_is_fine(self) -> None:
        async with self.world() as w:
            await w.connector.probe()
            await w.connector.close()
            await w.connector.close()
