"""Replying: what a sender of webhooks has to hear. An ability of its own, because most only look at the status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it is sent."""

    status: int
    content_type: str
    body: bytes


@runtime_checkable
class Replying(Protocol):
    """A source whose sender wants to be answered in words of its own."""

    def reply(self) -> Reply:
        """What is said once everything that came is committed, and never before."""
        ...
