"""JMESPath selectors in options: compiled when the workspace is read, so a broken one is a mistake and not a surprise."""

from __future__ import annotations

import re
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def _compiles(expression: str) -> str:
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"is not a JMESPath selector: {str(error).splitlines()[0]}") from None
    return expression


Selector = Annotated[str, AfterValidator(_compiles)]


def select(selector: str, data: Any) -> Any:
    """What the selector finds in the data; None when it finds nothing or does not fit."""
    if _NAME.fullmatch(selector):
        return data.get(selector) if isinstance(data, dict) else None
    if selector == "@":
        return data
    try:
        return jmespath.search(selector, data)
    except JMESPathError:
        return None
