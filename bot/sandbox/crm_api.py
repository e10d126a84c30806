"""The CRM over HTTP: HubSpot's dated paths, errors and limits. Every handler answers from the records as they are now."""

import json
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox import crm_batches as batches
from bot.sandbox import crm_pages as pages
from bot.sandbox.crm import PREFIX, Crm
from bot.sandbox.crm_errors import Refusal, invalid, refusal_of
from bot.sandbox.crm_record import InvalidProperties, Missing, NoSuchAssociation, Record
from bot.sandbox.crm_schema import API_VERSION, ASSOCIATION_TYPES, TYPES, Json, iso
from bot.sandbox.crm_search import BadSearch, search

_OBJECTS: Final = f"/crm/objects/{API_VERSION}"
_TOKEN: Final = f"/oauth/{API_VERSION}/token"
_SOURCE = "INTEGRATION"
_TYPE = "{kind:" + "|".join(TYPES) + "}"
_TO = "{to:" + "|".join(TYPES) + "}"
_ONE = f"{_OBJECTS}/{_TYPE}/{{id:[^/]+}}"
_READS = {"GET"}


def mount_crm(crm: Crm, app: web.Application) -> None:
    """Serve the CRM under /crm-api of the app, which also closes its sender when it ends."""
    app.add_subapp(PREFIX, CrmApi(crm).app())
    app.on_cleanup.append(crm.close)


