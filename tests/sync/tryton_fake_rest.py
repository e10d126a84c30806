"""The small Tryton over REST, as the real one (series 8.2) answers there: a key and no session, the company and what is not active only
by the context of each request, words to its user as JSON without a name for a warning, and pages of HTML for all else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web
from tryton_fake import PASSWORD as KEY
from tryton_fake import Tryton as Books
from tryton_fake import UserError, UserWarning_

_READS = {"search", "search_read", "search_count", "read"}
_PAGES = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}
ROOT = "/books/rest/model/{model}"


class Tryton:
    """The way to `books` by key; `hidden` are models that its user may not read."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.hidden: set[str] = set()

    def mount(self, app: web.Application) -> None:
        app.router.add_post(ROOT, self.create)
        app.router.add_put(ROOT + r"/{id:\d+}", self.change)
        app.router.add_post(ROOT + r"/{id:\d+}/{action}", self.act)
        app.router.add_post(ROOT + "/{action}", self.ask)

    async def create(self, request: web.Request) -> web.Response:
        model, told = request.match_info["model"], await request.json()
        return self._answered(request, lambda: {"id": self.books.create(model, [told])[0], "__name__": model})

    async def change(self, request: web.Request) -> web.Response:
        told = await request.json()
        return self._of_one(request, lambda model, ids: self.books.write(model, ids, told))

    async def act(self, request: web.Request) -> web.Response:
        action = getattr(self.books, request.match_info["action"])
        return self._of_one(request, action)

    async def ask(self, request: web.Request) -> web.Response:
        model, action, told = request.match_info["model"], request.match_info["action"], await request.json()
        if action not in _READS or model in self.hidden:
            return _page(403)
        context = _context(request)

        def said() -> Any:
            found = getattr(self.books, action)(model, **told)
            if action == "search_read" and context.get("active_test", True):
                found = [each for each in found if each.get("active", True)]
            if action == "read" and "company" not in context:
                found = [{**each, "default_account_receivable": None} for each in found]
            return found

        return self._answered(request, said)

    def _of_one(self, request: web.Request, do: Callable[[str, list[int]], Any]) -> web.Response:
        model, number = request.match_info["model"], int(request.match_info["id"])
        rows: Any = {"party.party": self.books.parties, "account.invoice": self.books.invoices, **self.books.more}
        row = rows.get(model, {}).get(number)
        if row is None or (_context(request).get("active_test", True) and not row.get("active", True)):
            return _page(404)

        def done() -> Any:
            do(model, [number])
            return {"id": number, "__name__": model}

        return self._answered(request, done)

    def _answered(self, request: web.Request, do: Callable[[], Any]) -> web.Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return _page(401)
        try:
            return web.json_response(do())
        except (UserError, UserWarning_) as said:
            return web.json_response({"status": 400, "message": str(said), "description": ""}, status=400)
        except (KeyError, TypeError) as fault:
            return _page(500, str(fault))


def _context(request: web.Request) -> dict[str, Any]:
    told = request.headers.get("x-tryton-context")
    return json.loads(base64.urlsafe_b64decode(told)) if told else {}


def _page(status: int, words: str = "") -> web.Response:
    title = _PAGES[status]
    text = f"<!doctype html><title>{status} {title}</title><h1>{title}</h1><p>{words or title}</p>"
    return web.Response(status=status, text=text, content_type="text/html")
