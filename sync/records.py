"""What a record of a CRM or an ERP is, wherever it is handed on."""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]
"""A CRM or ERP record: JSON values only, never a float (decimals stay text)."""