class CrmApi:
    """The handlers of one Crm."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._calls: deque[datetime] = deque()
        self._searches: deque[datetime] = deque()
        self._correlations = 0

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._around])
        app.router.add_post(f"{_OBJECTS}/{_TYPE}/merge", self._merge)
        app.router.add_post(f"{_OBJECTS}/{_TYPE}/batch/archive", self._archive_batch)
        app.router.add_post(f"{_OBJECTS}/{_TYPE}/batch/{{verb:read|update|create|upsert}}", self._batch)
        app.router.add_post(f"{_OBJECTS}/{_TYPE}/search", self._search)
        app.router.add_post(f"{_OBJECTS}/{_TYPE}", self._create)
        app.router.add_get(f"{_OBJECTS}/{_TYPE}", self._list)
        app.router.add_get(_ONE, self._read)
        app.router.add_patch(_ONE, self._update)
        app.router.add_delete(_ONE, self._archive)
        app.router.add_get(f"{_ONE}/associations/{_TO}", self._linked)
        app.router.add_put(f"{_ONE}/associations/default/{_TO}/{{to_id:[0-9]+}}", self._associate)
        app.router.add_post(f"/crm/associations/{API_VERSION}/{_TYPE}/{_TO}/batch/read", self._associations)
        app.router.add_get(f"/crm/properties/{API_VERSION}/{_TYPE}", self._properties)
        app.router.add_get(f"/crm/properties/{API_VERSION}/{_TYPE}/{{name}}", self._property)
        app.router.add_post(_TOKEN, self._token)
        app.router.add_get(f"/crm/owners/{API_VERSION}", self._owners)
        app.router.add_get(f"/crm/owners/{API_VERSION}/{{id:[0-9]+}}", self._owner)
        return app

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Faults, limits and the token before every handler; refusals, rate headers and the log after it."""
        try:
            self._admit(request)
            answer = await handler(request)
        except Refusal as refusal:
            answer = self._refused(refusal)
        except (Missing, InvalidProperties, NoSuchAssociation, BadSearch) as error:
            answer = self._refused(refusal_of(error))
        except web.HTTPException as error:
            answer = self._refused(Refusal(error.status, "INVALID_REQUEST", error.reason))
        if not _searches(request):
            answer.headers.update(self._rate_headers())
        if answer.status < 300 and _writes(request) and self._crm.faults.takes_answer():
            self._crm.note(request.method, request.path_qs, 0)
            if request.transport is not None:
                request.transport.abort()
            return answer
        self._crm.note(request.method, request.path_qs, answer.status)
        return answer

    def _admit(self, request: web.Request) -> None:
        faults = self._crm.faults
        if faults.down:
            raise Refusal(503, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable")
        if faults.takes_throttle() or (self._crm.enforce_limits and self._over_limit(request)):
            policy = "SECONDLY" if _searches(request) else "TEN_SECONDLY_ROLLING"
            raise Refusal(
                429,
                "RATE_LIMITS",
                f"You have reached your {policy.lower()} limit.",
                headers={"Retry-After": faults.retry_after},
                errorType="RATE_LIMIT",
                policyName=policy,
            )
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = scheme == "Bearer" and (token == self._crm.token or self._crm.grants.lets_in(token))
        if not known and not request.path.endswith(_TOKEN):
            raise Refusal(401, "INVALID_AUTHENTICATION", "Authentication credentials not found or not valid.")

    def _over_limit(self, request: web.Request) -> bool:
        if _searches(request):
            return not _room(self._searches, self._crm.clock(), timedelta(seconds=1), 5)
        return not _room(self._calls, self._crm.clock(), timedelta(seconds=10), 100)

    def _rate_headers(self) -> dict[str, str]:
        return {
            "X-HubSpot-RateLimit-Max": "100",
            "X-HubSpot-RateLimit-Remaining": str(100 - len(self._calls)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "250000",
            "X-HubSpot-RateLimit-Daily-Remaining": str(250_000 - len(self._crm.request_log)),
        }

    def _refused(self, refusal: Refusal) -> web.Response:
        self._correlations += 1
        body = refusal.body | {"correlationId": str(UUID(int=self._correlations))}
        return web.json_response(body, status=refusal.status, headers=refusal.headers)

    async def _read(self, request: web.Request) -> web.Response:
        record, query = self._named(request), request.query
        wanted, near = (pages.names(query.getall(name, [])) for name in ("properties", "associations"))
        return web.json_response({**record.document(wanted), **pages.related(self._crm.objects, record, near)})

    async def _list(self, request: web.Request) -> web.Response:
        kind, query = request.match_info["kind"], request.query
        wanted, near = (pages.names(query.getall(name, [])) for name in ("properties", "associations"))
        return web.json_response(pages.listed(self._crm.objects, kind, query, wanted, near))

    def _named(self, request: web.Request) -> Record:
        """The record that the path names, by its id or by the value of the property in `idProperty`. Raises Missing."""
        kind, value, name = *_key(request), request.query.get("idProperty")
        if name is not None:
            return self._crm.objects.found_by(kind, name, value)
        if pages.archived(request.query):
            return next((each for each in self._crm.objects.archived(kind) if each.id == value), None) or _nobody(value)
        return self._crm.objects.find(kind, value)

    async def _create(self, request: web.Request) -> web.Response:
        body, kind = await _body(request), request.match_info["kind"]
        links = batches.links_of(kind, body)
        record = self._crm.objects.create(kind, batches.properties_of(body), links=links, source=_SOURCE)
        return web.json_response(record.document(record.properties), status=201)

    async def _update(self, request: web.Request) -> web.Response:
        properties = batches.properties_of(await _body(request))
        named = self._named(request)
        record = self._crm.objects.update(named.kind.plural, named.id, properties, source=_SOURCE)
        return web.json_response(record.document(properties))

    async def _archive(self, request: web.Request) -> web.Response:
        with suppress(Missing):  # HubSpot answers a second deletion like the first
            self._crm.objects.archive(*_key(request), source=_SOURCE)
        return web.Response(status=204)

    async def _archive_batch(self, request: web.Request) -> web.Response:
        batches.archive(self._crm.objects, request.match_info["kind"], await _body(request), _SOURCE)
        return web.Response(status=204)

    async def _batch(self, request: web.Request) -> web.Response:
        body, kind, objects = await _body(request), request.match_info["kind"], self._crm.objects
        match request.match_info["verb"]:
            case "read":
                status, answer = batches.read(objects, kind, body)
            case "update":
                status, answer = batches.update(objects, kind, body, _SOURCE)
            case "upsert":
                status, answer = batches.upsert(objects, kind, body, _SOURCE)
            case _:
                status, answer = batches.create(objects, kind, body, _SOURCE)
        return self._done(answer, status)

    def _done(self, answer: Json, status: int = 200) -> web.Response:
        """A batch's answer, which says when it was worked on."""
        now = iso(self._crm.clock())
        return web.json_response(answer | {"startedAt": now, "completedAt": now}, status=status)

    async def _search(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        indexed = self._crm.clock() - self._crm.search_lag
        lag = self._crm.search_lag
        records = [each for each in self._crm.objects.all(kind) if not lag or each.modified <= indexed]
        return web.json_response(search(self._crm.objects.types[kind], records, await _body(request)))

    async def _merge(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if not {"primaryObjectId", "objectIdToMerge"} <= body.keys():
            raise invalid("primaryObjectId and objectIdToMerge are required")
        primary, merged = str(body["primaryObjectId"]), str(body["objectIdToMerge"])
        record = self._crm.objects.merge(request.match_info["kind"], primary, merged, source=_SOURCE)
        return web.json_response(record.document(record.properties))

    async def _associate(self, request: web.Request) -> web.Response:
        kind, record_id = _key(request)
        to, to_id = request.match_info["to"], request.match_info["to_id"]
        self._crm.objects.associate(kind, record_id, to, to_id, source=_SOURCE)
        spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": ASSOCIATION_TYPES[kind, to]}
        result = {"from": {"id": record_id}, "to": {"id": to_id}, "associationSpec": spec}
        return self._done({"status": "COMPLETE", "results": [result]})

    async def _linked(self, request: web.Request) -> web.Response:
        (kind, record_id), to, query = _key(request), request.match_info["to"], request.query
        self._crm.objects.find(kind, record_id)
        after, limit = query.get("after") or "0", int(query.get("limit") or batches.ASSOCIATIONS_PER_PAGE)
        return web.json_response(batches.linked(self._crm.objects, kind, record_id, to, after=after, limit=limit))

    async def _associations(self, request: web.Request) -> web.Response:
        kind, to = request.match_info["kind"], request.match_info["to"]
        status, answer = batches.associations(self._crm.objects, kind, to, await _body(request))
        return self._done(answer, status)

    async def _properties(self, request: web.Request) -> web.Response:
        if status := self._crm.faults.schema:
            raise Refusal(status, "MISSING_SCOPES", "This app hasn't been granted all required scopes")
        archived = pages.archived(request.query)
        properties = self._crm.objects.types[request.match_info["kind"]].properties.values()
        return web.json_response({"results": [each.document() for each in properties if each.archived is archived]})

    async def _property(self, request: web.Request) -> web.Response:
        kind, name = request.match_info["kind"], request.match_info["name"]
        known = self._crm.objects.types[kind].properties.get(name)
        if known is None or known.archived is not (pages.archived(request.query)):
            raise Missing(f"property {name} of {kind}")
        return web.json_response(known.document())

    async def _owners(self, request: web.Request) -> web.Response:
        return web.json_response(pages.owners(self._crm.owners, request.query))

    async def _token(self, request: web.Request) -> web.Response:
        return web.json_response(
            self._crm.grants.give({name: str(value) for name, value in (await request.post()).items()})
        )

    async def _owner(self, request: web.Request) -> web.Response:
        return web.json_response(pages.owner_of(self._crm.owners, request.match_info["id"]))


def _room(calls: deque[datetime], now: datetime, window: timedelta, most: int) -> bool:
    while calls and calls[0] <= now - window:
        calls.popleft()
    if len(calls) >= most:
        return False
    calls.append(now)
    return True


def _nobody(value: str) -> Record:
    raise Missing(value)


def _key(request: web.Request) -> tuple[str, str]:
    return request.match_info["kind"], request.match_info["id"]


def _searches(request: web.Request) -> bool:
    return request.path.endswith("/search")


def _writes(request: web.Request) -> bool:
    return request.method not in _READS and not request.path.endswith(("/search", "/batch/read"))


async def _body(request: web.Request) -> Json:
    try:
        body = json.loads(await request.read(), parse_float=str)
    except (ValueError, RecursionError) as error:
        raise invalid("Invalid input JSON") from error
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return body
