"""HubSpot as the tests know it: the sandbox CRM, which HubSpot's own client is run against too, with the ids and the moments that
a test chooses."""

from __future__ import annotations

from datetime import UTC, datetime

from aiohttp import web

from bot.sandbox.crm import PREFIX, Crm, Missing
from bot.sandbox.crm_api import mount_crm
from bot.sandbox.crm_shapes import Property

TOKEN = "pat-very-secret-1"
CLIENT_SECRET = "app-secret-2"
API = "/crm/objects/2026-09"
_NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Account(Crm):
    """One account at a moment that the test moves. `/crm-api` of where it is mounted is its address."""

    def __init__(self) -> None:
        self.now = _NOW
        super().__init__(clock=lambda: self.now, token=TOKEN, client_secret=CLIENT_SECRET)

    def mount(self, app: web.Application) -> None:
        mount_crm(self, app)

    @staticmethod
    def at(url: str) -> str:
        """The address of the account that is served there."""
        return url + PREFIX

    def put(self, kind: str, number: int, *, at: datetime | None = None, **properties: str) -> None:
        """The record with this id has these properties, and says that it changed at that moment."""
        for name in properties.keys() - self.objects.types[kind].properties.keys():
            self.objects.add_property(kind, Property(name=name, label=name))
        try:
            self.update(kind, str(number), properties)
        except Missing:
            self.create(kind, properties, record_id=str(number))
        self.objects.find(kind, str(number)).modified = at or self.now

    def link(self, kind: str, number: int, other: str, other_number: int, *, primary: bool = False) -> None:
        """The two belong together; of several the `primary` one stands first."""
        self.associate(kind, str(number), other, str(other_number))
        if primary:
            there = self.objects._links[kind, str(number), other]
            there.sort(key=lambda each: each != str(other_number))

    def drop(self, kind: str, number: int) -> None:
        """The record goes into the bin, and what hung on it knows of it no more."""
        self.delete(kind, str(number))

    def vanish(self, kind: str, number: int) -> None:
        """The record is gone, and what hung on it does not know it yet."""
        self.objects.find(kind, str(number)).archived = True

    @property
    def searches(self) -> int:
        """How many searches were made."""
        return sum(asked.path.endswith("/search") for asked in self.request_log)
