"""The part of the page that is not Slack: the clock, the two systems' books, and what people change in the CRM."""

from aiohttp import web

from bot.sandbox.slack.page_http import answering, body_of, iso
from bot.sandbox.slack.state import State
from bot.sandbox.slack.values import CannotDo, Controls, Json


def mount_controls(app: web.Application, state: State, controls: Controls | None) -> None:
    async def clock(request: web.Request) -> Json:
        return {"now": iso(controls.now() if controls else state.clock())}

    async def forward(request: web.Request) -> Json:
        minutes = (await body_of(request)).get("forward_minutes")
        if not isinstance(minutes, int) or minutes < 1:
            raise CannotDo("Say by how many minutes.")
        now = await _wired(controls).forward(minutes)
        state.changes.tell("clock")
        return {"now": iso(now)}

    async def books(request: web.Request) -> Json:
        return controls.books() if controls else {"deals": [], "invoices": [], "faults": []}

    async def edit_deal(request: web.Request) -> Json:
        properties = (await body_of(request)).get("properties")
        if not isinstance(properties, dict) or not properties:
            raise CannotDo("Say which properties to change.")
        try:
            texts = {str(name): str(value) for name, value in properties.items()}
            await _wired(controls).edit_deal(request.match_info["deal"], texts)
        except (LookupError, ValueError) as error:
            raise CannotDo(f"The CRM refused this: {error}") from error
        state.changes.tell("books")
        return {"ok": True}

    async def rename_field(request: web.Request) -> Json:
        body = await body_of(request)
        kind, name, new = (str(body.get(each) or "").strip() for each in ("kind", "name", "new"))
        try:
            await _wired(controls).rename_field(kind, name, new)
        except (LookupError, ValueError) as error:
            raise CannotDo(f"The CRM refused this: {error}") from error
        state.changes.tell("books")
        return {"ok": True}

    app.router.add_get("/sandbox/clock", answering(clock))
    app.router.add_post("/sandbox/clock", answering(forward))
    app.router.add_get("/sandbox/books", answering(books))
    app.router.add_post("/sandbox/crm/deals/{deal}", answering(edit_deal))
    app.router.add_post("/sandbox/crm/fields", answering(rename_field))


def _wired(controls: Controls | None) -> Controls:
    if controls is None:
        raise CannotDo("Nothing is connected here but Slack.")
    return controls
