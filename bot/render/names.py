"""What the pages of contracts and flows are called."""

from __future__ import annotations

import re

from sync.workspace.contract import Contract
from sync.workspace.flow import Flow

_ODD = re.compile(r"[^A-Za-z0-9._-]|^\.+")


def contract_name(contract: Contract) -> str:
    """A name that no other contract and no path outside can have."""
    return f"contract-{_plain(contract.id)}-{contract.version}"


def flow_name(flow: Flow) -> str:
    return f"flow-{_plain(flow.name)}"


def _plain(name: str) -> str:
    """The name with every odd character as its number, so that two names stay two."""
    return _ODD.sub(lambda found: "".join(f"~{ord(char):x}" for char in found[0]), name)[:150]
