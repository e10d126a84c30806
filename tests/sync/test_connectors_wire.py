"""The way to the other side: proxies and certificates, answers that break on the way, links that lead elsewhere, ids."""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from connector_fakes import TOKEN, Front
from multidict import CIMultiDict
from test_connectors_http import client, echo, no_words
from wires import Proxy, paper, raw, server_context, trust

from sync.connectors import build
from sync.connectors.http import Client
from sync.connectors.links import path_within
from sync.connectors.options import HttpOptions
from sync.errors import AnswerLost, ConfigurationError, ConnectorError, Rejected, Throttled, Unauthorized, Unavailable

OK = b'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{"ok": true}'


def plain(url: str, **options: Any) -> Client:
    headers = {"authorization": f"Bearer {TOKEN}"}
    return Client("erp", url, HttpOptions(**options), headers=headers, secrets=[TOKEN], refusal=no_words)


async def asked(url: str, method: str = "GET", **options: Any) -> Any:
    made = plain(url, **options)
    try:
        return (await made.request(method, "/x", idempotent=method == "GET")).data
    finally:
        await made.close()


async def test_a_certificate_of_the_companys_own_authority_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    async with raw(lambda _: OK, server_context(tmp_path)) as url:
        assert await asked(url, ca=trust()) == {"ok": True}
        for wrong in ({}, {"ca": trust("Somebody else")}):
            with pytest.raises(Unavailable, match="its certificate is not trusted"):
                await asked(url, "POST", **wrong)


async def test_who_must_show_a_certificate_shows_it(tmp_path: Path) -> None:
    mine, others = paper("Clients"), paper("Strangers")
    async with raw(lambda _: OK, server_context(tmp_path, asks_for="Clients")) as url:
        shown = {"client_certificate": mine.certificate, "client_private_key": mine.key}
        assert await asked(url, ca=trust(), **shown) == {"ok": True}
        with pytest.raises(ConnectorError):
            await asked(url, ca=trust(), client_certificate=others.certificate, client_private_key=others.key)


async def test_requests_go_through_the_proxy_that_is_named(tmp_path: Path) -> None:
    async with Proxy().open() as proxy, raw(lambda _: OK, server_context(tmp_path)) as url:
        known = {"proxy": proxy.address, "proxy_user": "clerk", "proxy_password": "proxy-secret"}
        assert await asked("http://erp.example.com", **known) == {"via": True}
        assert await asked(url, ca=trust(), **known) == {"ok": True}
    assert proxy.asked == ["GET http://erp.example.com/x", f"CONNECT {url.removeprefix('https://')}"]
    assert [TOKEN in head for head in proxy.heads] == [
        True,
        False,
    ]  # only the target of a plain request is told who we are
    assert "proxy-authorization: bearer" not in "".join(proxy.heads).lower()


@pytest.mark.parametrize("tunnel", [False, True])
async def test_a_proxy_that_does_not_know_us_is_for_the_connections_owner(tunnel: bool) -> None:
    async with Proxy().open() as proxy:
        wrong = {"proxy": proxy.address, "proxy_user": "clerk", "proxy_password": "proxy-wrong"}
        with pytest.raises(Unauthorized, match="proxy_password") as told:
            await asked(f"http{'s' if tunnel else ''}://erp.example.com", "POST", **wrong)
    assert "proxy-wrong" not in repr(told.value) and told.value.__context__ is None


async def test_a_proxy_that_is_not_there_has_sent_nothing() -> None:
    with pytest.raises(Unavailable, match="found no connection"):
        await asked("https://erp.example.com", "POST", proxy="http://127.0.0.1:1")


PAPER = paper()
WRONG_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"ca": "not a certificate"}, "must be certificates in PEM form"), ({"ca": ""}, "must be certificates"),
    ({"ca": paper().key}, "must be certificates"),
    ({"client_certificate": PAPER.certificate}, "belong together"),
    ({"client_certificate": PAPER.certificate, "client_private_key": paper().key}, "certificate and its private key"),
    ({"client_certificate": "no", "client_private_key": "very-private"}, "certificate and its private key"),
    ({"proxy": "http://u:very-private@h"}, "must carry no credentials"), ({"proxy": "socks5://h"}, "must be an address"),
    ({"proxy_user": "u", "proxy_password": "very-private"}, "belongs to a proxy"),
    ({"proxy": "http://h", "proxy_user": "u"}, "belong together"),
    ({"largest_answer": 0}, "greater than"), ({"read_timeout": 0}, "greater than"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "words"), WRONG_OPTIONS)
