"""What the suite of connectors needs to know of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.ports import Incoming


@dataclass
class Harness:
    """How the suite handles one kind. `create` is (entity, reference, body); `write` is the method and path of that write."""

    options: Callable[[str], dict[str, Any]]
    mount: Callable[[Any, Any], None] = lambda fake, app: None
    fake: Callable[[], Any] = object
    get: tuple[str, str] = ("", "")
    create: tuple[str, str, dict[str, Any]] = ("", "", {})
    write: dict[str, str] = field(default_factory=dict)
    count: Callable[[Any], int] = lambda fake: 0
    sign: Callable[[datetime, bytes], Incoming] | None = None
    body: bytes = b""
    read: str = ""
    polled: bool = False
    secret: str = "token"
