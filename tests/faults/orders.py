"""What is sent in: changes of customers' orders, planned beforehand and signed when they are sent. The plan is the oracle's truth."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One event. `sequence` counts a customer's events from 1; `right` is whether it may be written at all."""

    key: str
    customer: str
    sequence: int
    at: datetime
    cents: int
    right: bool = True

    def body(self) -> bytes:
        """The webhook's body."""
        data = {
            "order": self.key, "customer": self.customer, "sequence": self.sequence, "at": self.at.isoformat(),
            "amount": f"{self.cents // 100}.{self.cents % 100:02d}", "currency": "EUR" if self.right else "",
        }  # fmt: skip
        return orjson.dumps({"type": "order.changed", "timestamp": self.at.isoformat(), "data": data})


def plan(rng: Random, many: int, *, customers: int, prefix: str = "order", wrong: int = 0) -> list[Order]:
    """So many events of so many customers, a millisecond apart and all in the past. `wrong` of them stop at a check; each is
    of a customer of its own, because what is held holds the customer's later ones."""
    begin = datetime.now(UTC) - timedelta(milliseconds=many)
    last: defaultdict[str, int] = defaultdict(int)
    made = []
    stopped = frozenset(rng.sample(range(many), wrong))
    for number in range(many):
        customer = f"{prefix}-w{number:07d}" if number in stopped else f"{prefix}-c{rng.randrange(customers):05d}"
        last[customer] += 1
        one = Order(
            key=f"{prefix}-{number:07d}",
            customer=customer,
            sequence=last[customer],
            at=begin + timedelta(milliseconds=number),
            cents=rng.randrange(100, 10_000_000),
            right=number not in stopped,
        )
        made.append(one)
    return made


def shuffled(orders: Sequence[Order], rng: Random, window: int) -> list[Order]:
    """The same, each up to `window` places away from its own."""
    places = [(place + rng.random() * window, order) for place, order in enumerate(orders)]
    return [order for _, order in sorted(places, key=lambda pair: pair[0])]


def lanes(orders: Iterable[Order], many: int) -> list[list[Order]]:
    """Dealt out so that the events of one customer stay in one lane, in their order."""
    found: list[list[Order]] = [[] for _ in range(many)]
    for order in orders:
        digest = hashlib.blake2b(order.customer.encode(), digest_size=4).digest()
        found[int.from_bytes(digest, "big") % many].append(order)
    return found


def signed(order: Order, secret: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a Standard Webhook, signed now."""
    body, stamp = order.body(), str(int(time.time()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, f"{order.key}.{stamp}.".encode() + body, hashlib.sha256)
    headers = {
        "content-type": "application/json", "webhook-id": order.key, "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }  # fmt: skip
    return headers, body
