"""What a connector module offers to the workspace: a name, its options and the way to build one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from sync.ports import Connector


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A connector as the workspace names it. `build` takes checked options and the connection's name."""

    name: str
    options: type[BaseModel]
    build: Callable[[Any, str], Connector]