def test_wrong_options_are_named_when_they_are_loaded_and_not_shown(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as told:
        build("hubspot", {"token": "t0ken", **options}, name="crm")
    assert "very-private" not in str(told.value) and "PRIVATE" not in str(told.value)
    assert told.value.__context__ is None


async def test_a_secret_of_the_way_shows_in_no_option() -> None:
    options = HttpOptions(
        proxy="http://h", proxy_user="u", proxy_password="very-private",  # type: ignore[arg-type]  # as a file has it
        client_certificate=PAPER.certificate, client_private_key=PAPER.key,  # type: ignore[arg-type]
    )  # fmt: skip
    assert "very-private" not in repr(options) and "PRIVATE" not in repr(options)


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    told = b"content-length: %d" % (len(body) if length is None else length)
    return b"\r\n".join([b"HTTP/1.1 " + status, told, *headers, b"", body])


ZIPPED = gzip.compress(b'{"ok": true}')
GZIP = b"content-encoding: gzip"
BROKEN = {
    "HTML instead of JSON": answer(b"<html>Log in</html>", b"content-type: text/html"),
    "HTML that says it is JSON": answer(b"<html>Log in</html>", b"content-type: application/json"),
    "nothing that was announced": answer(b"", length=1000),
    "a body that is cut": answer(b'{"ok": tr', length=12),
    "a length that is too short": answer(b'{"ok": true}', length=5),
    "a length that is no number": OK.replace(b"12", b"many"),
    "two lengths": OK.replace(b"\r\n\r\n", b"\r\ncontent-length: 3\r\n\r\n"),
    "gzip that is cut": answer(ZIPPED[:-12], GZIP),
    "gzip that is broken": answer(ZIPPED[:12] + b"\x00\xff" + ZIPPED[14:], GZIP),
    "gzip that is none": answer(b'{"ok": true}', GZIP),
    "deflate that is none": answer(b"plain", b"content-encoding: deflate"),
    "chunks that are cut": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nc\r\n{\"ok\"",
    "chunks without a size": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "no HTTP": b"220 mail.example.com ESMTP\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\ncontent-le",
    "a head without end": b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
    "another encoding of text": answer('{"name": "Müller"}'.encode("latin-1")),
    "two values": answer(b'{"ok": true}{"ok": true}'),
    "a redirect": answer(b"", b"location: https://elsewhere.example.com/", status=b"302 Found"),
    "a redirect that keeps the body": answer(b"", b"location: https://elsewhere.example.com/", status=b"307 Moved"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
async def test_an_answer_that_breaks_is_none_for_a_read_and_an_open_question_for_a_write(what: str) -> None:
    async with raw(lambda _: BROKEN[what]) as url:
        with pytest.raises(Unavailable) as read:
            await asked(url)
        with pytest.raises(AnswerLost) as written:
            await asked(url, "POST")
    assert not read.value.late and "elsewhere.example.com" not in f"{read.value}{written.value}"


@pytest.mark.parametrize(
    ("status", "error"),
    [(b"401 No", Unauthorized), (b"429 Slow", Throttled), (b"503 Busy", Unavailable), (b"422 No", AnswerLost),
     (b"500 Oh", AnswerLost)],
)  # fmt: skip
async def test_a_status_that_says_enough_is_heard_though_its_words_break(
    status: bytes, error: type[ConnectorError]
) -> None:
    async with raw(lambda _: answer(b"{", status=status, length=99)) as url:
        with pytest.raises(error) as told:
            await asked(url, "POST")
    assert type(told.value) is error


def _bomb(megabytes: int) -> bytes:
    packer, part = zlib.compressobj(9, zlib.DEFLATED, 31), b" " * 1024 * 1024
    return b"".join([*(packer.compress(part) for _ in range(megabytes)), packer.flush()])


async def test_an_answer_is_as_long_as_it_may_be_also_when_it_comes_small() -> None:
    async with raw(lambda _: answer(_bomb(3), GZIP)) as url:
        with pytest.raises(Unavailable, match="longer than 2 MB"):
            await asked(url, largest_answer=2)
        assert await asked(url, largest_answer=4) is None


async def test_an_answer_that_stops_half_way_is_not_waited_for_to_the_end_of_the_whole_time() -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = 100
        await response.prepare(request)
        await response.write(b"{")
        await front.let_go.wait()
        return response

    front = Front()
    async with client(half, front, read_timeout=0.05, timeout=30) as http:
        with pytest.raises(Unavailable, match="SocketTimeoutError") as told:
            await http.request("GET", "", idempotent=True)
        front.let_go.set()
    assert not told.value.late


async def test_a_file_that_is_not_json_is_read_as_it_is_where_that_is_asked_for() -> None:
    async with client(echo) as http:
        sent = {"content-type": "text/csv"}
        kept = await http.request("PUT", "", body=b"a;b\n", headers=sent, idempotent=True)
        assert kept.data == {"path": "/base", "type": "text/csv", "body": "a;b\n"}
    async with raw(lambda _: answer(b"Id,Name\n1,x\n")) as url:
        made = plain(url)
        got = await made.request("GET", "/x", idempotent=True, is_json=False)
        await made.close()
    assert (got.body, got.data) == (b"Id,Name\n1,x\n", None)


BASE = "https://erp.example.com/services"
LINKS: list[tuple[Any, str | None]] = [
    ("/services/data/v67.0/query/01g-2000", "/data/v67.0/query/01g-2000"),
    ("https://erp.example.com/services/x?after=a%2Fb&n=1", "/x?after=a%2Fb&n=1"),
    ("https://ERP.example.com:443/services/x", "/x"), ("https://erp.example.com/services/a%2Fb", "/a%2Fb"),
    ("https://evil.example.com/services/x", None), ("http://erp.example.com/services/x", None),
    ("https://erp.example.com:8443/services/x", None), ("https://erp.example.com.evil.com/services/x", None),
    ("https://u:p@erp.example.com/services/x", None), ("//evil.example.com/services/x", None),
    ("\\\\evil.example.com\\services\\x", None), ("https:/\\evil.example.com/services/x", None),
    ("/services/../admin", None), ("/services/%2e%2e/admin", None), ("/servicesx", None), ("/other", None), ("/services", None),
    ("data/x", None), ("javascript:/services/x", None), ("", None), (None, None), (7, None), ("/services/x\r\nA: b", None),
    ("https://erp.example.com:99999/services/x", None), ("https://[::1/services/x", None), ("/services/x#part", "/x"),
]  # fmt: skip


@pytest.mark.parametrize(("link", "path"), LINKS)
def test_a_link_is_followed_only_to_where_the_connection_leads(link: Any, path: str | None) -> None:
    assert path_within(BASE, link) == path
    made = plain(BASE)
    if path is None:
        with pytest.raises(Unavailable, match="leads elsewhere"):
            made.within(link)
        with pytest.raises(AnswerLost, match="leads elsewhere"):
            made.within(link, idempotent=False)
    else:
        assert made.within(link) == path


def test_a_connection_without_a_path_of_its_own_takes_any() -> None:
    assert path_within("https://erp.example.com", "https://erp.example.com/x/y?z") == "/x/y?z"
    assert path_within("https://erp.example.com", "https://erp.example.com") == "/"


async def test_every_request_has_an_id_which_its_error_quotes_with_the_other_sides() -> None:
    front = Front()
    async with client(echo, front) as http:
        await http.request("GET", "/fine", idempotent=True)
        errors = []
        for status, headers, body in (
            (500, {"X-HubSpot-Correlation-Id": "theirs-1"}, ""), (403, {}, '{"correlationId": "theirs-2"}'),
            (422, {"X-Request-Id": "theirs-3"}, "{}"), (500, {"X-Request-Id": "two words"}, '{"requestId": {}}'),
        ):  # fmt: skip
            front.next("say", status=status, headers=headers, body=body)
            with pytest.raises(ConnectorError) as told:
                await http.request("GET", "/x", idempotent=True)
            errors.append(told.value)
    ours = [CIMultiDict(headers)["x-request-id"] for headers in front.headers]
    assert len(set(ours)) == 5 and all(re.fullmatch(r"[0-9a-f]{12}-\d", each) for each in ours)
    said = [str(each).partition(" [")[2] for each in errors]
    assert said[:3] == [f"request {one}; theirs theirs-{n}]" for n, one in enumerate(ours[1:4], 1)]
    assert said[3] == f"request {ours[4]}]"
    assert isinstance(errors[2], Rejected) and "[request" not in errors[2].words


async def test_an_answer_that_was_lost_names_its_request() -> None:
    front = Front()
    async with client(echo, front) as http:
        front.next("cut")
        with pytest.raises(AnswerLost) as told:
            await http.request("POST", "", json={}, idempotent=False)
    assert str(told.value).endswith(f"[request {CIMultiDict(front.headers[0])['x-request-id']}]")
