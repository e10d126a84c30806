"""Structured logs, one JSON line each, on stderr. What looks like a secret is never written."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

_SECRET = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|whsec_\S+|Bearer\s+\S+", re.IGNORECASE)


def log_lines(level: int = logging.INFO) -> None:
    """Write logs from now on; the libraries' own only from warnings upwards."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _Redacting(logging.Formatter):
    """The libraries' own lines, on one line and without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return _SECRET.sub("[secret]", " ".join(super().format(record).split()))[:2000]


def _redact(_logger: Any, _name: str, line: Any) -> Any:
    return {key: _SECRET.sub("[secret]", value) if isinstance(value, str) else value for key, value in line.items()}
